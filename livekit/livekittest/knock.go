package livekittest

import (
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// Knock asks for a signalling connection, hangs up, and gives the HTTP status
// of the answer: 101 for who is let in, 401 for a bad token, 404 for a room
// that is not there, 500 for a full one. It is much faster than [TryJoin],
// because the SDK tries again and again.
func Knock(tb testing.TB, url, token string) int {
	tb.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(tb.Context(), signalling(url, token), nil)
	if err == nil {
		_ = conn.Close()
	}
	if resp == nil {
		tb.Fatalf("ask for a signalling connection: %v", err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// Signal opens a signalling connection that goes no further, as of a browser
// whose connection for sound and picture does not come about. It ends with the
// test, and returns when LiveKit has said hello.
func Signal(tb testing.TB, url, token string) {
	tb.Helper()
	tb.Cleanup(look(tb, url, token))
}

// Look is Signal that ends at once: a visit that sees who is inside and never
// has sound or picture.
func Look(tb testing.TB, url, token string) {
	tb.Helper()
	look(tb, url, token)()
}

func look(tb testing.TB, url, token string) (end func()) {
	tb.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(tb.Context(), signalling(url, token), nil)
	if err != nil {
		tb.Fatalf("open a signalling connection: %v", err)
	}
	_ = resp.Body.Close()
	if _, _, err := conn.ReadMessage(); err != nil {
		tb.Fatalf("read from a signalling connection: %v", err)
	}
	return func() { _ = conn.Close() }
}

// signalling is where and how a browser asks for a signalling connection.
func signalling(base, token string) string {
	query := url.Values{"protocol": {"16"}, "sdk": {"js"}, "auto_subscribe": {"1"}, "access_token": {token}}
	return "ws" + strings.TrimPrefix(base, "http") + "/rtc?" + query.Encode()
}
