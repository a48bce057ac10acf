package storetest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"roomkey/meet"
)

// full is a room with no field at its zero value, none like another.
func full() meet.Room {
	return meet.Room{ID: "id-full", Name: "full", CreatedBy: "ann", AdminID: "bob", State: meet.RoomEnded,
		EndedBy: "cem", EndedAt: at(3), IsPublic: true, Mode: meet.Webinar, MaxParticipants: meet.MaxParticipants,
		Settings: allOn(), Title: "Full Room", StartsAt: at(5), Admins: []string{"ann", "dee", "zoë"},
		ExpiresAt: at(4), Opening: 7, CreatedAt: at(1), UpdatedAt: at(2)}
}

// allOn is every setting.
func allOn() (all meet.Settings) {
	fields := reflect.ValueOf(&all).Elem()
	for i := range fields.NumField() {
		fields.Field(i).SetBool(true)
	}
	return all
}

var roomTests = []test{
	{"ARoomComesBackAsItWasStored", func(t *testing.T, b testStore) {
		empty := meet.Room{ID: "id-empty", Name: "empty", State: meet.RoomActive, Mode: meet.Standard, CreatedAt: noon,
			UpdatedAt: noon}
		for _, room := range []meet.Room{full(), empty} {
			wantSame(t, "room by id", b.create(room), room)
			byName, err := b.RoomByName(t.Context(), room.Name)
			wantErr(t, "RoomByName", err, nil)
			wantSame(t, "room by name", byName, room)
		}
	}},
	{"EachSettingHasItsOwnPlace", func(t *testing.T, b testStore) {
		for i := range reflect.TypeFor[meet.Settings]().NumField() {
			var settings meet.Settings
			reflect.ValueOf(&settings).Elem().Field(i).SetBool(true)
			got := b.create(newRoom(numbered("room", i), func(r *meet.Room) { r.Settings = settings }))
			wantSame(t, reflect.TypeOf(settings).Field(i).Name, got.Settings, settings)
		}
	}},
	{"TimesAreKeptToTheMillisecondInUTC", func(t *testing.T, b testStore) {
		fine := time.Date(2026, 3, 4, 5, 6, 7, 123_999_999, time.FixedZone("east", 3600))
		want := time.Date(2026, 3, 4, 4, 6, 7, 123_000_000, time.UTC)
		room := b.create(newRoom("fine", createdAt(fine), expiresAt(fine)))
		for what, got := range map[string]time.Time{"created": room.CreatedAt, "updated": room.UpdatedAt,
			"expires": room.ExpiresAt} {
			failIf(t, !got.Equal(want) || got.Location() != time.UTC, "%s: got %v, want %v", what, got, want)
		}
	}},
	{"AnOldMomentIsNotNever", func(t *testing.T, b testStore) {
		room := b.create(newRoom("old", expiresAt(time.UnixMilli(0).UTC())))
		failIf(t, room.ExpiresAt.IsZero() || room.ExpiresAt.UnixMilli() != 0, "got %v, want 1970", room.ExpiresAt)
	}},
	{"WhatIsNotThereIsNotFound", func(t *testing.T, b testStore) {
		b.create(newRoom("there"))
		ctx := t.Context()
		_, err := b.RoomByID(ctx, "there")
		wantErr(t, "RoomByID", err, meet.ErrNotFound)
		_, err = b.RoomByName(ctx, "id-there")
		wantErr(t, "RoomByName", err, meet.ErrNotFound)
		_, err = b.UpdateRoom(ctx, "nowhere", func(*meet.Room) error { t.Error("change called"); return nil }, 0, nil)
		wantErr(t, "UpdateRoom", err, meet.ErrNotFound)
	}},
	{"AFailedCreateLeavesNothing", func(t *testing.T, b testStore) {
		ctx := t.Context()
		b.create(newRoom("first"), newCode("aaa", "host"))
		for _, codes := range [][]meet.RoomCode{
			{newCode("bbb", "host"), newCode("aaa", "guest")}, // taken in the store
			{newCode("bbb", "host"), newCode("bbb", "guest")}, // taken by its sister
		} {
			err := b.CreateRoom(ctx, roomWith(newRoom("second"), codes...), nil)
			wantErr(t, "CreateRoom", err, meet.ErrCodeTaken)
			_, err = b.RoomByID(ctx, "id-second")
			wantErr(t, "RoomByID", err, meet.ErrNotFound)
			_, _, err = b.CodeAndRoom(ctx, "bbb")
			wantErr(t, "CodeAndRoom", err, meet.ErrNotFound)
		}
		b.create(newRoom("second"), newCode("bbb", "host"))
	}},
	{"AnIdIsUsedOnce", func(t *testing.T, b testStore) {
		was := b.create(newRoom("first"))
		err := b.CreateRoom(t.Context(), roomWith(newRoom("second", id(was.ID))), nil)
		failIf(t, err == nil, "CreateRoom took an id twice")
		wantSame(t, "first room", b.room(was.ID), was)
	}},
	{"UpdateStoresEveryChange", func(t *testing.T, b testStore) {
		want := full()
		b.create(newRoom("plain", id(want.ID), createdAt(want.CreatedAt)))
		got := b.update(want.ID, func(r *meet.Room) { *r = want })
		wantSame(t, "returned", got, want)
		wantSame(t, "stored", b.room(want.ID), want)

		want = newRoom("plain", id(want.ID), createdAt(want.CreatedAt), func(r *meet.Room) { r.AdminID = "dee" })
		wantSame(t, "returned", b.update(want.ID, func(r *meet.Room) { *r = want }), want)
		wantSame(t, "stored", b.room(want.ID), want)
	}},
	{"UpdateGivesTheRoomAsStored", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		got := b.update("id-room", func(r *meet.Room) { r.ExpiresAt = at(1).Add(time.Microsecond) })
		wantSame(t, "returned", got, b.room("id-room"))
	}},
	{"ARefusedChangeLeavesNothing", func(t *testing.T, b testStore) {
		was := b.create(newRoom("room"))
		_, err := b.UpdateRoom(t.Context(), was.ID, func(r *meet.Room) error {
			wantSame(t, "room seen by change", *r, was)
			*r = full()
			return errRefused
		}, 0, nil)
		wantAsItIs(t, err, errRefused)
		wantSame(t, "room", b.room(was.ID), was)
	}},
	{"UpdatesOfOneRoomFollowOneAnother", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		errs := together(t.Context(), 20, func(ctx context.Context, _ int) error {
			return errOf(b.UpdateRoom(ctx, "id-room", func(r *meet.Room) error { r.MaxParticipants++; return nil }, 0, nil))
		})
		for _, err := range errs {
			wantErr(t, "UpdateRoom", err, nil)
		}
		wantSame(t, "sum of 20 updates", b.room("id-room").MaxParticipants, 20)
	}},
	{"CreatesAtOnceAreAllThere", func(t *testing.T, b testStore) {
		errs := together(t.Context(), 20, func(ctx context.Context, i int) error {
			return b.CreateRoom(ctx, roomWith(newRoom(numbered("room", i)), newCode(numbered("code", i), "host")), nil)
		})
		for i, err := range errs {
			wantErr(t, "CreateRoom", err, nil)
			b.room("id-" + numbered("room", i))
			b.code(numbered("code", i))
		}
	}},
	{"PingAnswers", func(t *testing.T, b testStore) {
		wantErr(t, "Ping", b.Ping(t.Context()), nil)
	}},
}
