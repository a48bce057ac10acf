package livekittest

import (
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

// relay stands in a participant's signalling connection and hears what the
// server says, such as new tokens, which the SDK keeps to itself. Bytes go
// through as they are.
type relay struct {
	server *httptest.Server
	hear   func(time.Time, *livekit.SignalResponse)

	mu      sync.Mutex
	refused int    // connections, with 401
	token   string // shown in place of the SDK's, if not empty
	shut    bool   // nobody gets through
	cuts    []context.CancelFunc
}

// newRelay stands before the server at base.
func newRelay(base string, hear func(time.Time, *livekit.SignalResponse)) (*relay, error) {
	target, err := url.Parse("http" + strings.TrimPrefix(strings.TrimPrefix(base, "http"), "ws"))
	if err != nil {
		return nil, err
	}
	r := &relay{hear: hear}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(target)
			pr.Out.Header.Del("Sec-WebSocket-Extensions") // compressed, nothing could be heard
			r.showToken(pr.Out)
		},
		ModifyResponse: r.listen,
		// As without a relay: a connection that leads nowhere.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, cut := context.WithCancel(req.Context())
		defer cut()
		r.mu.Lock()
		shut := r.shut
		r.cuts = append(r.cuts, cut)
		r.mu.Unlock()
		if shut {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, req.WithContext(ctx))
	}))
	return r, nil
}

// showToken puts another token into a request, if there is one to be put.
func (r *relay) showToken(req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.token == "" {
		return
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	if query := req.URL.Query(); query.Has("access_token") {
		query.Set("access_token", r.token)
		req.URL.RawQuery = query.Encode()
	}
}

// listen is called with each answer; one that begins a signalling connection
// is followed.
func (r *relay) listen(resp *http.Response) error {
	if conn, ok := resp.Body.(io.ReadWriteCloser); ok && resp.StatusCode == http.StatusSwitchingProtocols {
		resp.Body = &heard{ReadWriteCloser: conn, wire: wire{message: r.message}}
	}
	if resp.StatusCode == http.StatusUnauthorized {
		r.mu.Lock()
		r.refused++
		r.mu.Unlock()
	}
	return nil
}

// message hears one, and says whether it is to go on. What stays here is the
// first word to whoever resumes a session, which names the ICE servers once
// more: pion has data races where the SDK hands it that. The SDK takes the
// next message instead, as it does from servers too old to send this one.
func (r *relay) message(payload []byte) bool {
	now, msg := time.Now(), new(livekit.SignalResponse)
	if proto.Unmarshal(payload, msg) != nil {
		return true
	}
	r.hear(now, msg)
	return msg.GetReconnect() == nil
}

// cut ends the connections there are, as a network does that goes away.
func (r *relay) cut() {
	r.mu.Lock()
	cuts := r.cuts
	r.cuts = nil
	r.mu.Unlock()
	for _, cut := range cuts {
		cut()
	}
}

// setShut cuts the connections and lets none through, until it is undone.
func (r *relay) setShut(shut bool) {
	r.mu.Lock()
	r.shut = shut
	r.mu.Unlock()
	if shut {
		r.cut()
	}
}

func (r *relay) close() {
	r.cut()
	r.server.Close()
}

// heard is a connection to a server whose words are heard as they are read.
type heard struct {
	io.ReadWriteCloser
	wire  wire
	ready []byte // heard, and not yet handed on
	err   error  // the end, after that
}

func (h *heard) Read(p []byte) (int, error) {
	for len(h.ready) == 0 && h.err == nil {
		var n int
		n, h.err = h.ReadWriteCloser.Read(p)
		h.ready = h.wire.take(p[:n])
	}
	n := copy(p, h.ready)
	if h.ready = h.ready[n:]; len(h.ready) > 0 {
		return n, nil
	}
	return n, h.err
}

// wire takes what a server sends over a WebSocket (RFC 6455) apart.
type wire struct {
	message func([]byte) bool // gets each binary message, and says whether it goes on

	rest    []byte // of a frame that has not come whole
	partial []byte // message of several frames
	binary  bool   // of that message
}

// take gets what has been read, and gives the frames that go on, whole ones. A
// message of several frames goes on whatever is said of it.
func (w *wire) take(p []byte) (out []byte) {
	const final, opcode, continued = 0x80, 0x0f, 0
	for w.rest = append(w.rest, p...); ; {
		body, size := frame(w.rest)
		if size == 0 {
			return out
		}
		head, pass := w.rest[0], true
		switch kind := int(head & opcode); kind {
		case websocket.BinaryMessage, websocket.TextMessage:
			w.binary, w.partial = kind == websocket.BinaryMessage, nil
			fallthrough
		case continued:
			w.partial = append(w.partial, body...)
			if head&final != 0 && w.binary {
				pass = w.message(w.partial) || kind == continued
			}
		}
		if pass {
			out = append(out, w.rest[:size]...)
		}
		w.rest = w.rest[size:]
	}
}

// frame gives the payload of the frame that p begins with, and the size of all
// of it; 0 if it has not come whole. A server's frames are not masked.
func frame(p []byte) (body []byte, size int) {
	if len(p) < 2 {
		return nil, 0
	}
	header, length := 2, uint64(p[1]&0x7f)
	switch {
	case length == 126 && len(p) >= 4:
		header, length = 4, uint64(binary.BigEndian.Uint16(p[2:]))
	case length == 127 && len(p) >= 10:
		header, length = 10, binary.BigEndian.Uint64(p[2:])
	case length >= 126:
		return nil, 0
	}
	if uint64(len(p)-header) < length {
		return nil, 0
	}
	size = header + int(length)
	return p[header:size], size
}
