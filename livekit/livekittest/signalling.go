package livekittest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/meet"
)

// SignallingStatus asks for a signalling connection, hangs up, and gives the HTTP status of
// the answer: 101 for success, 401 for a bad token, 404 for a room that does not
// exist, 500 for a full one. It is much faster than [TryJoin], because the SDK
// tries again and again.
func SignallingStatus(tb testing.TB, url, token string) int {
	tb.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(tb.Context(), signallingURL(url, token), nil)
	if err == nil {
		_ = conn.Close()
	}
	if resp == nil {
		tb.Fatalf("ask for a signalling connection: %v", err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// Signal opens a signalling connection without media, as of a browser whose media
// connection fails, and returns when LiveKit has answered. The connection ends
// with end, or with the test.
func Signal(tb testing.TB, url, token string) (end func()) {
	tb.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(tb.Context(), signallingURL(url, token), nil)
	if err != nil {
		tb.Fatalf("open a signalling connection: %v", err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	_ = resp.Body.Close()
	if _, _, err := conn.ReadMessage(); err != nil {
		tb.Fatalf("read from a signalling connection: %v", err)
	}
	return func() { _ = conn.Close() }
}

// signallingURL is what a browser asks for.
func signallingURL(base, token string) string {
	query := url.Values{"protocol": {"16"}, "sdk": {"js"}, "auto_subscribe": {"1"}, "access_token": {token}}
	return "ws" + strings.TrimPrefix(base, "http") + "/rtc?" + query.Encode()
}

// handleSignal keeps what tests ask for of what the server tells this person.
func (p *Person) handleSignal(msg *livekit.SignalResponse) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch m := msg.GetMessage().(type) {
	case *livekit.SignalResponse_Join:
		p.sid = m.Join.GetParticipant().GetSid()
		p.permissions = m.Join.GetParticipant().GetPermission()
		clear(p.negotiated)
		// Without fast_publish the SDK negotiates this one when it first publishes.
		p.negotiated[livekit.SignalTarget_PUBLISHER] = !m.Join.GetFastPublish()
	case *livekit.SignalResponse_Trickle:
		if m.Trickle.GetFinal() {
			p.negotiated[m.Trickle.GetTarget()] = true
		}
	case *livekit.SignalResponse_Update:
		for _, info := range m.Update.GetParticipants() {
			if info.GetSid() == p.sid && info.GetPermission() != nil {
				p.permissions = info.GetPermission()
			}
		}
	case *livekit.SignalResponse_RefreshToken:
		p.token = m.RefreshToken
	case *livekit.SignalResponse_TrackPublished:
		p.published[m.TrackPublished.GetTrack().GetSid()] = m.TrackPublished.GetTrack().GetSource()
	case *livekit.SignalResponse_RequestResponse:
		refuse := p.refused[m.RequestResponse.GetAddTrack().GetCid()]
		if refuse != nil && m.RequestResponse.GetReason() == livekit.RequestResponse_NOT_ALLOWED {
			refuse()
		}
	case *livekit.SignalResponse_TrackUnpublished:
		p.takenAway[p.published[m.TrackUnpublished.GetTrackSid()]] = true
	}
}

// Token is the newest one this person has. LiveKit sends another one after the
// join, when permissions, name or attributes change, and every five minutes. It
// lives for ten minutes or for as long as the first one, whichever is longer.
func (p *Person) Token() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.token
}

// WaitToken waits for a token that differs from the one given, and gives it.
func (p *Person) WaitToken(old string) string {
	p.tb.Helper()
	Wait(p.tb, "a new token", func() bool { return p.Token() != old })
	return p.Token()
}

// Permissions is what the server has told this person last. It is not to be
// changed.
func (p *Person) Permissions() *livekit.ParticipantPermission {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.permissions
}

// MayPublish says whether the server has told this person last that they may
// publish that source. As in a token, no sources at all are all of them.
func (p *Person) MayPublish(source meet.Source) bool {
	may := p.Permissions()
	sources := may.GetCanPublishSources()
	return may.GetCanPublish() && (len(sources) == 0 || slices.Contains(sources, trackSource(source)))
}

// WaitMayPublish waits until MayPublish is as wanted.
func (p *Person) WaitMayPublish(source meet.Source, want bool) {
	p.tb.Helper()
	Wait(p.tb, fmt.Sprintf("permission for %s to be %t", source, want), func() bool {
		return p.MayPublish(source) == want
	})
}

// WaitTrackGone waits until the server has told this person that it took away
// their track of that source.
func (p *Person) WaitTrackGone(source meet.Source) {
	p.tb.Helper()
	Wait(p.tb, fmt.Sprintf("own %s to be taken away", source), func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.takenAway[trackSource(source)]
	})
}

// Claim has this person say what they like about the tracks that they publish
// from now on, as a client of their own making does. Only what is said changes,
// not what is sent. nil has them say the truth again.
func (p *Person) Claim(claim func(*livekit.AddTrackRequest)) {
	p.relay.mu.Lock()
	defer p.relay.mu.Unlock()
	p.relay.claim = claim
}

// ClaimSource has this person name that source, or none, whatever they publish.
func (p *Person) ClaimSource(source meet.Source) {
	p.Claim(func(req *livekit.AddTrackRequest) { req.Source = trackSource(source) })
}

// ShowToken has this person show another token from now on when they connect
// again, such as the one they first came with. Real clients show the newest one.
func (p *Person) ShowToken(token string) {
	p.relay.mu.Lock()
	defer p.relay.mu.Unlock()
	p.relay.token = token
}

// Resume cuts the signalling connection, as a change of networks does, and waits
// until the SDK has resumed the same session.
func (p *Person) Resume() {
	p.tb.Helper()
	p.reconnect(p.relay.cut)
}

// Restart has the server forget this person, as when its node fails, and waits
// until the SDK has begun a new session under the same identity.
func (p *Person) Restart() {
	p.tb.Helper()
	p.reconnect(func() { p.room.Simulate(lksdk.SimulateNodeFailure) }) // the relay makes a goodbye of it
}

// reconnect does something that makes the SDK connect again, and waits for that.
func (p *Person) reconnect(disturb func()) {
	p.tb.Helper()
	p.waitNegotiated()
	before := p.reconnections.Load()
	disturb()
	Wait(p.tb, "to have connected again", func() bool { return p.reconnections.Load() > before })
}

// waitNegotiated waits until the server has said all it has to for both media
// connections. LiveKit ends the session of somebody whose signalling connection
// breaks before that.
func (p *Person) waitNegotiated() {
	p.tb.Helper()
	Wait(p.tb, "the media connections to be negotiated", func() bool {
		p.mu.Lock()
		negotiated := p.negotiated[livekit.SignalTarget_PUBLISHER] && p.negotiated[livekit.SignalTarget_SUBSCRIBER]
		p.mu.Unlock()
		return negotiated && p.Connected()
	})
}

// Offline cuts the signalling connection, and every other that the SDK tries,
// until [Person.Online]. The server does not notice for some seconds; what it says
// meanwhile is lost.
func (p *Person) Offline() {
	p.tb.Helper()
	p.waitNegotiated()
	p.relay.setShut(true)
}

// Online lets the SDK connect again, which it tries for a minute and a half.
func (p *Person) Online() { p.relay.setShut(false) }

// Refused counts how often this person's token was refused (401, 403) when the
// SDK connected again, which it goes on trying.
func (p *Person) Refused() int {
	p.relay.mu.Lock()
	defer p.relay.mu.Unlock()
	return p.relay.refused
}
