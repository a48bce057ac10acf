package storetest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"roomkey/meet"
)

// connected is a connection to id-room since at(2).
func connected(sid string) meet.Presence {
	return meet.Presence{SID: sid, RoomID: "id-room", RoomSID: "RM_1", Identity: "ann_1", Subject: "ann", JoinedAt: at(2)}
}

// gone is the same after its end.
func gone(sid string, seconds int) meet.Presence {
	p := connected(sid)
	p.LeftAt = at(seconds)
	return p
}

// save gives the actions of the lines that were written.
func (b testStore) save(p meet.Presence) []string {
	b.t.Helper()
	before := len(b.actions())
	if err := b.SavePresence(b.t.Context(), p, about(meet.Joined, p.SID), about(meet.Left, p.SID)); err != nil {
		b.t.Fatalf("SavePresence(%s): %v", p.SID, err)
	}
	return b.actions()[before:]
}

func (b testStore) open() []meet.Presence {
	b.t.Helper()
	open, err := b.OpenPresences(b.t.Context(), "")
	if err != nil {
		b.t.Fatalf("OpenPresences: %v", err)
	}
	slices.SortFunc(open, func(p, q meet.Presence) int { return cmp.Compare(p.SID, q.SID) })
	return open
}

func (b testStore) onRecord(sids ...string) []string {
	b.t.Helper()
	found := []string{}
	for _, sid := range sids {
		has, err := b.HasPresence(b.t.Context(), sid)
		if err != nil {
			b.t.Fatalf("HasPresence(%s): %v", sid, err)
		}
		if has {
			found = append(found, sid)
		}
	}
	return found
}

// actions gives all lines, oldest first.
func (b testStore) actions() []string {
	b.t.Helper()
	all := names(b.events(meet.EventQuery{}), func(e meet.Event) string { return string(e.Action) })
	slices.Reverse(all)
	return all
}

const joined, left = string(meet.Joined), string(meet.Left)

var presenceTests = []test{
	{"WhoWasInside", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		was := func(identity string, seconds int) bool {
			t.Helper()
			was, err := b.WasInside(t.Context(), identity, at(seconds))
			wantErr(t, "WasInside", err, nil)
			return was
		}
		wantSame(t, "before", was("ann_1", 5), false)
		b.save(connected("PA_1"))
		wantSame(t, "inside", []bool{was("ann_1", 5), was("ann_2", 5)}, []bool{true, false})
		b.save(gone("PA_1", 9))
		wantSame(t, "after", []bool{was("ann_1", 5), was("ann_1", 9), was("ann_1", 10)}, []bool{true, true, false})
	}},
	{"OpenPresencesComeBackAsTheyWere", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.create(newRoom("other"))
		elsewhere := meet.Presence{SID: "c", RoomID: "id-other", RoomSID: "RM_2", Identity: "guest_1", JoinedAt: at(3)}
		wantSame(t, "open at first", b.open(), []meet.Presence(nil))
		for _, p := range []meet.Presence{elsewhere, connected("a"), gone("b", 4)} {
			b.save(p)
		}
		wantSame(t, "open", b.open(), []meet.Presence{connected("a"), elsewhere})
		wantSame(t, "on record", b.onRecord("a", "b", "c", "d"), []string{"a", "b", "c"})
	}},
	{"WhatIsToldInAnyOrderIsOnRecordOnce", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		for sid, steps := range map[string][]struct {
			p    meet.Presence
			want []string
			open bool
		}{
			"joined, then left": {{connected("1"), []string{joined}, true}, {gone("1", 9), []string{left}, false}},
			"left, then joined": {{gone("2", 9), []string{joined, left}, false}, {connected("2"), []string{}, false}},
			"joined twice":      {{connected("3"), []string{joined}, true}, {connected("3"), []string{}, true}},
			"left twice": {{connected("4"), []string{joined}, true}, {gone("4", 9), []string{left}, false}, {gone("4", 99),
				[]string{}, false},
				{connected("4"), []string{}, false}},
			"left twice, never joined": {{gone("5", 9), []string{joined, left}, false}, {gone("5", 9), []string{}, false}},
		} {
			for i, step := range steps {
				wantSame(t, sid+", lines", b.save(step.p), step.want)
				if got := slices.ContainsFunc(b.open(),
					func(p meet.Presence) bool { return p.SID == step.p.SID }); got != step.open {
					t.Errorf("%s, step %d: open is %v, want %v", sid, i, got, step.open)
				}
			}
		}
	}},
	{"OnlyTheEndOfAPresenceChanges", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.create(newRoom("other"))
		b.save(connected("a"))
		b.save(meet.Presence{SID: "a", RoomID: "id-other", RoomSID: "RM_9", Identity: "x", Subject: "y", JoinedAt: at(8)})
		wantSame(t, "open", b.open(), []meet.Presence{connected("a")})
	}},
	{"TheFirstEndOfAPresenceStays", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.save(connected("a"))
		b.save(gone("a", 5))
		b.save(gone("a", 500))
		b.forget(at(6), noon, 10)
		wantSame(t, "on record", b.onRecord("a"), []string{})
	}},
	{"LinesMayBeLeftOut", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		for _, c := range []struct {
			p            meet.Presence
			joined, left *meet.Event
			want         []string
		}{
			{connected("1"), nil, nil, []string{}},
			{gone("1", 9), nil, nil, []string{}},
			{gone("2", 9), nil, about(meet.Left, ""), []string{left}},
			{gone("3", 9), about(meet.Joined, ""), nil, []string{joined}},
			{gone("4", 9), about("", ""), about("", ""), []string{}}, // their actions taken away
			{connected("5"), about(meet.Joined, ""), about(meet.Left, ""), []string{joined}},
		} {
			before := len(b.actions())
			wantErr(t, "SavePresence", b.SavePresence(t.Context(), c.p, c.joined, c.left), nil)
			wantSame(t, c.p.SID+", lines on record", b.actions()[before:], c.want)
		}
	}},
	{"ToldManyTimesAtOnceIsOneLineEach", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		wantAllDone(t, "SavePresence", 40, func(ctx context.Context, i int) error {
			p := connected("a")
			if i%2 == 0 {
				p = gone("a", 9)
			}
			return b.SavePresence(ctx, p, about(meet.Joined, ""), about(meet.Left, ""))
		})
		wantSame(t, "lines", b.actions(), []string{joined, left})
		wantSame(t, "open", b.open(), []meet.Presence(nil))
	}},
	{"APresenceInNoRoomLeavesNothing", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		nowhere := connected("a")
		nowhere.RoomID = "nowhere"
		failIf(t, b.SavePresence(t.Context(), nowhere, about(meet.Joined, ""), nil) == nil,
			"somebody is inside a room that is not there")
		wantSame(t, "on record", b.onRecord("a"), []string{})
		wantSame(t, "lines", b.actions(), []string{})
		wantSame(t, "lines afterwards", b.save(connected("a")), []string{joined})
	}},
	{"EndedPresencesAreForgotten", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		all := []string{"a", "b", "c", "d", "open"}
		for i, sid := range all[:4] {
			b.save(gone(sid, 3+i))
		}
		b.save(connected("open"))
		b.forget(at(0), noon, 10)
		wantSame(t, "before their time", b.onRecord(all...), all)
		b.forget(at(5), noon, 1)
		wantSame(t, "number left by limit 1", len(b.onRecord(all...)), 4)
		b.forget(at(5), noon, 10)
		b.forget(at(5), noon, 10)
		wantSame(t, "left", b.onRecord(all...), []string{"c", "d", "open"})
		b.forget(at(1e6), noon, 10)
		wantSame(t, "left long after", b.onRecord(all...), []string{"open"})
	}},
}

var forgetTests = []test{
	{"OldJoinsAreForgotten", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.create(newRoom("over"))
		all := []string{"past", "past, locked", "present", "present, locked", "present, set", "inside", "left", "left late",
			"removed late", "over, locked", "late"}
		for i, identity := range all {
			join := byCode(identity, "")
			join.CreatedAt = at(5 + i)
			if identity == "present" {
				b.nextOpening("id-room")
			}
			switch identity {
			case "over, locked":
				join.RoomID = "id-over"
			case "late":
				join.CreatedAt = at(20)
			}
			b.join(join)
			if strings.HasSuffix(identity, "locked") {
				wantSame(t, "locked", b.lockedNow(join), true)
			}
			if identity == "present, set" {
				b.set(identity, meet.PropertyName, value("Eve", 1))
			}
		}
		b.end("id-over")
		for sid, identity := range map[string]string{"open": "inside", "closed": "left", "late": "left late"} {
			p := gone(sid, 12)
			p.Identity = identity
			switch sid {
			case "open":
				p.LeftAt = time.Time{}
			case "late":
				p.LeftAt = at(20)
			}
			b.save(p)
		}
		wantErr(t, "RevokeJoins", b.RevokeAdmissions(t.Context(), meet.Revocation{RoomID: "id-room",
			Identities: []string{"removed late"}, At: at(20)}, nil), nil)
		b.forget(at(5), noon, 10)
		wantSame(t, "before their time", b.admitted(all...), all)
		b.forget(at(20), noon, 1)
		wantSame(t, "with limit 1", len(b.admitted(all...)), len(all)-1)
		b.forget(at(20), noon, 4)
		wantSame(t, "with limit 4", len(b.admitted(all...)), len(all)-5)
		b.forget(at(20), noon, 4)
		wantSame(t, "left", b.admitted(all...),
			[]string{"present, locked", "present, set", "inside", "left late", "removed late", "late"})
	}},
}

// lockedNow locks the microphone of a join.
func (b testStore) lockedNow(join meet.Admission) bool {
	b.t.Helper()
	locked, err := b.LockAdmissions(b.t.Context(), join.RoomID, []string{join.Identity}, meet.Microphone, true, nil)
	if err != nil {
		b.t.Fatalf("LockJoins(%s): %v", join.Identity, err)
	}
	return len(locked) == 1
}

// joinedRooms gives the rooms that ann has joined.
func (b testStore) joinedRooms() []string {
	b.t.Helper()
	return b.list(meet.RoomQuery{Subject: "ann", Joined: true})
}

// admitUntil lets ann into id-room with a token that dies then.
func (b testStore) admitUntil(identity string, seconds int) {
	b.t.Helper()
	if _, err := b.AddAdmission(b.t.Context(), byCode(identity, ""), at(seconds), welcome, nil); err != nil {
		b.t.Fatalf("AddJoin(%s): %v", identity, err)
	}
}

var visitTests = []test{
	{"ARoomCountsAsJoinedUntilTheTokenDies", func(t *testing.T, b testStore) {
		b.create(newRoom("room", createdBy("bob")))
		b.admitUntil("one", 600)
		b.forget(noon, at(600).Add(-time.Millisecond), 10)
		wantSame(t, "while the token lives", b.joinedRooms(), []string{"room participant"})
		b.forget(noon, at(600), 10)
		wantSame(t, "after its death", b.joinedRooms(), []string{})
		b.admitUntil("two", 1200)
		wantSame(t, "joined anew", b.joinedRooms(), []string{"room participant"})
	}},
	{"OfSeveralTokensTheLongestCounts", func(t *testing.T, b testStore) {
		b.create(newRoom("room", createdBy("bob")))
		b.admitUntil("long", 600)
		b.admitUntil("short", 300) // asked for earlier, on record later
		b.forget(noon, at(599), 10)
		wantSame(t, "while one of them lives", b.joinedRooms(), []string{"room participant"})
		b.admitUntil("longer", 900)
		b.forget(noon, at(899), 10)
		wantSame(t, "with a longer one", b.joinedRooms(), []string{"room participant"})
		b.forget(noon, at(900), 10)
		wantSame(t, "after all of them", b.joinedRooms(), []string{})
	}},
	{"WhoWasInsideHasJoinedForGood", func(t *testing.T, b testStore) {
		b.create(newRoom("room", createdBy("bob")))
		b.admitUntil("one", 600)
		b.save(connected("a"))
		b.admitUntil("two", 1200)
		b.forget(noon, at(9000), 10)
		wantSame(t, "joined", b.joinedRooms(), []string{"room participant"})
		b.save(gone("a", 9))
		b.forget(at(9000), at(9000), 10)
		wantSame(t, "when nothing is left of the connection", b.joinedRooms(), []string{"room participant"})
	}},
	{"WhoWasInsideUnseenHasJoinedForGood", func(t *testing.T, b testStore) {
		b.create(newRoom("room", createdBy("bob")))
		b.admitUntil("one", 600)
		b.forget(noon, at(600), 10)
		b.save(gone("a", 9)) // nobody told of the beginning, and late of the end
		b.forget(noon, at(9000), 10)
		wantSame(t, "joined", b.joinedRooms(), []string{"room participant"})
	}},
	{"NobodyInParticularHasJoined", func(t *testing.T, b testStore) {
		b.create(newRoom("room", createdBy("bob")))
		p := connected("a")
		p.Subject = ""
		b.save(p)
		wantSame(t, "joined by nobody", b.list(meet.RoomQuery{Joined: true}), []string{})
	}},
	{"NoMoreVisitsAreForgottenThanTheLimit", func(t *testing.T, b testStore) {
		for i := range 5 {
			name := numbered("room", i)
			b.create(newRoom(name, createdBy("bob"), createdAt(at(-i))))
			b.visit("ann", name)
		}
		for _, want := range []int{3, 1, 0, 0} {
			b.forget(noon, tokenDies, 2)
			wantSame(t, "number left", len(b.joinedRooms()), want)
		}
	}},
}
