package servicetest

import (
	"testing"

	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// Under the ceiling nothing is ended or switched off, not as a by-product either:
// codes of a role that is no more stay as they are.
func TestNothingIsDestroyedUnderTheCeiling(t *testing.T) {
	t.Parallel()
	s := New(t, func(c *meet.Config) { c.Roles = append(meet.BuiltinRoles(), meet.Role{Name: "press", Subscribe: true}) })
	room := s.NewRoom(t, meet.RoomChange{})
	code, press := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}), s.NewCode(t, room, "press", meet.CodeChange{})
	person := s.EnterByCode(t, code, "Guest")
	ctx := meet.WithoutDestruction(t.Context())
	later, _ := meet.New(meet.Config{Store: s.Store, Media: s.Media, Links: Links, Now: s.Clock.Now})

	_, err := later.UpdateCode(ctx, Ada, code.Code, meet.CodeChange{Enabled: Of(false)}, false)
	wantCode(t, "disable a code", err, meet.CodeForbidden)
	_, err = later.UpdateCode(ctx, Ada, code.Code, meet.CodeChange{MaxUses: Of(1)}, false)
	wantCode(t, "use a code up", err, meet.CodeForbidden)
	_, err = later.UpdateCode(ctx, Ada, code.Code, meet.CodeChange{Enabled: Of(true)}, true)
	wantCode(t, "remove participants", err, meet.CodeForbidden)
	_, _, err = later.RotateCode(ctx, Ada, code.Code, false)
	wantCode(t, "rotate", err, meet.CodeForbidden)
	_, err = later.Kick(ctx, Ada, room.ID, meet.KickCall{Identity: person.Identity()})
	wantCode(t, "kick", err, meet.CodeForbidden)
	_, _, err = later.EndRoom(ctx, Ada, room.ID, room.Name)
	wantCode(t, "end", err, meet.CodeForbidden)
	_, err = later.UpdateCode(ctx, Ada, code.Code, meet.CodeChange{Enabled: Of(true)}, false)
	wantCode(t, "enable a code", err, "")

	enabled := func() bool {
		t.Helper()
		code, _, err := s.Store.CodeAndRoom(t.Context(), press.Code)
		wantCode(t, "look at the code", err, "")
		return code.Enabled
	}
	_, err = later.CreateCodes(ctx, Ada, room.ID, meet.CodeRequest{})
	wantCode(t, "create codes", err, "")
	if !enabled() || !person.Connected() {
		t.Errorf("the code of a role that is no more is enabled: %v, the guest inside: %v; want both", enabled(),
			person.Connected())
	}
	_, err = later.CreateCodes(t.Context(), Ada, room.ID, meet.CodeRequest{})
	wantCode(t, "create codes without the ceiling", err, "")
	if enabled() {
		t.Error("without the ceiling the code of a role that is no more is enabled")
	}
}
