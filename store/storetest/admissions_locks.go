package storetest

import (
	"slices"
	"testing"

	"roomkey/meet"
)

const mic, cam = meet.Microphone, meet.Camera

// lock gives whose locks that changed.
func (b testStore) lock(source meet.Source, locked bool, identities ...string) []string {
	b.t.Helper()
	changed, err := b.LockAdmissions(b.t.Context(), "id-room", identities, source, locked, nil)
	if err != nil {
		b.t.Fatalf("LockJoins(%v): %v", identities, err)
	}
	slices.Sort(changed)
	return changed
}

func (b testStore) locked(identity string) []meet.Source {
	b.t.Helper()
	return sorted(b.joinOf(identity).Locked)
}

func (b testStore) lockedIn(roomID string, source meet.Source) []string {
	b.t.Helper()
	identities, err := b.LockedIn(b.t.Context(), roomID, source)
	if err != nil {
		b.t.Fatalf("LockedIn(%s): %v", roomID, err)
	}
	return identities
}

// person names who joins; a person without a user id is nobody in particular.
func person(subject, userID string) string {
	if userID == "" {
		return ""
	}
	return subject + "/" + userID
}

// enter lets somebody into id-room and gives what is locked for them.
func (b testStore) enter(identity, subject, userID string, seconds int) []meet.Source {
	b.t.Helper()
	join, err := b.AddAdmission(b.t.Context(), meet.Admission{Identity: identity, RoomID: "id-room", Subject: subject,
		UserID: userID, Person: person(subject, userID), Role: "guest",
		CreatedAt: at(seconds)}, tokenDies, welcome, nil)
	if err != nil {
		b.t.Fatalf("AddJoin(%s): %v", identity, err)
	}
	wantSame(b.t, "stored join", b.joinOf(identity), join)
	return sorted(join.Locked)
}

var lockTests = []test{
	{"ALockIsKeptUntilItIsTakenBack", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.enter("one", "", "", 1)
		b.enter("two", "", "", 2)
		for _, step := range []struct {
			source meet.Source
			locked bool
			change []string
			want   []meet.Source
		}{
			{mic, false, []string{}, nil},
			{mic, true, []string{"one"}, []meet.Source{mic}},
			{mic, true, []string{}, []meet.Source{mic}},
			{cam, false, []string{}, []meet.Source{mic}},
			{cam, true, []string{"one"}, []meet.Source{cam, mic}},
			{mic, false, []string{"one"}, []meet.Source{cam}},
			{mic, false, []string{}, []meet.Source{cam}},
			{cam, false, []string{"one"}, nil},
		} {
			wantSame(t, "changed", b.lock(step.source, step.locked, "one"), step.change)
			wantSame(t, "locked", b.locked("one"), step.want)
		}
		wantSame(t, "another's locks", b.locked("two"), []meet.Source(nil))
	}},
	{"OnlyWhatWasNotSoIsChanged", func(t *testing.T, b testStore) {
		b.create(newRoom("other"))
		b.create(newRoom("room"))
		b.join(meet.Admission{Identity: "elsewhere", RoomID: "id-other", Role: "guest", CreatedAt: noon})
		for i, identity := range []string{"c", "a", "b"} {
			b.enter(identity, "", "", i)
		}
		b.lock(mic, true, "a")
		wantSame(t, "locked", b.lock(mic, true, "nobody", "a", "c", "elsewhere", "c"), []string{"c"})
		wantSame(t, "locked in the room", b.lockedIn("id-room", mic), []string{"c", "a"}) // who came first
		wantSame(t, "locked in the room", b.lockedIn("id-room", cam), []string{})
		wantSame(t, "locked elsewhere", b.lockedIn("id-other", mic), []string{})
		wantSame(t, "another room's join", b.locked("elsewhere"), []meet.Source(nil))
		if _, err := b.LockAdmissions(t.Context(), "id-other", []string{"elsewhere"}, mic, true, nil); err != nil {
			t.Fatal(err)
		}
		wantSame(t, "given back", b.lock(mic, false, "nobody", "b", "elsewhere", "a"), []string{"a"})
		wantSame(t, "another room's join", b.locked("elsewhere"), []meet.Source{mic})
		wantSame(t, "locked in the room", b.lockedIn("id-room", mic), []string{"c"})
	}},
	{"ALockHoldsForThePersonInThisOpening", func(t *testing.T, b testStore) {
		for name, c := range map[string]struct {
			first, then [2]string // subject and user id
			want        []meet.Source
		}{
			"the same subject":            {[2]string{"eve", "eve"}, [2]string{"eve", "eve"}, []meet.Source{cam, mic}},
			"on the same one's behalf":    {[2]string{"ann", "eve"}, [2]string{"ann", "eve"}, []meet.Source{cam, mic}},
			"the same user id":            {[2]string{"", "eve"}, [2]string{"", "eve"}, []meet.Source{cam, mic}},
			"another subject and user id": {[2]string{"eve", "eve"}, [2]string{"zoe", "zoe"}, nil},
			"another user id":             {[2]string{"", "eve"}, [2]string{"", "zoe"}, nil},
			"a user id proven by another": {[2]string{"", "eve"}, [2]string{"eve", "eve"}, nil}, // a stranger typed it
			"nobody in particular":        {[2]string{"", ""}, [2]string{"", ""}, nil},
		} {
			room := "id-" + name
			b.create(newRoom(name))
			b.create(newRoom("next to " + name))
			enter := func(room, identity string, who [2]string, seconds int) []meet.Source {
				join, err := b.AddAdmission(t.Context(), meet.Admission{Identity: name + identity, RoomID: room, Subject: who[0],
					UserID: who[1], Person: person(who[0], who[1]), Role: "guest",
					CreatedAt: at(seconds)}, tokenDies, welcome, nil)
				wantErr(t, "AddJoin", err, nil)
				wantSame(t, name+", stored", b.joinOf(name+identity), join)
				return sorted(join.Locked)
			}
			enter(room, "1", c.first, 10)
			for _, source := range []meet.Source{cam, mic} {
				_, err := b.LockAdmissions(t.Context(), room, []string{name + "1"}, source, true, nil)
				wantErr(t, "LockJoins", err, nil)
			}
			wantSame(t, name, enter(room, "2", c.then, 11), c.want)
			wantSame(t, name+", once more", enter(room, "3", c.then, 12), c.want)
			wantSame(t, name+", in another room", enter("id-next to "+name, "4", c.then, 12), []meet.Source(nil))
			b.nextOpening(room)
			wantSame(t, name+", in the next opening", enter(room, "5", c.then, 5), []meet.Source(nil))
		}
	}},
	{"LocksOfAllJoinsOfThePersonAddUp", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.enter("one", "eve", "eve", 1)
		b.enter("two", "eve", "eve", 2)
		b.lock(mic, true, "one")
		b.lock(cam, true, "two")
		wantSame(t, "locked before", b.locked("one"), []meet.Source{mic})
		wantSame(t, "the next", b.enter("three", "eve", "eve", 3), []meet.Source{cam, mic})
	}},
	{"WhatIsGivenBackIsGivenBackToThePerson", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		for i, give := range []string{"one", "two", "free"} {
			n := string(rune('0' + i))
			user := "user" + n
			b.enter("free"+n, "", user, 3*i) // came before, and is locked in nothing
			b.enter("one"+n, "", user, 3*i)
			b.enter("neighbour"+n, "", "neighbour", 3*i)
			b.lock(mic, true, "one"+n, "neighbour"+n)
			b.lock(cam, true, "one"+n)
			wantSame(t, "the second join", b.enter("two"+n, "", user, 3*i+1), []meet.Source{cam, mic})
			wantSame(t, "given back", b.lock(mic, false, give+n, "two"+n), []string{"one" + n, "two" + n})
			wantSame(t, "the third join", b.enter("three"+n, "", user, 3*i+2), []meet.Source{cam})
			wantSame(t, "a neighbour", b.locked("neighbour"+n), []meet.Source{mic})
		}
	}},
	{"NobodyInParticularIsNoPerson", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.enter("one", "", "", 1)
		b.enter("two", "", "", 2)
		b.lock(mic, true, "one", "two")
		wantSame(t, "given back", b.lock(mic, false, "one"), []string{"one"})
		wantSame(t, "the other", b.locked("two"), []meet.Source{mic})
	}},
	{"TheDeadKeepTheirLocks", func(t *testing.T,
		b testStore) { // putting somebody out is no way to get the microphone back
		b.create(newRoom("room"))
		b.enter("one", "", "eve", 1)
		b.lock(mic, true, "one")
		b.revoke(meet.Revocation{Identities: []string{"one"}, At: at(2), By: "ann"})
		wantSame(t, "the next join", b.enter("two", "", "eve", 3), []meet.Source{mic})
	}},
}

// sorted gives sources in an order that does not matter.
func sorted(sources []meet.Source) []meet.Source {
	slices.Sort(sources)
	return sources
}
