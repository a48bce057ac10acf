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
		_, err := s.UpdateCode(t.Context(), Ada, code.Code, meet.CodeChange{Enabled: Of(!code.Enabled)}, false)
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

// lockingStore cancels the caller's context once a lock on everyone is stored.
type lockingStore struct {
	meet.Store
	cancel func()
}

func (g lockingStore) LockForAll(ctx context.Context, roomID string, source meet.Source, locked bool, except []string,
	e *meet.Event) (changed bool, unlocked []string, err error) {
	defer g.cancel()
	return g.Store.LockForAll(ctx, roomID, source, locked, except, e)
}

// A lock that is stored is not called "nothing", whatever fails after it.
func TestAStoredLockIsToldAsSuch(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := New(t, func(c *meet.Config) { c.Store = lockingStore{c.Store, cancel} })
	room := s.NewRoom(t, meet.RoomChange{})
	_, err := s.Mute(ctx, Ada, room.ID, meet.MuteCall{Identity: meet.Everyone, Lock: Of(true)})
	if e := meet.AsError(err); e.Code != meet.CodeUnavailable || !strings.Contains(e.Message, "The change was made") {
		t.Errorf("told %v %q %q; want that the lock is stored", e.Code, e.Message, e.Hint)
	}
	details, err := s.Room(t.Context(), Ada, room.ID)
	if err != nil || len(details.LockedForAll) != 1 {
		t.Errorf("locked for all: %v, %v; want one source", details.LockedForAll, err)
	}
}

// The lock of the second of two sources failed: the first one is stored.
func TestALockStoredInPartIsToldAsSuch(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := New(t, func(c *meet.Config) { c.Store = lockingStore{c.Store, cancel} })
	room := s.NewRoom(t, meet.RoomChange{})
	_, err := s.DisableVideo(ctx, Ada, room.ID, meet.MuteCall{Identity: meet.Everyone, Source: meet.VideoAll,
		Lock: Of(true)})
	if e := meet.AsError(err); e.Code != meet.CodeUnavailable || !strings.Contains(e.Message, "Only a part") {
		t.Errorf("told %v %q %q; want that a part of it is stored", e.Code, e.Message, e.Hint)
	}
}
