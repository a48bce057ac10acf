package signin

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"roomkey/meet"
)

const joinPage = "/join/wpi-srjb-wer"

// pageSignIn sends a browser from a join page to a provider.
func (b *browser) pageSignIn(issuer, to string) reply {
	b.s.t.Helper()
	return b.open(b.s.Issuer + PageSignInPath + "?" + url.Values{"way": {issuer}, "to": {to}}.Encode())
}

// withCookie is a request of a browser that has a cookie of somebody who has signed in.
func (s *testServer) withCookie(value string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/v2/token", nil)
	r.AddCookie(&http.Cookie{Name: s.cookieName(personCookie), Value: value})
	return r
}

// personIn gives the cookie that an answer sets.
func (s *testServer) personIn(r reply) *http.Cookie {
	s.t.Helper()
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Name == s.cookieName(personCookie) {
			return c
		}
	}
	s.t.Fatalf("%d %v: there is no cookie of a person", r.status, r.header)
	return nil
}

// Somebody on a join page signs in, comes back to it, and is known there for some hours,
// until they sign out or are disabled.
func TestSignInOnTheJoinPage(t *testing.T) {
	t.Parallel()
	s, real, _ := withProviders(t, exampleDomain)
	ada := s.browser()
	back := ada.open(real.SignIn(t, ada.Client, ada.pageSignIn(real.URL, joinPage).to.String(), "ada"))
	if back.status != http.StatusSeeOther || back.to.String() != s.Issuer+joinPage {
		t.Fatalf("back: %d to %v", back.status, back.to)
	}
	cookie := s.personIn(back)
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge != int(personLife/time.Second) ||
		cookie.Path != "/" {
		t.Errorf("the cookie is %+v", cookie)
	}
	p, ok := s.Person(s.withCookie(cookie.Value))
	if !ok || p.Name != "Ada Lovelace" || p.ID != meet.ForeignSubject(real.URL, "id-of-ada") {
		t.Errorf("who has signed in: %+v, %t", p, ok)
	}
	body, mac, _ := strings.Cut(cookie.Value, ".")
	consent := s.sign(consentPurpose, person{Proved: proved{Subject: p.ID}, Until: time.Now().Add(time.Hour).Unix()})
	for _, forged := range []string{"", "x", body, body + "x." + mac, consent} {
		if p, ok := s.Person(s.withCookie(forged)); ok {
			t.Errorf("the cookie %s counts for %+v", forged, p)
		}
	}
	s.Now = func() time.Time { return time.Now().Add(personLife) }
	if _, ok := s.Person(s.withCookie(cookie.Value)); ok {
		t.Error("the cookie counts after its time")
	}
	s.Now = time.Now
	s.disable(p.ID)
	if _, ok := s.Person(s.withCookie(cookie.Value)); ok {
		t.Error("the cookie of a disabled user counts")
	}
	w := httptest.NewRecorder()
	if err := s.SignOut(w, s.withCookie(cookie.Value)); err != nil ||
		!strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("sign out: %v, %v", err, w.Header())
	}
}

// From signing in people come back to a join page of this server and to nowhere else.
func TestOpenRedirectOfTheJoinPage(t *testing.T) {
	t.Parallel()
	s, real, hostile := withProviders(t, exampleDomain)
	b := s.browser()
	for _, to := range []string{"", "/", "https://evil.example/", "//evil.example/join/x", "/join/..", "/join/../console",
		"/join/x/../../y", "/m/", "/join/a b", "/join/x?y", "/join/x#y", "/\\evil.example", "/join/%2e%2e", "/oauth/page"} {
		if r := b.pageSignIn(real.URL, to); r.status != http.StatusBadRequest || r.to != nil {
			t.Errorf("%q: got %d to %v, want it refused", to, r.status, r.to)
		}
	}
	if r := b.pageSignIn("https://evil.example", joinPage); r.status != http.StatusBadRequest || r.to != nil {
		t.Errorf("another provider: got %d to %v", r.status, r.to)
	}
	for _, to := range []string{joinPage, joinPage + "/", "/m/team-daily"} {
		if r := b.pageSignIn(real.URL, to); r.status != http.StatusSeeOther {
			t.Errorf("%s: got %d, want to be sent on", to, r.status)
		}
	}
	to := b.pageSignIn(hostile.url, joinPage).to
	r := b.open(hostile.back(to, "&error=access_denied"))
	holdRefused(t, "an error", r, `it says access_denied`)
	if !strings.Contains(r.body, `<a href="`+joinPage+`"`) || r.header.Get("Set-Cookie") == "" {
		t.Errorf("an error: got %s, want a link to the room", r.body)
	}
	hostile.set(func() { hostile.down = true })
	s.Server = New(s.Config)
	s.serve()
	holdRefused(t, "down", b.pageSignIn(hostile.url, joinPage), "Hostile does not answer as it should")
}
