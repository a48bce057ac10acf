package web_test

import (
	"net/http"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/web"
)

func TestOrigins(t *testing.T) {
	t.Parallel()
	s := setup(t) // public URL https://meet.example.com, allowed origin https://app.example.com
	good := bearer(s.token(t, meettest.Ada))
	own := strings.TrimPrefix(s.url, "http://")
	port := own[strings.LastIndexByte(own, ':'):]
	none := func(*http.Request) {}

	for name, edits := range map[string][]edit{
		"no page":               {none, none},
		"own by Host":           {origins("http://" + own), none},
		"own by Host, TLS":      {origins("https://" + own), none},
		"own, upper case":       {origins("HTTP://LOCALHOST" + port), host("localhost" + port)},
		"own, IPv6":             {origins("http://[::1]" + port), host("[::1]" + port)},
		"own by public URL":     {origins("https://meet.example.com"), none},
		"own, behind a proxy":   {origins("https://meet.example.com"), host("meet.example.com")},
		"allowed":               {origins("https://app.example.com"), none},
		"allowed, in capitals":  {origins("https://APP.example.com"), none},
		"allowed, other host":   {origins("https://app.example.com"), host("meet.example.com")},
		"allowed host's own":    {origins("http://other.example.com:81"), host("other.example.com:81")},
		"public URL in capital": {origins("HTTPS://MEET.EXAMPLE.COM"), none},
	} {
		if r := s.do(t, "POST", "/mcp", "{}", append(edits, good)...); r.status != http.StatusOK {
			t.Errorf("%s: status %d, want 200", name, r.status)
		}
		if r := s.do(t, "POST", "/v2/token", "{}", edits...); r.status != http.StatusBadRequest {
			t.Errorf("%s: exchange status %d, want 400 for its empty body", name, r.status)
		}
	}

	for _, values := range [][]string{
		{""}, {"null"}, {"NULL"}, {"*"}, {"http://evil.com"}, {"https://evil.com" + port}, {"file://"}, {"evil.com"}, {own},
		{"http://" + own, "http://" + own}, {"http://" + own, "http://evil.com"}, {"http://evil.com", "http://" + own}, {"https://app.example.com", "null"},
		{"http://" + own + ", http://evil.com"}, {"http://" + own + " http://evil.com"}, {" http://" + own + " x"},
		{"http://" + own + ".evil.com"}, {"http://127.0.0.1.evil.com"}, {"http://evil.com." + own}, {"http://x" + own}, {"http://" + own + "0"},
		{"http://" + own + "@evil.com"}, {"http://evil.com@" + own}, {"http://" + own + "/"}, {"http://" + own + "/x"}, {"http://evil.com/" + own},
		{"http://" + own + "?evil.com"}, {"http://" + own + "#evil.com"}, {"http://evil.com#" + own}, {"http://evil.com?http://" + own},
		{"http://127.0.0.1"}, {"http://127.0.0.1:1"}, {"http://localhost" + port}, {"http://[::1]" + port}, {"ws://" + own}, {"ftp://" + own}, {"//" + own},
		{"http:" + own}, {"http:///" + own}, {"javascript://" + own}, {"chrome-extension://" + own},
		{"http://meet.example.com"}, {"https://meet.example.com:8443"}, {"https://meet.example.com.evil.com"}, {"https://evil-meet.example.com"}, {"https://example.com"},
		{"http://app.example.com"}, {"https://app.example.com:444"}, {"https://app.example.com.evil.com"}, {"https://xapp.example.com"}, {"https://app.example.com/"},
	} {
		name := "Origin " + strings.Join(values, " and ")
		for path, edits := range map[string][]edit{"/mcp": {origins(values...), good}, "/v2/token": {origins(values...)}} {
			r := s.do(t, "POST", path, "{}", edits...)
			r.refusedAt(t, path, path+", "+name, http.StatusForbidden, meet.CodeForbidden)
			if got := r.header.Get("Access-Control-Allow-Origin"); got != "" && len(values) == 1 {
				t.Errorf("%s, %s: Access-Control-Allow-Origin %q, want none", path, name, got)
			}
		}
	}
}

// Without a public URL only the Host says what is our own.
func TestOriginsWithoutAPublicURL(t *testing.T) {
	t.Parallel()
	s := setup(t, func(c *web.Config) { c.PublicURL = nil })
	good := bearer(s.token(t, meettest.Ada))
	if r := s.do(t, "POST", "/mcp", "{}", origins(s.url), good); r.status != http.StatusOK {
		t.Errorf("own by Host: status %d, want 200", r.status)
	}
	for _, origin := range []string{"https://meet.example.com", "://", "http://", "https://", "null"} {
		s.do(t, "POST", "/mcp", "{}", origins(origin), good).refused(t, origin, http.StatusForbidden, meet.CodeForbidden)
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const allowed = "https://app.example.com"
	asking := header("Access-Control-Request-Method", "POST")
	for _, path := range []string{"/mcp", "/v2/token"} {
		r := s.do(t, "OPTIONS", path, "", origins(allowed), asking, header("Access-Control-Request-Headers", "authorization,content-type"))
		if r.status != http.StatusNoContent || r.body != "" {
			t.Errorf("%s: status %d, body %q, want 204 and none", path, r.status, r.body)
		}
		for name, want := range map[string]string{"Access-Control-Allow-Origin": allowed, "Access-Control-Allow-Methods": "POST", "Vary": "Origin",
			"Access-Control-Allow-Credentials": ""} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		for _, want := range []string{"Authorization", "Content-Type", "Mcp-Protocol-Version"} {
			if got := r.header.Get("Access-Control-Allow-Headers"); !strings.Contains(got, want) {
				t.Errorf("%s: Access-Control-Allow-Headers is %q, want %s in it", path, got, want)
			}
		}
		for name, edits := range map[string][]edit{
			"foreign page":      {origins("https://evil.com"), asking},
			"null":              {origins("null"), asking},
			"no page":           {asking},
			"own page":          {origins(s.url), asking}, // needs none
			"two pages":         {origins(allowed, "https://evil.com"), asking},
			"foreign host":      {origins(allowed), asking, host("evil.com")},
			"not asking at all": {origins(allowed)},
		} {
			r := s.do(t, "OPTIONS", path, "", edits...)
			r.refusedAt(t, path, path+", "+name, http.StatusMethodNotAllowed, meet.CodeInvalid)
			if got := r.header.Get("Access-Control-Allow-Origin"); got != "" && name != "not asking at all" {
				t.Errorf("%s, %s: Access-Control-Allow-Origin %q, want none", path, name, got)
			}
		}
	}
}

// A page on the allow-list reads every answer to it, refusals too.
func TestAllowedPagesReadAnswers(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const allowed = "https://app.example.com"
	good := bearer(s.token(t, meettest.Ada))
	for name, r := range map[string]reply{
		"200": s.do(t, "POST", "/mcp", "{}", origins(allowed), good),
		"401": s.do(t, "POST", "/mcp", "{}", origins(allowed)),
		"400": s.do(t, "POST", "/v2/token", "{}", origins(allowed)),
		"405": s.do(t, "GET", "/v2/token", "", origins(allowed)),
		"413": s.do(t, "POST", "/v2/token", strings.Repeat(" ", 300<<10), origins(allowed)),
	} {
		got, vary, seen := r.header.Get("Access-Control-Allow-Origin"), r.header.Get("Vary"), r.header.Get("Access-Control-Expose-Headers")
		if got != allowed || vary != "Origin" || !strings.Contains(seen, "Retry-After") {
			t.Errorf("%s: allowed origin %q, vary %q, exposed %q, want %q, Origin, Retry-After among them", name, got, vary, seen, allowed)
		}
	}
	if r := s.do(t, "POST", "/mcp", "{}", origins(s.url), good); r.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("an own page was given CORS headers, want none")
	}
}
