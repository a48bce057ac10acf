package signin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"roomkey/auth"
	"roomkey/meet"
	"roomkey/store"
)

const (
	verifier = "a-verifier-of-the-least-length-that-is-allowed-"
	callback = "https://agent.example/callback"
	passcode = "correct horse battery"
)

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// testServer is an authorization server with a real database, and a browser.
type testServer struct {
	*Server
	t       *testing.T
	db      *store.DB
	mux     *http.ServeMux
	log     *bytes.Buffer
	address string               // where the browser and clients connect from
	disable func(subject string) // of the users of providers

	mu      sync.Mutex
	now     time.Time
	refused bool // Ada may not sign in any more
	cookies map[string]string
}

func setup(t *testing.T) *testServer {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "roomkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := &testServer{t: t, db: db, log: new(bytes.Buffer), address: "192.0.2.1", cookies: map[string]string{},
		now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}
	keyring, err := auth.NewKeyring([]byte(strings.Repeat("s", auth.MinSecret)))
	if err != nil {
		t.Fatal(err)
	}
	const issuer = "https://meet.example.com"
	authority := auth.New(auth.Config{Keyring: keyring, Resource: Resource(issuer), Now: s.clock})
	s.Server = New(Config{
		Store: db, Issuer: issuer, SignIn: s.signIn, Now: s.clock, Secrets: keyring.Accepted, TokenID: authority.TokenID,
		UserOf: func(_ context.Context, subject string, _ time.Time) (meet.Principal, error) {
			if subject != "ada" || s.refused {
				return meet.Principal{}, &meet.Error{Code: meet.CodeUnauthenticated, Message: "not any more"}
			}
			return ada, nil
		},
		Issue: func(p meet.Principal, life time.Duration) (string, meet.SignInToken, error) {
			issued, err := authority.IssueForResource(p, life)
			return issued.Token, meet.SignInToken{ID: issued.ID, Principal: p, IssuedAt: issued.IssuedAt,
				ExpiresAt: issued.ExpiresAt}, err
		},
		Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	s.serve()
	return s
}

// serve makes the routes of the server, as it is now.
func (s *testServer) serve() {
	s.mux = http.NewServeMux()
	resource := NewProtectedResource(s.Issuer, []string{s.Issuer})
	for path, handle := range map[string]func(http.ResponseWriter, *http.Request) error{
		ServerMetadataPath: s.ServerMetadata, ResourceMetadataPath: resource.Metadata, RegisterPath: s.Register,
		AuthorizePath: s.Authorize, TokenPath: s.Token, RevokePath: s.Revoke, SignInPath: s.SignInPage,
		CallbackPath: s.Callback, PageSignInPath: s.PageSignIn,
	} {
		s.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			ctx := meet.WithPrincipal(r.Context(), meet.Principal{Role: meet.Anonymous, Address: s.address})
			if err := handle(w, r.WithContext(ctx)); err != nil {
				s.t.Errorf("%s: %v", path, err)
			}
		})
	}
}

func (s *testServer) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *testServer) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// signIn knows Ada, and stops everybody who calls themselves flood.
func (s *testServer) signIn(_ context.Context, caller meet.Principal, user, given string) (meet.Principal, error) {
	switch {
	case user == "flood" && caller.Address == s.address:
		return meet.Principal{}, &meet.Error{Code: meet.CodeRateLimited, Message: "Too many wrong passcodes",
			RetryAfter: 7 * time.Second}
	case user != "ada" || given != passcode:
		return meet.Principal{}, &meet.Error{Code: meet.CodeUnauthenticated, Message: "User or passcode is wrong"}
	}
	return ada, nil
}

var ada = meet.Principal{ID: "ada", Name: "Ada", Role: meet.User}

// reply is an answer that was read to its end.
type reply struct {
	status int
	header http.Header
	body   string
	to     *url.URL // of a redirection
}

// json reads the answer to a client.
func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(r.body), &m); err != nil {
		t.Fatalf("%v in %d %s", err, r.status, r.body)
	}
	return m
}

// do is a request of the browser with its cookies, or of a client.
func (s *testServer) do(method, target, kind, body string) reply {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	for name, value := range s.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	result := w.Result()
	raw, _ := io.ReadAll(result.Body)
	for _, c := range result.Cookies() {
		s.cookies[c.Name] = c.Value
	}
	to, _ := result.Location()
	return reply{result.StatusCode, result.Header, string(raw), to}
}

func (s *testServer) get(target string) reply { return s.do(http.MethodGet, target, "", "") }

func (s *testServer) post(path string, form url.Values) reply {
	return s.do(http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode())
}

// register makes a client with redirect addresses, and gives its id and secret.
func (s *testServer) register(method string, redirects ...string) (id, secret string) {
	s.t.Helper()
	body, _ := json.Marshal(map[string]any{"client_name": "Agent", "redirect_uris": redirects,
		"token_endpoint_auth_method": method})
	r := s.do(http.MethodPost, RegisterPath, "application/json", string(body))
	if r.status != http.StatusCreated {
		s.t.Fatalf("register: %d %s", r.status, r.body)
	}
	m := r.json(s.t)
	secret, _ = m["client_secret"].(string)
	return m["client_id"].(string), secret
}

// query is what a good client asks for, with changes: an empty value leaves one out.
func (s *testServer) query(client string, changes ...string) string {
	q := url.Values{"response_type": {"code"}, "client_id": {client}, "redirect_uri": {callback}, "state": {"st&te"},
		"code_challenge": {challengeOf(verifier)}, "code_challenge_method": {"S256"}, "resource": {s.Resource()},
		"scope": {"rooms:read meeting"}}
	for i := 0; i < len(changes); i += 2 {
		if q.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			q.Del(changes[i])
		}
	}
	return AuthorizePath + "?" + q.Encode()
}

var sealInPage = regexp.MustCompile(`name="request" value="([^"]+)"`)

// ask opens the consent page and gives its seal.
func (s *testServer) ask(query string) string {
	s.t.Helper()
	r := s.get(query)
	found := sealInPage.FindStringSubmatch(r.body)
	if r.status != http.StatusOK || found == nil {
		s.t.Fatalf("consent page: %d %s", r.status, r.body)
	}
	return html.UnescapeString(found[1])
}

func (s *testServer) decide(seal, user, given, decision string) reply {
	return s.post(AuthorizePath, url.Values{"request": {seal}, "user": {user}, "passcode": {given},
		"decision": {decision}})
}

// allow has Ada allow what a query asks for, and gives the code.
func (s *testServer) allow(query string) string {
	s.t.Helper()
	r := s.decide(s.ask(query), "ada", passcode, "allow")
	if r.status != http.StatusSeeOther || r.to == nil || r.to.Query().Get("code") == "" {
		s.t.Fatalf("allow: %d to %v %s", r.status, r.to, r.body)
	}
	return r.to.Query().Get("code")
}

// redeem calls the token endpoint with a code, with changes like those of query.
func (s *testServer) redeem(client, code string, changes ...string) reply {
	form := url.Values{"grant_type": {grantCode}, "code": {code}, "client_id": {client}, "redirect_uri": {callback},
		"code_verifier": {verifier}, "resource": {s.Resource()}}
	for i := 0; i < len(changes); i += 2 {
		if form.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			form.Del(changes[i])
		}
	}
	return s.post(TokenPath, form)
}

func (s *testServer) refresh(client, token string) reply {
	return s.post(TokenPath, url.Values{"grant_type": {grantRefresh}, "refresh_token": {token}, "client_id": {client}})
}

// tokens are what a client got.
type tokens struct{ access, refresh string }

func (s *testServer) wantTokens(r reply) tokens {
	s.t.Helper()
	if r.status != http.StatusOK {
		s.t.Fatalf("token: %d %s", r.status, r.body)
	}
	m := r.json(s.t)
	return tokens{m["access_token"].(string), m["refresh_token"].(string)}
}

// signedIn gives a client with tokens.
func (s *testServer) signedIn() (client string, got tokens) {
	s.t.Helper()
	client, _ = s.register("", callback)
	return client, s.wantTokens(s.redeem(client, s.allow(s.query(client))))
}

// wantError checks an error of OAuth.
func (s *testServer) wantError(what string, r reply, status int, code string) {
	s.t.Helper()
	if r.status != status || r.json(s.t)["error"] != code {
		s.t.Errorf("%s: got %d %s, want %d %s", what, r.status, r.body, status, code)
	}
}

// isRevoked says whether an access token was revoked.
func (s *testServer) isRevoked(access string) bool {
	s.t.Helper()
	id, err := s.TokenID(access)
	if err != nil {
		s.t.Fatal(err)
	}
	state, err := s.db.TokenState(s.t.Context(), id, "ada")
	if err != nil {
		s.t.Fatal(err)
	}
	return state.Revoked
}
