package scribe

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

const (
	// protocol is the version of LiveKit's signalling that is spoken here: with two
	// peer connections, one in each direction.
	protocol = "15"

	maxSignal   = 16 << 20         // bytes of one message: the first one names everybody inside
	maxSilence  = 45 * time.Second // LiveKit answers pings
	writeWithin = 5 * time.Second

	defaultPing = 10 * time.Second
)

// dial begins signalling.
func dial(ctx context.Context, cfg Config) (*websocket.Conn, error) {
	at, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("scribe: read LiveKit's URL: %w", err)
	}
	at.Scheme = strings.Replace(at.Scheme, "http", "ws", 1)
	at = at.JoinPath("rtc")
	at.RawQuery = url.Values{"protocol": {protocol}, "auto_subscribe": {"0"}, "sdk": {"go"}}.Encode()
	header := http.Header{"Authorization": {"Bearer " + cfg.Token}}
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, at.String(), header)
	if err != nil {
		if resp != nil {
			_ = resp.Body.Close()
			return nil, fmt.Errorf("scribe: connect to LiveKit: %w (%s)", err, resp.Status)
		}
		return nil, fmt.Errorf("scribe: connect to LiveKit: %w", err)
	}
	conn.SetReadLimit(maxSignal)
	return conn, nil
}

// write sends a message to LiveKit.
func (p *Participant) write(request *livekit.SignalRequest) error {
	body, err := proto.Marshal(request)
	if err != nil {
		return fmt.Errorf("scribe: write a message to LiveKit: %w", err)
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	_ = p.conn.SetWriteDeadline(time.Now().Add(writeWithin))
	if err := p.conn.WriteMessage(websocket.BinaryMessage, body); err != nil {
		return fmt.Errorf("scribe: write a message to LiveKit: %w", err)
	}
	return nil
}

// read handles LiveKit's messages until the connection ends, and then cleans up.
func (p *Participant) read() {
	defer p.closePeers()
	for {
		_ = p.conn.SetReadDeadline(time.Now().Add(maxSilence))
		_, body, err := p.conn.ReadMessage()
		response := &livekit.SignalResponse{}
		if err == nil {
			err = proto.Unmarshal(body, response)
		}
		if err == nil {
			err = p.handle(response)
		}
		if err != nil {
			p.end(err)
			return
		}
	}
}

// handle handles one message of LiveKit's.
func (p *Participant) handle(response *livekit.SignalResponse) error {
	if join := response.GetJoin(); join != nil && p.publisher == nil {
		p.running.Go(func() { p.ping(cmp.Or(time.Duration(join.GetPingInterval())*time.Second, defaultPing)) })
		if err := p.connect(join); err != nil {
			return err
		}
		return p.listen(join.GetOtherParticipants())
	}
	switch message := response.GetMessage().(type) {
	case *livekit.SignalResponse_Leave:
		return fmt.Errorf("LiveKit has ended the connection: %s", message.Leave.GetReason())
	case *livekit.SignalResponse_Offer:
		return p.answer(message.Offer)
	case *livekit.SignalResponse_Answer:
		return p.acceptAnswer(message.Answer)
	case *livekit.SignalResponse_Trickle:
		return p.addCandidate(message.Trickle)
	case *livekit.SignalResponse_Update:
		return p.listen(message.Update.GetParticipants())
	case *livekit.SignalResponse_SpeakersChanged:
		p.speakers.hear(message.SpeakersChanged.GetSpeakers())
	}
	return nil
}

// ping says that this participant is there. LiveKit would end a silent connection.
func (p *Participant) ping(interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-p.done:
			return
		case now := <-ticker.C:
			if err := p.write(&livekit.SignalRequest{Message: &livekit.SignalRequest_PingReq{
				PingReq: &livekit.Ping{Timestamp: now.UnixMilli()}}}); err != nil {
				p.end(err)
				return
			}
		}
	}
}
