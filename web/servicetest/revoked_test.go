package servicetest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/auth"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/web"
	. "roomkey/web/webtest"
)

// Who may connect to LiveKit may not therefore call Roomkey.
func TestJoinTokensAreNoAccessTokens(t *testing.T) {
	t.Parallel()
	s := setup(t)
	join := s.join(t, livekittest.APIKey, livekittest.APISecret, "any")
	s.Do(t, "POST", "/mcp", "{}", Bearer(join)).Unauthenticated(t, "a join token", join)
}

// A token that was taken back, or lives too long, is refused with the reason on
// every edge; where nobody can tell, it is not the bearer's fault.
func TestRevokedTokens(t *testing.T) {
	t.Parallel()
	var revoked, broken atomic.Bool
	var authority *auth.Authority
	s := setup(t, func(c *web.Config) {
		c.Authenticate = func(token string) (meet.Principal, error) { return authority.Verify(token) }
	})
	keyring, err := auth.NewKeyring([]byte(strings.Repeat("s", auth.MinSecret)))
	Must(t, err)
	state := func(string, string) (auth.State, error) {
		if broken.Load() {
			return auth.State{}, errors.New("a secret of the disk")
		}
		return auth.State{Revoked: revoked.Load()}, nil
	}
	authority = auth.New(auth.Config{Keyring: keyring, MaxTTL: 2 * time.Hour, Now: s.Clock.Now, State: state})
	good := s.Token(t, meettest.Ada) // good for an hour
	long, err := s.Auth.Sign(meettest.Ada, 3*time.Hour)
	Must(t, err)
	call := func(token string) Reply { return s.Do(t, "POST", "/mcp", "{}", Bearer(token)) }
	call(good).OK(t, "a good token")
	r := call(long)
	r.Refused(t, "a token for a longer time", 401)
	if !strings.Contains(r.Body, "longer time than this server allows") {
		t.Errorf("a token for a longer time: body %s, want the reason", r.Body)
	}
	broken.Store(true)
	s.Clock.Advance(time.Second)
	r = call(good)
	r.Refused(t, "while the database is gone", 503)
	if r.Header.Get("WWW-Authenticate") != "" || strings.Contains(r.Body, "secret") {
		t.Errorf("while the database is gone: header %v, body %s, want neither a challenge nor the cause", r.Header, r.Body)
	}
	broken.Store(false)
	revoked.Store(true)
	for _, path := range []string{"/mcp", "/api/room/create"} {
		r := s.Do(t, "POST", path, "{}", Bearer(good))
		if r.Status != http.StatusUnauthorized || !strings.Contains(r.Body, "access token has been revoked") ||
			!strings.HasPrefix(r.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("revoked, at %s: status %d, header %v, body %s", path, r.Status, r.Header, r.Body)
		}
	}
}

// Somebody who waits is not let in any more once their access token was taken back.
func TestRevokedWhileWaiting(t *testing.T) {
	t.Parallel()
	for path, body := range map[string]string{
		"/api/room/join": `{"roomName": %q, "requestId": %q}`, "/page/join": `{"room": %q, "request_id": %q}`,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			var revoked atomic.Bool
			var asked atomic.Int32
			var s *testServer
			s = setup(t, func(c *web.Config) {
				c.Authenticate = func(token string) (meet.Principal, error) {
					asked.Add(1)
					if revoked.Load() {
						return meet.Principal{}, auth.ErrRevoked
					}
					return s.Auth.Verify(token)
				}
			})
			room, _, _ := s.guarded(t)
			first, err := s.Join(t.Context(), meettest.Bob, meet.JoinCall{RoomID: &room.ID})
			if err != nil || !first.Waiting {
				t.Fatalf("join: %+v, %v, want to wait", first, err)
			}
			answered := make(chan Reply, 1)
			go func() {
				answered <- s.Do(t, "POST", path, fmt.Sprintf(body, room.Name, first.RequestID),
					Bearer(s.Token(t, meettest.Bob)), Header("Prefer", "wait=20"))
			}()
			livekittest.Wait(t, "the call to wait", func() bool { return asked.Load() >= 2 })
			revoked.Store(true)
			if _, err := s.AnswerJoinRequest(t.Context(), meettest.Ada, room.ID, first.RequestID, false); err != nil {
				t.Fatal(err)
			}
			r := <-answered
			if r.Status != http.StatusUnauthorized || !strings.Contains(r.Body, "has been revoked") {
				t.Errorf("status %d, body %s; want 401 and why", r.Status, r.Body)
			}
		})
	}
}
