package web_test

import (
	"net/http"
	"strings"
	"testing"

	"roomkey/web"
	. "roomkey/web/webtest"
)

func TestOrigins(t *testing.T) {
	t.Parallel()
	s := setup(t) // public URL https://meet.example.com, allowed origin https://app.example.com
	good := Bearer(s.Token(t, ada))
	own := strings.TrimPrefix(s.Origin, "http://")
	port := own[strings.LastIndexByte(own, ':'):]

	for name, edits := range map[string][]Edit{
		"no page":               {},
		"own by Host":           {Origins("http://" + own)},
		"own by Host, TLS":      {Origins("https://" + own)},
		"own, upper case":       {Origins("HTTP://LOCALHOST" + port), Host("localhost" + port)},
		"own, IPv6":             {Origins("http://[::1]" + port), Host("[::1]" + port)},
		"own by public URL":     {Origins("https://meet.example.com")},
		"own, behind a proxy":   {Origins("https://meet.example.com"), Host("meet.example.com")},
		"allowed":               {Origins("https://app.example.com")},
		"allowed, in capitals":  {Origins("https://APP.example.com")},
		"allowed, other host":   {Origins("https://app.example.com"), Host("meet.example.com")},
		"allowed host's own":    {Origins("http://other.example.com:81"), Host("other.example.com:81")},
		"public URL in capital": {Origins("HTTPS://MEET.EXAMPLE.COM")},
	} {
		s.Do(t, "POST", "/mcp", "{}", append(edits, good)...).OK(t, name)
		s.Do(t, "POST", "/v2/token", "{}", edits...).Refused(t, name+", no code", 400)
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
		for path, edits := range map[string][]Edit{"/mcp": {Origins(values...), good}, "/v2/token": {Origins(values...)}} {
			name := path + ", Origin " + strings.Join(values, " and ")
			r := s.Do(t, "POST", path, "{}", edits...)
			r.Refused(t, name, 403)
			if got := r.Header.Get("Access-Control-Allow-Origin"); got != "" && len(values) == 1 {
				t.Errorf("%s: Access-Control-Allow-Origin %q, want none", name, got)
			}
		}
	}
}

// Without a public URL only the Host says what is our own.
func TestOriginsWithoutAPublicURL(t *testing.T) {
	t.Parallel()
	s := setup(t, func(c *web.Config) { c.PublicURL = nil })
	good := Bearer(s.Token(t, ada))
	s.Do(t, "POST", "/mcp", "{}", Origins(s.Origin), good).OK(t, "own by Host")
	for _, origin := range []string{"https://meet.example.com", "://", "http://", "https://", "null"} {
		s.Do(t, "POST", "/mcp", "{}", Origins(origin), good).Refused(t, origin, 403)
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const allowed = "https://app.example.com"
	asking := Header("Access-Control-Request-Method", "POST")
	for _, path := range []string{"/mcp", "/v2/token"} {
		r := s.Do(t, "OPTIONS", path, "", Origins(allowed), asking,
			Header("Access-Control-Request-Headers", "authorization,content-type"))
		if r.Status != http.StatusNoContent || r.Body != "" {
			t.Errorf("%s: status %d, body %q, want 204 and none", path, r.Status, r.Body)
		}
		r.Has(t, path, map[string]string{"Access-Control-Allow-Origin": allowed, "Access-Control-Allow-Methods": "POST",
			"Vary": "Origin", "Access-Control-Allow-Credentials": ""})
		for _, want := range []string{"Authorization", "Content-Type", "Mcp-Protocol-Version"} {
			if got := r.Header.Get("Access-Control-Allow-Headers"); !strings.Contains(got, want) {
				t.Errorf("%s: Access-Control-Allow-Headers is %q, want %s in it", path, got, want)
			}
		}
		for name, edits := range map[string][]Edit{
			"foreign page":      {Origins("https://evil.com"), asking},
			"null":              {Origins("null"), asking},
			"no page":           {asking},
			"own page":          {Origins(s.Origin), asking}, // needs none
			"two pages":         {Origins(allowed, "https://evil.com"), asking},
			"foreign host":      {Origins(allowed), asking, Host("evil.com")},
			"not asking at all": {Origins(allowed)},
		} {
			r := s.Do(t, "OPTIONS", path, "", edits...)
			r.Refused(t, path+", "+name, 405)
			if got := r.Header.Get("Access-Control-Allow-Origin"); got != "" && name != "not asking at all" {
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
	good := Bearer(s.Token(t, ada))
	for name, r := range map[string]Reply{
		"200": s.Do(t, "POST", "/mcp", "{}", Origins(allowed), good),
		"401": s.Do(t, "POST", "/mcp", "{}", Origins(allowed)),
		"400": s.Do(t, "POST", "/v2/token", "{}", Origins(allowed)),
		"405": s.Do(t, "GET", "/v2/token", "", Origins(allowed)),
		"413": s.Do(t, "POST", "/v2/token", strings.Repeat(" ", 300<<10), Origins(allowed)),
	} {
		r.Has(t, name, map[string]string{"Access-Control-Allow-Origin": allowed, "Vary": "Origin"})
		if exposed := r.Header.Get("Access-Control-Expose-Headers"); !strings.Contains(exposed, "Retry-After") {
			t.Errorf("%s: exposed are %q, want Retry-After among them", name, exposed)
		}
	}
	r := s.Do(t, "POST", "/mcp", "{}", Origins(s.Origin), good)
	r.Has(t, "own page", map[string]string{"Access-Control-Allow-Origin": ""})
}
