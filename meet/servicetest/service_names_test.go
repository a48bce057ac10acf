package servicetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// Names are those of active rooms that the principal's list shows, by their
// beginning.
func TestRoomNames(t *testing.T) {
	t.Parallel()
	s := New(t, func(c *meet.Config) { c.MediaOnJoin = true })
	for _, change := range []meet.RoomChange{
		{Name: Of("team-own")}, {Name: Of("team-public"),
			IsPublic: Of(true)}, {Name: Of("a-team")}, {Name: Of("team-ended")}, {Name: Of("team-joined")},
	} {
		s.NewRoom(t, change)
		s.Clock.Advance(time.Second)
	}
	if _, _, err := s.EndRoom(t.Context(), Ada, "team-ended", "team-ended"); err != nil {
		t.Fatal(err)
	}
	joined, err := s.Room(t.Context(), Ada, "team-joined")
	wantCode(t, "show", err, "")
	s.Admit(t, Gus, joined.Room)
	tests := []struct {
		p      meet.Principal
		prefix string
		want   []string
		code   meet.ErrorCode
	}{
		{Ada, "team", []string{"team-joined", "team-public", "team-own"}, ""},
		{Ada, " TEAM-P", []string{"team-public"}, ""},
		{Ada, "", []string{"team-joined", "a-team", "team-public", "team-own"}, ""},
		{Ada, "eam", []string{}, ""},
		{Root, "team", []string{"team-joined", "team-public", "team-own"}, ""},
		{Bob, "team", []string{"team-public"}, ""},
		{Gus, "team", []string{"team-joined", "team-public"}, ""},
		{Anon, "team", nil, meet.CodeUnauthenticated},
		{Zero, "team", nil, meet.CodeUnauthenticated},
		{Ada, "te\x00am", nil, meet.CodeInvalid},
	}
	for _, tt := range tests {
		got, more, err := s.RoomNames(t.Context(), tt.p, tt.prefix)
		wantCode(t, fmt.Sprintf("%q for %q", tt.prefix, tt.p.ID), err, tt.code)
		if diff := cmp.Diff(tt.want, got); diff != "" || more {
			t.Errorf("%q for %q: more %v, names (-want +got):\n%s", tt.prefix, tt.p.ID, more, diff)
		}
	}
}

// A hundred names are given and no more, and it is said that there are more.
func TestRoomNamesAreBounded(t *testing.T) {
	t.Parallel()
	s := New(t, func(c *meet.Config) { c.MediaOnJoin = true })
	for i := range meet.MaxPage + 1 {
		s.NewRoom(t, meet.RoomChange{Name: Of(fmt.Sprintf("room-%03d", i))})
	}
	if names, more, err := s.RoomNames(t.Context(), Ada, "room-"); err != nil || !more || len(names) != meet.MaxPage {
		t.Errorf("of 101 names: got %d, more %v, %v; want 100 and more", len(names), more, err)
	}
	if names, more, err := s.RoomNames(t.Context(), Ada, "room-0"); err != nil || more || len(names) != meet.MaxPage {
		t.Errorf("of 100 names: got %d, more %v, %v; want 100 and no more", len(names), more, err)
	}
}

// MayCreateRoom says what CreateRoom would say.
func TestMayCreateRoom(t *testing.T) {
	t.Parallel()
	s := New(t)
	for _, p := range []meet.Principal{Root, Ada, Gus, Anon, Zero} {
		_, _, err := s.CreateRoom(t.Context(), p, meet.RoomChange{}, false)
		got, want := "", ""
		if err != nil {
			want = err.Error()
		}
		if err := s.MayCreateRoom(p); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("for %q: got %q, want %q", p.ID, got, want)
		}
	}
}

// The creator of a room keeps its name for a time: links lead by it.
func TestANameStaysWithItsCreator(t *testing.T) {
	t.Parallel()
	s := New(t, func(c *meet.Config) { c.MediaOnJoin, c.KeepName = true, 24*time.Hour })
	room := s.NewRoom(t, meet.RoomChange{Name: Of("team-standup")})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	end := func(p meet.Principal, ref string) {
		t.Helper()
		_, _, err := s.EndRoom(t.Context(), p, ref, "team-standup")
		wantCode(t, "end", err, "")
	}
	taken := func(doing string, p meet.Principal) {
		t.Helper()
		err := createRoom(t, s, p, meet.RoomChange{Name: Of(" Team-Standup ")})
		if e := meet.AsError(err); e.Code != meet.CodeConflict || e.Message != "a room with this name already exists" {
			t.Errorf("%s: %v; want that the name exists", doing, err)
		}
	}
	end(Ada, room.ID)
	taken("another user", Bob)
	taken("a superadmin", Root)
	bobs, _, err := s.CreateRoom(t.Context(), Bob, meet.RoomChange{Name: Of("other")}, false)
	wantCode(t, "create", err, "")
	_, err = s.UpdateRoom(t.Context(), Bob, bobs.ID, meet.RoomChange{Name: Of("team-standup")}, false)
	wantCode(t, "by another name first", err, meet.CodeConflict)
	wantCode(t, "its creator", createRoom(t, s, Ada, meet.RoomChange{Name: Of("team-standup")}), "")
	_, err = s.UpdateRoom(t.Context(), Ada, "team-standup", meet.RoomChange{Name: Of("something-else")}, false)
	wantCode(t, "rename", err, "")
	taken("when it was renamed", Bob)
	_, err = s.UpdateRoom(t.Context(), Ada, "something-else", meet.RoomChange{Name: Of("team-standup"),
		ExpiresIn: Of(time.Hour)}, false)
	wantCode(t, "rename back", err, "")
	s.Clock.Advance(time.Hour)
	taken("when it has expired", Bob)
	s.Clock.Advance(24*time.Hour - time.Millisecond)
	taken("until then", Bob)
	s.Clock.Advance(time.Millisecond)
	wantCode(t, "a day after its end", createRoom(t, s, Bob, meet.RoomChange{Name: Of("team-standup")}), "")

	// What was made for the old room leads to it, or nowhere.
	_, err = s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code})
	wantCode(t, "the old code", err, meet.CodeNotFound)
	end(Bob, "team-standup")
	_, err = s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{}, true)
	wantCode(t, "the first room again, under a name that is another's now", err, meet.CodeConflict)
	_, err = s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{Name: Of("mine-again")}, true)
	wantCode(t, "under another name", err, "")
}

// A clock that is set back does not keep a name that is not to be kept.
func TestANameIsNotKept(t *testing.T) {
	t.Parallel()
	s := New(t, func(c *meet.Config) { c.MediaOnJoin, c.KeepName = true, 0 })
	room := s.NewRoom(t, meet.RoomChange{Name: Of("team-standup")})
	_, _, err := s.EndRoom(t.Context(), Ada, room.ID, "team-standup")
	wantCode(t, "end", err, "")
	s.Clock.Advance(-time.Minute)
	wantCode(t, "another user", createRoom(t, s, Bob, meet.RoomChange{Name: Of("team-standup")}), "")
}

// A name is kept from the moment when the time of its room has come, also where so many
// rooms are due that the sweeper has not ended the room yet. It ends, with an event, when
// somebody asks for its name.
func TestANameIsKeptWhileManyRoomsAreDue(t *testing.T) {
	t.Parallel()
	s := New(t, func(c *meet.Config) { c.MediaOnJoin, c.KeepName = true, 24*time.Hour })
	for range 500 {
		s.NewRoom(t, meet.RoomChange{ExpiresIn: Of(time.Hour)})
	}
	room := s.NewRoom(t, meet.RoomChange{Name: Of("team-standup"), ExpiresIn: Of(2 * time.Hour)})
	bobs, _, err := s.CreateRoom(t.Context(), Bob, meet.RoomChange{Name: Of("other")}, false)
	wantCode(t, "create", err, "")
	s.Clock.Advance(3 * time.Hour)
	_, err = s.UpdateRoom(t.Context(), Bob, bobs.ID, meet.RoomChange{Name: Of("team-standup")}, false)
	wantCode(t, "by another name first", err, meet.CodeConflict)
	s.Clock.Advance(time.Second)
	wantCode(t, "another user", createRoom(t, s, Bob, meet.RoomChange{Name: Of("team-standup")}), meet.CodeConflict)
	wantCode(t, "its creator", createRoom(t, s, Ada, meet.RoomChange{Name: Of("team-standup")}), "")
	if n := countEvents(t, s, room, meet.RoomHasExpired); n != 1 {
		t.Errorf("%d events say that the first room has expired; want one", n)
	}
}

// Who asks for a name that is taken or kept hears that first, also at the limit of
// rooms, which would have them end a meeting, and while LiveKit is down, which would
// have them try again.
func TestANameIsRefusedFirst(t *testing.T) {
	t.Parallel()
	for _, onJoin := range []bool{true, false} {
		address, lose := LiveKitToLose(t)
		s := NewOn(t, address, func(c *meet.Config) {
			c.MediaOnJoin, c.KeepName, c.Limits.RoomsPerUser = onJoin, 24*time.Hour, 1
		})
		s.NewRoom(t, meet.RoomChange{Name: Of("taken")})
		wantCode(t, "create", createRoom(t, s, Root, meet.RoomChange{Name: Of("kept"), ExpiresIn: Of(time.Hour)}), "")
		wantCode(t, "create", createRoom(t, s, Bob, meet.RoomChange{}), "")
		s.Clock.Advance(time.Hour)
		refused := func(when string) {
			t.Helper()
			for _, name := range []string{"taken", "kept"} {
				err := createRoom(t, s, Bob, meet.RoomChange{Name: &name})
				if e := meet.AsError(err); e.Code != meet.CodeConflict || e.Message != "a room with this name already exists" {
					t.Errorf("%s, media room at the join %t: %s: %v; want that the name exists", when, onJoin, name, err)
				}
			}
		}
		refused("at the limit")
		wantCode(t, "another name", createRoom(t, s, Bob, meet.RoomChange{Name: Of("free")}), meet.CodeConflict)
		lose()
		s.Clock.Advance(time.Second)
		refused("without LiveKit")
		wantCode(t, "another name", createRoom(t, s, Bob, meet.RoomChange{Name: Of("free")}), meet.CodeUnavailable)
	}
}
