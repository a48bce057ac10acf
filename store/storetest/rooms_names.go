package storetest

import (
	"context"
	"testing"
	"time"

	"roomkey/meet"
)

// due is a room that was created at noon and whose time comes a minute later.
func due(name string, change ...func(*meet.Room)) meet.Room {
	return newRoom(name, append(change, expiresAt(at(60)))...)
}

var nameTests = []test{
	{"AnActiveRoomHoldsItsName", func(t *testing.T, b testStore) {
		b.create(newRoom("daily"))
		err := b.CreateRoom(t.Context(), newRoom("daily", id("two")), []meet.RoomCode{newCode("aaa", "host")}, 0, nil)
		wantErr(t, "CreateRoom", err, meet.ErrNameTaken)
		_, err = b.RoomByID(t.Context(), "two")
		wantErr(t, "RoomByID", err, meet.ErrNotFound)
		_, _, err = b.CodeAndRoom(t.Context(), "aaa")
		wantErr(t, "CodeAndRoom", err, meet.ErrNotFound)
	}},
	{"AnEndedRoomFreesItsName", func(_ *testing.T, b testStore) {
		b.create(newRoom("daily"))
		b.end("id-daily")
		b.create(newRoom("daily", id("two")))
	}},
	{"ARoomWhoseTimeHasComeFreesItsName", func(t *testing.T, b testStore) {
		b.create(due("daily"))
		err := b.CreateRoom(t.Context(), newRoom("daily", id("early"), createdAt(at(60).Add(-time.Millisecond))), nil, 0, nil)
		wantErr(t, "a millisecond early", err, meet.ErrNameTaken)
		b.create(newRoom("daily", id("two"), createdAt(at(60))))

		was := b.room("id-daily")
		failIf(t, was.State != meet.RoomExpired || was.EndedAt.IsZero() || was.EndedBy != "",
			"the room that lost its name is %+v, want expired", was)
		uncleared, err := b.UnclearedRooms(t.Context(), 10)
		wantErr(t, "UnclearedRooms", err, nil)
		wantSame(t, "uncleared", uncleared, []string{"id-daily"})
	}},
	{"ARoomThatKeepsTheNameStaysAsItIs", func(t *testing.T, b testStore) {
		other := b.create(due("other"))
		b.create(newRoom("daily", createdAt(at(90))))
		wantSame(t, "room of another name", b.room(other.ID), other)
	}},
	{"AFailedCreateExpiresNothing", func(t *testing.T, b testStore) {
		was := b.create(due("daily"), newCode("aaa", "host"))
		err := b.CreateRoom(t.Context(), newRoom("daily", id("two"), createdAt(at(60))), []meet.RoomCode{newCode("aaa",
			"host")}, 0, nil)
		wantErr(t, "CreateRoom", err, meet.ErrCodeTaken)
		wantSame(t, "holder of the name", b.room(was.ID), was)
	}},
	{"ANameIsTakenOrDueAtThatMoment", func(t *testing.T, b testStore) {
		b.create(due("due"))
		b.create(newRoom("long due", expiresAt(at(1e9+1))))
		b.create(newRoom("lasting"))
		b.create(newRoom("over", ended))
		for _, c := range []struct {
			name string
			now  time.Time
			want meet.NameUse
		}{
			{"due", at(60).Add(-time.Millisecond), meet.NameUse{Taken: true}},
			{"due", at(60), meet.NameUse{Due: true}},
			{"due", at(61), meet.NameUse{Due: true}},
			{"long due", at(2e9), meet.NameUse{Due: true, GaveUpBy: "ann", GaveUpAt: at(1e9 + 1)}},
			{"lasting", at(1e9), meet.NameUse{Taken: true}},
			{"over", noon, meet.NameUse{}},
			{"unheard-of", noon, meet.NameUse{}},
		} {
			got, err := b.NameUse(t.Context(), c.name, c.now, at(1e9))
			wantErr(t, "NameUse", err, nil)
			failIf(t, got != c.want, "NameUse(%s, %v) = %v, want %v", c.name, c.now, got, c.want)
		}
	}},
	{"ANameMeansTheActiveRoomElseTheNewest", func(t *testing.T, b testStore) {
		b.create(newRoom("daily", id("new"), createdAt(at(9)), ended))
		b.create(newRoom("daily", id("active"), createdAt(at(5))))
		b.create(newRoom("daily", id("old"), createdAt(at(1)), ended))
		for _, want := range []string{"active", "new"} {
			room, err := b.RoomByName(t.Context(), "daily")
			wantErr(t, "RoomByName", err, nil)
			failIf(t, room.ID != want, "got room %s, want %s", room.ID, want)
			b.end("active")
		}
	}},
	{"RenamingToATakenNameFails", func(t *testing.T, b testStore) {
		b.create(newRoom("daily"))
		was := b.create(newRoom("weekly"))
		_, err := b.UpdateRoom(t.Context(), was.ID, func(r *meet.Room) error { r.Name = "daily"; return nil }, 0, nil)
		wantErr(t, "UpdateRoom", err, meet.ErrNameTaken)
		wantSame(t, "room", b.room(was.ID), was)
	}},
	{"RenamingTakesTheNameOfARoomWhoseTimeHasCome", func(t *testing.T, b testStore) {
		b.create(due("daily"))
		b.create(newRoom("weekly"))
		rename := func(now time.Time) error {
			_, err := b.UpdateRoom(t.Context(), "id-weekly", func(r *meet.Room) error {
				r.Name, r.UpdatedAt = "daily", now
				return nil
			}, 0, nil)
			return err
		}
		wantErr(t, "early", rename(at(59)), meet.ErrNameTaken)
		wantErr(t, "in time", rename(at(60)), nil)
		wantSame(t, "state of the room that lost its name", b.room("id-daily").State, meet.RoomExpired)
	}},
	{"AnInactiveRoomMayBearATakenName", func(_ *testing.T, b testStore) {
		b.create(newRoom("daily"))
		b.create(newRoom("weekly", ended))
		b.update("id-weekly", func(r *meet.Room) { r.Name = "daily" })
	}},
	{"KeepingTheNameIsNoConflict", func(t *testing.T, b testStore) {
		b.create(due("daily"))
		got := b.update("id-daily", func(r *meet.Room) { r.MaxParticipants, r.UpdatedAt = 7, at(90) })
		failIf(t, got.MaxParticipants != 7 || got.State != meet.RoomActive, "got %+v, want 7 participants and active", got)
	}},
	{"ReopeningNeedsTheName", func(t *testing.T, b testStore) {
		was := b.create(newRoom("daily", ended))
		b.create(due("daily", id("two")))
		reopen := func(now time.Time) error {
			_, err := b.UpdateRoom(t.Context(), was.ID, func(r *meet.Room) error {
				r.State, r.EndedBy, r.EndedAt, r.UpdatedAt = meet.RoomActive, "", time.Time{}, now
				return nil
			}, 0, nil)
			return err
		}
		wantErr(t, "while another room holds it", reopen(at(59)), meet.ErrNameTaken)
		wantSame(t, "room", b.room(was.ID), was)
		wantErr(t, "when that room's time has come", reopen(at(60)), nil)
		wantSame(t, "state of the room that lost its name", b.room("two").State, meet.RoomExpired)
	}},
	{"OfManyAtOnceOneGetsTheName", func(t *testing.T, b testStore) {
		b.create(due("daily"))
		onlyOne(t, together(t.Context(), 20, func(ctx context.Context, i int) error {
			return b.CreateRoom(ctx, newRoom("daily", id(numbered("id", i)), createdAt(at(60))), nil, 0, nil)
		}), meet.ErrNameTaken)
	}},
}
