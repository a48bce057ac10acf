package web_test

import (
	"net/http"
	"strings"
	"testing"

	"roomkey/meet/meettest"
	"roomkey/web"
)

func TestOrigins(t *testing.T) {
	t.Parallel()
	s := setup(t) // public URL https://meet.example.com, allowed origin https://app.example.com
	good := bearer(s.token(t, meettest.Ada))
	own := strings.TrimPrefix(s.url, "http://")
	port := own[strings.LastIndexByte(own, ':'):]

	for name, edits := range map[string][]edit{
		"no page":               {},
		"own by Host":           {origins("http://" + own)},
		"own by Host, TLS":      {origins("https://" + own)},
		"own, upper case":       {origins("HTTP://LOCALHOST" + port), host("localhost" + port)},
		"own, IPv6":             {origins("http://[::1]" + port), host("[::1]" + port)},
		"own by public URL":     {origins("https://meet.example.com")},
		"own, behind a proxy":   {origins("https://meet.example.com"), host("meet.example.com")},
		"allowed":               {origins("https://app.example.com")},
		"allowed, in capitals":  {origins("https://APP.example.com")},
		"allowed, other host":   {origins("https://app.example.com"), host("meet.example.com")},
		"allowed host's own":    {origins("http://other.example.com:81"), host("other.example.com:81")},
		"public URL in capital": {origins("HTTPS://MEET.EXAMPLE.COM")},
	} {
		s.do(t, "POST", "/mcp", "{}", append(edits, good)...).ok(t, name)
		s.do(t, "POST", "/v2/token", "{}", edits...).refused(t, name+", no code", 400)
	}

	foreign := strings.Fields(strings.NewReplacer("OWN", own, "PORT", port).Replace(`null NULL * http://evil.com
		https://evil.comPORT file:// evil.com OWN http://OWN.evil.com http://127.0.0.1.evil.com http://evil.com.OWN
		http://xOWN http://OWN0 http://OWN@evil.com http://evil.com@OWN http://OWN/ http://OWN/x http://evil.com/OWN
		http://OWN?evil.com http://OWN#evil.com http://evil.com#OWN http://evil.com?http://OWN http://127.0.0.1
		http://127.0.0.1:1 http://localhostPORT http://[::1]PORT ws://OWN ftp://OWN //OWN http:OWN http:///OWN
		javascript://OWN chrome-extension://OWN http://meet.example.com https://meet.example.com:8443
		https://meet.example.com.evil.com https://evil-meet.example.com https://example.com http://app.example.com
		https://app.example.com:444 https://app.example.com.evil.com https://xapp.example.com https://app.example.com/`))
	foreign = append(foreign, "", "http://"+own+", http://evil.com", "http://"+own+" http://evil.com", " http://"+own+" x")
	lists := [][]string{{"http://" + own, "http://" + own}, {"http://" + own, "http://evil.com"},
		{"http://evil.com", "http://" + own}, {"https://app.example.com", "null"}}
	for _, origin := range foreign {
		lists = append(lists, []string{origin})
	}
	for _, values := range lists {
		for path, edits := range map[string][]edit{"/mcp": {origins(values...), good}, "/v2/token": {origins(values...)}} {
			name := path + ", Origin " + strings.Join(values, " and ")
			r := s.do(t, "POST", path, "{}", edits...)
			r.refused(t, name, 403)
			if got := r.header.Get("Access-Control-Allow-Origin"); got != "" && len(values) == 1 {
				t.Errorf("%s: Access-Control-Allow-Origin %q, want none", name, got)
			}
		}
	}
}

// Without a public URL only the Host says what is our own.
func TestOriginsWithoutAPublicURL(t *testing.T) {
	t.Parallel()
	s := setup(t, func(c *web.Config) { c.PublicURL = nil })
	good := bearer(s.token(t, meettest.Ada))
	s.do(t, "POST", "/mcp", "{}", origins(s.url), good).ok(t, "own by Host")
	for _, origin := range []string{"https://meet.example.com", "://", "http://", "https://", "null"} {
		s.do(t, "POST", "/mcp", "{}", origins(origin), good).refused(t, origin, 403)
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const allowed = "https://app.example.com"
	asking := header("Access-Control-Request-Method", "POST")
	for _, path := range []string{"/mcp", "/v2/token"} {
		r := s.do(t, "OPTIONS", path, "", origins(allowed), asking,
			header("Access-Control-Request-Headers", "authorization,content-type"))
		if r.status != http.StatusNoContent || r.body != "" {
			t.Errorf("%s: status %d, body %q, want 204 and none", path, r.status, r.body)
		}
		r.has(t, path, map[string]string{"Access-Control-Allow-Origin": allowed, "Access-Control-Allow-Methods": "POST",
			"Vary": "Origin", "Access-Control-Allow-Credentials": ""})
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
			r.refused(t, path+", "+name, 405)
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
		r.has(t, name, map[string]string{"Access-Control-Allow-Origin": allowed, "Vary": "Origin"})
		if exposed := r.header.Get("Access-Control-Expose-Headers"); !strings.Contains(exposed, "Retry-After") {
			t.Errorf("%s: exposed are %q, want Retry-After among them", name, exposed)
		}
	}
	r := s.do(t, "POST", "/mcp", "{}", origins(s.url), good)
	r.has(t, "own page", map[string]string{"Access-Control-Allow-Origin": ""})
}
