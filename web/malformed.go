package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	"roomkey/meet"
)

// Listener is l for a server of [Server.HTTPServer]. What net/http cannot read
// as a request (a bad escape in the path, a bad header) it refuses by itself,
// in plain text; over this listener that is in the shape of the API that was
// called, like every other refusal.
func Listener(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

// Accept waits for a connection.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// conn remembers how what was read last begins, which is the line of a request
// whenever net/http refuses one.
type conn struct {
	net.Conn
	begins  [256]byte
	noticed int
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.noticed = copy(c.begins[:], p[:n])
	}
	return n, err
}

// ownHeaders are those that net/http refuses with, and no handler ever: a
// handler's answer has a date.
var ownHeaders = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

func (c *conn) Write(p []byte) (int, error) {
	const version, digits = "HTTP/1.1 ", 3
	end := bytes.IndexByte(p, '\r')
	if end < len(version)+digits || !bytes.HasPrefix(p, []byte(version)) || !bytes.HasPrefix(p[end:], ownHeaders) {
		return c.Conn.Write(p)
	}
	status, _ := strconv.Atoi(string(p[len(version):][:digits]))
	if _, err := c.Conn.Write(malformed(status, c.path())); err != nil {
		return 0, err
	}
	return len(p), nil
}

// path is what the line of a request asks for.
func (c *conn) path() string {
	_, target, _ := strings.Cut(string(c.begins[:c.noticed]), " ")
	path, _, _ := strings.Cut(target, " ")
	return path
}

// malformed is a whole answer to what is no request.
func malformed(status int, path string) []byte {
	e := meet.Invalid("", "The request could not be read", "Send HTTP/1.1, and percent-encode what the path holds.")
	id := newRequestID()
	body, _ := json.Marshal(dialectOf(path).word(status, e, id)) // strings and numbers alone
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nCache-Control: no-store\r\n"+
		"X-Content-Type-Options: nosniff\r\nX-Request-Id: %s\r\nConnection: close\r\n\r\n%s\n", status, http.StatusText(status), len(body)+1, id, body)
}
