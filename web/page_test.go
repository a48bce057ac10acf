package web_test

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"io"
	"maps"
	"regexp"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/web"
)

// Every link leads to the same page, whether it opens anything or not.
func TestThePageIsTheSameForEveryLink(t *testing.T) {
	t.Parallel()
	s := setup(t)
	code := s.guestCode(t)
	first := s.do(t, "GET", "/join/"+code, "")
	if first.ok(t, "page"); !strings.Contains(first.body, "<div id=\"root\">") {
		t.Fatalf("body %.200s; want the page", first.body)
	}
	for _, path := range []string{"/join/aaa-aaaa-aaa", "/join/nonsense", "/join/" + strings.Repeat("a", 1000),
		"/join/%3Cscript%3E", "/m/standup", "/m/No%20Name", "/m/%22%3E%3Cscript%3E"} {
		if r := s.do(t, "GET", path, ""); r.status != first.status || r.body != first.body {
			t.Errorf("GET %s: status %d, another body; want the same page", path, r.status)
		}
	}
	if strings.Contains(first.body, code) {
		t.Error("the page holds the code of its link")
	}
}

func TestWhatThePagesMayDo(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for path, own := range map[string]map[string]string{
		"/join/aaa-aaaa-aaa": {"media-src": "'self' blob:", "img-src": "'self' data: blob:", "connect-src": "'self' " +
			"wss://meet.example.com https://meet.example.com ws://" + s.listen.String() + " wss://" + s.listen.String()},
		"/docs/api": {"connect-src": "'self'", "media-src": "", "img-src": "'self' data:"},
	} {
		r := s.do(t, "GET", path, "")
		policy := map[string]string{}
		for directive := range strings.SplitSeq(r.header.Get("Content-Security-Policy"), "; ") {
			name, sources, _ := strings.Cut(directive, " ")
			policy[name] = sources
		}
		want := map[string]string{"default-src": "'none'", "script-src": "'self'", "style-src": "'self'",
			"frame-ancestors": "'none'", "base-uri": "'none'", "form-action": "'none'"}
		maps.Copy(want, own)
		for name, want := range want {
			if policy[name] != want {
				t.Errorf("%s: %s is %q, want %q", path, name, policy[name], want)
			}
		}
		r.has(t, path, map[string]string{"Content-Type": "text/html; charset=utf-8", "Referrer-Policy": "no-referrer",
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex, nofollow"})
	}
}

// Where the page may connect to: where it came from, by whatever name, and the
// public name. Browsers complain of an IPv6 address in a policy.
func TestWhereThePageMayConnect(t *testing.T) {
	t.Parallel()
	const public = " wss://meet.example.com https://meet.example.com"
	for name, c := range map[string]struct {
		livekit string // empty is inside
		hosts   map[string]string
	}{
		"inside": {"", map[string]string{
			"localhost:9090": public + " ws://localhost:9090 wss://localhost:9090",
			"[::1]:9090":     public, "[::1]": public, "meet.example.com": public}},
		"elsewhere": {"wss://lk.example.org/x",
			map[string]string{"localhost:9090": " wss://lk.example.org https://lk.example.org"}},
		"elsewhere by IPv6": {"ws://[2001:db8::1]:7880", map[string]string{"localhost:9090": " ws: http:"}},
	} {
		s := setup(t)
		if c.livekit != "" {
			elsewhere := func(m *meet.Config) { m.Links.LiveKit = c.livekit }
			s = setupService(t, elsewhere, func(w *web.Config) { w.LiveKit = nil })
		}
		for h, want := range c.hosts {
			policy := s.do(t, "GET", "/m/standup", "", host(h)).header.Get("Content-Security-Policy")
			_, got, _ := strings.Cut(policy, "connect-src 'self'")
			got, _, _ = strings.Cut(got, ";")
			if got != want {
				t.Errorf("LiveKit %s, Host %s: connect-src 'self'%s, want 'self'%s", name, h, got, want)
			}
		}
	}
}

// The document names its scripts and styles, and they are there.
func TestThePageIsWhole(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, page := range []string{"/m/standup", "/docs/api"} {
		s.isWhole(t, s.do(t, "GET", page, "").body)
	}
	for _, path := range []string{"/page/assets/none.js", "/page/assets/", "/page/", "/page/index.html", "/page/docs.html",
		"/page/assets/docs.html", "/page/assets/..%2findex.html", "/page/assets/%2e%2e%2findex.html"} {
		s.do(t, "GET", path, "").refused(t, path, 404)
	}
}

func (s *testServer) isWhole(t *testing.T, document string) {
	t.Helper()
	inline := regexp.MustCompile(`<style|<script[^>]*>[^<]|\son\w+=|\sstyle=|javascript:`)
	if inline.MatchString(document) {
		t.Errorf("the document holds inline code or style:\n%s", document)
	}
	links := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(document, -1)
	if len(links) < 2 {
		t.Fatalf("the document names %d files; want a script and a style at least:\n%s", len(links), document)
	}
	for _, link := range links {
		path := link[1]
		if !strings.HasPrefix(path, "/page/assets/") {
			t.Errorf("the document loads %q, want files of /page/assets/ alone", path)
			continue
		}
		plain := s.do(t, "GET", path, "")
		packed := s.do(t, "GET", path, "", header("Accept-Encoding", "br, gzip"))
		plain.ok(t, path)
		plain.has(t, path, map[string]string{"Cache-Control": "public, max-age=31536000, immutable"})
		if plain.header.Get("Content-Type") == "" {
			t.Errorf("GET %s: no Content-Type", path)
		}
		if packed.header.Get("Content-Encoding") == "gzip" {
			r, err := gzip.NewReader(strings.NewReader(packed.body))
			must(t, err)
			unpacked, err := io.ReadAll(r)
			must(t, err)
			packed.body = string(unpacked)
		}
		if plain.body != packed.body || plain.body == "" {
			t.Errorf("GET %s: compressed it is another file, or there is none", path)
		}
	}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "GZIP": "gzip", "br, gzip;q=0.5": "gzip", "deflate , gzip": "gzip",
		"gzip;q=0": "", "gzip; q=0.000": "", "br": "", "x-gzip-not": "",
	} {
		r := s.do(t, "GET", "/m/standup", "", header("Accept-Encoding", accept))
		r.has(t, accept, map[string]string{"Content-Encoding": want, "Vary": "Accept-Encoding"})
	}
}

func TestQRCodes(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{MaxUses: meettest.Of(1)})
	r := s.do(t, "GET", "/join/"+code+"/qr.svg", "")
	r.ok(t, "a QR code")
	r.has(t, "a QR code", map[string]string{"Content-Type": "image/svg+xml", "Cache-Control": "no-store"})
	if err := xml.NewDecoder(bytes.NewReader([]byte(r.body))).Decode(new(struct{})); err != nil {
		t.Errorf("not XML: %v", err)
	}
	bare := strings.ToUpper(strings.ReplaceAll(code, "-", ""))
	if written := s.do(t, "GET", "/join/"+bare+"/qr.svg", ""); written.body != r.body {
		t.Error("the same code written differently gives another drawing")
	}
	if other := s.do(t, "GET", "/join/"+s.guestCode(t)+"/qr.svg", ""); other.body == r.body {
		t.Error("two codes give the same drawing")
	}
	if uses := s.uses(t, room); uses != 0 {
		t.Errorf("drawing the code used it %d times", uses)
	}
	want := s.do(t, "GET", "/join/aaa-aaaa-aaa/qr.svg", "")
	want.refused(t, "an unknown code", 404)
	s.disable(t, code)
	shut := s.do(t, "GET", "/join/"+code+"/qr.svg", "")
	shut.refused(t, "a disabled code", 404)
	strip := func(s string) string { return regexp.MustCompile(`"request_id":"[^"]*"`).ReplaceAllString(s, "") }
	if strip(shut.body) != strip(want.body) {
		t.Errorf("a disabled code is told from an unknown one:\n%s\n%s", shut.body, want.body)
	}
}
