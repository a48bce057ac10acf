package servicetest

import (
	"context"
	"strings"
	"testing"

	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// cancellingStore cancels the caller's context while a change of a code is on its
// way into the database.
type cancellingStore struct {
	meet.Store
}

func (g cancellingStore) UpdateCode(ctx context.Context, code string, change func(*meet.RoomCode) error,
	r *meet.Revocation, e *meet.Event) (meet.RoomCode, error) {
	ctx, cancel := context.WithCancel(ctx)
	return g.Store.UpdateCode(ctx, code, func(c *meet.RoomCode) error { defer cancel(); return change(c) }, r, e)
}

// What may have happened is not called "nothing".
func TestAnUnknownOutcomeIsToldAsSuch(t *testing.T) {
	t.Parallel()
	s := New(t, func(c *meet.Config) { c.Store = cancellingStore{Store: c.Store} })
	code := s.NewCode(t, s.NewRoom(t, meet.RoomChange{}), meet.RoleGuest, meet.CodeChange{})
	for range 200 { // a commit that is done before the caller looks is known
		_, _, err := s.UpdateCode(t.Context(), Ada, code.Code, meet.CodeChange{Enabled: Of(!code.Enabled)}, false)
		if err == nil {
			code.Enabled = !code.Enabled
			continue
		}
		e := meet.AsError(err)
		if e.Code != meet.CodeUnavailable || strings.Contains(e.Message+e.Hint, "Nothing was changed") ||
			!strings.Contains(e.Hint, "look before") {
			t.Errorf("told %v %q %q; want that nobody knows", e.Code, e.Message, e.Hint)
		}
		return
	}
	t.Error("no call ended while its change was on its way")
}
