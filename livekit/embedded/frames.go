package embedded

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// A signalling connection is a WebSocket that LiveKit reads without any limit.
// guarded looks at the frames that a client sends before LiveKit gets them:
// what is too long, or too much, ends the connection with the reason in a close
// frame. Compression is not offered, so a message is as long as it looks.

const (
	silentFor = time.Minute      // LiveKit pings every 10 s, and every WebSocket client answers
	stuckFor  = 20 * time.Second // a client that takes nothing for so long is gone
)

// Close codes of RFC 6455.
const (
	closePolicy = 1008
	closeTooBig = 1009
)

// closing is why a connection is ended, as a client is told.
type closing struct {
	limit  string // as OnLimit counts it
	code   uint16
	reason string
}

var (
	messageTooLong  = closing{"signalling_message_bytes", closeTooBig, "message too long"}
	tooManyMessages = closing{"signalling_messages_per_second", closePolicy, "too many messages"}
	tooManyTracks   = closing{"signalling_tracks", closePolicy, "too many tracks"}
)

// errClosing ends LiveKit's reading of a connection.
var errClosing = errors.New("a limit on signalling was reached")

// frames follows the frames in one direction of a WebSocket.
type frames struct {
	header [14]byte
	have   int    // bytes of the header that have come
	left   uint64 // bytes of the payload that have not
	each   func(frame)
}

// frame is the head of one.
type frame struct {
	final   bool
	opcode  byte
	payload uint64
}

// control says whether the frame is a ping, pong or close.
func (f frame) control() bool { return f.opcode >= 8 }

// between says whether the last frame is complete and no other has begun.
func (f *frames) between() bool { return f.have == 0 && f.left == 0 }

// headerSize is the length of the header, as far as is known by now.
func (f *frames) headerSize() int {
	if f.have < 2 {
		return 2
	}
	size := 2
	switch f.header[1] & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if f.header[1]&0x80 != 0 {
		size += 4 // the mask
	}
	return size
}

// length is the payload's, from a complete header.
func (f *frames) length() uint64 {
	switch n := f.header[1] & 0x7f; n {
	case 126:
		return uint64(binary.BigEndian.Uint16(f.header[2:]))
	case 127:
		return binary.BigEndian.Uint64(f.header[2:])
	default:
		return uint64(n)
	}
}

// follow takes in the next bytes and calls each for every frame that begins in
// them.
func (f *frames) follow(p []byte) {
	for len(p) > 0 {
		if f.left > 0 {
			n := min(f.left, uint64(len(p)))
			f.left -= n
			p = p[n:]
			continue
		}
		n := copy(f.header[f.have:f.headerSize()], p)
		f.have += n
		p = p[n:]
		if f.have < f.headerSize() {
			continue
		}
		f.have, f.left = 0, f.length()
		f.each(frame{final: f.header[0]&0x80 != 0, opcode: f.header[0] & 0x0f, payload: f.left})
	}
}

// guarded is the network connection under one WebSocket.
type guarded struct {
	net.Conn
	limits *limiter

	in       frames
	message  uint64 // bytes of the message that is coming in
	messages *rate.Limiter
	bytes    *rate.Limiter

	why       atomic.Pointer[closing] // the connection ends as soon as no frame is on its way out
	lingering sync.Once

	mu     sync.Mutex // of what follows
	out    frames
	opened bool // the answer to the handshake is out
}

func (l *limiter) newGuarded(conn net.Conn) *guarded {
	g := &guarded{Conn: conn, limits: l,
		messages: rate.NewLimiter(rate.Limit(l.SignalsPerSecond), l.SignalsPerSecond*signalBurst),
		bytes:    rate.NewLimiter(rate.Limit(l.SignalBytes), 4*l.SignalBytes)}
	g.in.each, g.out.each = g.begun, func(frame) {}
	return g
}

// begun is told of every frame of the client.
func (g *guarded) begun(f frame) {
	if !f.control() {
		if f.opcode != 0 {
			g.message = 0 // not the continuation of another one
		}
		g.message += min(f.payload, uint64(g.limits.SignalBytes)+1)
	}
	now := time.Now()
	switch {
	case g.message > uint64(g.limits.SignalBytes): //nolint:gosec // it is positive
		g.end(messageTooLong)
	case !g.messages.AllowN(now, 1) || !g.bytes.AllowN(now, int(min(f.payload, uint64(g.limits.SignalBytes)))): //nolint:gosec // as above
		g.end(tooManyMessages)
	}
}

// Read gives LiveKit what keeps the limits.
func (g *guarded) Read(p []byte) (int, error) {
	_ = g.Conn.SetReadDeadline(time.Now().Add(silentFor))
	n, err := g.Conn.Read(p)
	g.in.follow(p[:n])
	if g.why.Load() != nil {
		return 0, errClosing
	}
	return n, err
}

// SetDeadline would let a connection wait for ever.
func (g *guarded) SetDeadline(time.Time) error { return nil }

// SetReadDeadline is ours to say.
func (g *guarded) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline takes a shorter time than ours.
func (g *guarded) SetWriteDeadline(t time.Time) error {
	if latest := time.Now().Add(stuckFor); t.IsZero() || t.After(latest) {
		t = latest
	}
	return g.Conn.SetWriteDeadline(t)
}

// Write sends what LiveKit says. The connection's end comes between two frames.
func (g *guarded) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.why.Load() != nil && g.out.between() {
		return 0, errClosing
	}
	n, err := g.Conn.Write(p)
	if !g.opened {
		g.opened = true // an HTTP head, which gorilla writes at once
		return n, err
	}
	g.out.follow(p[:n])
	if why := g.why.Load(); why != nil && g.out.between() {
		g.say(*why)
	}
	return n, err
}

// end ends the connection for that reason, as soon as no frame is under way.
func (g *guarded) end(why closing) {
	if !g.why.CompareAndSwap(nil, &why) {
		return
	}
	g.limits.onLimit(why.limit)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.out.between() {
		g.say(why)
	}
}

// say tells the client why. g.mu is held.
func (g *guarded) say(why closing) {
	message := binary.BigEndian.AppendUint16([]byte{0x88, byte(2 + len(why.reason))}, why.code)
	_ = g.Conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = g.Conn.Write(append(message, why.reason...))
}

// How long, and how much, a client may still send when its connection has ended
// over a limit.
const (
	lingerFor   = 2 * time.Second
	lingerBytes = 1 << 20
)

// Close ends the connection. The system resets one with unread bytes, and the
// client would lose the close frame; so what a client goes on sending after a
// limit was reached is read for a moment.
func (g *guarded) Close() error {
	if g.why.Load() != nil {
		g.lingering.Do(func() {
			if half, ok := g.Conn.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
			_ = g.Conn.SetReadDeadline(time.Now().Add(lingerFor))
			_, _ = io.CopyN(io.Discard, g.Conn, lingerBytes)
		})
	}
	return g.Conn.Close()
}

// guard is a handler whose WebSockets are guarded.
func (l *limiter) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		r.Header.Del("Sec-Websocket-Extensions") // compression: a short message would become a long one
		holder := &connection{}
		next.ServeHTTP(&guardedWriter{w, l, holder}, r.WithContext(withConnection(r.Context(), holder)))
	})
}

// guardedWriter hands out a guarded connection when it is hijacked.
type guardedWriter struct {
	http.ResponseWriter
	limits *limiter
	holder *connection
}

// Hijack is how LiveKit takes over the connection.
func (w *guardedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if buffered.Reader.Buffered() > 0 {
		_ = conn.Close()
		return nil, nil, errors.New("the client spoke before the handshake was over")
	}
	g := w.limits.newGuarded(conn)
	_ = conn.SetDeadline(time.Time{})
	w.holder.set(g)
	return g, bufio.NewReadWriter(bufio.NewReader(g), bufio.NewWriter(g)), nil
}
