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

// Hear takes in what the media server tells. It is safe against repetition and
// against any order. ErrRepeated for what was heard before; any other error
// means that it should be told once more.
func (s *Service) Hear(ctx context.Context, e MediaEvent) error {
	if s.heard.before(e.ID) {
		return ErrRepeated
	}
	room, err := s.store.RoomByID(ctx, e.RoomID)
	switch {
	case errors.Is(err, ErrNotFound): // a room of somebody else on the same server
		s.heard.add(e.ID)
		return nil
	case err != nil:
		return s.storeError(err, "")
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	switch e.Kind {
	case MediaRoomStarted:
		err = s.mediaRoomSeen(ctx, room)
	case MediaRoomFinished:
		s.fresh.forget(room.ID)
		err = s.everybodyLeft(ctx, room, e)
	case MediaTrackPublished:
		err = s.published(ctx, room.ID, e.Participant)
	case MediaParticipantJoined:
		if err = s.mediaRoomSeen(ctx, room); err != nil {
			break
		}
		e.Participant.Active = true
		err = s.arrived(ctx, room.ID, e.RoomSID, e.Participant)
	case MediaParticipantLeft:
		if err = s.store.KeepUse(ctx, e.Participant.Identity); err == nil { // nobody leaves who was not inside
			err = s.departed(ctx, room, e, Left)
		}
	case MediaConnectionAborted:
		if err = s.visited(ctx, room, e); err == nil {
			err = s.aborted(ctx, room, e)
		}
	}
	if err != nil {
		return err
	}
	s.heard.add(e.ID)
	return nil
}

// ErrRepeated is what [Service.Hear] says to an event it has heard before.
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
		return mediaUnavailable(err)
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
			errs = append(errs, s.left(ctx, roomID, p, Left))
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
		return open, s.mediaRoomSeen(ctx, room)
	case media.Participants == 0 && len(open) == 0:
		return nil, nil
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return nil, mediaUnavailable(err)
	}
	var errs []error
	for _, person := range people {
		errs = append(errs, s.arrived(ctx, room.ID, media.SID, person))
	}
	for _, p := range open {
		if !slices.ContainsFunc(people, func(person Participant) bool { return person.SID == p.SID }) {
			gone = append(gone, p)
		}
	}
	return gone, errors.Join(errs...)
}

// mediaRoomSeen deletes a media room that lives although its room is over. A
// server that makes rooms by itself does that for whoever has a living token.
func (s *Service) mediaRoomSeen(ctx context.Context, room Room) error {
	if room.Active(s.now()) {
		return nil
	}
	cleared, err := s.clear(ctx, room.ID)
	if err != nil || !cleared {
		return err
	}
	return s.record(ctx, s.event(ctx, itself, RoomCleared, room, "", nil))
}

// holding takes the lock of a room, to be given back also with an error, and
// looks up the room and somebody's admission to it. ErrNotFound if there is none.
func (s *Service) holding(ctx context.Context, roomID, identity string) (room Room, join Join, unlock func(), err error) {
	unlock, err = s.locks.lock(ctx, roomID)
	if err != nil {
		return Room{}, Join{}, func() {}, err
	}
	if room, err = s.store.RoomByID(ctx, roomID); err == nil {
		join, err = s.joinOf(ctx, roomID, identity)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		err = s.storeError(err, "")
	}
	return room, join, unlock, err
}

// arrived is called for somebody who is inside, also when that is known: it
// puts them out if they ought not to be there, gives them the rights that are
// theirs, and sees that they are on record.
func (s *Service) arrived(ctx context.Context, roomID, roomSID string, person Participant) error {
	room, join, unlock, err := s.holding(ctx, roomID, person.Identity)
	defer unlock()
	switch {
	case errors.Is(err, ErrNotFound):
		return nil // a recorder or an agent that came past us, with a key of the operator's
	case err != nil:
		return err
	case !room.Active(s.now()):
		return nil // its media room goes as a whole
	case person.Identity != join.Identity: // beside the first it could not be moderated
		return s.putOut(ctx, room, join, person, "second connection")
	case slices.ContainsFunc(person.Tracks, Track.pretends):
		return s.putOut(ctx, room, join, person, pretended)
	}
	switch err := s.mayBeInside(ctx, join, room); {
	case tokenDead(err):
		return s.putOut(ctx, room, join, person, "token is dead")
	case err != nil:
		return err
	}
	over, err := s.overLimit(ctx, room, person, join.Admin)
	if err != nil {
		return err
	}
	if over {
		return s.putOut(ctx, room, join, person, "room is full")
	}
	if err := s.setGrants(ctx, room, person); err != nil {
		return mediaUnavailable(err)
	}
	return s.came(ctx, room, roomSID, person, join)
}

// published is called for a new track. Of who publishes it the media server
// tells no more than who they are.
func (s *Service) published(ctx context.Context, roomID string, person Participant) error {
	if !slices.ContainsFunc(person.Tracks, Track.pretends) {
		return nil
	}
	room, join, unlock, err := s.holding(ctx, roomID, person.Identity)
	defer unlock()
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return s.putOut(ctx, room, join, person, pretended)
}

// pretended is why somebody is put out whose track is not what it says it is.
const pretended = "a track is not what it says it is"

// came sees that somebody who is inside is on record.
func (s *Service) came(ctx context.Context, room Room, roomSID string, person Participant, join Join) error {
	if person.Active && join.Code != "" {
		if err := s.store.KeepUse(ctx, join.Identity); err != nil {
			return s.storeError(err, "")
		}
	}
	p := Presence{SID: person.SID, RoomID: room.ID, RoomSID: roomSID, Identity: person.Identity, Subject: join.Subject, JoinedAt: person.JoinedAt}
	return s.save(ctx, p, s.joinedEvent(ctx, room, person.Identity, join), nil)
}

// seen puts on record who of the people inside is meant. Word of their coming may
// still be on its way, or lost.
func (s *Service) seen(ctx context.Context, room Room, people []Participant, meant func(Join) bool) error {
	ctx = WithCaller(ctx, Caller{Via: ViaReconcile})
	for _, person := range people {
		switch join, err := s.joinOf(ctx, room.ID, person.Identity); {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return s.storeError(err, "")
		case meant(join) && rightful(join, room, s.now()):
			if err := s.came(ctx, room, "", person, join); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) joinedEvent(ctx context.Context, room Room, identity string, join Join) *Event {
	return s.event(ctx, Principal{ID: identity}, Joined, room, identity,
		join.who(map[string]string{"participant_name": hide(join.Name, join.Code), "role": roleOf(join, room)}))
}

// overLimit says whether somebody came who found no seat: a media room that the
// server has made by itself has no limit. Whoever was inside before them, and
// a limit that was lowered since, puts nobody out.
func (s *Service) overLimit(ctx context.Context, room Room, person Participant, admin bool) (bool, error) {
	if room.MaxParticipants == 0 || admin {
		return false, nil
	}
	if known, err := s.store.HasPresence(ctx, person.SID); err != nil || known {
		return false, s.storeError(err, "")
	}
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return false, mediaUnavailable(err)
	}
	slices.SortStableFunc(people, func(a, b Participant) int {
		return cmp.Or(a.JoinedAt.Compare(b.JoinedAt), cmp.Compare(a.SID, b.SID))
	})
	seat := slices.IndexFunc(people, func(p Participant) bool { return p.SID == person.SID })
	return seat >= room.MaxParticipants, nil
}

// putOut removes somebody who came back although they may not. The room's lock
// is held.
func (s *Service) putOut(ctx context.Context, room Room, join Join, person Participant, why string) error {
	switch err := s.media.Remove(ctx, room.ID, person.Identity); {
	case presumed(err):
		return nil
	case err != nil:
		return mediaUnavailable(err)
	}
	return s.record(ctx, s.event(ctx, itself, Removed, room, person.Identity, join.who(map[string]string{"reason": why})))
}

// visited is called for a connection that ended before sound and picture could
// flow. They saw who is inside by signalling all the same.
func (s *Service) visited(ctx context.Context, room Room, e MediaEvent) error {
	known, err := s.store.HasPresence(ctx, e.Participant.SID)
	switch {
	case err != nil:
		return s.storeError(err, "")
	case known:
		return s.departed(ctx, room, e, Left)
	}
	return s.departed(ctx, room, e, Visited)
}

// departed is called for a connection that has ended; how is [Left] or [Visited].
func (s *Service) departed(ctx context.Context, room Room, e MediaEvent, how EventAction) error {
	join, err := s.joinOf(ctx, room.ID, e.Participant.Identity)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return s.storeError(err, "")
	}
	return s.left(ctx, room.ID, Presence{SID: e.Participant.SID, RoomID: room.ID, RoomSID: e.RoomSID, Identity: e.Participant.Identity,
		Subject: join.Subject, JoinedAt: e.Participant.JoinedAt, LeftAt: e.At}, how)
}

// everybodyLeft ends the presences in a media room that is no more; not those
// in one that was made since.
func (s *Service) everybodyLeft(ctx context.Context, room Room, e MediaEvent) error {
	open, err := s.store.OpenPresences(ctx)
	if err != nil {
		return s.storeError(err, "")
	}
	var errs []error
	for _, p := range open {
		if p.RoomID == room.ID && p.RoomSID == e.RoomSID {
			p.LeftAt = e.At
			errs = append(errs, s.left(ctx, room.ID, p, Left))
		}
	}
	return errors.Join(errs...)
}

// left puts the end of a presence on record. Of those who were put out the line
// about that is the last.
func (s *Service) left(ctx context.Context, roomID string, p Presence, how EventAction) error {
	room, join, unlock, err := s.holding(ctx, roomID, p.Identity) // not while somebody is being put out: that line comes first
	defer unlock()
	if err != nil {
		return err
	}
	if p.LeftAt.IsZero() || p.LeftAt.Before(p.JoinedAt) {
		p.LeftAt = s.now()
	}
	if !rightful(join, room, s.now()) {
		return s.save(ctx, p, nil, nil)
	}
	left := s.event(ctx, Principal{ID: p.Identity}, how, room, p.Identity,
		join.who(map[string]string{"participant_name": hide(join.Name, join.Code),
			"stayed": p.LeftAt.Sub(p.JoinedAt).Round(time.Second).String()}))
	if how == Visited {
		return s.save(ctx, p, nil, left)
	}
	return s.save(ctx, p, s.joinedEvent(ctx, room, p.Identity, join), left)
}

func (s *Service) save(ctx context.Context, p Presence, joined, left *Event) error {
	written, err := s.store.SavePresence(ctx, p, joined, left)
	if err != nil {
		return s.storeError(err, "")
	}
	for _, e := range written {
		s.logEvent(ctx, e)
	}
	return nil
}
