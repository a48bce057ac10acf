package web_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"roomkey/web"
	. "roomkey/web/webtest"
)

// unsized hides how long a body is, so that it is sent in chunks.
type unsized struct{ io.Reader }

// padded is JSON of exactly n bytes.
func padded(n int) string { return "{}" + strings.Repeat(" ", n-2) }

func TestBodySize(t *testing.T) {
	t.Parallel()
	s := setup(t)
	if web.MaxBody != 256<<10 {
		t.Errorf("MaxBody is %d, want 256 KiB", web.MaxBody)
	}
	good := Bearer(s.Token(t, ada))
	for how, wrap := range map[string]func(io.Reader) io.Reader{
		"by Content-Length": func(r io.Reader) io.Reader { return r },
		"in chunks":         func(r io.Reader) io.Reader { return unsized{r} },
	} {
		for n, fits := range map[int]bool{
			2: true, web.MaxBody - 1: true, web.MaxBody: true, web.MaxBody + 1: false, web.MaxBody + 5000: false,
		} {
			for path, status := range map[string]int{
				"/mcp": 200, "/v2/token": 400, "/api/room/join": 400, "/v2/room-codes/code": 400, "/nothing": 404,
			} {
				name := fmt.Sprintf("%d bytes %s to %s", n, how, path)
				r, err := s.Send(t, "POST", path, wrap(strings.NewReader(padded(n))), good)
				switch {
				case err != nil:
					t.Errorf("%s: %v", name, err)
				case !fits:
					r.Refused(t, name, 413)
				case r.Status != status:
					t.Errorf("%s: status %d, want %d", name, r.Status, status)
				case path == "/mcp" && !strings.Contains(r.Body, fmt.Sprintf(`"length":%d,`, n)):
					t.Errorf("%s: MCP got %s, want all of it", name, r.Body)
				}
			}
		}
	}
	// Signalling takes no bodies, but is no way around the limit either.
	r, err := s.Send(t, "GET", "/rtc/validate", unsized{strings.NewReader(padded(web.MaxBody + 1))})
	if err != nil {
		t.Fatalf("large body to /rtc: %v", err)
	}
	r.Refused(t, "large body to /rtc", 413)
}

// Size is checked before the token, and a body that is announced too large is not
// waited for.
func TestAnnouncedSizeIsEnough(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, announce := range []string{"Content-Length: 262145", "Content-Length: 9223372036854775807"} {
		r := s.Raw(t, "POST /mcp HTTP/1.1\r\nHost: localhost\r\n"+announce+"\r\n\r\n")
		r.Refused(t, announce, 413)
		if !r.Closes {
			t.Errorf("%s: the connection stays open: the body would be taken for the next request", announce)
		}
	}
}

func TestBrokenBodies(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{"/mcp", "/v2/token", "/api/room/create"} {
		r := s.Raw(t, "POST "+path+" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+s.Token(t, ada)+
			"\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk\r\n")
		r.Refused(t, "broken chunks to "+path, 400)
	}
}
