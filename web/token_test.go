package web_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/auth"
	. "roomkey/web/webtest"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	var expired atomic.Bool
	s := setupAt(t, func() time.Time {
		if expired.Load() {
			return time.Now().Add(time.Hour)
		}
		return time.Now()
	})
	good := s.Token(t, ada)
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER ", "Bearer   "} {
		s.Do(t, "POST", "/mcp", "{}", Header("Authorization", scheme+good)).OK(t, scheme)
	}

	other, err := auth.NewAuthority([]byte(strings.Repeat("o", auth.MinSecret)), nil)
	Must(t, err)
	foreign, err := other.Sign(ada, time.Hour)
	Must(t, err)
	basic := base64.StdEncoding.EncodeToString([]byte("ada:" + good))
	for name, value := range map[string]string{
		"empty": "", "scheme alone": "Bearer", "scheme and space": "Bearer ", "no scheme": good, "Basic": "Basic " + basic,
		"token as Basic": "Basic " + good, "other scheme": "Token " + good, "tab": "Bearer\t" + good,
		"no space": "Bearer" + good, "bad": "Bearer bad", "two": "Bearer " + good + " " + good,
		"list": "Bearer " + good + ", Bearer " + good, "quoted": `Bearer "` + good + `"`,
		"cut": "Bearer " + good[:len(good)-1], "changed": "Bearer " + strings.Replace(good, ".", ".e", 1),
		"foreign": "Bearer " + foreign, "long": "Bearer " + strings.Repeat("a", 10000),
	} {
		r := s.Do(t, "POST", "/mcp", "{}", Header("Authorization", value))
		r.Unauthenticated(t, name, strings.TrimPrefix(value, "Bearer "))
	}
	s.Do(t, "POST", "/mcp", "{}").Unauthenticated(t, "none", "")
	for name, e := range map[string]Edit{
		"cookie":            Header("Cookie", "access_token="+good),
		"X-Api-Key":         Header("X-Api-Key", good),
		"proxy's":           Header("Proxy-Authorization", "Bearer "+good),
		"as the user":       func(r *http.Request) { r.SetBasicAuth(good, "") },
		"trailing the body": func(r *http.Request) { r.Trailer = http.Header{"Authorization": {"Bearer " + good}} },
	} {
		s.Do(t, "POST", "/mcp", "{}", e).Unauthenticated(t, name, good)
	}

	expired.Store(true)
	s.Do(t, "POST", "/mcp", "{}", Bearer(good)).Unauthenticated(t, "expired, though it was good before", good)
}

// A token in the URL is refused even beside a good header, so that somebody
// notices before the log is read by others.
func TestTokensInTheURL(t *testing.T) {
	t.Parallel()
	s := setup(t)
	good := s.Token(t, ada)
	for _, query := range []string{
		"access_token=TOKEN", "token=TOKEN", "Authorization=Bearer%20TOKEN", "bearer=TOKEN", "jwt=TOKEN", "api_key=TOKEN",
		"ACCESS_TOKEN=TOKEN", "Token=x", "access_token=", "access_token", "%74oken=x", "a=b&token=x", "a=b;token=x",
		"a=%zz&token=x", "auth=TOKEN", "key=TOKEN", "q=TOKEN", "q=Bearer+TOKEN", "q=%20TOKEN", "q=%65yJ" + good[3:],
		"a;b=TOKEN", "a=%zz&q=TOKEN", "TOKEN", "TOKEN=1", "a=b&TOKEN", "a[token]=TOKEN", "redirect=https://x/?t=TOKEN",
	} {
		name := query
		query = strings.ReplaceAll(query, "TOKEN", good)
		s.Do(t, "POST", "/mcp?"+query, "{}", Bearer(good)).Unauthenticated(t, name+" beside a good header", good)
		s.Do(t, "POST", "/mcp?"+query, "{}").Unauthenticated(t, name+" alone", good)
	}
	for _, query := range []string{"", "a=b", "tokens=3", "session=eyes", "q=token"} {
		if r := s.Do(t, "POST", "/mcp?"+query, "{}", Bearer(good)); r.Status != http.StatusOK {
			t.Errorf("query %q: status %d, want 200", query, r.Status)
		}
	}
}

// What needs no token does not look at one.
func TestOpenPaths(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{"/", "/healthz", "/version", "/metrics", "/join/wpi-srjb-wer", "/m/daily"} {
		for _, e := range []Edit{func(*http.Request) {}, Bearer("bad")} {
			if r := s.Do(t, "GET", path, "", e); r.Status != http.StatusOK {
				t.Errorf("GET %s: status %d, want 200", path, r.Status)
			}
		}
	}
}
