package storetest

import (
	"slices"
	"testing"
	"time"

	"roomkey/meet"
)

func (b testStore) uncleared(limit int) []string {
	b.t.Helper()
	ids, err := b.UnclearedRooms(b.t.Context(), limit)
	if err != nil {
		b.t.Fatalf("UnclearedRooms: %v", err)
	}
	slices.Sort(ids)
	return append([]string{}, ids...)
}

func (b testStore) setCleared(id string) {
	b.t.Helper()
	b.mark(id, true)
}

// mark gives the mark before.
func (b testStore) mark(id string, cleared bool) bool {
	b.t.Helper()
	before, err := b.SetCleared(b.t.Context(), id, cleared)
	if err != nil {
		b.t.Fatalf("SetCleared(%s): %v", id, err)
	}
	return before
}

func (b testStore) reopen(id string) {
	b.t.Helper()
	b.update(id, func(r *meet.Room) { r.State, r.EndedBy, r.EndedAt = meet.RoomActive, "", time.Time{} })
}

// due gives what the sweeper has to do at that many seconds after noon.
func (b testStore) due(seconds int) meet.Due {
	b.t.Helper()
	now := at(seconds)
	due, err := b.Due(b.t.Context(), meet.DueQuery{Now: now, RequestsSeenUntil: now, UsesUntil: now})
	if err != nil {
		b.t.Fatalf("Due: %v", err)
	}
	return due
}

var sweepTests = []test{
	{"DueSaysWhatThereIsToDo", func(t *testing.T, b testStore) {
		wantSame(t, "in an empty store", b.due(1e6), meet.Due{})
		b.create(newRoom("room"), newCode("aaa", "guest", limited(3)))
		wantSame(t, "with an active room", b.due(1e6), meet.Due{})
		b.create(newRoom("due", expiresAt(at(5))))
		wantSame(t, "before a room's time", b.due(4), meet.Due{})
		wantSame(t, "at a room's time", b.due(5), meet.Due{Rooms: true})
		b.end("id-due")
		wantSame(t, "with a room that has ended", b.due(5), meet.Due{Uncleared: true})
		b.setCleared("id-due")
		wantSame(t, "once it is cleared", b.due(5), meet.Due{})
		b.join(byCode("one", "aaa"))
		wantSame(t, "while a token lives", b.due(tokensDead-1), meet.Due{})
		wantSame(t, "when a token dies", b.due(tokensDead), meet.Due{Uses: true, Old: true}) // the visit, too
		wantErr(t, "KeepUse", b.KeepUse(t.Context(), "one"), nil)
		wantSame(t, "when its use is kept", b.due(tokensDead), meet.Due{Old: true})
		b.ask(newRequest("asked", 7))
		wantSame(t, "before a request is old", b.due(6), meet.Due{})
		wantSame(t, "when a request is old", b.due(7), meet.Due{Requests: true})
		b.set("one", meet.PropertyRole, meet.Override{Value: "host", At: noon, Until: at(3)})
		wantSame(t, "before an override ends", b.due(2), meet.Due{})
		wantSame(t, "when an override ends", b.due(3), meet.Due{Overrides: true})
	}},
	{"EndOverridesTakesThoseThatEnd", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.create(newRoom("over"))
		for i, identity := range []string{"past", "now", "future", "lasting"} {
			b.enter(identity, "", "", i)
			b.set(identity, meet.PropertyName, value("always", 1))
			b.set(identity, meet.PropertyRole, meet.Override{Value: "host", At: noon, Until: at(i + 1)})
		}
		b.set("lasting", meet.PropertyRole, value("host", 1))
		b.join(meet.Admission{Identity: "over", RoomID: "id-over", Role: "guest", CreatedAt: noon})
		b.set("over", meet.PropertyRole, meet.Override{Value: "host", At: noon, Until: noon})
		b.end("id-over")

		wantSame(t, "none are wanted", b.endOverrides(2, 0), []string{})
		wantSame(t, "the first", b.endOverrides(2, 2), []string{"over", "past"})
		wantSame(t, "the next", b.endOverrides(2, 2), []string{"now"})
		wantSame(t, "no more", b.endOverrides(2, 2), []string{})
		wantSame(t, "one that ends later", b.overrides("future")[meet.PropertyRole].Value, "host")
		wantSame(t, "events", b.targets(), []string{"over", "past", "now"})
		_, err := b.EndOverrides(t.Context(), at(3), 9, func(a *meet.Admission, room meet.Room) *meet.Event {
			wantSame(t, "the admission", *a, b.joinOf("future"))
			wantSame(t, "the room", room, b.room("id-room"))
			a.Overrides[meet.PropertyRole] = value("viewer", 3)
			return nil
		})
		wantErr(t, "EndOverrides", err, nil)
		wantSame(t, "as it was altered", b.overrides("future"),
			meet.Overrides{meet.PropertyName: value("always", 1), meet.PropertyRole: value("viewer", 3)})
	}},
	{"DueSaysWhetherSomethingIsOld", func(t *testing.T, b testStore) {
		old := func(since, now, names int) bool {
			due, err := b.Due(t.Context(), meet.DueQuery{Since: at(since), Now: at(now), NamesUntil: at(names)})
			wantErr(t, "Due", err, nil)
			return due.Old
		}
		b.create(newRoom("room"), newCode("aaa", "guest"))
		failIf(t, old(1e6, 0, 1e6), "something is old in a new store")
		b.update("id-room", func(r *meet.Room) { r.Name, r.UpdatedAt = "renamed", at(3) })
		failIf(t, old(0, 0, 2) || !old(0, 0, 1e6), "a name is not old when ForgetNames forgets it")
		wantErr(t, "ForgetNames", b.ForgetNames(t.Context(), at(1e6), 10), nil)
		b.join(byCode("one", "aaa"))
		failIf(t, old(0, 0, 1e6) || !old(1e6, 0, 1e6), "an admission is not old when Forget forgets it")
		wantErr(t, "Forget", b.Forget(t.Context(), at(1e6), at(1e6), 10), nil)
		failIf(t, old(1e6, 1e6, 1e6), "something is old that was forgotten")
		wantErr(t, "AddEvent", b.AddEvent(t.Context(), about(meet.RoomUpdated, "x")), nil)
		failIf(t, !old(1e6, 0, 1e6), "an event is not old when Forget forgets it")
	}},
	{"ExpireRoomsTakesThoseWhoseTimeHasCome", func(t *testing.T, b testStore) {
		b.create(newRoom("past", expiresAt(at(1))))
		b.create(newRoom("now", expiresAt(at(2))))
		future := b.create(newRoom("future", expiresAt(at(2).Add(time.Millisecond))))
		never := b.create(newRoom("never"))
		over := b.create(newRoom("over", expiresAt(at(1)), ended))

		expired, err := b.ExpireRooms(t.Context(), at(2), 10, noLine)
		wantErr(t, "ExpireRooms", err, nil)
		ids := names(expired, func(r meet.Room) string { return r.ID })
		slices.Sort(ids)
		wantSame(t, "expired", ids, []string{"id-now", "id-past"})
		for _, room := range expired {
			failIf(t, room.State != meet.RoomExpired || room.EndedAt.IsZero() || room.EndedAt.After(at(2)) || room.EndedBy != "",
				"got %+v, want expired by itself by %v", room, at(2))
			wantSame(t, "stored", b.room(room.ID), room)
		}
		for _, room := range []meet.Room{future, never, over} {
			wantSame(t, "room left alone", b.room(room.ID), room)
		}
		again, err := b.ExpireRooms(t.Context(), at(2), 10, noLine)
		wantErr(t, "ExpireRooms", err, nil)
		failIf(t, len(again) != 0, "expired again: %v", again)
	}},
	{"ExpireRoomsStopsAtItsLimit", func(t *testing.T, b testStore) {
		for i := range 5 {
			b.create(newRoom(numbered("room", i), expiresAt(at(i))))
		}
		for _, want := range []int{2, 2, 1, 0} {
			expired, err := b.ExpireRooms(t.Context(), at(10), 2, noLine)
			wantErr(t, "ExpireRooms", err, nil)
			failIf(t, len(expired) != want, "expired %d rooms, want %d", len(expired), want)
		}
	}},
	{"ClosedRoomsWantClearing", func(t *testing.T, b testStore) {
		b.create(newRoom("active"))
		b.create(newRoom("ended"))
		b.create(newRoom("expired", expiresAt(at(1))))
		wantSame(t, "before", b.uncleared(10), []string{})
		b.end("id-ended")
		if _, err := b.ExpireRooms(t.Context(), at(1), 10, noLine); err != nil {
			t.Fatal(err)
		}
		wantSame(t, "closed", b.uncleared(10), []string{"id-ended", "id-expired"})
		wantSame(t, "number with limit 1", len(b.uncleared(1)), 1)
		b.setCleared("id-ended")
		wantSame(t, "one cleared", b.uncleared(10), []string{"id-expired"})
	}},
	{"AClearedRoomStaysClearedWhileClosed", func(t *testing.T, b testStore) {
		b.create(newRoom("room", ended))
		b.setCleared("id-room")
		b.update("id-room", func(r *meet.Room) { r.MaxParticipants = 7 })
		wantSame(t, "uncleared", b.uncleared(10), []string{})
	}},
	{"ARoomClosedAgainWantsClearingAgain", func(t *testing.T, b testStore) {
		b.create(newRoom("room", expiresAt(at(1))))
		closeIt := map[string]func(){
			"end": func() { b.end("id-room") },
			"expire": func() {
				if _, err := b.ExpireRooms(t.Context(), at(1), 10, noLine); err != nil {
					t.Fatal(err)
				}
			},
		}
		for how, closeIt := range closeIt {
			closeIt()
			b.setCleared("id-room")
			b.reopen("id-room")
			wantSame(t, how+", reopened", b.uncleared(10), []string{})
			closeIt()
			wantSame(t, how+" again", b.uncleared(10), []string{"id-room"})
			b.setCleared("id-room")
			b.reopen("id-room")
		}
	}},
	{"TheMarkBeforeIsTold", func(t *testing.T, b testStore) {
		b.create(newRoom("room", ended))
		b.create(newRoom("active"))
		for i, step := range []struct{ cleared, before bool }{{false, false}, {true, false}, {true, true}, {false, true},
			{false, false}, {true, false}} {
			if got := b.mark("id-room", step.cleared); got != step.before {
				t.Errorf("step %d: the mark before was %v, want %v", i, got, step.before)
			}
		}
		b.reopen("id-room")
		for _, id := range []string{"id-room", "id-active", "nowhere"} {
			b.mark(id, true)
			failIf(t, b.mark(id, true), "%s was marked, want it not to be", id)
		}
	}},
	{"AnActiveRoomIsNotMarkedCleared", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.setCleared("id-room") // comes late: the room was reopened
		b.end("id-room")
		wantSame(t, "uncleared", b.uncleared(10), []string{"id-room"})
	}},
}
