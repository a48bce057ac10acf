// Package scribe is Roomkey's own participant in media rooms. Nobody inside sees it,
// it takes no seat, and it neither publishes nor gets sound or pictures: it sends
// data to the people inside, gets theirs, and knows who of them speaks.
//
// It is a client of its own, because data comes from strangers. LiveKit's SDK for Go
// panics when the end of a text stream has attributes that its beginning had not,
// and keeps whatever streams bring.
//
// It knows LiveKit's signalling, and nothing of rooms and people.
package scribe

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"
	"github.com/pion/webrtc/v4"
	"google.golang.org/protobuf/proto"
)

// Config says which media room to join.
type Config struct {
	URL   string // of LiveKit; its scheme is ws, wss, http or https
	Token string // lets a hidden participant into the room

	// SameMachine says that LiveKit runs on this machine. Then data goes by loopback,
	// on which LiveKit finds this side, even if it names an address that is elsewhere.
	SameMachine bool

	// OnPacket gets the data that others send, in the order in which it comes. It
	// must be quick. Nil is nowhere.
	OnPacket func(*livekit.DataPacket)

	// Speakers is to know who speaks: see [Participant.Speaking].
	Speakers bool
}

// Participant is connected to a media room. It must be closed.
type Participant struct {
	cfg     Config
	conn    *websocket.Conn
	running sync.WaitGroup

	publisher, subscriber *peer // of the goroutine that reads; nil before LiveKit's first message
	reliable              *webrtc.DataChannel

	open  atomic.Int32  // channels that are open: one to send, one to receive
	ready chan struct{} // closed when both are

	writing sync.Mutex // held while a message is written to conn
	sending sync.Mutex // held while data is sent
	sent    uint32     // packets
	drained chan struct{}

	speakers speakers

	endOnce sync.Once
	done    chan struct{} // closed when the connection has ended; err is set before
	err     error
}

// Join connects, and returns when data can be sent and received. ctx bounds that
// alone.
func Join(ctx context.Context, cfg Config) (*Participant, error) {
	conn, err := dial(ctx, cfg)
	if err != nil {
		return nil, err
	}
	p := &Participant{cfg: cfg, conn: conn, ready: make(chan struct{}), done: make(chan struct{}),
		drained: make(chan struct{}, 1)}
	p.running.Go(p.read)
	select {
	case <-p.ready:
		return p, nil
	case <-p.done:
		err = p.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	p.Close()
	return nil, fmt.Errorf("scribe: join a media room: %w", err)
}

// Done is closed when the connection has ended.
func (p *Participant) Done() <-chan struct{} { return p.done }

// Send sends packets reliably, and returns when LiveKit has taken all of them. It numbers
// them: what has a number reaches also people whose connection is made within the
// next two seconds. LiveKit keeps it for them that long.
func (p *Participant) Send(ctx context.Context, packets ...*livekit.DataPacket) error {
	p.sending.Lock()
	defer p.sending.Unlock()
	for _, packet := range packets {
		p.sent++
		packet.Sequence = p.sent
		body, err := proto.Marshal(packet)
		if err == nil {
			err = p.reliable.Send(body)
		}
		if err != nil {
			return fmt.Errorf("scribe: send data: %w", err)
		}
	}
	for p.reliable.BufferedAmount() > 0 {
		select {
		case <-p.drained:
		case <-p.done:
			return fmt.Errorf("scribe: send data: %w", p.err)
		case <-ctx.Done():
			return fmt.Errorf("scribe: send data: %w", context.Cause(ctx))
		}
	}
	return nil
}

// goodbye is how long LiveKit may take to end the connection of somebody who leaves.
const goodbye = time.Second

var errLeft = errors.New("it has left")

// Close leaves the room, and waits until nothing runs any more. A second time does
// nothing.
func (p *Participant) Close() {
	err := p.write(&livekit.SignalRequest{Message: &livekit.SignalRequest_Leave{
		Leave: &livekit.LeaveRequest{Reason: livekit.DisconnectReason_CLIENT_INITIATED}}})
	if err == nil { // LiveKit ends it: a connection that is closed here may take the message with it
		select {
		case <-p.done:
		case <-time.After(goodbye):
		}
	}
	p.end(errLeft)
	p.running.Wait()
}

// end ends the connection; the goroutine that reads cleans up.
func (p *Participant) end(err error) {
	p.endOnce.Do(func() {
		p.err = err
		close(p.done)
		_ = p.conn.Close()
	})
}
