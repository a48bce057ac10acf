package livekittest

import (
	"errors"
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

// relay is a proxy for the signalling of one person. It reads what the server
// says, such as new tokens, which the SDK keeps to itself, and can change what the
// SDK says.
type relay struct {
	server   *httptest.Server
	target   *url.URL
	onSignal func(*livekit.SignalResponse)
	onLeave  func(livekit.DisconnectReason) // the server has disconnected this person

	mu         sync.Mutex
	refused    int                            // connections, with 401 or 403
	token      string                         // shown in place of the SDK's, if not empty
	shut       bool                           // nobody gets through
	claim      func(*livekit.AddTrackRequest) // changes what the SDK says; may be nil
	held       chan struct{}                  // what the SDK says waits until it is closed; nil is not at all
	conns      []*websocket.Conn
	restarting bool // the server's goodbye is kept from the SDK
}

// newRelay makes a relay for the server at base.
func newRelay(base string, onSignal func(*livekit.SignalResponse),
	onLeave func(livekit.DisconnectReason)) (*relay, error) {
	target, err := url.Parse("http" + strings.TrimPrefix(strings.TrimPrefix(base, "http"), "ws"))
	if err != nil {
		return nil, err
	}
	r := &relay{target: target, onSignal: onSignal, onLeave: onLeave}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(target)
			r.showToken(pr.Out)
		},
		// As without a relay: a connection that leads nowhere.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		shut := r.shut
		r.mu.Unlock()
		switch {
		case shut:
			panic(http.ErrAbortHandler)
		case websocket.IsWebSocketUpgrade(req):
			r.connect(w, req)
		default:
			proxy.ServeHTTP(w, req)
		}
	}))
	return r, nil
}

// showToken puts another token into a request, if there is one.
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

// connect connects to the server and passes messages on in both directions.
func (r *relay) connect(w http.ResponseWriter, req *http.Request) {
	r.showToken(req)
	address := *r.target
	address.Scheme, address.Path, address.RawQuery = "ws", req.URL.Path, req.URL.RawQuery
	header := http.Header{}
	if authorization := req.Header.Get("Authorization"); authorization != "" {
		header.Set("Authorization", authorization)
	}
	dial := websocket.DefaultDialer.DialContext
	server, resp, err := dial(req.Context(), address.String(), header) //nolint:bodyclose // refuse closes it
	if err != nil {
		r.refuse(w, resp)
		return
	}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	client, err := upgrader.Upgrade(w, req, nil)
	if err != nil {
		_ = server.Close()
		return
	}
	r.mu.Lock()
	r.conns = append(r.conns, server, client)
	shut := r.shut
	r.mu.Unlock()
	if shut { // meanwhile
		r.cut()
	}
	go func() {
		// A server that has ended may have said something before, which is still to be
		// passed on: why it disconnected this person.
		if pass(client, server, r.fromClient) == nil {
			_ = server.Close()
		}
	}()
	_ = pass(server, client, r.fromServer)
	_, _ = server.Close(), client.Close()
}

// refuse answers as the server did.
func (r *relay) refuse(w http.ResponseWriter, resp *http.Response) {
	if resp == nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
		r.mu.Lock()
		r.refused++
		r.mu.Unlock()
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

// pass passes messages on until from ends, or until one cannot be passed on, which is
// an error. A message for which change gives nil is left out.
func pass(from, to *websocket.Conn, change func([]byte) []byte) error {
	for {
		kind, message, err := from.ReadMessage()
		if err != nil {
			var end *websocket.CloseError
			if errors.As(err, &end) && end.Code != websocket.CloseAbnormalClosure {
				reason := websocket.FormatCloseMessage(end.Code, end.Text)
				_ = to.WriteControl(websocket.CloseMessage, reason, time.Now().Add(time.Second))
			}
			return nil
		}
		if kind == websocket.BinaryMessage {
			message = change(message)
		}
		if message != nil {
			if err := to.WriteMessage(kind, message); err != nil {
				return err
			}
		}
	}
}

// fromServer reads a message of the server. The first message to somebody who
// resumes a session is left out. It names the ICE servers once more, and pion has
// data races where the SDK hands it that. The SDK takes the next message instead,
// as from servers too old to send this one.
//
// Once the server has disconnected this person, nothing more gets through: the SDK
// overlooks a goodbye that comes while its media connection is being made, and
// would come back, as no browser does.
func (r *relay) fromServer(message []byte) []byte {
	msg := new(livekit.SignalResponse)
	if proto.Unmarshal(message, msg) != nil {
		return message
	}
	r.onSignal(msg)
	r.mu.Lock()
	defer r.mu.Unlock()
	if msg.GetLeave() != nil && r.restarting {
		r.restarting = false
		return nil
	}
	if msg.GetReconnect() != nil {
		return nil
	}
	if leave := msg.GetLeave(); leave != nil && leave.GetAction() == livekit.LeaveRequest_DISCONNECT {
		r.shut = true
		r.onLeave(leave.GetReason())
	}
	return message
}

// fromClient changes a message of the SDK, if it has to say something else.
func (r *relay) fromClient(message []byte) []byte {
	if r.held != nil {
		<-r.held
	}
	msg := new(livekit.SignalRequest)
	if proto.Unmarshal(message, msg) != nil {
		return message
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch scenario := msg.GetSimulate(); {
	case scenario != nil:
		// The server acts out no faults. What the SDK can be made to ask for
		// stands for a goodbye, which it cannot say and stay.
		r.restarting = scenario.GetNodeFailure()
		msg.Message = &livekit.SignalRequest_Leave{
			Leave: &livekit.LeaveRequest{Reason: livekit.DisconnectReason_CLIENT_INITIATED}}
	case r.claim != nil && msg.GetAddTrack() != nil:
		r.claim(msg.GetAddTrack())
	default:
		return message
	}
	if changed, err := proto.Marshal(msg); err == nil {
		return changed
	}
	return message
}

// cut ends the connections without a word, as a network does that fails.
func (r *relay) cut() {
	r.mu.Lock()
	conns := r.conns
	r.conns = nil
	r.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
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
