package livekittest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

// relay stands in a participant's signalling connection and hears what the
// server says, such as new tokens, which the SDK keeps to itself. Bytes go
// through as they are, unless the participant is to say something else than
// the SDK would.
type relay struct {
	server *httptest.Server
	hear   func(time.Time, *livekit.SignalResponse)

	mu      sync.Mutex
	refused int                            // connections, with 401 or 403
	token   string                         // shown in place of the SDK's, if not empty
	shut    bool                           // nobody gets through
	claim   func(*livekit.AddTrackRequest) // changes what the SDK says; may be nil
	cuts    []context.CancelFunc
	restart bool // the server's goodbye is kept from the SDK
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
		resp.Body = &heard{ReadWriteCloser: conn, wire: wire{message: r.message}, own: claims{say: r.say}}
	}
	if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
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
	if msg.GetLeave() != nil && r.restarting(false) {
		return false
	}
	return msg.GetReconnect() == nil
}

// restarting says whether it was, and sets whether it is.
func (r *relay) restarting(now bool) (before bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, r.restart = r.restart, now
	return before
}

// say is what a message of the participant's becomes.
func (r *relay) say(payload []byte) []byte {
	r.mu.Lock()
	claim := r.claim
	r.mu.Unlock()
	msg := new(livekit.SignalRequest)
	if proto.Unmarshal(payload, msg) != nil {
		return payload
	}
	switch scenario := msg.GetSimulate(); {
	case scenario != nil:
		// The server takes no orders to act out a fault. What the SDK can be
		// made to ask for stands for a goodbye, which it cannot say and stay.
		r.restarting(scenario.GetNodeFailure())
		msg.Message = &livekit.SignalRequest_Leave{Leave: &livekit.LeaveRequest{Reason: livekit.DisconnectReason_CLIENT_INITIATED}}
	case claim != nil && msg.GetAddTrack() != nil:
		claim(msg.GetAddTrack())
	default:
		return payload
	}
	if changed, err := proto.Marshal(msg); err == nil {
		return changed
	}
	return payload
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
