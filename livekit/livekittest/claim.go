package livekittest

import (
	"github.com/livekit/protocol/livekit"
	"github.com/pion/webrtc/v4"

	"roomkey/meet"
)

// Claim has this person say what they like about the tracks that they publish
// from now on, as a client of somebody's own making does. Only what is said
// changes, not what is sent. nil has them say the truth again.
func (p *Person) Claim(claim func(*livekit.AddTrackRequest)) {
	p.relay.mu.Lock()
	defer p.relay.mu.Unlock()
	p.relay.claim = claim
}

// ClaimSource has this person name that source, or none, whatever they publish.
func (p *Person) ClaimSource(source meet.Source) {
	p.Claim(func(req *livekit.AddTrackRequest) { req.Source = trackSource(source) })
}

// came is something that came from somebody.
type came struct {
	from string
	kind webrtc.RTPCodecType
}

func (p *Person) comes(what came) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.came[what] = true
}

// Heard says whether sound of somebody else has ever come, under whatever name.
func (p *Person) Heard(identity string) bool { return p.hasCome(identity, webrtc.RTPCodecTypeAudio) }

// Saw says whether a picture of somebody else has ever come, under whatever
// name.
func (p *Person) Saw(identity string) bool { return p.hasCome(identity, webrtc.RTPCodecTypeVideo) }

func (p *Person) hasCome(identity string, kind webrtc.RTPCodecType) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.came[came{identity, kind}]
}
