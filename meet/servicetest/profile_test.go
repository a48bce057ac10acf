package servicetest

import (
	"fmt"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// personAtServer is the one person inside a room, as LiveKit has them.
func personAtServer(t *testing.T, s *System, room meet.Room) meet.Participant {
	t.Helper()
	var people []meet.Participant
	livekittest.Wait(t, "one participant at the server", func() (one bool) {
		var err error
		people, err = s.Media.Participants(t.Context(), room.ID)
		return err == nil && len(people) == 1
	})
	return people[0]
}

// A profile that differs from the database is corrected, whichever part differs.
func TestReconcileCorrectsProfiles(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	s.Enter(t, Bob, room)
	person := personAtServer(t, s, room)
	want := person.Profile
	name, role, grants := want, want, want
	name.Name, role.Role, grants.Grants.Data = "Somebody Else", meet.RoleHost, !want.Grants.Data
	for what, other := range map[string]meet.Profile{"name": name, "role": role, "grants": grants} {
		wantCode(t, "set profile", s.Media.SetProfile(t.Context(), room.ID, person.Identity, other), "")
		livekittest.Wait(t, "the "+what+" to be corrected", func() bool { // LiveKit's list of rooms is late
			wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
			return fmt.Sprint(personAtServer(t, s, room).Profile) == fmt.Sprint(want)
		})
	}
}

// Whatever a join token says, its bearer has the present profile as soon as they
// connect to the LiveKit inside.
func TestConnectingWithAnOldProfile(t *testing.T) {
	t.Parallel()
	s := withSessionGate(t)
	room := s.NewRoom(t, meet.RoomChange{})
	a := s.Admit(t, Bob, room)
	admission, _, err := s.Store.Admission(t.Context(), a.Identity)
	wantCode(t, "admission", err, "")
	old := meet.Profile{Name: "Old Name", Role: meet.RoleHost, Grants: meet.Grants{Data: true}}
	token, err := s.Media.Token(admission, old, time.Now().Add(meet.TokenLifetime))
	wantCode(t, "token", err, "")
	_, err = s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{Mode: Of(meet.Webinar)}, false)
	wantCode(t, "update", err, "")
	livekittest.Join(t, s.URL, token)
	want := meet.Profile{Name: "Bob", Role: meet.RoleViewer, Grants: meet.Grants{Subscribe: true}}
	if got := personAtServer(t, s, room).Profile; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("LiveKit has %+v; want %+v", got, want)
	}
}
