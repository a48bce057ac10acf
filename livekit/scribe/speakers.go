package scribe

import (
	"sync"

	"github.com/livekit/protocol/livekit"
)

// speakers are the others in the room, by the SIDs of their connections, and who of
// them speaks. LiveKit tells who speaks only to those who subscribe to a track of the
// speaker, so a microphone of each is subscribed to. The subscription is disabled:
// LiveKit sends five seconds of silence of its own, and none of the sound.
type speakers struct {
	mu sync.Mutex
	of map[string]*speaker
}

type speaker struct {
	microphone string // the track that is subscribed to; empty is none
	speaks     bool
}

// Speaking says of everybody else in the room, by the SID of their connection, whether
// they speak now. It is empty without [Config.Speakers].
func (p *Participant) Speaking() map[string]bool {
	p.speakers.mu.Lock()
	defer p.speakers.mu.Unlock()
	speaking := make(map[string]bool, len(p.speakers.of))
	for sid, s := range p.speakers.of {
		speaking[sid] = s.speaks
	}
	return speaking
}

// listen takes in what LiveKit says of people, and subscribes to new microphones.
func (p *Participant) listen(people []*livekit.ParticipantInfo) error {
	if !p.cfg.Speakers {
		return nil
	}
	tracks := p.speakers.update(people)
	if len(tracks) == 0 {
		return nil
	}
	// This first: there is no moment in which sound is sent.
	if err := p.write(&livekit.SignalRequest{Message: &livekit.SignalRequest_TrackSetting{
		TrackSetting: &livekit.UpdateTrackSettings{TrackSids: tracks, Disabled: true}}}); err != nil {
		return err
	}
	return p.write(&livekit.SignalRequest{Message: &livekit.SignalRequest_Subscription{
		Subscription: &livekit.UpdateSubscription{TrackSids: tracks, Subscribe: true}}})
}

// update gives the microphones that are new.
func (s *speakers) update(people []*livekit.ParticipantInfo) (tracks []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[string]*speaker{}
	}
	for _, person := range people {
		sid := person.GetSid()
		if person.GetState() == livekit.ParticipantInfo_DISCONNECTED {
			delete(s.of, sid)
			continue
		}
		if s.of[sid] == nil {
			s.of[sid] = &speaker{}
		}
		if track := s.of[sid].choose(person.GetTracks()); track != "" {
			tracks = append(tracks, track)
		}
	}
	return tracks
}

// choose gives the microphone to subscribe to; empty if there is none, or it is
// subscribed to already.
func (s *speaker) choose(tracks []*livekit.TrackInfo) string {
	first := ""
	for _, track := range tracks {
		if track.GetSource() != livekit.TrackSource_MICROPHONE || track.GetType() != livekit.TrackType_AUDIO {
			continue
		}
		if track.GetSid() == s.microphone {
			return ""
		}
		if first == "" {
			first = track.GetSid()
		}
	}
	s.microphone = first
	s.speaks = s.speaks && first != "" // LiveKit does not say so
	return first
}

// hear takes in who has begun or ended to speak.
func (s *speakers) hear(changes []*livekit.SpeakerInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, change := range changes {
		if heard := s.of[change.GetSid()]; heard != nil {
			heard.speaks = change.GetActive()
		}
	}
}
