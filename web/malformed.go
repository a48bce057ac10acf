package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"roomkey/meet"
)

// Listener is l for a server of [Server.HTTPServer]. What net/http cannot read
// as a request (a bad escape in the path, a bad header) it refuses by itself,
// in plain text; over this listener that is in the shape of the API that was
// called, like every other refusal.
func Listener(l net.Listener, log *slog.Logger) net.Listener { return listener{l, log} }

type listener struct {
	net.Listener
	log *slog.Logger
}

// Accept waits for a connection.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, log: l.log}, nil
}

// conn remembers how what was read since the last answer begins: with the line
// of a request, of the first one where a client sends several at once.
type conn struct {
	net.Conn
	log *slog.Logger

	mu       sync.Mutex // net/http reads while a handler writes
	begins   [256]byte
	noticed  int
	answered bool
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answered && n > 0 {
		c.noticed, c.answered = 0, false
	}
	c.noticed += copy(c.begins[c.noticed:], p[:max(n, 0)])
	return n, err
}

// CloseWrite ends what is written, so that net/http can wait for who has been
// refused to read it.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// ownHeaders are those that net/http refuses with, and no handler ever: a
// handler's answer has a date.
var ownHeaders = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.answered = true
	c.mu.Unlock()
	const version, digits = "HTTP/1.1 ", 3
	end := bytes.IndexByte(p, '\r')
	if end < len(version)+digits || !bytes.HasPrefix(p, []byte(version)) || !bytes.HasPrefix(p[end:], ownHeaders) {
		return c.Conn.Write(p)
	}
	status, _ := strconv.Atoi(string(p[len(version):][:digits]))
	id := newRequestID()
	c.log.Debug("no request", "status", status, "request_id", id)
	if _, err := c.Conn.Write(malformed(status, c.asked(), id)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// asked is the path in the line of the request.
func (c *conn) asked() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, target, _ := strings.Cut(string(c.begins[:c.noticed]), " ")
	target = target[:max(0, min(len(target), strings.IndexAny(target+" ", " ?\r\n")))]
	if _, absolute, ok := strings.Cut(target, "://"); ok && !strings.HasPrefix(target, "/") {
		_, path, _ := strings.Cut(absolute, "/")
		return "/" + path
	}
	return target
}

// malformed is a whole answer to what is no request.
func malformed(status int, path, id string) []byte {
	e := meet.Invalid("", "The request could not be read", "Send HTTP/1.1 with a percent-encoded path and less than 32 KiB of headers.")
	body, _ := json.Marshal(dialectOf(path).word(status, e, id)) // strings and numbers alone
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nCache-Control: no-store\r\n"+
		"X-Content-Type-Options: nosniff\r\nX-Request-Id: %s\r\nConnection: close\r\n\r\n%s\n", status, http.StatusText(status), len(body)+1, id, body)
}
