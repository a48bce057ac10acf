package scribe

import "github.com/pion/webrtc/v4"

// OnSound gives f each packet of sound that comes.
func (p *Participant) OnSound(f func(payload []byte)) {
	p.subscriber.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			packet, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			f(packet.Payload)
		}
	})
}

// Subscriptions is of how many tracks LiveKit would send sound or pictures.
func (p *Participant) Subscriptions() int { return len(p.subscriber.GetTransceivers()) }
