package meet

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
)

// Everyone is the identity that means all participants but admins.
const Everyone = "*"

// Roster is who is in a room, who wants to be, and who may not.
type Roster struct {
	Participants []Participant
	Requests     []JoinRequest
	Blocks       []Block
}

// Roster lists who is in the room now, who waits to be let in, and who is
// blocked.
func (s *Service) Roster(ctx context.Context, p Principal, ref string) (Roster, error) {
	room, err := s.resolveFor(ctx, p, ActModerate, ref)
	if err != nil {
		return Roster{}, err
	}
	var roster Roster
	if roster.Participants, err = s.media.Participants(ctx, room.ID); err != nil {
		return Roster{}, mediaUnavailable(err)
	}
	for i, person := range roster.Participants {
		if roster.Participants[i], _, err = s.known(ctx, room, person); err != nil {
			return Roster{}, err
		}
	}
	if roster.Requests, err = s.waiting(ctx, room); err != nil {
		return Roster{}, err
	}
	if roster.Blocks, err = s.store.Blocks(ctx, room.ID); err != nil {
		return Roster{}, s.storeError(err, "")
	}
	return roster, nil
}

// StopCall says whose microphone or camera to stop.
type StopCall struct {
	Identity string // or [Everyone]

	// Lock takes the source away until it is given back with false, which
	// stops nothing; nil only stops, and they can turn it on again.
	Lock *bool
}

// Stopped is what a moderator has changed.
type Stopped struct {
	Tracks   []StoppedTrack // that were on and are off now
	Locked   []string       // identities from whom the source was taken just now
	Unlocked []string       // identities to whom it was given back
}

// StoppedTrack is a track that a moderator has just stopped.
type StoppedTrack struct {
	Identity string
	ID       string
	Source   Source
}

// Mute stops the microphone of a participant, or with [Everyone] the
// microphones of all participants but admins. A lock holds for the identity,
// however often it connects, and for the same subject or user id when they join
// anew in this session of the room.
func (s *Service) Mute(ctx context.Context, p Principal, ref string, call StopCall) (Stopped, error) {
	return s.stop(ctx, p, ref, call, stopping{Microphone, Muted, func(t Track) bool {
		return t.Source == Microphone || t.Source == UnknownSource && t.Audio
	}})
}

// DisableVideo stops the camera of a participant, like [Service.Mute] does
// the microphone.
func (s *Service) DisableVideo(ctx context.Context, p Principal, ref string, call StopCall) (Stopped, error) {
	if call.Identity == Everyone {
		return Stopped{}, Invalid("identity", "identity must name one participant", "list_participants gives the identities.")
	}
	return s.stop(ctx, p, ref, call, stopping{Camera, VideoDisabled, func(t Track) bool {
		return t.Source == Camera || t.Source == UnknownSource && !t.Audio
	}})
}

// stopping is one of the things that can be stopped.
type stopping struct {
	source Source
	action EventAction
	meant  func(Track) bool
}

func (s *Service) stop(ctx context.Context, p Principal, ref string, call StopCall, what stopping) (Stopped, error) {
	room, err := s.resolveFor(ctx, p, ActModerate, ref)
	if err != nil {
		return Stopped{}, err
	}
	if err := checkIdentity(call.Identity); err != nil {
		return Stopped{}, err
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	unlock, err := s.locks.lock(ctx, room.ID)
	if err != nil {
		return Stopped{}, mediaUnavailable(err)
	}
	defer unlock()
	people, err := s.meantBy(ctx, room, call.Identity)
	if err != nil {
		return Stopped{}, err
	}
	switch {
	case call.Lock == nil:
		return s.stopTracks(ctx, p, room, people, call, what)
	case *call.Lock:
		return s.lock(ctx, p, room, people, call, what)
	}
	return s.unlock(ctx, p, room, people, call, what)
}

// meantBy finds the participants that an identity means. Who is an admin is the
// database's word, not the media server's.
func (s *Service) meantBy(ctx context.Context, room Room, identity string) ([]Participant, error) {
	inside, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return nil, mediaUnavailable(err)
	}
	var people []Participant
	for _, person := range inside {
		if identity != Everyone && person.Identity != identity {
			continue
		}
		if person, _, err = s.known(ctx, room, person); err != nil {
			return nil, err
		}
		if identity != Everyone || !person.Admin {
			people = append(people, person)
		}
	}
	if len(people) == 0 && identity != Everyone {
		return nil, participantNotFound()
	}
	return people, nil
}

// stopTracks mutes tracks at the server, and writes it down if there were any.
func (s *Service) stopTracks(ctx context.Context, p Principal, room Room, people []Participant, call StopCall, what stopping) (Stopped, error) {
	tracks, err := s.muteTracks(ctx, room, people, what.meant)
	if len(tracks) == 0 {
		return Stopped{Tracks: tracks}, err
	}
	e := s.event(ctx, p, what.action, room, call.Identity, map[string]string{"tracks": strconv.Itoa(len(tracks))})
	if err != nil {
		e.Outcome = OutcomeIncomplete
	}
	return Stopped{Tracks: tracks}, cmp.Or(err, s.record(ctx, e))
}

// muteTracks mutes tracks one after the other. With an error come those that
// are muted already.

func (s *Service) muteTracks(ctx context.Context, room Room, people []Participant, meant func(Track) bool) ([]StoppedTrack, error) {
	stopped := []StoppedTrack{}
	for _, person := range people {
		for _, track := range person.Tracks {
			if track.Muted || !meant(track) {
				continue
			}
			done, err := s.media.MuteTrack(ctx, room.ID, person.Identity, track.ID)
			if err != nil {
				e := AsError(moderationError(err))
				e.Hint = fmt.Sprintf("The media server stopped answering; %d tracks are off already. Repeat the call in a few seconds.", len(stopped))
				return stopped, e
			}
			if done {
				stopped = append(stopped, StoppedTrack{person.Identity, track.ID, track.Source})
			}
		}
	}
	return stopped, nil
}

// lock stops tracks and takes the source away. Once that is stored it holds
// also for whoever is connecting just now.
func (s *Service) lock(ctx context.Context, p Principal, room Room, people []Participant, call StopCall, what stopping) (Stopped, error) {
	strangers, ours := split(people)
	if len(strangers) > 0 && call.Identity != Everyone {
		return Stopped{}, notOurs()
	}
	tracks, err := s.muteTracks(ctx, room, people, what.meant)
	if err != nil {
		return Stopped{}, err
	}
	e := s.event(ctx, p, Locked, room, call.Identity, map[string]string{"source": string(what.source), "tracks": strconv.Itoa(len(tracks))})
	locked, err := s.store.LockJoins(ctx, room.ID, ours, what.source, true, e)
	if err != nil {
		return Stopped{}, s.storeError(err, "")
	}
	switch {
	case len(locked) > 0:
		s.logEvent(ctx, e)
	case len(tracks) > 0: // locked before, and on all the same
		if err := s.record(ctx, s.event(ctx, p, what.action, room, call.Identity, map[string]string{"tracks": strconv.Itoa(len(tracks))})); err != nil {
			return Stopped{}, err
		}
	}
	if err := s.projectOnto(ctx, room, people); err != nil {
		return Stopped{}, notTold(err)
	}
	return Stopped{Tracks: tracks, Locked: locked}, nil
}

// unlock gives the source back, to everybody it was taken from if that is who
// is meant, also to those who are not inside just now.
func (s *Service) unlock(ctx context.Context, p Principal, room Room, people []Participant, call StopCall, what stopping) (Stopped, error) {
	_, meant := split(people)
	if call.Identity == Everyone {
		var err error
		if meant, err = s.store.LockedIn(ctx, room.ID, what.source); err != nil {
			return Stopped{}, s.storeError(err, "")
		}
	}
	e := s.event(ctx, p, Unlocked, room, call.Identity, map[string]string{"source": string(what.source)})
	unlocked, err := s.store.LockJoins(ctx, room.ID, meant, what.source, false, e)
	if err != nil {
		return Stopped{}, s.storeError(err, "")
	}
	if len(unlocked) > 0 {
		s.logEvent(ctx, e)
	}
	if err := s.projectOnto(ctx, room, people); err != nil {
		return Stopped{}, notTold(err)
	}
	return Stopped{Tracks: []StoppedTrack{}, Unlocked: unlocked}, nil
}

// split tells who came through here from who did not.
func split(people []Participant) (strangers, ours []string) {
	for _, person := range people {
		if person.Known {
			ours = append(ours, person.Identity)
		} else {
			strangers = append(strangers, person.Identity)
		}
	}
	return strangers, ours
}

func notOurs() *Error {
	return &Error{Code: CodeConflict, Message: "This participant did not come through Roomkey and cannot be locked",
		Hint: "Leave lock out to stop what they publish now, or kick them."}
}

// notTold is for a change that is stored but that the media server has not
// heard of.
func notTold(err error) *Error {
	return &Error{Code: CodeUnavailable, Message: "It is stored, but the media server could not be told yet",
		Hint: "It is told as soon as it answers. Repeat the call in a few seconds to be sure.", Err: err}
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
