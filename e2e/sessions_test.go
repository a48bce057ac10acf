package e2e_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
)

// session is what list_sessions and get_session say of one.
type session struct {
	ID        string
	EndedAt   time.Time `json:"ended_at"`
	Peak      int
	NumPeople int `json:"num_people"`
	People    []attendee
}

// attendee is somebody in a session.
type attendee struct {
	Identity, Label string
	UserID          string `json:"user_id"`
	Verified        bool
	LeftAt          time.Time `json:"left_at"`
	SecondsInside   int       `json:"seconds_inside"`
	SecondsSpeaking *int      `json:"seconds_speaking"`
	Connections     int
}

// sessions are those of the room, newest first, with their people.
func (s *system) sessions() []session {
	s.t.Helper()
	var listed struct{ Sessions []struct{ ID string } }
	s.do("list_sessions", nil, &listed)
	sessions := make([]session, len(listed.Sessions))
	for i, found := range listed.Sessions {
		var shown struct{ Session session }
		s.must(admin, "get_session", arg{"session_id": found.ID}, &shown)
		sessions[i] = shown.Session
	}
	return sessions
}

// joinedAt says since when somebody is inside, as LiveKit has it.
func (s *system) joinedAt(p person) time.Time {
	s.t.Helper()
	var out struct {
		Participants []struct {
			Identity string
			JoinedAt time.Time `json:"joined_at"`
		}
	}
	s.do("list_participants", nil, &out)
	for _, listed := range out.Participants {
		if listed.Identity == p.pass.Identity {
			return listed.JoinedAt
		}
	}
	s.t.Fatalf("%s is not inside", p.pass.Identity)
	return time.Time{}
}

// truth is for how long somebody was inside, as they saw it.
type truth struct{ least, most time.Duration }

// add adds a stay since joined that ended between two moments.
func (t *truth) add(joined, before, after time.Time) {
	t.least += before.Sub(joined)
	t.most += after.Sub(joined)
}

// Whatever people do, and whatever dies, the sessions say who was inside and how long:
// somebody leaves, is kicked, crashes, is there by two devices, and comes back after
// the LiveKit inside has died with roomkey, or a foreign one by itself.
func TestSessionsAreRight(t *testing.T) {
	each(t, nil, func(t *testing.T, s *system) {
		ada, phone, laptop := s.guest("ada"), s.enter(s.joinAs("bob")), s.enter(s.joinAs("bob"))
		carl, dave, eve := s.guest("carl"), s.guest("dave"), s.guest("eve")
		s.waitInside(ada, phone, laptop, carl, dave, eve)
		s.waitEvents(6, "participant.joined")
		want := map[string]*truth{}
		joined := map[string]time.Time{}
		for userID, p := range map[string]person{"ada": ada, "bob": phone, "carl": carl, "dave": dave, "eve": eve} {
			want[userID], joined[userID] = &truth{}, s.joinedAt(p)
		}
		if at := s.joinedAt(laptop); at.Before(joined["bob"]) {
			joined["bob"] = at
		}
		goes := func(userID string, p person, leave func()) {
			t.Helper()
			before := time.Now()
			leave()
			livekittest.Wait(t, userID+" to be gone", func() bool { return !contains(s.participants(), p.pass.Identity) })
			want[userID].add(joined[userID], before, time.Now())
		}
		crashed := make(chan struct{})
		eve.Offline()
		go func() { // LiveKit notices after some twenty seconds
			defer close(crashed)
			eve.Room().Disconnect()
		}()
		eveCrashed := time.Now()
		goes("carl", carl, carl.Leave)
		goes("dave", dave, func() { s.do("kick_participant", arg{"identity": dave.pass.Identity}, nil) })
		laptop.Leave()
		s.waitInside(ada, phone, eve)
		if first := s.sessions(); len(first) != 1 || first[0].NumPeople != 5 || first[0].Peak != 5 ||
			!first[0].EndedAt.IsZero() {
			t.Errorf("while people are inside: %+v, want one session of five people at a time", first)
		}
		<-crashed
		s.waitInside(ada, phone)
		want["eve"].add(joined["eve"], eveCrashed, time.Now())

		before := time.Now()
		if s.mode == inside {
			s.kill()
		} else {
			s.livekit.Kill()
		}
		died := time.Now()
		for _, userID := range []string{"ada", "bob"} {
			want[userID].add(joined[userID], before, died)
		}
		livekittest.Wait(t, "four seconds in which nobody is inside", func() bool { return time.Since(died) > 4*time.Second })
		if s.mode == inside {
			s.run()
		} else {
			s.livekit.Restart()
		}
		s.waitInside(ada, phone) // the SDK comes back by itself
		livekittest.Wait(t, "both to be back with media", func() bool {
			return s.eventsAbout("participant.joined", ada.pass.Identity) == 2 &&
				s.eventsAbout("participant.joined", phone.pass.Identity) == 2
		})
		joined["ada"], joined["bob"] = s.joinedAt(ada), s.joinedAt(phone)
		goes("ada", ada, ada.Leave)
		goes("bob", phone, phone.Leave)
		livekittest.Wait(t, "the sessions to be over", func() bool {
			return !slices.ContainsFunc(s.sessions(), func(s session) bool { return s.EndedAt.IsZero() })
		})
		s.checkSessions(want)
	})
}

// checkSessions compares all sessions with the truth.
func (s *system) checkSessions(want map[string]*truth) {
	s.t.Helper()
	got, connections := map[string]time.Duration{}, map[string]int{}
	for _, session := range s.sessions() {
		for _, a := range session.People {
			got[a.UserID] += time.Duration(a.SecondsInside) * time.Second
			connections[a.UserID] += a.Connections
			if a.Verified != (a.UserID == "bob") || (a.SecondsSpeaking != nil) != (s.mode == inside) {
				s.t.Errorf("%+v: verified or seconds_speaking is wrong", a)
			}
		}
	}
	const seen = 5 * time.Second // it is noted every second, later on a busy machine
	for userID, truth := range want {
		missing := max(truth.least-got[userID], 0)
		if missing > seen+time.Second || got[userID] > truth.most+time.Second {
			s.t.Errorf("%s was inside for %v, want %v to %v", userID, got[userID], truth.least, truth.most)
		}
		s.within("sessions: seconds missing of "+userID, missing, 1500*time.Millisecond)
	}
	if fmt.Sprint(connections) != "map[ada:2 bob:3 carl:1 dave:1 eve:1]" {
		s.t.Errorf("connections: %v", connections)
	}
}
