package web_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	lkauth "github.com/livekit/protocol/auth"

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
	for name, value := range map[string]string{"Bearer": "Bearer " + good, "lower case": "bearer " + good, "capitals": "BEARER " + good, "spaces": "Bearer   " + good} {
		s.do(t, "POST", "/mcp", "{}", header("Authorization", value)).ok(t, name)
	}

	other, err := auth.NewAuthority([]byte(strings.Repeat("o", auth.MinSecret)), s.Clock.Now)
	must(t, err)
	foreign, err := other.Sign(meettest.Root, time.Hour)
	must(t, err)
	join, err := lkauth.NewAccessToken(livekittest.APIKey, livekittest.APISecret).SetIdentity("ada").SetValidFor(time.Hour).ToJWT()
	must(t, err)
	basic := base64.StdEncoding.EncodeToString([]byte("ada:" + good))
	for name, value := range map[string]string{
		"empty": "", "scheme alone": "Bearer", "scheme and space": "Bearer ", "no scheme": good, "Basic": "Basic " + basic, "token as Basic": "Basic " + good,
		"other scheme": "Token " + good, "tab": "Bearer\t" + good, "no space": "Bearer" + good, "bad": "Bearer bad", "two": "Bearer " + good + " " + good, "list": "Bearer " + good + ", Bearer " + good,
		"quoted": `Bearer "` + good + `"`, "cut": "Bearer " + good[:len(good)-1], "changed": "Bearer " + strings.Replace(good, ".", ".e", 1),
		"foreign": "Bearer " + foreign, "LiveKit's": "Bearer " + join, "long": "Bearer " + strings.Repeat("a", 10000),
	} {
		s.do(t, "POST", "/mcp", "{}", header("Authorization", value)).unauthenticated(t, name, strings.TrimPrefix(value, "Bearer "))
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
		"access_token=" + good, "token=" + good, "Authorization=Bearer%20" + good, "bearer=" + good, "jwt=" + good, "api_key=" + good,
		"ACCESS_TOKEN=" + good, "Token=x", "access_token=", "access_token", "%74oken=x", "a=b&token=x", "a=b;token=x", "a=%zz&token=x",
		"auth=" + good, "key=" + good, "q=" + good, "q=Bearer+" + good, "q=%20" + good, "q=%65yJ" + good[3:], "a;b=" + good, "a=%zz&q=" + good,
		good, good + "=1", "a=b&" + good, "a[token]=" + good, "redirect=https://x/?t=" + good,
	} {
		name := strings.ReplaceAll(query, good, "TOKEN")
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
