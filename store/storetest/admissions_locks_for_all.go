package storetest

import (
	"slices"
	"testing"

	"roomkey/meet"
)

// lockAll gives whether that changed the room, and to whom something was given
// back.
func (b testStore) lockAll(source meet.Source, locked bool) (bool, []string) {
	b.t.Helper()
	changed, unlocked, err := b.LockForAll(b.t.Context(), "id-room", source, locked, nil, nil)
	if err != nil {
		b.t.Fatalf("LockForAll: %v", err)
	}
	slices.Sort(unlocked)
	return changed, unlocked
}

func (b testStore) wantLockAll(source meet.Source, locked, wantChanged bool, wantUnlocked ...string) {
	b.t.Helper()
	changed, unlocked := b.lockAll(source, locked)
	if changed != wantChanged || !slices.Equal(unlocked, wantUnlocked) {
		b.t.Errorf("LockForAll(%s, %v): got %v, %v, want %v, %v", source, locked, changed, unlocked, wantChanged,
			wantUnlocked)
	}
}

func (b testStore) lockedForAll() []meet.Source {
	b.t.Helper()
	room, err := b.RoomByID(b.t.Context(), "id-room")
	if err != nil {
		b.t.Fatal(err)
	}
	return room.LockedForAll
}

func (b testStore) unlocked(identity string) []meet.Source {
	b.t.Helper()
	return sorted(b.joinOf(identity).Unlocked)
}

var lockForAllTests = []test{
	{"TheRoomKeepsWhatIsLockedForAll", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		wantSame(t, "at first", b.lockedForAll(), []meet.Source(nil))
		b.wantLockAll(mic, true, true)
		b.wantLockAll(mic, true, false)
		b.wantLockAll(meet.ScreenShare, true, true)
		wantSame(t, "locked", b.lockedForAll(), []meet.Source{mic, meet.ScreenShare})
		b.wantLockAll(mic, false, true)
		b.wantLockAll(mic, false, false)
		wantSame(t, "left", b.lockedForAll(), []meet.Source{meet.ScreenShare})
		_, _, err := b.LockForAll(t.Context(), "id-none", mic, true, nil, nil)
		wantErr(t, "LockForAll of no room", err, meet.ErrNotFound)
	}},
	{"WhatWasTakenFromOneGoesBackWithThatOfAll", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		for i, identity := range []string{"one", "two", "three"} {
			b.enter(identity, "", "", i)
		}
		b.lock(mic, true, "one", "three")
		b.lock(cam, true, "one", "two")
		b.wantLockAll(mic, true, true)
		b.wantLockAll(mic, false, true, "one", "three")
		wantSame(t, "another source", b.locked("one"), []meet.Source{cam})
		b.lock(mic, true, "two")
		b.wantLockAll(mic, false, false, "two")
	}},
	{"WhoIsGivenItBackIsExceptedUntilTheNextLock", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.enter("bob 1", "bob", "bob", 1)
		b.enter("typed bob", "", "bob", 1)
		wantSame(t, "with nothing locked", b.lock(mic, false, "bob 1"), []string{})
		b.lock(mic, true, "bob 1")
		b.wantLockAll(mic, true, true)
		wantSame(t, "given back", b.lock(mic, false, "bob 1", "typed bob", "nobody"), []string{"bob 1", "typed bob"})
		wantSame(t, "given back again", b.lock(mic, false, "bob 1"), []string{})
		wantSame(t, "excepted", b.unlocked("bob 1"), []meet.Source{mic})
		b.enter("bob 2", "bob", "bob", 2)
		b.enter("typed bob 2", "", "bob", 2)
		wantSame(t, "the same subject anew", b.unlocked("bob 2"), []meet.Source{mic})
		wantSame(t, "the same claim anew", b.unlocked("typed bob 2"), []meet.Source(nil))
		wantSame(t, "locked again", b.lock(mic, true, "bob 1"), []string{"bob 1"})
		wantSame(t, "no longer excepted", b.unlocked("bob 1"), []meet.Source(nil))
		b.lock(mic, false, "bob 1")
		b.wantLockAll(cam, true, true)
		wantSame(t, "with another lock", b.unlocked("bob 1"), []meet.Source{mic})
		b.wantLockAll(mic, true, false)
		for _, identity := range []string{"bob 1", "bob 2", "typed bob"} {
			wantSame(t, "after the next lock, "+identity, b.unlocked(identity), []meet.Source(nil))
		}
	}},
	{"WhoIsLeftOut", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		for i, identity := range []string{"eve", "bob", "carl"} {
			b.enter(identity, "", "", i)
		}
		lockAllBut := func(locked, wantChanged bool, e *meet.Event, except ...string) []string {
			t.Helper()
			changed, unlocked, err := b.LockForAll(t.Context(), "id-room", mic, locked, except, e)
			wantErr(t, "LockForAll", err, nil)
			wantSame(t, "whether the room changed", changed, wantChanged)
			slices.Sort(unlocked)
			return unlocked
		}
		wantSame(t, "locked", lockAllBut(true, true, about(meet.Locked, "1"), "eve", "nobody"), []string(nil))
		wantSame(t, "left out", b.unlocked("eve"), []meet.Source{mic})
		wantSame(t, "not left out", b.unlocked("bob"), []meet.Source(nil))
		lockAllBut(true, false, about(meet.Locked, "again"), "eve")
		lockAllBut(true, false, about(meet.Locked, "2"), "bob", "eve")
		wantSame(t, "left out as well", b.unlocked("bob"), []meet.Source{mic})
		lockAllBut(true, false, about(meet.Locked, "without eve"), "bob")
		wantSame(t, "left out no more", b.unlocked("eve"), []meet.Source(nil))

		b.lock(mic, true, "carl")
		wantSame(t, "given back", lockAllBut(false, true, about(meet.Unlocked, "3"), "eve", "bob"), []string{"carl"})
		wantSame(t, "still locked", b.locked("eve"), []meet.Source{mic})
		wantSame(t, "was not locked", b.locked("bob"), []meet.Source(nil))
		wantSame(t, "given back to the others", lockAllBut(false, false, about(meet.Unlocked, "no change"), "eve"),
			[]string(nil))
		wantSame(t, "events", b.targets(), []string{"1", "2", "without eve", "3"})
	}},
}

var approvalTests = []test{
	{"AnApprovalKnowsWhomItLetIn", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.ask(newRequest("asked", 1, inState(meet.RequestApproved)))
		for i, want := range []string{"", "first", "first"} {
			join := meet.Admission{Identity: []string{"first", "second", "third"}[i], RoomID: "id-room", Role: "guest",
				RequestID: "asked", CreatedAt: at(i)}
			_, err := b.AddAdmission(t.Context(), join, tokenDies, func(d meet.JoinContext) error {
				wantSame(t, "seen by the check", d.Request.Admitted, want)
				return nil
			}, nil)
			wantErr(t, "AddJoin", err, nil)
		}
		got, err := b.JoinRequest(t.Context(), "asked")
		wantErr(t, "JoinRequest", err, nil)
		wantSame(t, "whom it let in", got.Admitted, "first")
	}},
}
