package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"roomkey/meet"
)

// stay is a connection of a person to id-room; until 0 goes on.
func stay(sid, person string, from, until int) meet.Presence {
	p := meet.Presence{SID: sid, RoomID: "id-room", RoomSID: "RM_1", Identity: person + "_" + sid, Opening: 1,
		Person: person, JoinedAt: at(from), SessionEnd: meet.EveryoneLeft}
	if until > 0 {
		p.LeftAt = at(until)
	}
	return p
}

// run is a session without its ids.
func run(from, until, people, peak int) meet.Session {
	s := meet.Session{RoomID: "id-room", Opening: 1, StartedAt: at(from), People: people, Peak: peak}
	if until > 0 {
		s.EndedAt, s.EndedBecause = at(until), meet.EveryoneLeft
	}
	return s
}

// sessions gives the sessions of id-room, newest first.
func (b testStore) sessions() []meet.Session {
	b.t.Helper()
	sessions, err := b.Sessions(b.t.Context(), meet.SessionQuery{RoomID: "id-room", Limit: 100})
	wantErr(b.t, "Sessions", err, nil)
	return sessions
}

// runs are the sessions without their ids.
func (b testStore) runs() []meet.Session {
	b.t.Helper()
	sessions := b.sessions()
	for i := range sessions {
		sessions[i].ID = ""
	}
	return sessions
}

// staying gives the connections in a session, in their order.
func (b testStore) staying(q meet.StayQuery) []string {
	b.t.Helper()
	stays, err := b.Stays(b.t.Context(), q)
	wantErr(b.t, "Stays", err, nil)
	return names(stays, func(s meet.Stay) string { return s.SID })
}

func (b testStore) lastSeen() time.Time {
	b.t.Helper()
	seen, err := b.LastSeen(b.t.Context())
	wantErr(b.t, "LastSeen", err, nil)
	return seen
}

var sessionTests = []test{
	{"ASessionLastsFromTheFirstInToTheLastOut", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		wantSame(t, "at first", b.runs(), []meet.Session(nil))
		b.save(stay("a", "ann", 1, 0))
		b.save(stay("b", "bob", 3, 0))
		wantSame(t, "with two inside", b.runs(), []meet.Session{run(1, 0, 2, 2)})
		b.save(stay("a", "ann", 1, 5))
		wantSame(t, "with one inside", b.runs(), []meet.Session{run(1, 0, 2, 2)})
		b.save(stay("b", "bob", 3, 9))
		wantSame(t, "when both are out", b.runs(), []meet.Session{run(1, 9, 2, 2)})
		b.save(stay("a2", "ann", 12, 0))
		b.save(stay("a2", "ann", 12, 15))
		wantSame(t, "the next", b.runs(), []meet.Session{run(12, 15, 1, 1), run(1, 9, 2, 2)})
		for _, s := range b.sessions() {
			found, err := b.Session(t.Context(), s.ID)
			wantErr(t, "Session", err, nil)
			wantSame(t, "by its id", found, s)
		}
		wantErr(t, "Session", errOf(b.Session(t.Context(), "none")), meet.ErrNotFound)
	}},
	{"PeopleCountOnceWithAllTheirConnections", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		for _, p := range []meet.Presence{stay("a", "ann", 1, 9), stay("phone", "ann", 2, 8), stay("b", "bob", 3, 4),
			stay("c", "cat", 5, 6), stay("a2", "ann", 5, 7), stay("moment", "dan", 6, 6)} {
			b.save(p)
		}
		wantSame(t, "one after the other", b.runs(), []meet.Session{run(1, 9, 4, 2)})
	}},
	{"SessionsAreTheSameInWhateverOrderTheyAreTold", func(t *testing.T, b testStore) {
		told := []meet.Presence{stay("a", "ann", 10, 20), stay("b", "bob", 15, 30), stay("c", "cat", 25, 26),
			stay("d", "dan", 40, 50)}
		for i, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 0, 3, 2}, {0, 3, 1, 2}, {3, 1, 0, 2}} {
			room := b.create(newRoom(numbered("room", i)))
			for _, j := range order {
				p := told[j]
				p.SID, p.RoomID = p.SID+room.ID, room.ID
				b.save(p)
			}
			got, err := b.Sessions(t.Context(), meet.SessionQuery{RoomID: room.ID, Limit: 9})
			wantErr(t, "Sessions", err, nil)
			for i := range got {
				got[i].ID, got[i].RoomID = "", "id-room"
			}
			wantSame(t, "sessions", got, []meet.Session{run(40, 50, 1, 1), run(10, 30, 3, 2)})
		}
	}},
	{"WhoCameEarlierThanIsKnownIsInTheSession", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.save(stay("b", "bob", 5, 0))
		b.save(stay("a", "ann", 2, 0))
		wantSame(t, "both inside", b.runs(), []meet.Session{run(2, 0, 2, 2)})
		b.save(stay("b", "bob", 5, 9))
		b.save(stay("a", "ann", 2, 7))
		wantSame(t, "both out", b.runs(), []meet.Session{run(2, 9, 2, 2)})
		b.save(stay("c", "cat", 8, 0)) // nobody has told until now that she came, and is there
		wantSame(t, "it goes on", b.runs(), []meet.Session{run(2, 0, 3, 2)})
		b.save(stay("c", "cat", 8, 11))
		wantSame(t, "and ends", b.runs(), []meet.Session{run(2, 11, 3, 2)})
	}},
	{"EachOpeningHasItsSessions", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.save(stay("a", "ann", 1, 0)) // nobody has told yet that she is gone
		next := stay("b", "bob", 5, 0)
		next.Opening = 2
		b.save(next)
		gone := stay("a", "ann", 1, 4)
		gone.SessionEnd = meet.SessionRoomEnded
		b.save(gone)
		first, second := run(1, 4, 1, 1), run(5, 0, 1, 1)
		first.EndedBecause, second.Opening = meet.SessionRoomEnded, 2
		wantSame(t, "sessions", b.runs(), []meet.Session{second, first})
	}},
	{"WithoutALineNobodyIsInASession", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		wantErr(t, "SavePresence", b.SavePresence(t.Context(), stay("a", "ann", 1, 2), nil, nil), nil)
		wantErr(t, "SavePresence", b.SavePresence(t.Context(), stay("b", "bob", 1, 0), nil, nil), nil)
		wantSame(t, "sessions", b.runs(), []meet.Session(nil))
		b.save(stay("b", "bob", 1, 0)) // as of somebody who was inside before there were sessions
		wantSame(t, "sessions", b.runs(), []meet.Session{run(1, 0, 1, 1)})
		b.save(stay("b", "bob", 1, 0))
		b.save(stay("b", "bob", 1, 3))
		wantSame(t, "sessions", b.runs(), []meet.Session{run(1, 3, 1, 1)})
	}},
	{"SessionsComeInPages", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.create(newRoom("other"))
		for i := range 5 {
			b.save(stay(numbered("s", i), "ann", 10*i+1, 10*i+2))
		}
		elsewhere := stay("x", "ann", 100, 0)
		elsewhere.RoomID = "id-other"
		b.save(elsewhere)
		var before *meet.Position
		for _, want := range [][]int{{41, 31}, {21, 11}, {1}, {}} {
			page, err := b.Sessions(t.Context(), meet.SessionQuery{RoomID: "id-room", Before: before, Limit: 2})
			wantErr(t, "Sessions", err, nil)
			got := make([]int, len(page))
			for i, s := range page {
				got[i] = int(s.StartedAt.Sub(noon) / time.Second)
				before = &meet.Position{At: s.StartedAt, Key: s.ID}
			}
			wantSame(t, "page", got, want)
		}
	}},
	{"StaysComeByPersonAndInPages", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		all := []meet.Presence{stay("b1", "bob", 1, 9), stay("a1", "ann", 2, 3), stay("a2", "ann", 4, 5),
			stay("c1", "cat", 2, 0), stay("b2", "bob", 6, 7)}
		for _, p := range all {
			join := byCode(p.Identity, "")
			join.Name = strings.ToUpper(p.Person)
			b.join(join)
			b.save(p)
		}
		session := b.sessions()[0].ID
		wantSame(t, "all", b.staying(meet.StayQuery{SessionID: session, Limit: 9}), []string{"b1", "b2", "a1", "a2", "c1"})
		first := meet.StayQuery{SessionID: session, Limit: 2}
		wantSame(t, "first page", b.staying(first), []string{"b1", "b2", "a1", "a2"})
		first.After = &meet.Position{At: at(2), Key: "ann"}
		wantSame(t, "second page", b.staying(first), []string{"c1"})
		first.After = &meet.Position{At: at(2), Key: "cat"}
		wantSame(t, "third page", b.staying(first), []string{})
		stays, err := b.Stays(t.Context(), meet.StayQuery{SessionID: session, Limit: 1})
		wantErr(t, "Stays", err, nil)
		bob := all[0]
		bob.SessionEnd = ""
		wantSame(t, "connection", stays[0].Presence, bob)
		wantSame(t, "admission", stays[0].Admission, meet.Admission{Identity: "bob_b1", Subject: "ann", UserID: "a",
			Name: "BOB", Role: "guest"})
	}},
	{"SpeakingAddsUp", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.join(byCode("ann_a", ""))
		b.join(byCode("bob_b", ""))
		b.save(stay("a", "ann", 1, 0))
		b.save(stay("b", "bob", 2, 0))
		hear := func(heard map[string]time.Duration) []string {
			t.Helper()
			unknown, err := b.AddSpeaking(t.Context(), heard)
			wantErr(t, "AddSpeaking", err, nil)
			return unknown
		}
		spoke := func() (spoke []time.Duration) {
			t.Helper()
			stays, err := b.Stays(t.Context(), meet.StayQuery{SessionID: b.sessions()[0].ID, Limit: 9})
			wantErr(t, "Stays", err, nil)
			for _, s := range stays {
				if s.Speaking != nil {
					spoke = append(spoke, *s.Speaking)
				}
			}
			return spoke
		}
		wantSame(t, "where nobody listens", spoke(), []time.Duration(nil))
		wantSame(t, "unknown", hear(nil), []string(nil))
		wantSame(t, "unknown", hear(map[string]time.Duration{"a": 0, "x": time.Second}), []string{"x"})
		wantSame(t, "listened to", spoke(), []time.Duration{0})
		hear(map[string]time.Duration{"a": 1500 * time.Millisecond})
		hear(map[string]time.Duration{"a": time.Second, "b": 3 * time.Second})
		b.save(stay("a", "ann", 1, 5))
		hear(map[string]time.Duration{"a": time.Second}) // heard before
		wantSame(t, "added up", spoke(), []time.Duration{3500 * time.Millisecond, 3 * time.Second})
	}},
	{"WhenAllWereSeenLast", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		note := func(seconds int, since time.Time) time.Time {
			t.Helper()
			wantErr(t, "NoteSeen", b.NoteSeen(t.Context(), at(seconds), since), nil)
			return b.lastSeen()
		}
		wantSame(t, "never", b.lastSeen(), time.Time{})
		wantSame(t, "while nobody was inside yet", note(3, at(1)), time.Time{})
		b.save(stay("a", "ann", 5, 0))
		wantSame(t, "the first is inside", b.lastSeen(), at(5))
		b.save(stay("b", "bob", 9, 0))
		wantSame(t, "the second is inside", b.lastSeen(), at(5))
		wantSame(t, "in time", note(12, at(5)), at(12))
		wantSame(t, "too late", note(30, at(13)), at(12))
		wantSame(t, "after a look", note(30, time.Time{}), at(30))
		b.save(stay("a", "ann", 5, 31))
		b.save(stay("b", "bob", 9, 32))
		b.save(stay("late", "ann", 40, 41))
		wantSame(t, "while nobody is inside", b.lastSeen(), at(30))
		b.save(stay("c", "cat", 50, 0))
		wantSame(t, "the next is inside", b.lastSeen(), at(50))
	}},
	{"OldSessionsAreForgotten", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		due := func(since int) bool {
			t.Helper()
			due, err := b.Due(t.Context(), meet.DueQuery{Since: at(since), Now: at(0)})
			wantErr(t, "Due", err, nil)
			return due.Old
		}
		b.save(stay("old", "ann", 1, 5))
		b.save(stay("early", "ann", 11, 12))
		b.save(stay("long", "bob", 11, 30))
		b.save(stay("open", "ann", 41, 0))
		b.save(stay("out", "bob", 42, 43))
		b.forget(at(5), noon, 10)
		wantSame(t, "before its time", len(b.runs()), 3)
		b.forget(at(20), noon, 10)
		wantSame(t, "its time has come", b.runs(), []meet.Session{run(41, 0, 2, 2), run(11, 30, 2, 2)})
		wantSame(t, "left of its people", b.staying(meet.StayQuery{SessionID: b.sessions()[1].ID, Limit: 9}), []string{})
		failIf(t, due(30), "a session is old before its time")
		b.forget(at(31), noon, 1)
		b.forget(at(44), noon, 10)
		wantSame(t, "one that goes on", b.runs(), []meet.Session{run(41, 0, 1, 1)})
		failIf(t, !slices.Equal(b.onRecord("open", "out"), []string{"open"}), "who is inside was forgotten")
	}},
	{"DueSaysWhetherSomebodyIsInside", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		inside := func() bool {
			t.Helper()
			due, err := b.Due(t.Context(), meet.DueQuery{Now: noon})
			wantErr(t, "Due", err, nil)
			return due.Inside
		}
		failIf(t, inside(), "somebody is inside an empty room")
		b.save(stay("a", "ann", 1, 0))
		failIf(t, !inside(), "nobody is inside")
		b.save(stay("a", "ann", 1, 2))
		failIf(t, inside(), "somebody is inside who has left")
	}},
}
