package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"roomkey/meet"
)

// about is a line about id-room with no field at its zero value but the id.
func about(action meet.EventAction, target string) *meet.Event {
	return &meet.Event{At: at(7), RoomID: "id-room", RoomName: "room", AdminID: "ann", Actor: "bob",
		Caller: meet.Caller{Via: meet.ViaMCP, Client: "agent 1.0"}, Action: action, Target: target,
		Outcome: meet.OutcomeIncomplete,
		Details: map[string]string{"name": `"Zoë" <b>`, "empty": ""}, RequestID: "request-1"}
}

func (b testStore) events(q meet.EventQuery) []meet.Event {
	b.t.Helper()
	if q.Limit == 0 {
		q.Limit = 1000
	}
	events, err := b.Events(b.t.Context(), q)
	if err != nil {
		b.t.Fatalf("Events(%+v): %v", q, err)
	}
	return events
}

// targets gives what all lines are about, oldest first.
func (b testStore) targets() []string {
	b.t.Helper()
	all := names(b.events(meet.EventQuery{}), func(e meet.Event) string { return e.Target })
	slices.Reverse(all)
	return all
}

func (b testStore) write(events ...*meet.Event) {
	b.t.Helper()
	for _, e := range events {
		if err := b.AddEvent(b.t.Context(), e); err != nil {
			b.t.Fatalf("AddEvent: %v", err)
		}
	}
}

func (b testStore) forget(since, now time.Time, limit int) {
	b.t.Helper()
	if err := b.Forget(b.t.Context(), since, now, limit); err != nil {
		b.t.Fatalf("Forget: %v", err)
	}
}

var eventTests = []test{
	{"AnOutcomeCanBecomeAnother", func(t *testing.T, b testStore) {
		one, two := about(meet.Kicked, "one"), about(meet.Kicked, "two")
		one.Outcome = meet.OutcomeOK
		two.Outcome = meet.OutcomeOK
		for _, e := range []*meet.Event{one, two} {
			wantErr(t, "AddEvent", b.AddEvent(t.Context(), e), nil)
		}
		wantErr(t, "SetOutcome", b.SetOutcome(t.Context(), one.ID, meet.OutcomeIncomplete), nil)
		wantErr(t, "SetOutcome of none", b.SetOutcome(t.Context(), two.ID+1, meet.OutcomeIncomplete), nil)
		one.Outcome = meet.OutcomeIncomplete
		wantSame(t, "events", b.events(meet.EventQuery{}), []meet.Event{*two, *one})
	}},
	{"AnEventIsWrittenOnceWithItsChange", func(t *testing.T, b testStore) {
		b.prepare()
		var want []string
		for _, change := range b.changes() {
			e := about(meet.EventAction("room."+change.name), change.name)
			wantErr(t, change.name, change.do(t.Context(), e, nothing), nil)
			want = append(want, change.name)
			wantSame(t, "lines after "+change.name, b.targets(), want)
			wantSame(t, "line of "+change.name, b.events(meet.EventQuery{Limit: 1}), []meet.Event{*e})
			failIf(t, e.ID == 0, "the line of %s was not given its id", change.name)
		}
	}},
	{"NoEventNoLine", func(t *testing.T, b testStore) {
		b.prepare()
		for _, change := range b.changes() {
			wantErr(t, change.name, change.do(t.Context(), nil, nothing), nil)
		}
		wantSame(t, "lines", b.targets(), []string{})
	}},
	{"AnEventWhoseDeedIsTakenAwayLeavesNoLine", func(t *testing.T, b testStore) {
		b.prepare()
		for _, change := range b.changes() {
			e := about("room.updated", change.name)
			if !change.handsIn {
				e.Action = ""
			}
			wantErr(t, change.name, change.do(t.Context(), e, func() error { e.Action = ""; return nil }), nil)
			failIf(t, e.Action != "" || e.ID != 0, "%s: got %+v, want no action and no id", change.name, e)
		}
		wantSame(t, "lines", b.targets(), []string{})
	}},
	{"WhatIsHandedInCompletesTheEvent", func(t *testing.T, b testStore) {
		b.prepare()
		var want []string
		for _, change := range b.changes() {
			if !change.handsIn {
				continue
			}
			e := about("room.updated", "")
			wantErr(t, change.name, change.do(t.Context(), e, func() error { e.Target = "by " + change.name; return nil }), nil)
			want = append(want, "by "+change.name)
		}
		wantSame(t, "lines", b.targets(), want)
	}},
	{"AChangeThatIsRefusedLeavesNoLine", func(t *testing.T, b testStore) {
		b.prepare()
		for _, change := range b.changes() {
			if !change.handsIn {
				continue
			}
			e := about("room.updated", change.name)
			wantAsItIs(t, change.do(t.Context(), e, func() error { return errRefused }), errRefused)
			failIf(t, e.ID != 0, "%s failed and gave the id %d", change.name, e.ID)
		}
		wantSame(t, "lines", b.targets(), []string{})
	}},
	{"AChangeThatFailsLeavesNoLine", func(t *testing.T, b testStore) {
		b.prepare()
		for name := range b.failing(t.Context(), nil) {
			e := about("room.updated", name)
			failIf(t, b.failing(t.Context(), e)[name]() == nil, "%s succeeded", name)
			failIf(t, e.ID != 0, "%s failed and gave the id %d", name, e.ID)
		}
		wantSame(t, "lines", b.targets(), []string{})
	}},
	{"WhatChangesNothingLeavesNoLine", func(t *testing.T, b testStore) {
		b.prepare()
		ctx, e := t.Context(), about("code.created", "")
		for range 2 { // the first disables the code of a role that is no more
			_, err := b.EnsureCodes(ctx, "id-room", []meet.RoomCode{newCode("bbb", "guest")}, allRoles, nil, noon, 0, e)
			wantErr(t, "EnsureCodes", err, nil)
		}
		wantSame(t, "number of lines; the second time nothing changed", len(b.targets()), 1)
		_, err := b.LockAdmissions(ctx, "id-room", []string{"inside"}, meet.Camera, false, about(meet.Unlocked, ""))
		wantErr(t, "LockJoins", err, nil)
		_, err = b.LockAdmissions(ctx, "id-room", nil, meet.Camera, true, about(meet.Locked, ""))
		wantErr(t, "LockJoins of nobody", err, nil)
		expired, err := b.ExpireRooms(ctx, noon, 10, func(meet.Room) *meet.Event { return about(meet.RoomHasExpired, "") })
		wantErr(t, "ExpireRooms", err, nil)
		failIf(t, len(expired) != 0 || len(b.targets()) != 1, "lines are %v, want no further one", b.targets())
	}},
	{"EachExpiredRoomHasItsLine", func(t *testing.T, b testStore) {
		for i := range 3 {
			b.create(newRoom(numbered("room", i), expiresAt(at(i))))
		}
		_, err := b.ExpireRooms(t.Context(), at(5), 2, func(room meet.Room) *meet.Event {
			failIf(t, room.State != meet.RoomExpired, "the line is about %+v, want it expired", room)
			return about(meet.RoomHasExpired, room.ID)
		})
		wantErr(t, "ExpireRooms", err, nil)
		got := b.targets()
		slices.Sort(got)
		wantSame(t, "lines", got, []string{"id-room-000", "id-room-001"})
	}},
	{"AnEventWithoutDetailsComesBackToo", func(t *testing.T, b testStore) {
		want := &meet.Event{At: noon, Action: meet.Left}
		b.write(want)
		wantSame(t, "line", b.events(meet.EventQuery{}), []meet.Event{*want})
	}},
	{"EventsAreReadInPages", func(t *testing.T, b testStore) {
		b.manyEvents(40)
		for _, room := range []string{"", "r0", "r1", "nowhere"} {
			for _, admin := range []string{"", "a0", "a1", "nobody"} {
				for _, kind := range []meet.EventKind{"", "room", "participant", "code"} {
					q := meet.EventQuery{RoomID: room, Admin: admin, Kind: kind}
					for _, limit := range []int{1, 3, 50} {
						wantSame(t, fmt.Sprintf("%+v in pages of %d", q, limit), b.eventPages(q, limit), b.matching(q))
					}
				}
			}
		}
		wantSame(t, "events with a negative limit", len(b.events(meet.EventQuery{Limit: -1})), 0)
	}},
	{"LinesOfManyAtOnceAreAllThere", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		events := make([]*meet.Event, 30)
		for i := range events {
			events[i] = about(meet.RoomUpdated, numbered("line", i))
		}
		wantAllDone(t, "UpdateRoom", len(events), func(ctx context.Context, i int) error {
			_, err := b.UpdateRoom(ctx, "id-room", func(*meet.Room) error {
				if i%3 == 0 {
					return errRefused
				}
				return nil
			}, 0, events[i])
			if i%3 == 0 && err == errRefused { //nolint:errorlint // as it is
				return nil
			}
			return err
		})
		there := map[int64]string{}
		for _, e := range b.events(meet.EventQuery{}) {
			there[e.ID] = e.Target
		}
		for i, e := range events {
			if refused := i%3 == 0; refused != (e.ID == 0) || !refused && there[e.ID] != e.Target {
				t.Errorf("line %d has the id %d, under which there is %q", i, e.ID, there[e.ID])
			}
		}
		failIf(t, len(there) != 20, "%d lines, want 20", len(there))
	}},
	{"OldEventsAreForgotten", func(t *testing.T, b testStore) {
		for i := range 7 {
			e := about(meet.Left, fmt.Sprint(i))
			e.At = at(i)
			b.write(e)
		}
		for _, want := range [][]string{{"3", "4", "5", "6"}, {"4", "5", "6"}, {"4", "5", "6"}} {
			b.forget(at(4), noon, 3)
			wantSame(t, "left", b.targets(), want)
		}
		b.forget(at(100), noon, 0)
		wantSame(t, "left", b.targets(), []string{"4", "5", "6"})
	}},
	{"AYoungLineKeepsNoOldOne", func(t *testing.T, b testStore) {
		for _, age := range []int{9, 1, 8, 2} { // as clocks and slow calls have it
			e := about(meet.Left, fmt.Sprint(age))
			e.At = at(age)
			b.write(e)
		}
		b.forget(at(5), noon, 10)
		wantSame(t, "left", b.targets(), []string{"9", "8"})
	}},
	{"TheIdOfAForgottenLineIsNotGivenAgain", func(t *testing.T, b testStore) {
		first, second := about(meet.Left, "first"), about(meet.Left, "second")
		b.write(first)
		b.forget(first.At.Add(time.Second), noon, 10)
		b.write(second)
		failIf(t, second.ID <= first.ID, "ids went from %d to %d", first.ID, second.ID)
		wantSame(t, "left", b.targets(), []string{"second"})
	}},
}

func nothing() error { return nil }

// manyEvents writes n lines in every combination of two rooms, admins and kinds.
func (b testStore) manyEvents(n int) {
	b.t.Helper()
	for i := range n {
		e := about([]meet.EventAction{meet.RoomUpdated, meet.Kicked}[i/4%2], fmt.Sprint(i))
		e.RoomID, e.AdminID = fmt.Sprintf("r%d", i%2), fmt.Sprintf("a%d", i/2%2)
		b.write(e)
	}
}

// matching gives what the lines that a query means are about, newest first.
func (b testStore) matching(q meet.EventQuery) []string {
	b.t.Helper()
	want := []string{}
	for _, e := range b.events(meet.EventQuery{}) {
		if (q.RoomID == "" || q.RoomID == e.RoomID) && (q.Admin == "" || q.Admin == e.AdminID) && (q.Kind == "" ||
			q.Kind == e.Action.Kind()) {
			want = append(want, e.Target)
		}
	}
	return want
}

func (b testStore) eventPages(q meet.EventQuery, limit int) []string {
	b.t.Helper()
	all := []string{}
	q.Limit = limit
	for range 100 {
		page := b.events(q)
		if len(page) > limit {
			b.t.Fatalf("a page of %d, want at most %d", len(page), limit)
		}
		for _, e := range page {
			all = append(all, e.Target)
			q.Before = e.ID
		}
		if len(page) < limit {
			return all
		}
	}
	b.t.Fatalf("the list %+v has no end", q)
	return nil
}
