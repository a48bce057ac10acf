package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"roomkey/meet"
)

// writeAt writes a line for each of these hours, in their order, about target-0,
// target-1 and target-2 in turn, in two rooms of two admins.
func (b testStore) writeAt(hours ...float64) {
	b.t.Helper()
	for i, hour := range hours {
		e := about(meet.Kicked, fmt.Sprint("target-", i%3))
		e.At = hoursOf(hour)
		e.RoomID, e.AdminID = fmt.Sprint("r", i%2), fmt.Sprint("a", i%2)
		b.write(e)
	}
}

func hoursOf(hours float64) time.Time { return noon.Add(time.Duration(hours * float64(time.Hour))) }

// wantEvents checks a query against all lines, read page by page: newest first, and
// the same oldest first.
func (b testStore) wantEvents(q meet.EventQuery) {
	b.t.Helper()
	want := []int64{}
	for _, e := range b.events(meet.EventQuery{}) {
		if (q.RoomID == "" || q.RoomID == e.RoomID) && (q.Admin == "" || q.Admin == e.AdminID) &&
			(q.Target == "" || q.Target == e.Target) && (q.Since.IsZero() || !e.At.Before(q.Since)) &&
			(q.Until.IsZero() || e.At.Before(q.Until)) && e.ID > q.After && (q.Before == 0 || e.ID < q.Before) {
			want = append(want, e.ID)
		}
	}
	what := fmt.Sprintf("%+v", q)
	wantSame(b.t, what, idsOf(b.events(q)), want)
	slices.Reverse(want)
	q.OldestFirst, q.Limit = true, 3
	got := []int64{}
	for page := b.events(q); len(page) > 0; page = b.events(q) {
		got = append(got, idsOf(page)...)
		q.After = page[len(page)-1].ID
	}
	wantSame(b.t, what+" oldest first", got, want)
}

func idsOf(events []meet.Event) []int64 {
	ids := make([]int64, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	return ids
}

var someEventTests = []test{
	{"OfASpanOfTime", func(_ *testing.T, b testStore) {
		// A call that took long is written after a later one.
		b.writeAt(0, 1, 1.5, 1.2, 2, 2.9, 2.1, 2.5, 4, 5, 7, 6.5, 7.2, 6.9, 9, 12)
		times := []time.Time{{}}
		for hour := -1.0; hour < 14; hour += 1.3 {
			times = append(times, hoursOf(hour))
		}
		times = append(times, hoursOf(1.2), hoursOf(1.2).Add(time.Millisecond)) // at the time of an event
		for _, since := range times {
			for _, until := range times {
				b.wantEvents(meet.EventQuery{Since: since, Until: until})
			}
			for _, scope := range []meet.EventQuery{
				{RoomID: "r0"}, {Admin: "a1"}, {RoomID: "r1", Admin: "a1"}, {Target: "target-1"},
			} {
				scope.Since, scope.Until = since, hoursOf(7)
				b.wantEvents(scope)
			}
		}
		b.forget(hoursOf(3), noon, 100)
		b.wantEvents(meet.EventQuery{Since: hoursOf(2), Until: hoursOf(6)})
	}},
	{"AboutSomebody", func(_ *testing.T, b testStore) {
		b.writeAt(make([]float64, 20)...)
		for _, target := range []string{"target-0", "target-2", "target", "nobody"} {
			for _, room := range []string{"", "r0", "nowhere"} {
				for _, admin := range []string{"", "a0", "a1"} {
					b.wantEvents(meet.EventQuery{Target: target, RoomID: room, Admin: admin})
				}
			}
		}
	}},
	{"OfRoomsThatAreShared", func(t *testing.T, b testStore) {
		for i, id := range []string{"r0", "r1", "r2"} {
			room := newRoom("room" + id)
			room.ID, room.AdminID = id, fmt.Sprint("a", i)
			if id == "r1" {
				room.Admins = []string{"a0"}
			}
			b.create(room)
		}
		b.writeAt(make([]float64, 30)...) // by turns of r0 and r1, of a0 and a1
		for _, q := range []meet.EventQuery{{Admin: "a0"}, {Admin: "a0", Target: "target-1"}} {
			all := b.events(meet.EventQuery{Target: q.Target})
			want := idsOf(slices.DeleteFunc(all, func(e meet.Event) bool {
				return e.AdminID != "a0" && e.RoomID != "r1"
			}))
			wantSame(t, "newest first", idsOf(b.events(q)), want)
			got := []int64{}
			for q.Limit = 4; ; q.Before = got[len(got)-1] {
				page := idsOf(b.events(q))
				if len(page) == 0 {
					break
				}
				wantSame(t, "no page is longer", len(page) <= 4, true)
				got = append(got, page...)
			}
			wantSame(t, "page by page", got, want)
			slices.Reverse(want)
			q.OldestFirst, q.Limit, q.Before = true, 7, 0
			wantSame(t, "oldest first", idsOf(b.events(q)), want[:min(7, len(want))])
		}
		b.wantEvents(meet.EventQuery{Admin: "a1"})
	}},
	{"BetweenIDs", func(_ *testing.T, b testStore) {
		b.writeAt(make([]float64, 9)...)
		ids := idsOf(b.events(meet.EventQuery{}))
		for _, after := range append(ids, 0, ids[0]+1) {
			for _, before := range append(ids, 0, ids[0]+1) {
				b.wantEvents(meet.EventQuery{After: after, Before: before})
				b.wantEvents(meet.EventQuery{After: after, Before: before, RoomID: "r1"})
			}
		}
	}},
}
