package signin

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Somebody has a copy of a code that is used twice: all that was given for it ends.
func TestCodeUsedTwice(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, _ := s.register("", callback)
	code := s.allow(s.query(client))
	got := s.wantTokens(s.redeem(client, code))
	s.wantError("second time", s.redeem(client, code), http.StatusBadRequest, "invalid_grant")
	s.wantError("refresh", s.refresh(client, got.refresh), http.StatusBadRequest, "invalid_grant")
	if !s.isRevoked(got.access) {
		t.Error("the access token counts")
	}
}

// The same for a refresh token: the whole family dies with the second use of one.
func TestRefreshTokenUsedTwice(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, first := s.signedIn()
	second := s.wantTokens(s.refresh(client, first.refresh))
	s.wantError("the old one", s.refresh(client, first.refresh), http.StatusBadRequest, "invalid_grant")
	s.wantError("the new one", s.refresh(client, second.refresh), http.StatusBadRequest, "invalid_grant")
	if !s.isRevoked(first.access) || !s.isRevoked(second.access) {
		t.Error("an access token counts")
	}
}

func TestCodeOfAnotherClient(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, _ := s.register("", callback)
	other, _ := s.register("", callback)
	code := s.allow(s.query(client))
	s.wantError("another client", s.redeem(other, code), http.StatusBadRequest, "invalid_grant")
	s.wantError("a document as client", s.redeem("https://agent.example/client.json", code), http.StatusBadRequest,
		"invalid_grant")
	got := s.wantTokens(s.redeem(client, code))
	s.wantError("another's refresh token", s.refresh(other, got.refresh), http.StatusBadRequest, "invalid_grant")
	s.wantTokens(s.refresh(client, got.refresh))
}

// Without the verifier a code is worth nothing, and there is no other way than S256.
func TestWrongVerifier(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, _ := s.register("", callback)
	code := s.allow(s.query(client))
	for _, wrong := range []string{"", verifier + "x", challengeOf(verifier)} {
		s.wantError("verifier "+wrong, s.redeem(client, code, "code_verifier", wrong), http.StatusBadRequest, "invalid_grant")
	}
	s.wantError("redirect_uri", s.redeem(client, code, "redirect_uri", callback+"/"), http.StatusBadRequest,
		"invalid_grant")
	s.wantTokens(s.redeem(client, code))
	for _, change := range [][]string{{"code_challenge", ""}, {"code_challenge_method", ""},
		{"code_challenge_method", "plain"}, {"code_challenge", "short"}} {
		if r := s.get(s.query(client, change...)); r.status != http.StatusBadRequest || !strings.Contains(r.body, "PKCE") {
			t.Errorf("%v: got %d, want it refused", change, r.status)
		}
	}
}

func TestCodeIsOldAfterAMinute(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, _ := s.register("", callback)
	code := s.allow(s.query(client))
	s.pass(codeLife)
	s.wantError("an old code", s.redeem(client, code), http.StatusBadRequest, "invalid_grant")
	client, got := s.signedIn()
	s.pass(refreshLife)
	client2, _ := s.register("", callback)
	s.wantError("an old refresh token", s.refresh(client, got.refresh), http.StatusBadRequest, "invalid_grant")
	s.wantError("a made-up one", s.refresh(client2, strings.Repeat("a", 26)+"."+strings.Repeat("b", 26)),
		http.StatusBadRequest, "invalid_grant")
}

// A code goes to an address that the client has registered, to the letter.
func TestRedirectNotRegistered(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const local = "http://127.0.0.1:3000/cb"
	client, _ := s.register("", callback, local, "http://[::1]/cb", "cursor://agent/cb")
	for redirect, ok := range map[string]bool{
		callback: true, local: true, "http://127.0.0.1:49152/cb": true, "http://127.0.0.1/cb": true,
		"http://[::1]:8080/cb": true, "cursor://agent/cb": true,

		"": false, callback + "/": false, callback + "?a=b": false, callback + "#x": false,
		"http://agent.example/callback":               false,
		"https://agent.example.evil.example/callback": false, "https://agent.example@evil.example/callback": false,
		"https://evil.example/callback": false, "https://agent.example:444/callback": false,
		"https://agent.example/callback/../evil": false, "HTTPS://agent.example/callback": false,
		"http://127.0.0.1:3000/other": false, "http://localhost:3000/cb": false, "http://127.0.0.2:3000/cb": false,
		"http://127.0.0.1:3000/cb?x=1": false, "http://127.0.0.1.evil.example/cb": false,
		"http://127.0.0.1@evil.example/cb": false,
		"https://127.0.0.1:3000/cb":        false, "cursor://evil/cb": false, "javascript:alert(1)": false,
		"//evil.example/cb": false,
	} {
		r := s.get(s.query(client, "redirect_uri", redirect))
		if (r.status == http.StatusOK) != ok || r.to != nil || !ok && strings.Contains(r.body, "<a ") {
			t.Errorf("%s: got %d to %v, want accepted %t", redirect, r.status, r.to, ok)
		}
	}
}

// Nobody is sent anywhere before they have said so, also where a client that has
// registered itself asks in a wrong way.
func TestOpenRedirect(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, _ := s.register("", callback)
	for _, change := range [][]string{{"response_type", "token"}, {"scope", "openid"}, {"code_challenge", ""},
		{"resource", "https://other.example/mcp"}, {"state", strings.Repeat("s", maxState+1)}} {
		r := s.get(s.query(client, change...))
		if r.status != http.StatusBadRequest || r.to != nil || !strings.Contains(r.body, `<a href="`+callback) {
			t.Errorf("%s: got %d to %v, want a page with a link", change[0], r.status, r.to)
		}
	}
	for _, query := range []string{"", "?client_id=x", s.query(client) + "&client_id=x",
		s.query(client) + "&redirect_uri=x", "?%"} {
		r := s.get(AuthorizePath + strings.TrimPrefix(query, AuthorizePath))
		if r.status != http.StatusBadRequest || r.to != nil || strings.Contains(r.body, "<a ") {
			t.Errorf("%s: got %d to %v, want a page without a link", query, r.status, r.to)
		}
	}
}

// Each answer, also a denial, says which server it is from; a client that asked
// another one drops it.
func TestMixUp(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, _ := s.register("", callback+"?a=b")
	r := s.decide(s.ask(s.query(client, "redirect_uri", callback+"?a=b")), "", "", "deny")
	q := r.to.Query()
	if r.status != http.StatusSeeOther || q.Get("error") != "access_denied" || q.Get("iss") != s.Issuer ||
		q.Get("state") != "st&te" || q.Get("a") != "b" || q.Has("code") {
		t.Errorf("denied: %d to %s", r.status, r.to)
	}
}

// Tokens are for this server, whatever a client asks for.
func TestResourceOfAnotherServer(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, _ := s.register("", callback)
	for _, other := range []string{"https://other.example/mcp", s.Issuer, s.Resource() + "/",
		"https://MEET.example.com/mcp"} {
		if r := s.get(s.query(client, "resource", other)); r.status != http.StatusBadRequest {
			t.Errorf("authorize for %s: %d", other, r.status)
		}
		code := s.allow(s.query(client, "resource", ""))
		s.wantError("token for "+other, s.redeem(client, code, "resource", other), http.StatusBadRequest, "invalid_target")
	}
}

// A consent page counts in the browser that opened it, as it was made, and not for ever.
func TestCSRFOnConsent(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, _ := s.register("", callback)
	wantRefused := func(what, seal string) {
		t.Helper()
		for _, decision := range []string{"allow", "deny"} {
			if r := s.decide(seal, "ada", passcode, decision); r.status != http.StatusForbidden || r.to != nil {
				t.Errorf("%s: got %d to %v, want 403", what, r.status, r.to)
			}
		}
	}
	seal := s.ask(s.query(client))
	name := s.cookieName(consentCookie)
	mine := s.cookies[name]
	delete(s.cookies, name)
	wantRefused("no cookie", seal)
	s.cookies[name] = newSecret()
	wantRefused("the cookie of another", seal)
	s.cookies[name] = mine
	other := s.ask(s.query(client, "scope", "admin")) // in another browser
	s.cookies[name] = mine
	wantRefused("the page of another", other)
	body, mac, _ := strings.Cut(seal, ".")
	otherBody, _, _ := strings.Cut(other, ".")
	for _, forged := range []string{"", "x", body, body + ".", otherBody + "." + mac, body + "x." + mac} {
		wantRefused("a changed page", forged)
	}
	s.pass(consentLife)
	wantRefused("an old page", seal)
}

// A cookie that was planted before is worth nothing: each page has a new one.
func TestSessionFixation(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, _ := s.register("", callback)
	attackers := s.ask(s.query(client))
	planted := s.cookies[s.cookieName(consentCookie)]
	s.ask(s.query(client)) // the victim's browser has the planted cookie
	if s.cookies[s.cookieName(consentCookie)] == planted {
		t.Error("the planted cookie was kept")
	}
	if r := s.decide(attackers, "ada", passcode, "allow"); r.status != http.StatusForbidden {
		t.Errorf("the attacker's page in the victim's browser: got %d, want 403", r.status)
	}
	r := s.get(s.query(client))
	c := r.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(c, want) {
			t.Errorf("cookie %s: want %s", c, want)
		}
	}
}

// The page is in no frame, runs nothing, and shows what a client calls itself as text.
func TestClickjackingAndScripts(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const name = `<script>alert(1)</script>\u202e\n<b onclick=x>`
	r := s.do(http.MethodPost, RegisterPath, "application/json",
		`{"client_name": "`+name+`", "redirect_uris": ["http://127.0.0.1:7/cb"]}`)
	client := r.json(t)["client_id"].(string)
	for what, r := range map[string]reply{
		"consent": s.get(s.query(client, "redirect_uri", "http://127.0.0.1:7/cb")),
		"error":   s.get(s.query(client)), "sign-in": s.get(SignInPath),
	} {
		policy := r.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'",
			"form-action 'self'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %s: want %s", what, policy, want)
			}
		}
		if strings.Contains(policy, "script") || strings.Contains(r.body, "<script") || strings.Contains(r.body, "<b ") ||
			strings.Contains(r.body, "\u202e") || r.header.Get("X-Frame-Options") != "DENY" ||
			r.header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: got %v %s", what, r.header, r.body)
		}
	}
}

// One address registers so many clients in an hour and no more; what nobody used is
// gone after a day.
func TestRegistrationFlood(t *testing.T) {
	t.Parallel()
	s := setup(t)
	first, _ := s.register("", callback)
	used, got := s.signedIn()
	const body = `{"redirect_uris": ["` + callback + `"]}`
	for range maxOfAddress - 1 {
		if r := s.do(http.MethodPost, RegisterPath, "application/json", body); r.status != http.StatusCreated {
			t.Fatalf("register: %d %s", r.status, r.body)
		}
	}
	r := s.do(http.MethodPost, RegisterPath, "application/json", body)
	s.wantError("one too many", r, http.StatusTooManyRequests, "temporarily_unavailable")
	if r.header.Get("Retry-After") == "" {
		t.Error("want Retry-After")
	}
	s.address = "192.0.2.2"
	s.register("", callback)
	s.pass(unusedLife)
	if err := s.db.Forget(t.Context(), time.Time{}, s.clock(), 1000); err != nil {
		t.Fatal(err)
	}
	if r := s.get(s.query(first)); r.status != http.StatusBadRequest {
		t.Errorf("a client that nobody used for a day: got %d, want it unknown", r.status)
	}
	s.wantTokens(s.refresh(used, got.refresh))
}

func TestRegistrationsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := setup(t)
	many := strings.Repeat(`"`+callback+`",`, maxRedirects+1)
	for body, code := range map[string]string{
		``: "invalid_client_metadata", `[]`: "invalid_client_metadata", `{"redirect_uris": "x"}`: "invalid_client_metadata",
		`{}`: "invalid_redirect_uri", `{"redirect_uris": []}`: "invalid_redirect_uri",
		`{"redirect_uris": [` + strings.TrimSuffix(many, ",") + `]}`:              "invalid_redirect_uri",
		`{"redirect_uris": ["http://agent.example/cb"]}`:                          "invalid_redirect_uri",
		`{"redirect_uris": ["javascript:alert(1)"]}`:                              "invalid_redirect_uri",
		`{"redirect_uris": ["data:text/html,x"]}`:                                 "invalid_redirect_uri",
		`{"redirect_uris": ["file:///etc/passwd"]}`:                               "invalid_redirect_uri",
		`{"redirect_uris": ["https://a.example/#x"]}`:                             "invalid_redirect_uri",
		`{"redirect_uris": ["https://u:p@a.example/"]}`:                           "invalid_redirect_uri",
		`{"redirect_uris": ["https://a.example/\n"]}`:                             "invalid_redirect_uri",
		`{"redirect_uris": ["/cb"]}`:                                              "invalid_redirect_uri",
		`{"redirect_uris": ["https://a.ex/"], "grant_types": ["implicit"]}`:       "invalid_client_metadata",
		`{"redirect_uris": ["https://a.ex/"], "response_types": ["token"]}`:       "invalid_client_metadata",
		`{"redirect_uris": ["https://a.ex/"], "token_endpoint_auth_method": "x"}`: "invalid_client_metadata",
	} {
		s.wantError(body, s.do(http.MethodPost, RegisterPath, "application/json", body), http.StatusBadRequest, code)
	}
}

// Who guesses passcodes is told nothing but to wait.
func TestGuessingOfPasscodes(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, _ := s.register("", callback)
	seal := s.ask(s.query(client))
	unknown, wrong := s.decide(seal, "nobody", "x", "allow"), s.decide(seal, "ada", "x", "allow")
	if unknown.status != http.StatusUnauthorized || unknown.to != nil ||
		strings.Replace(unknown.body, "nobody", "ada", 1) != wrong.body || wrong.status != unknown.status {
		t.Errorf("an unknown user and a wrong passcode: got %d %s, and %d %s", unknown.status, unknown.body,
			wrong.status, wrong.body)
	}
	if r := s.decide(seal, "flood", "x", "allow"); r.status != http.StatusTooManyRequests ||
		r.header.Get("Retry-After") != "7" {
		t.Errorf("one guess too many: got %d, %v", r.status, r.header)
	}
	if r := s.decide(seal, "ada", passcode, "allow"); r.status != http.StatusSeeOther {
		t.Errorf("the right one after that: got %d", r.status)
	}
}

// Neither codes nor tokens nor passcodes come into the log, nor into the database.
func TestSecretsInTheLog(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, secret := s.register(authPost, callback)
	seal := s.ask(s.query(client))
	s.decide(seal, "ada", "wrong "+passcode, "allow")
	code := s.decide(seal, "ada", passcode, "allow").to.Query().Get("code")
	got := s.wantTokens(s.redeem(client, code, "client_secret", secret))
	r := s.post(TokenPath, url.Values{"grant_type": {grantRefresh}, "refresh_token": {got.refresh}, "client_id": {client},
		"client_secret": {secret}})
	next := s.wantTokens(r)
	s.redeem(client, code, "client_secret", secret)
	if !strings.Contains(s.log.String(), "used twice") {
		t.Errorf("the log does not tell that a code was used twice: %s", s.log)
	}
	for what, text := range map[string]string{"secret": secret, "passcode": passcode, "code": code, "access": got.access,
		"refresh": got.refresh, "next": next.refresh, "grant": strings.Split(code, ".")[0]} {
		if strings.Contains(s.log.String(), text) {
			t.Errorf("the log has the %s", what)
		}
	}
}

// A parameter that is there twice means nothing, and only a form is read.
func TestTokenRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, _ := s.register("", callback)
	form := "client_id=" + client + "&grant_type="
	const kind = "application/x-www-form-urlencoded"
	s.wantError("JSON", s.do("POST", TokenPath, "application/json", `{}`), http.StatusBadRequest, "invalid_request")
	s.wantError("twice", s.do("POST", TokenPath, kind, form+"password&grant_type=password"), http.StatusBadRequest,
		"invalid_request")
	s.wantError("password", s.do("POST", TokenPath, kind, form+"password&username=ada&password=x"), http.StatusBadRequest,
		"unsupported_grant_type")
	s.wantError("no code", s.do("POST", TokenPath, kind, form+grantCode), http.StatusBadRequest, "invalid_grant")
	s.wantError("a bad form", s.do("POST", TokenPath, kind, "%"), http.StatusBadRequest, "invalid_request")
}
