package auth_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/auth"
	"roomkey/meet"
)

// list is what was taken back, as a database has it.
type list struct {
	revoked atomic.Bool
	broken  atomic.Bool
	asked   atomic.Int32
	told    atomic.Int32
	user    atomic.Value // of auth.State
}

func setupRevocable(t *testing.T) (*auth.Authority, *clock, *list) {
	t.Helper()
	keyring, err := auth.NewKeyring([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	c, l := &clock{now: start}, new(list)
	return auth.New(auth.Config{Keyring: keyring, Now: c.Now,
		State: func(string, string) (auth.State, error) {
			l.asked.Add(1)
			if l.broken.Load() {
				return auth.State{}, errors.New("the disk is gone")
			}
			state, _ := l.user.Load().(auth.State)
			state.Revoked = l.revoked.Load()
			return state, nil
		},
		OnRevoked: func(string, meet.Principal) { l.told.Add(1) },
	}), c, l
}

// A token that was taken back is refused within a second, though it was taken a
// moment ago, and the list is not asked at each call.
func TestRevokedTokensAreRefused(t *testing.T) {
	t.Parallel()
	a, c, l := setupRevocable(t)
	token := sign(t, a, ada, time.Hour)
	for range 10 {
		refused(t, a.Verify, "before", token, nil)
	}
	if n := l.asked.Load(); n != 1 {
		t.Errorf("the list was asked %d times for ten calls at once, want once", n)
	}
	l.revoked.Store(true)
	c.advance(time.Second)
	for range 3 {
		refused(t, a.Verify, "a second later", token, auth.ErrRevoked)
	}
	if n := l.told.Load(); n != 1 {
		t.Errorf("told %d times, want once", n)
	}
	c.advance(-10 * time.Second) // a clock that is set back gives it no new life
	refused(t, a.Verify, "with the clock set back", token, auth.ErrRevoked)
	refused(t, a.Verify, "never seen before", sign(t, a, ada, time.Hour), auth.ErrRevoked)
	refused(t, a.Verify, "without an id", hs256(t, without("jti")), nil)
}

// What nobody can tell is not let through, and the caller is told that it is
// not their fault.
func TestUnknownRevocationIsNoYes(t *testing.T) {
	t.Parallel()
	a, c, l := setupRevocable(t)
	token := sign(t, a, ada, time.Hour)
	refused(t, a.Verify, "before", token, nil)
	l.broken.Store(true)
	c.advance(time.Second)
	if _, err := a.Verify(token); !meet.IsCode(err, meet.CodeUnavailable) {
		t.Errorf("while the list is gone: got %v, want unavailable", err)
	}
	l.broken.Store(false)
	refused(t, a.Verify, "afterwards", token, nil)
}

// A token does no more than its user may by now, and nothing once the user is
// disabled; tokens from before that stay dead when the user is enabled again.
func TestTokensDoNoMoreThanTheirUser(t *testing.T) {
	t.Parallel()
	a, c, l := setupRevocable(t)
	root := meet.Principal{ID: "root", Role: meet.Superadmin, Scopes: meet.LimitedTo(meet.ScopeModerate)}
	token := sign(t, a, root, time.Hour)
	for _, step := range []struct {
		user, want meet.PrincipalRole
	}{
		{"", meet.Superadmin}, {meet.User, meet.User}, {meet.Guest, meet.Guest}, {meet.Superadmin, meet.Superadmin},
	} {
		l.user.Store(auth.State{Role: step.user})
		c.advance(time.Second)
		for _, call := range []string{"first", "second, from the cache"} {
			want := root
			want.Role = step.want
			if got, err := a.Verify(token); err != nil || got != want {
				t.Errorf("%s call of a user who is %q: got %+v, %v; want %+v", call, step.user, got, err, want)
			}
		}
	}
	guest := sign(t, a, meet.Principal{ID: "gus", Role: meet.Guest}, time.Hour)
	if p, err := a.Verify(guest); err != nil || p.Role != meet.Guest {
		t.Errorf("a guest's token of a superadmin gives %+v, %v; want no more than the token says", p, err)
	}
	l.user.Store(auth.State{Role: meet.User, Disabled: true, From: c.Now()})
	c.advance(time.Second)
	refused(t, a.Verify, "disabled", token, auth.ErrDisabled)
	if n := l.told.Load(); n != 1 {
		t.Errorf("told %d times, want once", n)
	}
	l.user.Store(auth.State{Role: meet.User, From: c.Now()})
	c.advance(time.Second)
	refused(t, a.Verify, "enabled again", token, auth.ErrDisabled)
	if _, err := a.Verify(sign(t, a, root, time.Hour)); err != nil {
		t.Errorf("made since then: %v", err)
	}
}
