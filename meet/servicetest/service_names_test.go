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
