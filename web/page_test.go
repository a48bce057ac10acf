package web_test

import (
	"compress/gzip"
	"io"
	"maps"
	"regexp"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest/offline"
	"roomkey/web"
	. "roomkey/web/webtest"
)

func TestWhatThePagesMayDo(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for path, own := range map[string]map[string]string{
		"/join/aaa-aaaa-aaa": {"script-src": "'self' 'wasm-unsafe-eval'", "media-src": "'self' blob:",
			"img-src": "'self' data: blob:", "connect-src": "'self' wss://meet.example.com https://meet.example.com " +
				"ws://" + s.Listen.String() + " wss://" + s.Listen.String()},
		"/console":  {"connect-src": "'self'", "media-src": "", "img-src": "'self'"},
		"/docs/api": {"connect-src": "'self'", "media-src": "", "img-src": "'self' data:"},
	} {
		r := s.Do(t, "GET", path, "")
		policy := map[string]string{}
		for directive := range strings.SplitSeq(r.Header.Get("Content-Security-Policy"), "; ") {
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
		r.Has(t, path, map[string]string{"Content-Type": "text/html; charset=utf-8", "Referrer-Policy": "no-referrer",
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
		s := setup(t, func(w *web.Config) {
			if c.livekit != "" {
				links := meet.Links{Public: "https://meet.example.com", LiveKit: c.livekit}
				w.Service, w.Enforcer, _ = offline.New(t, meet.Config{Links: links})
				w.LiveKit = nil
			}
		})
		for h, want := range c.hosts {
			policy := s.Do(t, "GET", "/m/standup", "", Host(h)).Header.Get("Content-Security-Policy")
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
	for _, page := range []string{"/m/standup", "/", "/join", "/join/", "/console", "/docs/api"} {
		checkIsWhole(t, s, s.Do(t, "GET", page, "").Body)
	}
	for _, path := range []string{"/page/assets/none.js", "/page/assets/", "/page/", "/page/index.html", "/page/docs.html",
		"/page/assets/docs.html", "/page/assets/..%2findex.html", "/page/assets/%2e%2e%2findex.html",
		"/page/assets/tasks-vision-0.10.14", "/page/assets/tasks-vision-0.10.14/", blurProgram + ".gz",
		"/page/assets/tasks-vision-0.10.14/../docs.html"} {
		s.Do(t, "GET", path, "").Refused(t, path, 404)
	}
}

func checkIsWhole(t *testing.T, s *Server, document string) {
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
		checkAsset(t, s, path)
	}
}

// checkAsset wants a file to be there, packed and unpacked the same, and gives it.
func checkAsset(t *testing.T, s *Server, path string) string {
	t.Helper()
	plain := s.Do(t, "GET", path, "")
	packed := s.Do(t, "GET", path, "", Header("Accept-Encoding", "br, gzip"))
	plain.OK(t, path)
	plain.Has(t, path, map[string]string{"Cache-Control": "public, max-age=31536000, immutable", "Content-Encoding": ""})
	if plain.Header.Get("Content-Type") == "" {
		t.Errorf("GET %s: no Content-Type", path)
	}
	if packed.Header.Get("Content-Encoding") == "gzip" {
		r, err := gzip.NewReader(strings.NewReader(packed.Body))
		Must(t, err)
		unpacked, err := io.ReadAll(r)
		Must(t, err)
		packed.Body = string(unpacked)
	}
	if plain.Body != packed.Body || plain.Body == "" {
		t.Errorf("GET %s: compressed it is another file, or there is none", path)
	}
	return plain.Body
}

const blurProgram = "/page/assets/tasks-vision-0.10.14/vision_wasm_internal.wasm"

// What blurs backgrounds is sent compressed as it is embedded, and as WebAssembly, so
// that browsers compile it while it comes; and decompressed to who takes no gzip.
func TestTheBlurProgram(t *testing.T) {
	t.Parallel()
	s := setup(t)
	packed := s.Do(t, "GET", blurProgram, "", Header("Accept-Encoding", "gzip"))
	packed.OK(t, "packed")
	packed.Has(t, "packed", map[string]string{"Content-Type": "application/wasm", "Content-Encoding": "gzip",
		"Vary": "Accept-Encoding"})
	if n := len(packed.Body); n > 3_000_000 {
		t.Errorf("the program is sent as %d bytes, want at most 3 MB", n)
	}
	if program := checkAsset(t, s, blurProgram); !strings.HasPrefix(program, "\x00asm") {
		t.Errorf("the program begins with %.4q, want that of WebAssembly", program)
	}
	checkAsset(t, s, strings.Replace(blurProgram, ".wasm", ".js", 1))
}

func TestCompression(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "GZIP": "gzip", "br, gzip;q=0.5": "gzip", "deflate , gzip": "gzip",
		"gzip;q=0": "", "gzip; q=0.000": "", "br": "", "x-gzip-not": "",
	} {
		r := s.Do(t, "GET", "/m/standup", "", Header("Accept-Encoding", accept))
		r.Has(t, accept, map[string]string{"Content-Encoding": want, "Vary": "Accept-Encoding"})
	}
}
