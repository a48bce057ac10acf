package meet

import (
	"context"
	"fmt"
	"log/slog"
)

// Everyone is the identity that means all participants but admins.
const Everyone = "*"

// Participants lists who is in the room now, and who waits to be let in.
func (s *Service) Participants(ctx context.Context, p Principal, ref string) ([]Participant, []JoinRequest, error) {
	room, err := s.resolveFor(ctx, p, ActModerate, ref)
	if err != nil {
		return nil, nil, err
	}
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return nil, nil, mediaUnavailable(err)
	}
	requests, err := s.waiting(ctx, room)
	return people, requests, err
}

// Kick puts a participant out of the room and gives the identities removed.
// They can come back with a valid code or token; where the room asks for
// approval they have to be let in again.
func (s *Service) Kick(ctx context.Context, p Principal, ref, identity, reason string) ([]string, error) {
	room, err := s.resolveFor(ctx, p, ActModerate, ref)
	if err != nil {
		return nil, err
	}
	if err := checkIdentity(identity); err != nil {
		return nil, err
	}
	if reason, err = checkText("reason", reason, MaxReason); err != nil {
		return nil, err
	}
	if err := s.media.Remove(ctx, room.ID, identity); err != nil {
		return nil, moderationError(err)
	}
	s.forgetApproval(ctx, p, identity)
	s.note(ctx, p, "participant kicked", room, slog.String("identity", identity), slog.String("reason", reason))
	return []string{identity}, nil
}

// StoppedTrack is a track that a moderator has just stopped.
type StoppedTrack struct {
	Identity string
	ID       string
	Source   Source
}

// Mute stops the microphone of a participant, or with [Everyone] the
// microphones of all participants but admins. It gives the tracks that were
// on and are off now. The participant can turn the microphone on again.
func (s *Service) Mute(ctx context.Context, p Principal, ref, identity string) ([]StoppedTrack, error) {
	return s.stop(ctx, p, ref, identity, "microphone muted", func(t Track) bool {
		return t.Source == Microphone || t.Source == UnknownSource && t.Audio
	})
}

// DisableVideo stops the camera of a participant, like [Service.Mute] does
// the microphone.
func (s *Service) DisableVideo(ctx context.Context, p Principal, ref, identity string) ([]StoppedTrack, error) {
	if identity == Everyone {
		return nil, Invalid("identity", "identity must name one participant", "list_participants gives the identities.")
	}
	return s.stop(ctx, p, ref, identity, "camera stopped", func(t Track) bool {
		return t.Source == Camera || t.Source == UnknownSource && !t.Audio
	})
}

// stop mutes, at the server, those tracks of the meant participants that meant
// picks.
func (s *Service) stop(ctx context.Context, p Principal, ref, identity, action string, meant func(Track) bool) ([]StoppedTrack, error) {
	room, err := s.resolveFor(ctx, p, ActModerate, ref)
	if err != nil {
		return nil, err
	}
	if err := checkIdentity(identity); err != nil {
		return nil, err
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return nil, mediaUnavailable(err)
	}
	found, stopped := identity == Everyone, []StoppedTrack{}
	for _, person := range people {
		if identity == Everyone && person.Admin || identity != Everyone && person.Identity != identity {
			continue
		}
		found = true
		for _, track := range person.Tracks {
			if track.Muted || !meant(track) {
				continue
			}
			done, err := s.media.MuteTrack(ctx, room.ID, person.Identity, track.ID)
			if err != nil {
				e := AsError(moderationError(err))
				e.Hint = fmt.Sprintf("The media server stopped answering; %d tracks are off already. Repeat the call in a few seconds.", len(stopped))
				return nil, e
			}
			if done {
				stopped = append(stopped, StoppedTrack{person.Identity, track.ID, track.Source})
			}
		}
	}
	if !found {
		return nil, participantNotFound()
	}
	s.note(ctx, p, action, room, slog.String("identity", identity), slog.Int("tracks", len(stopped)))
	return stopped, nil
}

// checkIdentity refuses what cannot be anybody's identity.
func checkIdentity(identity string) error {
	const longest = MaxUserID + 13 // the random part and its underscore
	switch checked, err := checkText("identity", identity, longest); {
	case err != nil:
		return err
	case checked == "":
		return Invalid("identity", "identity must not be empty", "list_participants gives the identity of everyone in the room.")
	}
	return nil
}

func moderationError(err error) error {
	if IsCode(err, CodeNotFound) {
		return participantNotFound()
	}
	return mediaUnavailable(err)
}
