package meet

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// This file keeps who is inside: the media server tells when somebody comes or
// goes, and is asked every so often because what it tells can be lost.

// HandleMediaEvent takes in what the media server tells. It is safe against repetition and
// against any order. ErrRepeated for what was heard before; any other error
// means that it should be told once more.
func (s *Service) HandleMediaEvent(ctx context.Context, e MediaEvent) error {
	if s.seenEvents.before(e.ID) {
		return ErrRepeated
	}
	room, err := s.store.RoomByID(ctx, e.RoomID)
	switch {
	case errors.Is(err, ErrNotFound): // a room of somebody else on the same server
		s.seenEvents.add(e.ID)
		return nil
	case err != nil:
		return s.storeError(err, "")
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	switch e.Kind {
	case MediaRoomStarted:
		err = s.clearIfOver(ctx, room)
	case MediaRoomFinished:
		s.recentRooms.forget(room.ID)
		err = s.onRoomFinished(ctx, room, e)
	case MediaTrackPublished:
		err = s.onTrackPublished(ctx, room.ID, e.Participant)
	case MediaParticipantJoined:
		if err = s.clearIfOver(ctx, room); err != nil {
			break
		}
		e.Participant.Active = true
		err = s.enforce(ctx, room.ID, e.RoomSID, e.Participant)
	case MediaParticipantLeft:
		if err = s.store.KeepUse(ctx, e.Participant.Identity); err == nil { // nobody leaves who was not inside
			err = s.onLeft(ctx, room, e, Left)
		}
	case MediaConnectionAborted:
		if err = s.onVisited(ctx, room, e); err == nil {
			err = s.onConnectionAborted(ctx, room, e)
		}
	}
	if err != nil {
		return err
	}
	s.seenEvents.add(e.ID)
	return nil
}

// ErrRepeated is what [Service.HandleMediaEvent] says to an event it has heard before.
var ErrRepeated = errors.New("event repeated")

// Reconcile asks the media server who is inside and puts right what is not as
// the database has it: who ought to be out, rooms that ought to be gone, rights
// that are not theirs, comings and goings that nobody told. Call it every ten
// seconds or so, from one goroutine.
func (s *Service) Reconcile(ctx context.Context) error {
	ctx = WithCaller(ctx, Caller{Via: ViaReconcile})
	open, err := s.store.OpenPresences(ctx) // before the media server is asked: who is added later is inside
	if err != nil {
		return s.storeError(err, "")
	}
	rooms, err := s.media.Rooms(ctx)
	if err != nil {
		return errMediaUnavailable(err)
	}
	inside := map[string][]Presence{}
	for _, p := range open {
		inside[p.RoomID] = append(inside[p.RoomID], p)
	}
	var errs []error
	for _, media := range rooms {
		if !looksLikeID(media.ID) {
			continue // somebody else's, on the same server
		}
		gone, err := s.reconcileRoom(ctx, media, inside[media.ID])
		inside[media.ID] = gone
		errs = append(errs, err)
	}
	for roomID, gone := range inside {
		for _, p := range gone {
			errs = append(errs, s.recordLeft(ctx, roomID, p, Left))
		}
	}
	return errors.Join(errs...)
}

// reconcileRoom puts one media room right and gives those of its open presences
// that are over.
func (s *Service) reconcileRoom(ctx context.Context, media MediaRoom, open []Presence) (gone []Presence, err error) {
	room, err := s.store.RoomByID(ctx, media.ID)
	switch {
	case errors.Is(err, ErrNotFound):
		return open, nil
	case err != nil:
		return nil, s.storeError(err, "")
	case !room.Active(s.now()):
		return open, s.clearIfOver(ctx, room)
	case media.Participants == 0 && len(open) == 0:
		return nil, nil
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return nil, errMediaUnavailable(err)
	}
	var errs []error
	for _, person := range people {
		errs = append(errs, s.enforce(ctx, room.ID, media.SID, person))
	}
	for _, p := range open {
		if !slices.ContainsFunc(people, func(person Participant) bool { return person.SID == p.SID }) {
			gone = append(gone, p)
		}
	}
	return gone, errors.Join(errs...)
}

// clearIfOver deletes a media room that lives although its room is over. A
// server that makes rooms by itself does that for whoever has a living token.
func (s *Service) clearIfOver(ctx context.Context, room Room) error {
	if room.Active(s.now()) {
		return nil
	}
	cleared, err := s.clear(ctx, room.ID)
	if err != nil || !cleared {
		return err
	}
	return s.record(ctx, s.event(ctx, systemPrincipal, RoomCleared, room, "", nil))
}

// lockRoomAndAdmission takes the lock of a room, to be given back also with an error, and
// looks up the room and somebody's admission to it. ErrNotFound if there is none.
func (s *Service) lockRoomAndAdmission(ctx context.Context, roomID, identity string) (room Room, join Admission, unlock func(), err error) {
	unlock, err = s.locks.lock(ctx, roomID)
	if err != nil {
		return Room{}, Admission{}, func() {}, err
	}
	if room, err = s.store.RoomByID(ctx, roomID); err == nil {
		join, err = s.admissionOf(ctx, roomID, identity)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		err = s.storeError(err, "")
	}
	return room, join, unlock, err
}

// enforce is called for somebody who is inside, also when that is known: it
// puts them out if they ought not to be there, gives them the rights that are
// theirs, and sees that they are on record.
func (s *Service) enforce(ctx context.Context, roomID, roomSID string, person Participant) error {
	room, join, unlock, err := s.lockRoomAndAdmission(ctx, roomID, person.Identity)
	defer unlock()
	switch {
	case errors.Is(err, ErrNotFound):
		return nil // a recorder or an agent that came past us, with a key of the operator's
	case err != nil:
		return err
	case !room.Active(s.now()):
		return nil // its media room goes as a whole
	case person.Identity != join.Identity: // beside the first it could not be moderated
		return s.evict(ctx, room, join, person, "second connection")
	case slices.ContainsFunc(person.Tracks, Track.isMislabeled):
		return s.evict(ctx, room, join, person, reasonMislabeled)
	}
	switch err := s.checkAdmission(ctx, join, room); {
	case isTokenRevoked(err):
		return s.evict(ctx, room, join, person, "token is dead")
	case err != nil:
		return err
	}
	over, err := s.exceedsCapacity(ctx, room, person, join.Admin)
	if err != nil {
		return err
	}
	if over {
		return s.evict(ctx, room, join, person, "room is full")
	}
	if err := s.setGrants(ctx, room, person); err != nil {
		return errMediaUnavailable(err)
	}
	return s.recordPresent(ctx, room, roomSID, person, join)
}

// onTrackPublished is called for a new track. Of who publishes it the media server
// tells no more than who they are.
func (s *Service) onTrackPublished(ctx context.Context, roomID string, person Participant) error {
	if !slices.ContainsFunc(person.Tracks, Track.isMislabeled) {
		return nil
	}
	room, join, unlock, err := s.lockRoomAndAdmission(ctx, roomID, person.Identity)
	defer unlock()
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return s.evict(ctx, room, join, person, reasonMislabeled)
}

// reasonMislabeled is why somebody is put out whose track is not what it says it is.
const reasonMislabeled = "a track is not what it says it is"

// recordPresent sees that somebody who is inside is on record.
func (s *Service) recordPresent(ctx context.Context, room Room, roomSID string, person Participant, join Admission) error {
	if person.Active && join.Code != "" {
		if err := s.store.KeepUse(ctx, join.Identity); err != nil {
			return s.storeError(err, "")
		}
	}
	p := Presence{SID: person.SID, RoomID: room.ID, RoomSID: roomSID, Identity: person.Identity, Subject: join.Subject, JoinedAt: person.JoinedAt}
	return s.savePresence(ctx, p, s.joinedEvent(ctx, room, person.Identity, join), nil)
}

// recordAllPresent puts on record who of the people inside is meant. Word of their coming may
// still be on its way, or lost.
func (s *Service) recordAllPresent(ctx context.Context, room Room, people []Participant, meant func(Admission) bool) error {
	ctx = WithCaller(ctx, Caller{Via: ViaReconcile})
	for _, person := range people {
		switch join, err := s.admissionOf(ctx, room.ID, person.Identity); {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return s.storeError(err, "")
		case meant(join) && isValid(join, room, s.now()):
			if err := s.recordPresent(ctx, room, "", person, join); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) joinedEvent(ctx context.Context, room Room, identity string, join Admission) *Event {
	return s.event(ctx, Principal{ID: identity}, Joined, room, identity,
		join.identityDetails(map[string]string{"participant_name": redactCode(join.Name, join.Code), "role": roleOf(join, room)}))
}

// exceedsCapacity says whether somebody came who found no seat: a media room that the
// server has made by itself has no limit. Whoever was inside before them, and
// a limit that was lowered since, puts nobody out.
func (s *Service) exceedsCapacity(ctx context.Context, room Room, person Participant, admin bool) (bool, error) {
	if room.MaxParticipants == 0 || admin {
		return false, nil
	}
	if known, err := s.store.HasPresence(ctx, person.SID); err != nil || known {
		return false, s.storeError(err, "")
	}
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return false, errMediaUnavailable(err)
	}
	slices.SortStableFunc(people, func(a, b Participant) int {
		return cmp.Or(a.JoinedAt.Compare(b.JoinedAt), cmp.Compare(a.SID, b.SID))
	})
	seat := slices.IndexFunc(people, func(p Participant) bool { return p.SID == person.SID })
	return seat >= room.MaxParticipants, nil
}

// evict removes somebody who came back although they may not. The room's lock
// is held.
func (s *Service) evict(ctx context.Context, room Room, join Admission, person Participant, why string) error {
	switch err := s.media.Remove(ctx, room.ID, person.Identity); {
	case isNotFound(err):
		return nil
	case err != nil:
		return errMediaUnavailable(err)
	}
	return s.record(ctx, s.event(ctx, systemPrincipal, Removed, room, person.Identity, join.identityDetails(map[string]string{"reason": why})))
}

// onVisited is called for a connection that ended before sound and picture could
// flow. They saw who is inside by signalling all the same.
func (s *Service) onVisited(ctx context.Context, room Room, e MediaEvent) error {
	known, err := s.store.HasPresence(ctx, e.Participant.SID)
	switch {
	case err != nil:
		return s.storeError(err, "")
	case known:
		return s.onLeft(ctx, room, e, Left)
	}
	return s.onLeft(ctx, room, e, Visited)
}

// onLeft is called for a connection that has ended; how is [Left] or [Visited].
func (s *Service) onLeft(ctx context.Context, room Room, e MediaEvent, how EventAction) error {
	join, err := s.admissionOf(ctx, room.ID, e.Participant.Identity)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return s.storeError(err, "")
	}
	return s.recordLeft(ctx, room.ID, Presence{SID: e.Participant.SID, RoomID: room.ID, RoomSID: e.RoomSID, Identity: e.Participant.Identity,
		Subject: join.Subject, JoinedAt: e.Participant.JoinedAt, LeftAt: e.At}, how)
}

// onRoomFinished ends the presences in a media room that is no more; not those
// in one that was made since.
func (s *Service) onRoomFinished(ctx context.Context, room Room, e MediaEvent) error {
	open, err := s.store.OpenPresences(ctx)
	if err != nil {
		return s.storeError(err, "")
	}
	var errs []error
	for _, p := range open {
		if p.RoomID == room.ID && p.RoomSID == e.RoomSID {
			p.LeftAt = e.At
			errs = append(errs, s.recordLeft(ctx, room.ID, p, Left))
		}
	}
	return errors.Join(errs...)
}

// recordLeft puts the end of a presence on record. Of those who were put out the line
// about that is the last.
func (s *Service) recordLeft(ctx context.Context, roomID string, p Presence, how EventAction) error {
	room, join, unlock, err := s.lockRoomAndAdmission(ctx, roomID, p.Identity) // not while somebody is being put out: that line comes first
	defer unlock()
	if err != nil {
		return err
	}
	if p.LeftAt.IsZero() || p.LeftAt.Before(p.JoinedAt) {
		p.LeftAt = s.now()
	}
	if !isValid(join, room, s.now()) {
		return s.savePresence(ctx, p, nil, nil)
	}
	left := s.event(ctx, Principal{ID: p.Identity}, how, room, p.Identity,
		join.identityDetails(map[string]string{"participant_name": redactCode(join.Name, join.Code),
			"stayed": p.LeftAt.Sub(p.JoinedAt).Round(time.Second).String()}))
	if how == Visited {
		return s.savePresence(ctx, p, nil, left)
	}
	return s.savePresence(ctx, p, s.joinedEvent(ctx, room, p.Identity, join), left)
}

func (s *Service) savePresence(ctx context.Context, p Presence, joined, left *Event) error {
	written, err := s.store.SavePresence(ctx, p, joined, left)
	if err != nil {
		return s.storeError(err, "")
	}
	for _, e := range written {
		s.logEvent(ctx, e)
	}
	return nil
}
