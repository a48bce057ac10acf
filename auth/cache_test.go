package auth

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"roomkey/meet"
)

func setupCached(t *testing.T) (*Authority, *time.Time) {
	t.Helper()
	now := time.Now().Truncate(time.Second)
	a, err := NewAuthority([]byte(strings.Repeat("s", MinSecret)), func() time.Time { return now })
	if err != nil {
		t.Fatalf("NewAuthority: %v", err)
	}
	return a, &now
}

func mustSign(t *testing.T, a *Authority, id string, ttl time.Duration) string {
	t.Helper()
	token, err := a.Sign(meet.Principal{ID: id, Role: meet.User}, ttl)
	if err != nil {
		t.Fatalf("Sign: %v", err)
	}
	return token
}

func TestExpiredTokensAreRefusedThoughVerifiedBefore(t *testing.T) {
	t.Parallel()
	a, now := setupCached(t)
	token := mustSign(t, a, "ada", time.Hour)
	for _, step := range []struct {
		after time.Duration
		ok    bool
	}{{0, true}, {30 * time.Minute, true}, {29*time.Minute + 59*time.Second, true}, {time.Second, false}, {time.Second, false}, {24 * time.Hour, false}} {
		*now = now.Add(step.after)
		p, err := a.Verify(token)
		if (err == nil) != step.ok || (p.ID == "ada") != step.ok {
			t.Errorf("%v later: Verify gave %+v, %v, want taken %t", step.after, p, err, step.ok)
		}
	}
}

func TestCacheIsUsedForGoodTokensAlone(t *testing.T) {
	t.Parallel()
	a, now := setupCached(t)
	token := mustSign(t, a, "ada", time.Hour)
	for range 3 {
		if _, err := a.Verify(token); err != nil {
			t.Fatalf("Verify: %v", err)
		}
	}
	if n := len(a.seen.entries); n != 1 {
		t.Errorf("the cache holds %d tokens after one was verified three times, want 1", n)
	}
	if v, ok := a.seen.get(keyOf(token), 0, *now); !ok || v.principal.ID != "ada" {
		t.Errorf("the cache gives %+v, %t for it, want ada", v, ok)
	}
	for i := range len(token) {
		if _, err := a.Verify(token[:i]); err == nil {
			t.Fatalf("a token cut to %d letters was taken", i)
		}
	}
	if n := len(a.seen.entries); n != 1 {
		t.Errorf("the cache holds %d tokens after bad ones were refused, want 1", n)
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	a, _ := setupCached(t)
	for i := range 2*cacheSize + 10 {
		id := fmt.Sprint("user ", i)
		if p, err := a.Verify(mustSign(t, a, id, time.Hour)); err != nil || p.ID != id {
			t.Fatalf("Verify gave %+v, %v, want %s", p, err, id)
		}
		if n := len(a.seen.entries); n > cacheSize {
			t.Fatalf("the cache holds %d tokens, want at most %d", n, cacheSize)
		}
	}
}
