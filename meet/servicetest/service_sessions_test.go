package servicetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// visitor makes what LiveKit says of the connections of an admission.
type visitor struct {
	t        *testing.T
	s        *System
	room     meet.Room
	identity string
}

// comes has a connection begin, goes has it end.
func (v visitor) comes(sid string) {
	v.t.Helper()
	v.tell(meet.MediaParticipantJoined, sid)
}

func (v visitor) goes(sid string) {
	v.t.Helper()
	v.tell(meet.MediaParticipantLeft, sid)
}

func (v visitor) tell(kind meet.MediaEventKind, sid string) {
	v.t.Helper()
	handle(v.t, v.s, mediaEvent(v.s, kind, sid+string(kind), v.room.ID, "RM_1", v.identity, sid))
}

// admitted lets somebody in by name.
func admitted(t *testing.T, s *System, p meet.Principal, room meet.Room) visitor {
	t.Helper()
	return visitor{t, s, room, s.Admit(t, p, room).Identity}
}

// onlySession gives the only session of a room with its people.
func onlySession(t *testing.T, s *System, room meet.Room) meet.SessionDetails {
	t.Helper()
	sessions, _, err := s.Sessions(t.Context(), Ada, room.ID, nil, "")
	wantCode(t, "sessions", err, "")
	if len(sessions) != 1 {
		t.Fatalf("sessions: %+v; want one", sessions)
	}
	details, _, err := s.Session(t.Context(), Ada, sessions[0].ID, nil, "")
	wantCode(t, "session", err, "")
	return details
}

// brief is what a test says of somebody in a session.
func brief(a meet.Attendee, began time.Time) string {
	left := "inside"
	if !a.LeftAt.IsZero() {
		left = a.LeftAt.Sub(began).String()
	}
	speaking := ""
	if a.Speaking != nil {
		speaking = " speaking " + a.Speaking.String()
	}
	return fmt.Sprintf("%s verified %v label %q from %v to %s: %v by %d%s", a.UserID, a.Verified, a.Label,
		a.JoinedAt.Sub(began), left, a.Inside, a.Connections, speaking)
}

func wantPeople(t *testing.T, d meet.SessionDetails, want ...string) {
	t.Helper()
	got := make([]string, len(d.Attendees))
	for i, a := range d.Attendees {
		got[i] = brief(a, d.StartedAt)
	}
	if !slices.Equal(got, want) {
		t.Errorf("people:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A person is one entry with all their connections, whatever identities they have, and
// each moment counts once.
func TestSessionSumsUpPeople(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	press, err := s.CreateCodes(t.Context(), Ada, room.ID, meet.CodeRequest{Role: Of(meet.RoleGuest), Label: "press"})
	wantCode(t, "create codes", err, "")
	byCode := func(code meet.RoomCode, userID string) visitor {
		t.Helper()
		a, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, UserID: userID, Name: userID})
		wantCode(t, "exchange", err, "")
		return visitor{t, s, room, a.Identity}
	}
	wait := func(seconds int) { s.Clock.Advance(time.Duration(seconds) * time.Second) }
	laptop, phone := admitted(t, s, Bob, room), admitted(t, s, Bob, room)
	eve, eveAgain, other := byCode(code, "eve"), byCode(code, "eve"), byCode(press.Codes[0], "eve")

	laptop.comes("PA_1")
	wait(10)
	eve.comes("PA_2")
	phone.comes("PA_3")
	wait(10)
	laptop.goes("PA_1")
	wait(5)
	eve.goes("PA_2")
	wait(30)
	eveAgain.comes("PA_4")
	other.comes("PA_5")
	wait(1)
	d := onlySession(t, s, room)
	wantPeople(t, d,
		`bob verified true label "" from 0s to inside: 56s by 2`,
		`eve verified false label "" from 10s to inside: 16s by 2`,
		`eve verified false label "press" from 55s to inside: 1s by 1`)
	if d.People != 3 || d.Peak != 3 || !d.EndedAt.IsZero() || d.EndedBecause != "" {
		t.Errorf("while people are inside: %+v", d.Session)
	}
	eveAgain.goes("PA_4")
	other.goes("PA_5")
	phone.goes("PA_3")
	d = onlySession(t, s, room)
	if d.People != 3 || d.Peak != 3 || d.EndedAt.Sub(d.StartedAt) != 56*time.Second ||
		d.EndedBecause != meet.EveryoneLeft {
		t.Errorf("after the end: %+v", d.Session)
	}
	if got := d.Attendees[1].Identity; got != eveAgain.identity {
		t.Errorf("the identity of eve is %s, want that of the newest connection, %s", got, eveAgain.identity)
	}
	laptop.comes("PA_6")
	if sessions, _, err := s.Sessions(t.Context(), Ada, room.ID, nil, ""); err != nil || len(sessions) != 2 {
		t.Errorf("when somebody comes back: %+v, %v; want a second session", sessions, err)
	}
}

// A session ends with its room, and says so.
func TestSessionEndsWithItsRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(*testing.T, *System, meet.Room)
		want meet.SessionEnd
	}{
		{"ended", func(t *testing.T, s *System, room meet.Room) {
			_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
			wantCode(t, "end", err, "")
		}, meet.SessionRoomEnded},
		{"expired", func(t *testing.T, s *System, _ meet.Room) {
			s.Clock.Advance(time.Hour)
			wantCode(t, "sweep", s.Sweep(t.Context()), "")
		}, meet.SessionRoomExpired},
		{"kicked", func(t *testing.T, s *System, room meet.Room) {
			_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: meet.Everyone})
			wantCode(t, "kick", err, "")
		}, meet.EveryoneLeft},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := New(t)
			room := s.NewRoom(t, meet.RoomChange{ExpiresIn: Of(time.Hour)})
			bob := s.Enter(t, Bob, room)
			livekittest.Wait(t, "the coming to be found out", func() bool {
				wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
				return countEvents(t, s, room, meet.Joined) > 0
			})
			c.end(t, s, room)
			bob.WaitDisconnected()
			wantOneStay(t, s, room, bob.Identity())
			if d := onlySession(t, s, room); d.EndedAt.IsZero() || d.EndedBecause != c.want {
				t.Errorf("got %+v, want it ended because %s", d.Session, c.want)
			}
		})
	}
}

// A kick of somebody who is not inside does not put them into a session.
func TestBlockedWithoutComing(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: s.Admit(t, Bob, room).Identity, Block: true})
	wantCode(t, "kick", err, "")
	sessions, _, err := s.Sessions(t.Context(), Ada, room.ID, nil, "")
	if joined := countEvents(t, s, room, meet.Joined); err != nil || len(sessions) != 0 || joined != 0 {
		t.Errorf("sessions %+v, %v, and %d events of coming; want none", sessions, err, joined)
	}
}

// Only who may read a room's events may see its sessions.
func TestSessionsAreForAdmins(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{IsPublic: Of(true)})
	admitted(t, s, Bob, room).comes("PA_1")
	id := onlySession(t, s, room).ID
	for _, c := range []struct {
		p    meet.Principal
		want meet.ErrorCode
	}{
		{Root, ""}, {Ada, ""}, {Bob, meet.CodeForbidden}, {Gus, meet.CodeForbidden}, {Anon, meet.CodeUnauthenticated},
		{Zero, meet.CodeUnauthenticated},
	} {
		_, _, err := s.Sessions(t.Context(), c.p, room.ID, nil, "")
		wantCode(t, "sessions as "+c.p.ID, err, c.want)
		_, _, err = s.Session(t.Context(), c.p, id, nil, "")
		wantCode(t, "session as "+c.p.ID, err, c.want)
	}
	_, _, err := s.Session(t.Context(), Ada, "none", nil, "")
	wantCode(t, "unknown session", err, meet.CodeNotFound)
	_, _, err = s.Session(t.Context(), Anon, "none", nil, "")
	wantCode(t, "unknown session without a token", err, meet.CodeUnauthenticated)
	for _, bad := range []string{"", " ", "a\x00b", strings.Repeat("a", 1000)} {
		_, _, err := s.Session(t.Context(), Ada, bad, nil, "")
		wantCode(t, "bad session", err, meet.CodeInvalid)
	}
}

// The people of a session, and the sessions of a room, come in pages, each of them
// once, and a cursor is good for its own list only.
func TestSessionsComeInPages(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	const n = 7
	var people []visitor
	for i := range n {
		a, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, Name: fmt.Sprint(i)})
		wantCode(t, "exchange", err, "")
		v := visitor{t, s, room, a.Identity}
		v.comes(fmt.Sprint("PA_", i)) // all of them at the same moment
		people = append(people, v)
	}
	id := onlySession(t, s, room).ID
	seen := map[string]bool{}
	pages, cursor := 0, ""
	for ; pages == 0 || cursor != ""; pages++ {
		d, next, err := s.Session(t.Context(), Ada, id, Of(3), cursor)
		wantCode(t, "session", err, "")
		for _, a := range d.Attendees {
			seen[a.Identity] = true
		}
		if d.People != n || len(d.Attendees) > 3 {
			t.Errorf("page %d: %d of %d people", pages, len(d.Attendees), d.People)
		}
		cursor = next
	}
	if pages != 3 || len(seen) != n {
		t.Errorf("%d people on %d pages, want %d on 3", len(seen), pages, n)
	}
	_, cursor, err := s.Session(t.Context(), Ada, id, Of(3), "")
	wantCode(t, "session", err, "")
	for i, v := range people {
		v.goes(fmt.Sprint("PA_", i))
	}
	s.Clock.Advance(time.Second)
	people[0].comes("PA_again")
	first, next, err := s.Sessions(t.Context(), Ada, room.ID, Of(1), "")
	wantCode(t, "sessions", err, "")
	second, last, err := s.Sessions(t.Context(), Ada, room.ID, Of(1), next)
	wantCode(t, "sessions", err, "")
	if len(first) != 1 || len(second) != 1 || second[0].ID != id || last != "" {
		t.Errorf("pages of sessions: %+v, %+v, then %q", first, second, last)
	}
	_, _, err = s.Session(t.Context(), Ada, first[0].ID, nil, cursor)
	wantCode(t, "the cursor of another session", err, meet.CodeInvalid)
	_, _, err = s.Sessions(t.Context(), Ada, room.ID, nil, cursor)
	wantCode(t, "the cursor of another list", err, meet.CodeInvalid)
	_, _, err = s.Session(t.Context(), Ada, id, Of(101), "")
	wantCode(t, "too many", err, meet.CodeInvalid)
}

// Who left while nobody looked left when they were seen last.
func TestLeftUnnoticed(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T) (*System, meet.Room) {
		t.Helper()
		s := New(t)
		room := s.NewRoom(t, meet.RoomChange{})
		admitted(t, s, Bob, room).comes("PA_1") // who is not really inside
		for range 5 {
			s.Clock.Advance(time.Second)
			wantCode(t, "observe", s.Observe(t.Context()), "")
		}
		return s, room
	}
	want := func(t *testing.T, s *System, room meet.Room, inside string) {
		t.Helper()
		wantPeople(t, onlySession(t, s, room), `bob verified true label "" from 0s to `+inside+`: `+inside+` by 1`)
	}
	t.Run("a restart of the LiveKit inside", func(t *testing.T) {
		t.Parallel()
		s, room := begin(t)
		s.Clock.Advance(3 * time.Second)
		wantCode(t, "restart", s.MediaRestarted(t.Context()), "")
		want(t, s, room, "5s")
	})
	t.Run("a long time in which nobody looked", func(t *testing.T) {
		t.Parallel()
		s, room := begin(t)
		s.Clock.Advance(time.Hour)
		wantCode(t, "observe", s.Observe(t.Context()), "")
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
		want(t, s, room, "5s")
	})
	t.Run("a webhook that is lost", func(t *testing.T) {
		t.Parallel()
		s, room := begin(t)
		s.Clock.Advance(9 * time.Second)
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
		want(t, s, room, "14s")
	})
	t.Run("a LiveKit that did not answer", func(t *testing.T) {
		t.Parallel()
		address, lose := LiveKitToLose(t)
		s := NewOn(t, address)
		room := s.NewRoom(t, meet.RoomChange{})
		admitted(t, s, Bob, room).comes("PA_1")
		s.Clock.Advance(time.Second)
		wantCode(t, "observe", s.Observe(t.Context()), "")
		lose()
		for range 3 {
			s.Clock.Advance(time.Second)
			wantCode(t, "observe", s.Observe(t.Context()), "")
		}
		seen, err := s.Store.LastSeen(t.Context())
		if got := s.Clock.Now().Sub(seen).Round(time.Second); err != nil || got != 3*time.Second {
			t.Errorf("seen last %v ago, %v; want 3s: when LiveKit answered last", got, err)
		}
	})
}

// Speaking is heard from one call to the next, and kept while it cannot be stored.
func TestSpeakingIsAddedUp(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	bob, gus := admitted(t, s, Bob, room), admitted(t, s, Gus, room)
	bob.comes("PA_bob")
	hear := func(sids ...string) {
		t.Helper()
		s.Clock.Advance(time.Second)
		speaking := map[string]bool{"PA_bob": false, "PA_gus": false, "PA_recorder": true}
		for _, sid := range sids {
			speaking[sid] = true
		}
		wantCode(t, "hear", s.HearSpeakers(t.Context(), speaking), "")
	}
	hear()
	hear("PA_bob", "PA_gus") // gus is not on record yet
	gus.comes("PA_gus")
	hear("PA_bob")
	s.Clock.Advance(10 * time.Second) // nobody listened
	hear("PA_gus")
	bob.goes("PA_bob")
	hear("PA_bob", "PA_gus") // heard before he left
	gus.goes("PA_gus")
	wantPeople(t, onlySession(t, s, room),
		`bob verified true label "" from 0s to 14s: 14s by 1 speaking 3s`,
		`gus verified true label "" from 2s to 15s: 13s by 1 speaking 4s`)
}
