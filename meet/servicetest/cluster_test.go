package servicetest

import (
	"slices"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// onCluster gives a system on a LiveKit of two nodes, a room whose media are at
// node, and the other node.
func onCluster(t *testing.T, change meet.RoomChange) (s *System, room meet.Room, node, other *livekittest.Server) {
	t.Helper()
	c := livekittest.StartCluster(t, 2, livekittest.ServerOptions{})
	s = NewOn(t, c.URL())
	room = s.NewRoom(t, change)
	wantCode(t, "make the media room", s.Media.EnsureRoom(t.Context(), room), "")
	node = c.NodeOf(room.ID)
	return s, room, node, c.Other(node)
}

// untilAvailable repeats a call that LiveKit may not answer while it does not know
// yet that a node is dead.
func untilAvailable(t *testing.T, what string, call func() error) {
	t.Helper()
	livekittest.Wait(t, what, func() bool {
		err := call()
		if !meet.IsCode(err, meet.CodeUnavailable) {
			wantCode(t, what, err, "")
		}
		return err == nil
	})
}

// reconcileUntil reconciles until ok.
func reconcileUntil(t *testing.T, s *System, what string, ok func() bool) {
	t.Helper()
	livekittest.Wait(t, what, func() bool {
		if err := s.Reconcile(t.Context()); err != nil && !meet.IsCode(err, meet.CodeUnavailable) {
			t.Fatalf("reconcile: %v", err)
		}
		return ok()
	})
}

// inside gives the identities that a moderator is shown.
func inside(t *testing.T, s *System, room meet.Room) (identities []string) {
	t.Helper()
	untilAvailable(t, "list participants", func() error {
		roster, err := s.Roster(t.Context(), Ada, room.ID)
		identities = nil
		for _, p := range roster.Participants {
			identities = append(identities, p.Identity)
		}
		return err
	})
	return identities
}

// Who was connected to a node that has died is not inside, although LiveKit goes on
// listing them; what moderators say holds at the other node.
func TestANodeOfTheClusterDies(t *testing.T) {
	t.Parallel()
	s, room, node, other := onCluster(t, meet.RoomChange{MaxParticipants: Of(3)})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	enterAt := func(at *livekittest.Server) (meet.JoinResult, *livekittest.Person) {
		var a meet.JoinResult
		untilAvailable(t, "join", func() (err error) {
			a, err = exchange(t, s, code.Code, "")
			return err
		})
		person := livekittest.Join(t, at.URL(), a.Token)
		person.PublishMicrophone()
		return a, person
	}
	_, gone := enterAt(node)
	enterAt(node)
	_, back := enterAt(other) // the SDK connects to that node again
	back.WaitReceives(gone.Identity(), meet.Microphone, true)
	reconcileUntil(t, s, "all three to be on record", func() bool { return countEvents(t, s, room, meet.Joined) == 3 })
	_, err := s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &room.ID})
	wantCode(t, "join of a full room", err, meet.CodeConflict)

	node.Kill()
	reconcileUntil(t, s, "the two to have left", func() bool {
		people := inside(t, s, room)
		open, err := s.Store.OpenPresences(t.Context(), room.ID)
		wantCode(t, "open presences", err, "")
		return slices.Equal(people, []string{back.Identity()}) && len(open) == 1 && open[0].Identity == back.Identity()
	})
	_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: gone.Identity()})
	wantCode(t, "kick of somebody whose node has died", err, meet.CodeNotFound)
	rooms, _, err := s.Rooms(t.Context(), Ada, meet.RoomFilter{})
	if err != nil || len(rooms) != 1 || rooms[0].Participants == nil || *rooms[0].Participants != 1 {
		t.Errorf("rooms = %+v, %v; want one inside", rooms, err)
	}

	admission, fresh := enterAt(other) // two seats are free
	fresh.WaitReceives(back.Identity(), meet.Microphone, true)
	back.WaitReceives(fresh.Identity(), meet.Microphone, true)
	_, err = s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: back.Identity(), Lock: Of(true)})
	wantCode(t, "lock", err, "")
	fresh.WaitReceives(back.Identity(), meet.Microphone, false)
	_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: fresh.Identity()})
	wantCode(t, "kick", err, "")
	fresh.WaitDisconnected()
	again := s.EnterWith(t, admission) // past Roomkey
	reconcileUntil(t, s, "the removal", again.Gone)
	if got := inside(t, s, room); !slices.Equal(got, []string{back.Identity()}) {
		t.Errorf("inside are %v, want %v alone", got, back.Identity())
	}

	_, removed, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
	if err != nil || !slices.Equal(removed, []string{back.Identity()}) {
		t.Errorf("end: removed %v, %v; want the one who was inside", removed, err)
	}
	back.WaitDisconnected()
	wantNoMediaRoom(t, s)
}

func wantNoMediaRoom(t *testing.T, s *System) {
	t.Helper()
	if rooms, err := s.Media.Rooms(t.Context()); err != nil || len(rooms) != 0 {
		t.Errorf("media rooms: %+v, %v; want none", rooms, err)
	}
}

// A room whose node has died can be ended, and expires.
func TestRoomsOfADeadNodeEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *System, meet.Room){
		"ended": func(t *testing.T, s *System, room meet.Room) {
			untilAvailable(t, "end", func() error {
				_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
				return err
			})
		},
		"expired": func(t *testing.T, s *System, _ meet.Room) {
			s.Clock.Advance(time.Hour)
			untilAvailable(t, "sweep", func() error { return s.Sweep(t.Context()) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, room, node, _ := onCluster(t, meet.RoomChange{ExpiresIn: Of(time.Hour)})
			person := livekittest.Join(t, node.URL(), s.Admit(t, Bob, room).Token)
			person.PublishMicrophone()
			node.Kill()
			end(t, s, room)
			wantNoMediaRoom(t, s)
		})
	}
}

// A kick just after the node's death holds for a person whose client connects again.
func TestKickJustAfterTheNodeHasDied(t *testing.T) {
	t.Parallel()
	s, room, node, _ := onCluster(t, meet.RoomChange{})
	person, stays := s.Enter(t, Bob, room), s.Enter(t, Gus, room) // through the balancer
	person.PublishMicrophone()
	stays.WaitReceives(person.Identity(), meet.Microphone, true)
	if got := inside(t, s, room); len(got) != 2 {
		t.Fatalf("inside are %v, want two", got)
	}
	node.Kill()
	var err error
	livekittest.Wait(t, "a kick on record, or an answer", func() bool {
		_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: person.Identity()})
		return countEvents(t, s, room, meet.Kicked) > 0 || !meet.IsCode(err, meet.CodeUnavailable)
	})
	if countEvents(t, s, room, meet.Kicked) == 0 {
		wantCode(t, "kick on a machine so slow that they are known to be gone", err, meet.CodeNotFound)
		return
	}
	reconcileUntil(t, s, "the other one alone to be back", func() bool {
		open, err := s.Store.OpenPresences(t.Context(), room.ID)
		wantCode(t, "open presences", err, "")
		return person.Gone() && len(open) == 1 && open[0].Identity == stays.Identity()
	})
	if got := inside(t, s, room); !slices.Equal(got, []string{stays.Identity()}) {
		t.Errorf("inside are %v, want %v alone", got, stays.Identity())
	}
}
