package issuers

import (
	"crypto/ecdsa"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/auth/issuers/issuerstest"
)

// waitForAttempt waits for the end of an attempt that runs.
func waitForAttempt(s *Set, of *issuerstest.Server) {
	k := s.issuers[of.URL].keys
	k.mu.Lock()
	attempt := k.attempt
	k.mu.Unlock()
	if attempt != nil {
		<-attempt
	}
}

// Keys that an issuer adds count at once, and those that it withdraws no more after a
// while.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	server := issuerstest.New(t)
	s, c, _ := setup(t, of(server))
	claims := server.Claims(c.Now(), "exp", c.Now().Add(48*time.Hour).Unix())
	old := server.Token(t, "one", claims)
	good(t, s, "before", old)
	server.Set(func() { server.Keys["two"] = issuerstest.NewKey() })
	c.advance(retryAfter)
	two := server.Token(t, "two", claims)
	good(t, s, "with the new key", two)
	server.Set(func() { delete(server.Keys, "one") })
	c.advance(renewAfter)
	good(t, s, "the first one after that does not wait", two)
	waitForAttempt(s, server)
	refused(t, s, "with the key that was withdrawn", old)
	if n := server.Asked.Load(); n != 3 {
		t.Errorf("the keys were fetched %d times, want 3", n)
	}
	server.Set(func() { server.Keys = map[string]*ecdsa.PrivateKey{"two": issuerstest.NewKey()} }) // with the id of before
	c.advance(waitAfter)
	refused(t, s, "after a long time, with a key that has gone meanwhile", two)
	good(t, s, "with the key in its place", server.Token(t, "two", claims))
}

// Tokens with ids that nobody knows cost the issuer nothing.
func TestFloodOfUnknownKids(t *testing.T) {
	t.Parallel()
	server := issuerstest.New(t)
	s, c, _ := setup(t, of(server))
	claims, key := server.Claims(c.Now()), issuerstest.NewKey()
	good(t, s, "a good one", server.Token(t, "one", claims))
	c.advance(retryAfter)
	var flood sync.WaitGroup
	for i := range 200 {
		token := signed(t, jwt.SigningMethodES256, key, map[string]any{"kid": strings.Repeat("k", i+1)}, claims)
		flood.Go(func() { refused(t, s, "an unknown kid", token) })
	}
	flood.Wait()
	if n := server.Asked.Load(); n != 2 {
		t.Errorf("the keys were fetched %d times, want twice", n)
	}
	good(t, s, "a good one afterwards", server.Token(t, "one", claims))
}

// An issuer that is down stops neither the start nor the others, and is tried again.
func TestIssuerDownAndBack(t *testing.T) {
	t.Parallel()
	server, other := issuerstest.New(t), issuerstest.New(t)
	down := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	server.KeysAnswer = down
	s, c, log := setup(t, of(server), of(other))
	token := server.Token(t, "one", server.Claims(c.Now(), "exp", c.Now().Add(72*time.Hour).Unix()))
	for range 3 {
		unavailable(t, s, "while it is down", token)
	}
	good(t, s, "of the other", other.Token(t, "one", other.Claims(c.Now())))
	server.Set(func() { server.KeysAnswer = nil })
	unavailable(t, s, "at once after it is back", token)
	c.advance(retryAfter)
	good(t, s, "a while later", token)
	if n := server.Asked.Load(); n != 2 {
		t.Errorf("the keys were fetched %d times, want twice", n)
	}
	server.Set(func() { server.KeysAnswer = down })
	for range 3 {
		c.advance(waitAfter)
		good(t, s, "down again, with known keys", token)
	}
	c.advance(dropAfter)
	unavailable(t, s, "down for a day", token)
	text := log.String()
	if strings.Count(text, "cannot be fetched") != 2 || strings.Count(text, "again") != 1 ||
		strings.Contains(text, token) || strings.Contains(text, "eyJ") {
		t.Errorf("the log: %s", text)
	}
}

// Whatever an issuer answers, it costs little, and tokens are refused.
func TestHostileIssuers(t *testing.T) {
	t.Parallel()
	var led atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led.Add(1) }))
	t.Cleanup(elsewhere.Close)
	large := func(w http.ResponseWriter, _ *http.Request) { // 10 MB of keys that are well formed
		key := `{"kty":"oct","kid":"` + strings.Repeat("x", 1000) + `","k":"AAAA"},`
		_, _ = w.Write([]byte(`{"keys":[`))
		for range 10_000 {
			if _, err := w.Write([]byte(key)); err != nil {
				return
			}
		}
		_, _ = w.Write([]byte(`]}`))
	}
	for what, keys := range map[string]http.HandlerFunc{
		"10 MB": large,
		"a redirection": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		},
		"no JSON":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"no keys":    func(w http.ResponseWriter, _ *http.Request) { issuerstest.Answer(w, map[string]any{"keys": []any{}}) },
		"keys: null": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys": null}`)) },
		"a list":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[]`)) },
		"deep": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat("[", maxDocument-1)))
		},
		"too many keys": func(w http.ResponseWriter, _ *http.Request) {
			key := map[string]string{"kty": "oct", "k": "AAAA"}
			issuerstest.Answer(w, map[string]any{"keys": func() (all []any) {
				for range maxKeys + 1 {
					all = append(all, key)
				}
				return all
			}()})
		},
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"keys": [`))
		},
	} {
		server := issuerstest.New(t)
		server.KeysAnswer = keys
		s, c, log := setup(t, of(server))
		unavailable(t, s, what, server.Token(t, "one", server.Claims(c.Now())))
		if !strings.Contains(log.String(), "/keys") || what == "10 MB" && !strings.Contains(log.String(), "256 KiB") {
			t.Errorf("%s: the log does not say what is wrong: %s", what, log)
		}
	}
	if led.Load() != 0 {
		t.Error("a redirection was followed")
	}
}

// A slow issuer holds up the tokens of no other, and its own not for good.
func TestSlowIssuer(t *testing.T) {
	t.Parallel()
	server, other := issuerstest.New(t), issuerstest.New(t)
	asked := make(chan struct{}, 10)
	server.KeysAnswer = func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}
	s, c, _ := setup(t, of(server), of(other))
	token := server.Token(t, "one", server.Claims(c.Now()))
	<-asked
	k := s.issuers[server.URL].keys
	var waiting sync.WaitGroup
	for range 2 * maxWaiting {
		waiting.Go(func() { unavailable(t, s, "of the slow one", token) })
	}
	good(t, s, "of the other", other.Token(t, "one", other.Claims(c.Now())))
	k.mu.Lock()
	if k.waiting > maxWaiting {
		t.Errorf("%d wait, want at most %d", k.waiting, maxWaiting)
	}
	k.mu.Unlock()
	s.Close() // ends what is being fetched, and those who wait for it
	waiting.Wait()
	c.advance(retryAfter)
	unavailable(t, s, "after the end", token)
	if k.attempt != nil || len(asked) != 0 {
		t.Error("something is fetched after the end")
	}
}

// Nothing that an issuer or its metadata says leads to where only this machine gets.
func TestSSRFByIssuers(t *testing.T) {
	t.Parallel()
	var led atomic.Int64
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led.Add(1) }))
	t.Cleanup(inside.Close)
	for _, at := range []string{inside.URL, "https://10.0.0.1", "https://169.254.169.254", "https://[fd00::1]",
		"https://[::ffff:127.0.0.1]:1", "https://0.0.0.0:1", "https://192.168.0.1:8443"} {
		for _, i := range []Issuer{{URL: "https://login.example.com", JWKSURL: at + "/keys"}, {URL: at + "/"}} {
			if err := Check(t.Context(), i, "test"); err == nil && isOnLoopback(i.URL) {
				t.Errorf("%+v was fetched", i)
			} else if !isOnLoopback(i.URL) && (err == nil || !strings.Contains(err.Error(), "not public")) {
				t.Errorf("%+v: %v; want it refused as not public", i, err)
			}
		}
	}
	if led.Load() != 0 {
		t.Errorf("an address of this machine was asked %d times", led.Load())
	}
	server := issuerstest.New(t) // its own address is this machine's, so it may be there, but nowhere else
	for keys, want := range map[string]string{
		"http://10.0.0.1/keys": "must begin with https", "https://10.0.0.1/keys": "not public", "": "must be a URL",
		"file:///etc/passwd": "must be a URL", "http://login.example.com/keys": "must begin with https",
		"https://u:p@login.example.com": "must be a URL", server.URL + "/keys": "",
	} {
		server.Set(func() {
			server.Metadata = func(w http.ResponseWriter, _ *http.Request) {
				issuerstest.Answer(w, map[string]string{"issuer": server.URL, "jwks_uri": keys})
			}
		})
		err := Check(t.Context(), of(server), "test")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("jwks_uri %q: %v; want %q", keys, err, want)
		}
	}
	private := Issuer{URL: strings.Replace(server.URL, "127.0.0.1", "localhost", 1), JWKSURL: server.URL + "/keys"}
	if err := Check(t.Context(), private, "test"); err != nil {
		t.Errorf("on this machine: %v", err)
	}
	hidden := Issuer{URL: "https://login.example.com", JWKSURL: server.URL + "/keys"}
	if err := Check(t.Context(), hidden, "test"); err == nil {
		t.Error("the keys of a public issuer were fetched from this machine")
	}
	if hidden.AllowPrivate = true; Check(t.Context(), hidden, "test") != nil {
		t.Error("with allow_private they were not")
	}
}

// The metadata has to be about the issuer, and may be in any of the usual places.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	server := issuerstest.New(t)
	i := Issuer{URL: server.URL + "/realms/x", Audience: issuerstest.Audience}
	for _, at := range []string{"/.well-known/oauth-authorization-server/realms/x",
		"/realms/x/.well-known/openid-configuration", "/.well-known/openid-configuration/realms/x"} {
		for name, ok := range map[string]bool{i.URL: true, i.URL + "/": false, server.URL: false, "": false} {
			server.Set(func() {
				server.Metadata = func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != at {
						w.WriteHeader(http.StatusNotFound)
						return
					}
					issuerstest.Answer(w, map[string]string{"issuer": name, "jwks_uri": server.URL + "/keys"})
				}
			})
			if err := Check(t.Context(), i, "test"); (err == nil) != ok {
				t.Errorf("%s about %q: %v", at, name, err)
			}
		}
	}
	server.Set(func() {
		server.Metadata = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 10<<20)) }
	})
	if err := Check(t.Context(), i, "test"); err == nil || errors.Unwrap(err) == nil {
		t.Errorf("10 MB of metadata: %v", err)
	}
}
