package meet

import (
	"cmp"
	"context"
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
func (s *Service) Roster(ctx context.Context, p Principal, ref string) (roster Roster, err error) {
	room, err := s.resolveFor(ctx, p, ActModerate, ref)
	if err != nil {
		return Roster{}, err
	}
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

// MuteCall says whose sound or pictures to stop.
type MuteCall struct {
	Identity string   // or what else stands for one person inside, or [Everyone]
	Except   []string // with [Everyone]: who is left out

	// Source says which pictures [Service.DisableVideo] is about; empty is
	// [VideoCamera].
	Source VideoSource

	// Lock true takes the source away until it is given back with false, which
	// stops nothing. Nil only stops the tracks, and people can turn them on again.
	Lock *bool
}

// MuteResult is what a moderator has changed.
type MuteResult struct {
	Tracks   []MutedTrack // that were on and are off now
	Locked   []string     // identities from whom a source was taken just now
	Unlocked []string     // identities to whom one was given back
	ForAll   bool         // the source is taken from everyone now, or is no more, and that is new
}

// MutedTrack is a track that a moderator has just stopped.
type MutedTrack struct {
	Identity string `json:"identity"`
	ID       string `json:"track_id"`
	Source   Source `json:"source"`
}

// Mute stops all sound of a participant, or with [Everyone] of all participants
// but admins. A lock holds for the identity, however often it connects, and for
// the same person when they join anew in this opening of the room. A lock on
// everyone also holds for people who come later.
func (s *Service) Mute(ctx context.Context, p Principal, ref string, call MuteCall) (MuteResult, error) {
	return s.mute(ctx, p, ref, call, soundScope)
}

// DisableVideo stops pictures of a participant, as [Service.Mute] stops sound.
func (s *Service) DisableVideo(ctx context.Context, p Principal, ref string, call MuteCall) (MuteResult, error) {
	scope, err := videoScope(call)
	if err != nil {
		return MuteResult{}, err
	}
	return s.mute(ctx, p, ref, call, scope)
}

// muting is one call of [Service.Mute] or [Service.DisableVideo] that is under
// way. It holds the room's mutex.
type muting struct {
	*Service
	caller Principal
	room   Room
	call   MuteCall
	scope  muteScope
}

func (s *Service) mute(ctx context.Context, p Principal, ref string, call MuteCall,
	scope muteScope) (MuteResult, error) {
	whom, badTarget := checkTarget(call.Identity, call.Except)
	room, err := s.resolveForChange(ctx, p, ActModerate, ref, badTarget)
	if err != nil {
		return MuteResult{}, err
	}
	call.Identity, call.Except = whom.identity, whom.except
	return s.muteIn(ctx, p, room, call, scope)
}

// muteIn mutes for p, who is allowed to. The call was checked.
func (s *Service) muteIn(
	ctx context.Context, p Principal, room Room, call MuteCall, scope muteScope,
) (MuteResult, error) {
	ctx, release, err := s.lockRoom(ctx, room.ID)
	if err != nil {
		return MuteResult{}, err
	}
	defer release()
	if room, err = s.store.RoomByID(ctx, room.ID); err != nil { // as it is while the mutex is held
		return MuteResult{}, s.storeError(err, "")
	}
	m := &muting{Service: s, caller: p, room: room, call: call, scope: scope}
	people, err := m.people(ctx)
	switch {
	case call.Lock != nil && !*call.Lock && (err == nil || IsCode(err, CodeNotFound)):
		return m.unlock(ctx, people)
	case err != nil:
		return MuteResult{}, err
	case call.Lock != nil:
		return m.lock(ctx, people)
	}
	return m.muteAndRecord(ctx, people)
}

// people finds the people inside whom the call means. Whether they are admins,
// the database says.
func (m *muting) people(ctx context.Context) ([]Person, error) {
	inside, err := m.media.Participants(ctx, m.room.ID)
	if err != nil {
		return nil, errMediaUnavailable(err)
	}
	if m.call.Identity != Everyone {
		if m.call.Identity, err = m.whom(ctx, m.room, inside, m.call.Identity); err != nil {
			return nil, err
		}
		inside = slices.DeleteFunc(inside, func(p Participant) bool { return p.Identity != m.call.Identity })
		if len(inside) == 0 {
			return nil, errParticipantNotFound()
		}
		return m.persons(ctx, m.room, inside)
	}
	if m.call.Except, err = m.spared(ctx, m.room, inside, m.call.Except); err != nil {
		return nil, err
	}
	return m.everyone(ctx, m.room, inside, m.call.Except)
}

// everyone gives the people inside but admins and those with one of the identities.
func (s *Service) everyone(ctx context.Context, room Room, inside []Participant, except []string) ([]Person, error) {
	people, err := s.persons(ctx, room, inside)
	return slices.DeleteFunc(people, func(p Person) bool { return p.Admin || slices.Contains(except, p.Identity) }), err
}

// line begins the event about the call.
func (m *muting) line(ctx context.Context, action EventAction, details map[string]string) *Event {
	if len(m.call.Except) > 0 {
		details["except"] = shortList(m.call.Except)
	}
	return m.event(ctx, m.caller, action, m.room, m.call.Identity,
		m.identityDetailsOf(ctx, m.room, m.call.Identity, details))
}

// muteAndRecord mutes tracks at LiveKit, and writes it down if there were any.
func (m *muting) muteAndRecord(ctx context.Context, people []Person) (MuteResult, error) {
	tracks, err := m.muteTracks(ctx, people)
	if len(tracks) == 0 {
		return MuteResult{Tracks: tracks}, err
	}
	e := m.line(ctx, m.scope.action, map[string]string{"tracks": strconv.Itoa(len(tracks))})
	if err != nil {
		e.Outcome = OutcomeIncomplete
	}
	return MuteResult{Tracks: tracks}, cmp.Or(err, m.record(ctx, e))
}

// muteTracks mutes tracks one after the other. Together with an error it gives
// those that are muted already.
func (m *muting) muteTracks(ctx context.Context, people []Person) ([]MutedTrack, error) {
	tracks := []MutedTrack{}
	for _, track := range m.scope.playing(people) {
		done, err := m.media.MuteTrack(ctx, m.room.ID, track.Identity, track.ID)
		if err != nil {
			e := AsError(moderationError(err))
			e.Hint = fmt.Sprintf("The media server stopped answering; %d tracks are off already. "+
				"Repeat the call in a few seconds.", len(tracks))
			return tracks, e
		}
		if done {
			tracks = append(tracks, track)
		}
	}
	return tracks, nil
}

// identityList gives the identities of people.
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

func moderationError(err error) error {
	if IsCode(err, CodeNotFound) {
		return errParticipantNotFound()
	}
	return errMediaUnavailable(err)
}
