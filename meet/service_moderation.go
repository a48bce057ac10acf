package meet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Everyone is the identity that means all participants but admins.
const Everyone = "*"

// Roster is who is in a room, who wants to be, and who may not.
type Roster struct {
	Participants []Person
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
	inside, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return Roster{}, errMediaUnavailable(err)
	}
	if roster.Participants, err = s.persons(ctx, room, inside); err != nil {
		return Roster{}, err
	}
	if roster.Requests, err = s.waitingRequests(ctx, room, MaxPage); err != nil {
		return Roster{}, err
	}
	if roster.Blocks, err = s.store.Blocks(ctx, room.ID); err != nil {
		return Roster{}, s.storeError(err, "")
	}
	return roster, nil
}

// MuteCall says whose sound or picture to stop.
type MuteCall struct {
	Identity string // or [Everyone]; of pictures only together with Lock

	// Source says which pictures [Service.DisableVideo] is about; empty is
	// [VideoCamera].
	Source VideoSource

	// Lock takes the source away until it is given back with false, which
	// stops nothing; nil only stops, and they can turn it on again.
	Lock *bool
}

// MuteResult is what a moderator has changed.
type MuteResult struct {
	Tracks   []MutedTrack // that were on and are off now
	Locked   []string     // identities from whom a source was taken just now
	Unlocked []string     // identities to whom one was given back
	ForAll   bool         // that it is taken from all, or is no more, is new
}

// MutedTrack is a track that a moderator has just stopped.
type MutedTrack struct {
	Identity string
	ID       string
	Source   Source
}

// Mute stops all sound of a participant, or with [Everyone] of all participants
// but admins. A lock holds for the identity, however often it connects, and for
// the same subject or user id when they join anew in this session of the room;
// that on everyone also for who comes later.
func (s *Service) Mute(ctx context.Context, p Principal, ref string, call MuteCall) (MuteResult, error) {
	return s.mute(ctx, p, ref, call, muteScope{sources: []Source{Microphone}, action: Muted, matches: Track.isSound,
		check: checkIdentity})
}

// DisableVideo stops pictures of a participant, like [Service.Mute] does sound.
func (s *Service) DisableVideo(ctx context.Context, p Principal, ref string, call MuteCall) (MuteResult, error) {
	what, err := videoScope(call)
	if err != nil {
		return MuteResult{}, err
	}
	return s.mute(ctx, p, ref, call, what)
}

func (s *Service) mute(ctx context.Context, p Principal, ref string, call MuteCall, what muteScope) (MuteResult, error) {
	room, err := s.resolveFor(ctx, p, ActModerate, ref)
	if err != nil {
		return MuteResult{}, err
	}
	if err := what.check(call.Identity); err != nil {
		return MuteResult{}, err
	}
	if err := s.checkChangeRate(p); err != nil {
		return MuteResult{}, err
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	unlock, err := s.mutexes.lock(ctx, room.ID)
	if err != nil {
		return MuteResult{}, errMediaUnavailable(err)
	}
	defer unlock()
	if room, err = s.store.RoomByID(ctx, room.ID); err != nil { // as it is with the lock held
		return MuteResult{}, s.storeError(err, "")
	}
	people, err := s.peopleMeant(ctx, room, call.Identity)
	switch {
	case call.Lock != nil && !*call.Lock && (err == nil || IsCode(err, CodeNotFound)):
		return s.unlock(ctx, p, room, people, call, what)
	case err != nil:
		return MuteResult{}, err
	case call.Lock != nil:
		return s.lock(ctx, p, room, people, call, what)
	}
	return s.muteAndRecord(ctx, p, room, people, call, what)
}

// peopleMeant finds the people inside that an identity means. Whether they are
// admins, the database says.
func (s *Service) peopleMeant(ctx context.Context, room Room, identity string) ([]Person, error) {
	inside, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return nil, errMediaUnavailable(err)
	}
	if identity != Everyone {
		at := slices.IndexFunc(inside, func(p Participant) bool { return p.Identity == identity })
		if at < 0 {
			return nil, errParticipantNotFound()
		}
		inside = inside[at : at+1]
	}
	people, err := s.persons(ctx, room, inside)
	if identity == Everyone {
		people = slices.DeleteFunc(people, func(p Person) bool { return p.Admin })
	}
	return people, err
}

// muteAndRecord mutes tracks at the server, and writes it down if there were any.
func (s *Service) muteAndRecord(ctx context.Context, p Principal, room Room, people []Person, call MuteCall, what muteScope) (MuteResult, error) {
	tracks, err := s.muteTracks(ctx, room, people, what.matches)
	if len(tracks) == 0 {
		return MuteResult{Tracks: tracks}, err
	}
	e := s.event(ctx, p, what.action, room, call.Identity,
		s.identityDetailsOf(ctx, room, call.Identity, map[string]string{"tracks": strconv.Itoa(len(tracks))}))
	if err != nil {
		e.Outcome = OutcomeIncomplete
	}
	return MuteResult{Tracks: tracks}, cmp.Or(err, s.record(ctx, e))
}

// muteTracks mutes tracks one after the other. With an error come those that
// are muted already.
func (s *Service) muteTracks(ctx context.Context, room Room, people []Person, meant func(Track) bool) ([]MutedTrack, error) {
	stopped := []MutedTrack{}
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
				stopped = append(stopped, MutedTrack{person.Identity, track.ID, track.Source})
			}
		}
	}
	return stopped, nil
}

// lock takes the source away, and with it what is published of it. Once that is
// stored it holds also for whoever is connecting just now.
func (s *Service) lock(ctx context.Context, p Principal, room Room, people []Person, call MuteCall, what muteScope) (MuteResult, error) {
	strangers, ours := splitByOrigin(people)
	if len(strangers) > 0 && call.Identity != Everyone {
		return MuteResult{}, errNotAdmittedHere()
	}
	room, done, err := s.storeLock(ctx, p, room, ours, call, what)
	if err != nil {
		return MuteResult{}, err
	}
	if err := s.projectOnto(ctx, room, participantsOf(ours)); err != nil {
		return MuteResult{}, errNotApplied(err)
	}
	stopped, err := s.muteAndRecord(ctx, p, room, strangers, call, what)
	if err != nil {
		return MuteResult{}, err
	}
	stopped.Locked, stopped.ForAll = done.Locked, done.ForAll
	for _, person := range ours {
		for _, track := range person.Tracks {
			if !track.Muted && what.matches(track) {
				stopped.Tracks = append(stopped.Tracks, MutedTrack{person.Identity, track.ID, track.Source})
			}
		}
	}
	return stopped, nil
}

// unlock gives the source back, also to those who are not inside just now: to
// whoever was let in by the identity, or to all it was taken from.
func (s *Service) unlock(ctx context.Context, p Principal, room Room, people []Person, call MuteCall, what muteScope) (MuteResult, error) {
	if call.Identity != Everyone {
		switch _, err := s.admissionOf(ctx, room.ID, call.Identity); {
		case errors.Is(err, ErrNotFound) && len(people) == 0:
			return MuteResult{}, errParticipantNotFound()
		case err != nil && !errors.Is(err, ErrNotFound):
			return MuteResult{}, s.storeError(err, "")
		}
	}
	room, done, err := s.storeUnlock(ctx, p, room, people, call, what)
	if err != nil {
		return MuteResult{}, err
	}
	// Of everybody: it may have been taken from an admin, or from the person's
	// other connections as well.
	inside, err := s.media.Participants(ctx, room.ID)
	if err == nil {
		err = s.projectOnto(ctx, room, inside)
	}
	if err != nil {
		return MuteResult{}, errNotApplied(err)
	}
	done.Tracks = []MutedTrack{}
	return done, nil
}

// splitByOrigin tells who came through here from who did not.
func splitByOrigin(people []Person) (strangers, ours []Person) {
	for _, person := range people {
		if person.Known {
			ours = append(ours, person)
		} else {
			strangers = append(strangers, person)
		}
	}
	return strangers, ours
}

func identityList(people []Participant) []string {
	list := make([]string, len(people))
	for i, person := range people {
		list[i] = person.Identity
	}
	return list
}

// identities names people in an event.
func identities(people []Participant) string { return shortList(identityList(people)) }

// shortList names the first of many in an event, which must not grow with a room.
func shortList(names []string) string {
	const most = 50
	if len(names) <= most {
		return strings.Join(names, " ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], " "), len(names)-most)
}

func errNotAdmittedHere() *Error {
	return &Error{Code: CodeConflict, Message: "This participant did not come through Roomkey and cannot be locked",
		Hint: "Leave lock out to stop what they publish now, or kick them."}
}

// errNotApplied is for a change that is stored but that the media server has not
// heard of.
func errNotApplied(err error) *Error {
	return &Error{Code: CodeUnavailable, Message: "It is stored, but the media server could not be told yet",
		Hint: "It is told as soon as it answers. Repeat the call in a few seconds to be sure.", Err: err}
}

// checkSingleIdentity refuses what is not the identity of one participant.
func checkSingleIdentity(identity string) error {
	if identity == Everyone {
		return Invalid("identity", "identity must name one participant",
			"list_participants gives the identities. * is for mute_participant, and for a lock of disable_participant_video.")
	}
	return checkIdentity(identity)
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
		return errParticipantNotFound()
	}
	return errMediaUnavailable(err)
}
