package livekittest

import (
	"fmt"
	"slices"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"google.golang.org/protobuf/proto"

	"roomkey/meet"
)

// told is what the server has told a participant about themselves.
type told struct {
	sid         string
	token       string
	permissions []permissions // the newest is the last
	published   map[string]livekit.TrackSource
	unpublished []unpublished
}

type permissions struct {
	at time.Time
	*livekit.ParticipantPermission
}

type unpublished struct {
	at     time.Time
	source livekit.TrackSource
}

// hear keeps what a test may ask for of what the server says.
func (p *Person) hear(at time.Time, msg *livekit.SignalResponse) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &p.told
	switch m := msg.GetMessage().(type) {
	case *livekit.SignalResponse_Join:
		t.sid = m.Join.GetParticipant().GetSid()
		t.permit(at, m.Join.GetParticipant())
	case *livekit.SignalResponse_Update:
		for _, info := range m.Update.GetParticipants() {
			if info.GetSid() == t.sid {
				t.permit(at, info)
			}
		}
	case *livekit.SignalResponse_RefreshToken:
		t.token = m.RefreshToken
	case *livekit.SignalResponse_TrackPublished:
		if t.published == nil {
			t.published = make(map[string]livekit.TrackSource)
		}
		t.published[m.TrackPublished.GetTrack().GetSid()] = m.TrackPublished.GetTrack().GetSource()
	case *livekit.SignalResponse_TrackUnpublished:
		t.unpublished = append(t.unpublished, unpublished{at, t.published[m.TrackUnpublished.GetTrackSid()]})
	}
}

// permit remembers permissions if they are not the same as before.
func (t *told) permit(at time.Time, info *livekit.ParticipantInfo) {
	now := info.GetPermission()
	if n := len(t.permissions); now != nil && (n == 0 || !proto.Equal(t.permissions[n-1].ParticipantPermission, now)) {
		t.permissions = append(t.permissions, permissions{at, now})
	}
}

// Token is the newest one this person holds: LiveKit hands out another as soon
// as somebody is inside, whenever their permissions, name or attributes change,
// and every five minutes. It is good for ten minutes or for as long as the one
// they came with, whichever is longer.
func (p *Person) Token() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told.token
}

// WaitToken waits for a token that differs from the one given, and gives it.
func (p *Person) WaitToken(old string) string {
	p.tb.Helper()
	Wait(p.tb, "a new token", func() bool { return p.Token() != old })
	return p.Token()
}

// Permissions is what the server has told this person last about what they may
// do. It is not to be changed.
func (p *Person) Permissions() *livekit.ParticipantPermission {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.told.permissions); n > 0 {
		return p.told.permissions[n-1].ParticipantPermission
	}
	return nil
}

// WaitPermissions waits until this person has been told permissions that are as
// wanted, and gives the time when they were told.
func (p *Person) WaitPermissions(what string, wanted func(*livekit.ParticipantPermission) bool) (at time.Time) {
	p.tb.Helper()
	Wait(p.tb, "permissions: "+what, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		n := len(p.told.permissions)
		if n == 0 || !wanted(p.told.permissions[n-1].ParticipantPermission) {
			return false
		}
		at = p.told.permissions[n-1].at
		return true
	})
	return at
}

// MayPublish says whether the server has told this person last that they may
// publish that source. As in a token, no sources at all are all of them.
func (p *Person) MayPublish(source meet.Source) bool {
	return mayPublish(p.Permissions(), source)
}

func mayPublish(may *livekit.ParticipantPermission, source meet.Source) bool {
	sources := may.GetCanPublishSources()
	return may.GetCanPublish() && (len(sources) == 0 || slices.Contains(sources, trackSource(source)))
}

// WaitMayPublish waits until that is so, or not, and gives the time when this
// person was told.
func (p *Person) WaitMayPublish(source meet.Source, want bool) time.Time {
	p.tb.Helper()
	return p.WaitPermissions(fmt.Sprintf("%s to be %t", source, want), func(may *livekit.ParticipantPermission) bool {
		return mayPublish(may, source) == want
	})
}

// WaitTrackGone waits until the server has told this person that it has taken
// away their track of that source, and gives the time when it did.
func (p *Person) WaitTrackGone(source meet.Source) (at time.Time) {
	p.tb.Helper()
	Wait(p.tb, fmt.Sprintf("own %s to be taken away", source), func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, u := range p.told.unpublished {
			if u.source == trackSource(source) {
				at = u.at
			}
		}
		return !at.IsZero()
	})
	return at
}

// WaitNotReceiving waits until this person no longer gets that source of
// somebody else, and gives the time, to some 10 ms.
func (p *Person) WaitNotReceiving(identity string, source meet.Source) time.Time {
	p.tb.Helper()
	Wait(p.tb, fmt.Sprintf("%s of %s to be gone", source, identity), func() bool { return !p.Receives(identity, source) })
	return time.Now()
}

// GoneAt is when this person noticed that they are disconnected; zero if they
// are not.
func (p *Person) GoneAt() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.goneAt
}

// ShowToken has this person show another token from now on whenever they
// connect again, such as the one they first came with: real clients show the
// newest, those of strangers whatever they like.
func (p *Person) ShowToken(token string) {
	p.relay.mu.Lock()
	defer p.relay.mu.Unlock()
	p.relay.token = token
}

// Resume cuts the signalling connection, as a change of networks does, and
// waits until the SDK has taken up the same session again.
func (p *Person) Resume() {
	p.tb.Helper()
	Wait(p.tb, "to be connected", p.Connected)
	before := p.reconnections()
	p.relay.cut()
	Wait(p.tb, "to have resumed", func() bool { return p.reconnections() > before })
}

// Offline cuts the signalling connection, and every other that the SDK tries,
// until [Person.Online]. The server does not notice for some seconds; what it
// says meanwhile is lost.
func (p *Person) Offline() { p.relay.setShut(true) }

// Online lets the SDK connect again, which it tries for a minute and a half.
func (p *Person) Online() { p.relay.setShut(false) }

// Refused counts how often this person was answered that their token is no
// good (401, 403). The SDK tries again all the same.
func (p *Person) Refused() int {
	p.relay.mu.Lock()
	defer p.relay.mu.Unlock()
	return p.relay.refused
}

// Restart has the server forget this person, as when its node fails, and waits
// until the SDK has begun a new session under the same identity.
func (p *Person) Restart() {
	p.tb.Helper()
	Wait(p.tb, "to be connected", p.Connected)
	before := p.reconnections()
	p.room.Simulate(lksdk.SimulateNodeFailure) // the relay makes a goodbye of it that the SDK hears no answer to
	Wait(p.tb, "to have connected again", func() bool { return p.reconnections() > before })
}

func (p *Person) hasReconnected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reconnected++
}

func (p *Person) reconnections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reconnected
}
