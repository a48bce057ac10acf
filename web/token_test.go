package web_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"roomkey/auth"
	"roomkey/livekit/livekittest"
	"roomkey/meet/meettest"
)

// unauthenticated checks a 401 and that it does not repeat the token.
func (r reply) unauthenticated(t *testing.T, name, token string) {
	t.Helper()
	r.refused(t, name, 401)
	if got := r.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
		t.Errorf("%s: WWW-Authenticate is %q, want Bearer", name, got)
	}
	if len(token) > 20 && strings.Contains(r.body, token[:20]) {
		t.Errorf("%s: the answer holds the token: %s", name, r.body)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := setup(t)
	good := s.token(t, meettest.Ada)
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER ", "Bearer   "} {
		s.do(t, "POST", "/mcp", "{}", header("Authorization", scheme+good)).ok(t, scheme)
	}

	other, err := auth.NewAuthority([]byte(strings.Repeat("o", auth.MinSecret)), s.Clock.Now)
	must(t, err)
	foreign, err := other.Sign(meettest.Root, time.Hour)
	must(t, err)
	join := s.join(t, livekittest.APIKey, livekittest.APISecret, "any")
	basic := base64.StdEncoding.EncodeToString([]byte("ada:" + good))
	for name, value := range map[string]string{
		"empty": "", "scheme alone": "Bearer", "scheme and space": "Bearer ", "no scheme": good, "Basic": "Basic " + basic,
		"token as Basic": "Basic " + good, "other scheme": "Token " + good, "tab": "Bearer\t" + good,
		"no space": "Bearer" + good, "bad": "Bearer bad", "two": "Bearer " + good + " " + good,
		"list": "Bearer " + good + ", Bearer " + good, "quoted": `Bearer "` + good + `"`,
		"cut": "Bearer " + good[:len(good)-1], "changed": "Bearer " + strings.Replace(good, ".", ".e", 1),
		"foreign": "Bearer " + foreign, "LiveKit's": "Bearer " + join, "long": "Bearer " + strings.Repeat("a", 10000),
	} {
		r := s.do(t, "POST", "/mcp", "{}", header("Authorization", value))
		r.unauthenticated(t, name, strings.TrimPrefix(value, "Bearer "))
	}
	s.do(t, "POST", "/mcp", "{}").unauthenticated(t, "none", "")
	for name, e := range map[string]edit{
		"cookie":            header("Cookie", "access_token="+good),
		"X-Api-Key":         header("X-Api-Key", good),
		"proxy's":           header("Proxy-Authorization", "Bearer "+good),
		"as the user":       func(r *http.Request) { r.SetBasicAuth(good, "") },
		"trailing the body": func(r *http.Request) { r.Trailer = http.Header{"Authorization": {"Bearer " + good}} },
	} {
		s.do(t, "POST", "/mcp", "{}", e).unauthenticated(t, name, good)
	}

	s.Clock.Advance(time.Hour)
	s.do(t, "POST", "/mcp", "{}", bearer(good)).unauthenticated(t, "expired, though it was good before", good)
}

// A token in the URL is refused even beside a good header, so that somebody
// notices before the log is read by others.
func TestTokensInTheURL(t *testing.T) {
	t.Parallel()
	s := setup(t)
	good := s.token(t, meettest.Ada)
	for _, query := range []string{
		"access_token=TOKEN", "token=TOKEN", "Authorization=Bearer%20TOKEN", "bearer=TOKEN", "jwt=TOKEN", "api_key=TOKEN",
		"ACCESS_TOKEN=TOKEN", "Token=x", "access_token=", "access_token", "%74oken=x", "a=b&token=x", "a=b;token=x",
		"a=%zz&token=x", "auth=TOKEN", "key=TOKEN", "q=TOKEN", "q=Bearer+TOKEN", "q=%20TOKEN", "q=%65yJ" + good[3:],
		"a;b=TOKEN", "a=%zz&q=TOKEN", "TOKEN", "TOKEN=1", "a=b&TOKEN", "a[token]=TOKEN", "redirect=https://x/?t=TOKEN",
	} {
		name := query
		query = strings.ReplaceAll(query, "TOKEN", good)
		s.do(t, "POST", "/mcp?"+query, "{}", bearer(good)).unauthenticated(t, name+" beside a good header", good)
		s.do(t, "POST", "/mcp?"+query, "{}").unauthenticated(t, name+" alone", good)
	}
	for _, query := range []string{"", "a=b", "tokens=3", "session=eyes", "q=token"} {
		if r := s.do(t, "POST", "/mcp?"+query, "{}", bearer(good)); r.status != http.StatusOK {
			t.Errorf("query %q: status %d, want 200", query, r.status)
		}
	}
}

// What needs no token does not look at one.
func TestOpenPaths(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{"/", "/healthz", "/readyz", "/version", "/metrics", "/join/wpi-srjb-wer", "/m/daily"} {
		for _, e := range []edit{func(*http.Request) {}, bearer("bad")} {
			if r := s.do(t, "GET", path, "", e); r.status != http.StatusOK {
				t.Errorf("GET %s: status %d, want 200", path, r.status)
			}
		}
	}
}
