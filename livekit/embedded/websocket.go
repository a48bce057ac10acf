package embedded

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

// A signalling connection is a WebSocket that LiveKit reads without any limit.
// boundedConn looks at the frames of a client before LiveKit gets them: too long
// a message, or too many of them, end the connection with the reason in a close
// frame. Compression is not accepted, so no message is longer than it looks.

const (
	silentFor = time.Minute      // LiveKit pings every 10 s, and every WebSocket client answers
	stuckFor  = 20 * time.Second // a client that takes nothing for so long is gone

	// How long, and how much, a client may still send after a limit was reached.
	lingerFor   = 2 * time.Second
	lingerBytes = 1 << 20
)

// violation is a limit that a client has reached, and how the client is told.
type violation struct {
	limit  string // as OnLimit counts it
	code   int    // of RFC 6455
	reason string
}

var (
	messageTooLong  = violation{"signalling_message_bytes", websocket.CloseMessageTooBig, "message too long"}
	tooManyMessages = violation{"signalling_messages_per_second", websocket.ClosePolicyViolation, "too many messages"}
	tooManyTracks   = violation{"signalling_tracks", websocket.ClosePolicyViolation, "too many tracks"}
)

// errLimit makes LiveKit end a connection.
var errLimit = errors.New("a limit on signalling was reached")

// boundedConn is the network connection under one WebSocket.
type boundedConn struct {
	net.Conn
	limits    *limiter
	violation atomic.Pointer[violation] // set when the connection has to end
	linger    sync.Once

	header   []byte // of the client's current frame, as far as it has come
	left     uint64 // bytes of that frame's payload that have not come yet
	message  uint64 // bytes of the client's current message
	messages *rate.Limiter
	bytes    *rate.Limiter
}

// Bits of the first two bytes of a frame (RFC 6455).
const (
	opcodeBits   = 0x0f
	controlBit   = 0x08 // in the opcode: a ping, pong or close
	maskedBit    = 0x80
	lengthBits   = 0x7f
	closeFrame   = 0x80 | websocket.CloseMessage
	maxHeader    = 14
	continuation = 0
)

// parseHeader gives the size of the header that h is the beginning of, as far as
// it is known, and the length of the payload once the header is complete.
func parseHeader(h []byte) (size int, payload uint64) {
	if len(h) < 2 {
		return 2, 0
	}
	size, payload = 2, uint64(h[1]&lengthBits)
	switch payload {
	case 126:
		if size += 2; len(h) >= size {
			payload = uint64(binary.BigEndian.Uint16(h[2:]))
		}
	case 127:
		if size += 8; len(h) >= size {
			payload = binary.BigEndian.Uint64(h[2:])
		}
	}
	if h[1]&maskedBit != 0 {
		size += 4
	}
	return size, payload
}

func (c *boundedConn) inspect(p []byte) {
	for len(p) > 0 {
		if n := min(c.left, uint64(len(p))); n > 0 {
			c.left -= n
			p = p[n:]
			continue
		}
		size, _ := parseHeader(c.header)
		n := min(size-len(c.header), len(p))
		c.header = append(c.header, p[:n]...)
		p = p[n:]
		if size, payload := parseHeader(c.header); len(c.header) == size {
			c.count(c.header[0]&opcodeBits, payload)
			c.header, c.left = c.header[:0], payload
		}
	}
}

func (c *boundedConn) count(opcode byte, payload uint64) {
	longest := uint64(c.limits.SignalBytes) //nolint:gosec // it is positive
	if opcode&controlBit == 0 {
		if opcode != continuation {
			c.message = 0
		}
		c.message += min(payload, longest+1)
	}
	now := time.Now()
	switch {
	case c.message > longest:
		c.end(messageTooLong)
	case !c.messages.AllowN(now, 1) || !c.bytes.AllowN(now, int(min(payload, longest))): //nolint:gosec // as above
		c.end(tooManyMessages)
	}
}

// end makes LiveKit end the connection: its next read fails. Only the goroutine
// that reads calls it.
func (c *boundedConn) end(v violation) {
	if c.violation.CompareAndSwap(nil, &v) {
		c.limits.onLimit(v.limit)
	}
}

// Read gives LiveKit what is within the limits.
func (c *boundedConn) Read(p []byte) (int, error) {
	_ = c.Conn.SetReadDeadline(time.Now().Add(silentFor))
	n, err := c.Conn.Read(p)
	c.inspect(p[:n])
	if c.violation.Load() != nil {
		return 0, errLimit
	}
	return n, err
}

// SetDeadline does nothing: LiveKit would let a connection wait for ever.
func (c *boundedConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing: Read sets the deadline.
func (c *boundedConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline sets a deadline that is at most stuckFor away.
func (c *boundedConn) SetWriteDeadline(t time.Time) error {
	if latest := time.Now().Add(stuckFor); t.IsZero() || t.After(latest) {
		t = latest
	}
	return c.Conn.SetWriteDeadline(t)
}

// Write sends what LiveKit says. After a limit was reached, LiveKit's close frame
// is replaced by one that gives the reason. LiveKit writes that frame in one call
// and between two others.
func (c *boundedConn) Write(p []byte) (int, error) {
	v := c.violation.Load()
	if v == nil || len(p) == 0 || p[0] != closeFrame {
		return c.Conn.Write(p)
	}
	reason := websocket.FormatCloseMessage(v.code, v.reason)
	_, err := c.Conn.Write(append([]byte{closeFrame, byte(len(reason))}, reason...))
	return len(p), err
}

// Close ends the connection. The system resets a connection with unread bytes,
// and then the client loses the close frame. So what a client goes on sending
// after a limit was reached is read for a moment.
func (c *boundedConn) Close() error {
	if c.violation.Load() != nil {
		c.linger.Do(func() {
			if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
			_ = c.Conn.SetReadDeadline(time.Now().Add(lingerFor))
			_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
		})
	}
	return c.Conn.Close()
}

// signallingConn is the connection of one request, once it is a WebSocket.
// LiveKit's session begins a little earlier.
type signallingConn = atomic.Pointer[boundedConn]

type signallingConnKey struct{}

func (l *limiter) boundWebSockets(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := new(signallingConn)
		r = r.Clone(context.WithValue(r.Context(), signallingConnKey{}, conn))
		r.Header.Del("Sec-Websocket-Extensions") // compression
		next.ServeHTTP(&boundedWriter{ResponseWriter: w, limits: l, conn: conn}, r)
	})
}

type boundedWriter struct {
	http.ResponseWriter
	limits *limiter
	conn   *signallingConn
}

// Hijack gives LiveKit the connection.
func (w *boundedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if buffered.Reader.Buffered() > 0 {
		_ = conn.Close()
		return nil, nil, errors.New("the client sent data before the handshake was over")
	}
	_ = conn.SetDeadline(time.Time{})
	l := w.limits
	bounded := &boundedConn{
		Conn:     conn,
		limits:   l,
		header:   make([]byte, 0, maxHeader),
		messages: rate.NewLimiter(rate.Limit(l.SignalsPerSecond), l.SignalsPerSecond*signalBurst),
		bytes:    rate.NewLimiter(rate.Limit(l.SignalBytes), 4*l.SignalBytes),
	}
	w.conn.Store(bounded)
	return bounded, bufio.NewReadWriter(bufio.NewReader(bounded), bufio.NewWriter(bounded)), nil
}
