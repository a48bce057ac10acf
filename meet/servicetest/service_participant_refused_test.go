package servicetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// A call that cannot be done says why, and changes nothing.
func TestUpdatesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	ada, bob := s.Enter(t, Ada, room), s.Enter(t, Bob, room)
	left := s.Enter(t, Gus, room)
	left.Leave()
	host := meet.ParticipantChange{Role: Of(meet.RoleHost)}
	for name, c := range map[string]struct {
		p        meet.Principal
		identity string
		change   meet.ParticipantChange
		want     meet.ErrorCode
		field    string
	}{
		"nothing":      {Ada, bob.Identity(), meet.ParticipantChange{}, meet.CodeInvalid, ""},
		"a time alone": {Ada, bob.Identity(), meet.ParticipantChange{For: Of(time.Minute)}, meet.CodeInvalid, ""},
		"no such role": {Ada, bob.Identity(), meet.ParticipantChange{Role: Of("king")}, meet.CodeInvalid, "role"},
		"no role":      {Ada, bob.Identity(), meet.ParticipantChange{Role: Of("")}, meet.CodeInvalid, "role"},
		"no name":      {Ada, bob.Identity(), meet.ParticipantChange{Name: Of("  ")}, meet.CodeInvalid, "name"},
		"a long name": {Ada, bob.Identity(), meet.ParticipantChange{Name: Of(strings.Repeat("x", 81))},
			meet.CodeInvalid, "name"},
		"a name backwards": {Ada, bob.Identity(), meet.ParticipantChange{Name: Of("a\u202eb")}, meet.CodeInvalid, "name"},
		"no time": {Ada, bob.Identity(), meet.ParticipantChange{Role: host.Role, For: Of(time.Duration(0))},
			meet.CodeInvalid, "for_seconds"},
		"too long a time": {Ada, bob.Identity(), meet.ParticipantChange{Role: host.Role, For: Of(meet.MaxLifetime + 1)},
			meet.CodeInvalid, "for_seconds"},
		"everybody":        {Ada, meet.Everyone, host, meet.CodeInvalid, "identity"},
		"nobody":           {Ada, "nobody_aaaaaaaaaaaa", host, meet.CodeNotFound, "identity"},
		"somebody outside": {Ada, left.Identity(), host, meet.CodeNotFound, "identity"},
		"an admin": {Ada, ada.Identity(), meet.ParticipantChange{Role: Of(meet.RoleViewer)},
			meet.CodeForbidden, "role"},
		"oneself":         {Bob, bob.Identity(), host, meet.CodeForbidden, ""},
		"without a token": {Anon, bob.Identity(), host, meet.CodeUnauthenticated, ""},
	} {
		if c.identity == left.Identity() {
			livekittest.Wait(t, "Gus to be gone", func() bool { return !slices.Contains(inside(t, s, room), c.identity) })
		}
		c.change.Identity = c.identity
		_, err := s.UpdateParticipant(t.Context(), c.p, room.ID, c.change)
		wantCode(t, name, err, c.want)
		if err != nil && meet.AsError(err).Field != c.field {
			t.Errorf("%s: field %q, want %q", name, meet.AsError(err).Field, c.field)
		}
	}
	if n := countEvents(t, s, room, meet.Updated); n != 0 {
		t.Errorf("%d events of updates; want none", n)
	}
	wantSet(t, s, room, bob.Identity())
	update(t, s, room, ada.Identity(), meet.ParticipantChange{Role: Of(meet.RoleHost), Name: Of("Ada L.")})
	wantSet(t, s, room, ada.Identity(), "name Ada L.")
}
