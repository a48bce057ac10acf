package livekittest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"
)

// Person is a participant: somebody connected to a media room with a token, by the
// SDK that real clients use. Methods that cannot do what they promise fail the
// test.
type Person struct {
	tb            testing.TB
	room          *lksdk.Room
	relay         *relay        // of the signalling connection
	gone          chan struct{} // closed when disconnected
	reconnections atomic.Int32

	mu          sync.Mutex
	reason      livekit.DisconnectReason // once gone
	messages    []string
	received    map[string]bool // sids of the tracks this person is subscribed to
	arrived     map[media]bool  // what has ever come from others
	sid         string          // of this connection
	token       string          // the newest
	permissions *livekit.ParticipantPermission
	published   map[string]livekit.TrackSource // own tracks by sid
	takenAway   map[livekit.TrackSource]bool   // own tracks that the server has unpublished
	refused     map[string]func()              // called when the server refuses a publication
	negotiated  map[livekit.SignalTarget]bool  // media connections for which the server has said all it has to
}

// media is sound or picture of somebody.
type media struct {
	from string
	kind webrtc.RTPCodecType
}

// Join connects with the token and leaves after the test. url is LiveKit's, or
// that of a proxy before it.
func Join(tb testing.TB, url, token string) *Person {
	tb.Helper()
	p, err := TryJoin(tb, url, token)
	if err != nil {
		tb.Fatalf("join: %v", err)
	}
	return p
}

// TryJoin is Join for a token that may be refused.
func TryJoin(tb testing.TB, url, token string) (*Person, error) {
	tb.Helper()
	return TryJoinFor(tb, url, token, patience)
}

// TryJoinFor is TryJoin for a person who may be removed before they have
// connected. The SDK does not notice that, but gives up after the timeout.
func TryJoinFor(tb testing.TB, url, token string, timeout time.Duration) (*Person, error) {
	tb.Helper()
	p, err := newPerson(tb, url, token)
	if err != nil {
		return nil, err
	}
	if err := p.connect(timeout); err != nil {
		return nil, err
	}
	return p, nil
}

// Begin begins to join, as over a slow network: LiveKit lists a person whose media is
// not connected. connect goes on, and gives the person who is inside.
func Begin(tb testing.TB, url, token string) (connect func() *Person) {
	tb.Helper()
	p, err := newPerson(tb, url, token)
	if err != nil {
		tb.Fatalf("join: %v", err)
	}
	p.relay.held = make(chan struct{})
	joined := make(chan error, 1)
	go func() { joined <- p.connect(patience) }()
	return func() *Person {
		tb.Helper()
		close(p.relay.held)
		if err := <-joined; err != nil {
			tb.Fatalf("join: %v", err)
		}
		return p
	}
}

func newPerson(tb testing.TB, url, token string) (*Person, error) {
	tb.Helper()
	p := &Person{
		tb:         tb,
		gone:       make(chan struct{}),
		token:      token,
		received:   map[string]bool{},
		arrived:    map[media]bool{},
		published:  map[string]livekit.TrackSource{},
		takenAway:  map[livekit.TrackSource]bool{},
		refused:    map[string]func(){},
		negotiated: map[livekit.SignalTarget]bool{},
	}
	callback := lksdk.NewRoomCallback()
	callback.OnDisconnected = func() { p.disconnected(p.room.DisconnectReason()) }
	callback.OnReconnected = func() { p.reconnections.Add(1) }
	callback.OnDataPacket = p.receive
	callback.OnTrackSubscribed = p.subscribed
	callback.OnTrackUnsubscribed = p.unsubscribed
	p.room = lksdk.NewRoom(callback)

	var err error
	if p.relay, err = newRelay(url, p.handleSignal, p.disconnected); err != nil {
		return nil, err
	}
	tb.Cleanup(p.relay.close)
	return p, nil
}

// connect connects, and leaves after the test.
func (p *Person) connect(timeout time.Duration) error {
	// Without a context: the SDK would keep it, and could not reconnect later.
	if err := p.room.JoinWithToken(p.relay.server.URL, p.token, lksdk.WithConnectTimeout(timeout)); err != nil {
		return err
	}
	p.tb.Cleanup(p.Leave)
	return nil
}

// Room is the SDK's view of the meeting, for what Person has no method for.
func (p *Person) Room() *lksdk.Room { return p.room }

// Identity is what the server calls this person.
func (p *Person) Identity() string { return p.room.LocalParticipant.Identity() }

// Attributes are what the server says about this person.
func (p *Person) Attributes() map[string]string { return p.room.LocalParticipant.Attributes() }

// Leave leaves the room; a second time does nothing.
//
// The server is asked to end the connection. When the SDK ends it, it closes the
// connection with unread data, so its goodbye is lost now and then and LiveKit
// notices only after 21 s.
func (p *Person) Leave() {
	if p.Connected() {
		p.room.Simulate(lksdk.SimulateServerLeave) // the relay makes a goodbye of it
		select {
		case <-p.gone:
		case <-time.After(time.Second):
		}
	}
	p.room.Disconnect()
}

// Sees says whether this person knows that somebody else is in the room.
// LiveKit tells of those who publish nothing up to 3 s late.
func (p *Person) Sees(identity string) bool { return p.room.GetParticipantByIdentity(identity) != nil }

// Send sends a chat message, which is a reliable data packet.
func (p *Person) Send(message string) {
	p.tb.Helper()
	packet := lksdk.UserData([]byte(message))
	err := p.room.LocalParticipant.PublishDataPacket(packet, lksdk.WithDataPublishReliable(true))
	if err != nil {
		p.tb.Fatalf("send message: %v", err)
	}
}

func (p *Person) receive(data lksdk.DataPacket, _ lksdk.DataReceiveParams) {
	if user, ok := data.(*lksdk.UserDataPacket); ok {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.messages = append(p.messages, string(user.Payload))
	}
}

// Messages are the chat messages that have come so far.
func (p *Person) Messages() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.messages)
}

// WaitMessage waits until a chat message has come.
func (p *Person) WaitMessage(message string) {
	p.tb.Helper()
	Wait(p.tb, fmt.Sprintf("message %q", message), func() bool { return slices.Contains(p.Messages(), message) })
}

// Gone says whether this person has been disconnected for good.
func (p *Person) Gone() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// Connected says whether this person is connected now.
func (p *Person) Connected() bool {
	return !p.Gone() && p.room.ConnectionState() == lksdk.ConnectionStateConnected
}

// WaitDisconnected waits until the server has disconnected this person, and gives
// the reason: PARTICIPANT_REMOVED, ROOM_DELETED, DUPLICATE_IDENTITY and so on.
func (p *Person) WaitDisconnected() string {
	p.tb.Helper()
	select {
	case <-p.gone:
	case <-time.After(patience):
		p.tb.Fatalf("waited %v to be disconnected", patience)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reason.String()
}

// disconnected keeps the first reason for which this person was disconnected.
func (p *Person) disconnected(reason livekit.DisconnectReason) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.Gone() {
		p.reason = reason
		close(p.gone)
	}
}
