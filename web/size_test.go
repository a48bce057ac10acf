package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"roomkey/meet/meettest"
	"roomkey/web"
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
	good := bearer(s.token(t, meettest.Ada))
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
				r, err := s.send(t, "POST", path, wrap(strings.NewReader(padded(n))), good)
				switch {
				case err != nil:
					t.Errorf("%s: %v", name, err)
				case !fits:
					r.refused(t, name, 413)
				case r.status != status:
					t.Errorf("%s: status %d, want %d", name, r.status, status)
				case path == "/mcp" && !strings.Contains(r.body, fmt.Sprintf(`"length":%d,`, n)):
					t.Errorf("%s: MCP got %s, want all of it", name, r.body)
				}
			}
		}
	}
	// Signalling takes no bodies, but is no way around the limit either.
	r, err := s.send(t, "GET", "/rtc/validate", unsized{strings.NewReader(padded(web.MaxBody + 1))})
	if err != nil {
		t.Fatalf("large body to /rtc: %v", err)
	}
	r.refused(t, "large body to /rtc", 413)
}

// Size is checked before the token, and a body that is announced too large is not
// waited for.
func TestAnnouncedSizeIsEnough(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, announce := range []string{"Content-Length: 262145", "Content-Length: 9223372036854775807"} {
		r := s.raw(t, "POST /mcp HTTP/1.1\r\nHost: localhost\r\n"+announce+"\r\n\r\n")
		r.refused(t, announce, 413)
		if !r.closes {
			t.Errorf("%s: the connection stays open: the body would be taken for the next request", announce)
		}
	}
}

func TestBrokenBodies(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{"/mcp", "/v2/token", "/api/room/create"} {
		r := s.raw(t, "POST "+path+" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+s.token(t, meettest.Ada)+
			"\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk\r\n")
		r.refused(t, "broken chunks to "+path, 400)
	}
}

// raw sends text over a connection as it is and reads the first answer.
func (s *testServer) raw(t *testing.T, text string) reply {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.listen.String())
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatalf("send: %v", err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("read the answer to %.60q: %v", text, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read the answer to %.60q: %v", text, err)
	}
	target, err := url.ParseRequestURI(strings.Fields(text)[1])
	if err != nil {
		target = new(url.URL) // not for a URL that cannot be read
	}
	return reply{path: target.Path, status: resp.StatusCode, header: resp.Header, body: string(b), closes: resp.Close}
}
