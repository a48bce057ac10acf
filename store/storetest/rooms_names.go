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
		err := b.CreateRoom(t.Context(), roomWith(newRoom("daily", id("two")), newCode("aaa", "host")), nil)
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
	{"ARoomWhoseTimeHasComeKeepsItsNameUntilItExpires", func(t *testing.T, b testStore) {
		was, other := b.create(due("daily")), b.create(due("other"))
		later := roomWith(newRoom("daily", id("two"), createdAt(at(60))))
		wantErr(t, "while it is marked as active", b.CreateRoom(t.Context(), later, nil), meet.ErrNameTaken)
		expire := func(name string, now time.Time) { // which leaves an event
			t.Helper()
			wantErr(t, "ExpireHolder", b.ExpireHolder(t.Context(), name, now, func(r meet.Room) *meet.Event {
				return about(meet.RoomHasExpired, r.ID)
			}), nil)
		}
		expire("daily", at(60).Add(-time.Millisecond))
		expire("unheard-of", at(60))
		wantSame(t, "early", b.room("id-daily"), was)
		expire("daily", at(60))
		expire("daily", at(61))
		b.create(later.Room)

		was = b.room("id-daily")
		failIf(t, was.State != meet.RoomExpired || !was.EndedAt.Equal(at(60)) || was.EndedBy != "",
			"the room that lost its name is %+v, want expired", was)
		wantSame(t, "room of another name", b.room(other.ID), other)
		uncleared, err := b.UnclearedRooms(t.Context(), 10)
		wantErr(t, "UnclearedRooms", err, nil)
		wantSame(t, "uncleared", uncleared, []string{"id-daily"})
		events, err := b.Events(t.Context(), meet.EventQuery{Limit: 10})
		wantErr(t, "Events", err, nil)
		failIf(t, len(events) != 1 || events[0].Action != meet.RoomHasExpired, "events: %+v, want one of the end", events)
	}},
	{"ANewRoomMayAskForANameThatNobodyElseGaveUpLately", func(t *testing.T, b testStore) {
		b.create(newRoom("over"))
		b.update("id-over", endedAt(5))
		b.create(newRoom("own"))
		b.update("id-own", endedAt(5))
		b.create(newRoom("former"))
		b.update("id-former", renamed("latter", 5))
		was := b.create(due("due"))
		for i, c := range []struct {
			name  string
			since int
			by    string
			want  error
		}{
			{"over", 4, "bob", meet.ErrNameTaken}, {"former", 4, "bob", meet.ErrNameTaken},
			{"over", 5, "bob", nil}, {"former", 5, "bob", nil},
			{"latter", 9, "bob", meet.ErrNameTaken}, {"due", 99, "ann", meet.ErrNameTaken},
			{"own", 4, "ann", nil}, {"unheard-of", -99, "bob", nil},
		} {
			r := roomWith(newRoom(c.name, id(numbered("new", i)), createdBy(c.by), createdAt(at(90))))
			r.UnusedSince = at(c.since)
			wantErr(t, c.name, b.CreateRoom(t.Context(), r, nil), c.want)
		}
		wantSame(t, "the room whose time has come", b.room(was.ID), was)
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
		b.create(newRoom("daily", id("two")))
		reopen := func() error {
			_, err := b.UpdateRoom(t.Context(), was.ID, func(r *meet.Room) error {
				r.State, r.EndedBy, r.EndedAt = meet.RoomActive, "", time.Time{}
				return nil
			}, 0, nil)
			return err
		}
		wantErr(t, "while another room holds it", reopen(), meet.ErrNameTaken)
		wantSame(t, "room", b.room(was.ID), was)
		b.end("two")
		wantErr(t, "when that room is over", reopen(), nil)
	}},
	{"OfManyAtOnceOneGetsTheName", func(t *testing.T, b testStore) {
		onlyOne(t, together(t.Context(), 20, func(ctx context.Context, i int) error {
			return b.CreateRoom(ctx, roomWith(newRoom("daily", id(numbered("id", i)), createdAt(at(60)))), nil)
		}), meet.ErrNameTaken)
	}},
}
