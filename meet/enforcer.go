package meet

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"
)

// Enforcer makes LiveKit agree with the database: on who may be inside a room,
// and on what they may do there. It also writes down who comes and goes.
// LiveKit's webhooks, people who connect, and two timers call it; its methods
// are safe for concurrent use unless they say otherwise.
type Enforcer struct {
	*core
	keepEvents  time.Duration
	seenEvents  seenEvents
	connections *connections
	chats       *chatsToLookAt
	usersEnd    chan struct{} // holds a value when a user may have been disabled

	countSpeaking bool

	heard       heard       // not stored yet
	interrupted atomic.Bool // LiveKit did not answer since Reconcile has asked it who is inside
}

// ErrRepeated is the answer of [Enforcer.HandleMediaEvent] to an event that was
// handled before.
var ErrRepeated = errors.New("event repeated")

// HandleMediaEvent handles what LiveKit's webhooks tell, in any order and however
// often. ErrRepeated for an event that was handled before; after any other error
// LiveKit should tell the event once more.
func (e *Enforcer) HandleMediaEvent(ctx context.Context, event MediaEvent) error {
	if e.seenEvents.before(event.ID) {
		return ErrRepeated
	}
	room, known, err := e.findRoom(ctx, event.RoomID)
	if err == nil && known { // others are somebody else's rooms on the same server
		err = e.handle(ctx, room, event)
	}
	if err != nil {
		return err
	}
	e.seenEvents.add(event.ID)
	return nil
}

func (e *Enforcer) handle(ctx context.Context, room Room, event MediaEvent) error {
	ctx, cancel := withBudget(ctx)
	defer cancel()
	switch event.Kind {
	case MediaRoomStarted:
		return e.clearIfOver(ctx, room)
	case MediaRoomFinished:
		e.recentRooms.forget(room.ID)
		return e.onRoomFinished(ctx, room, event)
	case MediaTrackPublished:
		return e.onTrackPublished(ctx, room.ID, event.Participant)
	case MediaParticipantJoined:
		if err := e.clearIfOver(ctx, room); err != nil {
			return err
		}
		event.Participant.Active = true
		return e.enforce(ctx, room.ID, event.RoomSID, event.Participant)
	case MediaParticipantLeft:
		// A person who leaves was inside.
		if err := e.store.KeepUse(ctx, event.Participant.Identity); err != nil {
			return e.storeError(err, "")
		}
		return e.onLeft(ctx, room, event, Left)
	case MediaConnectionAborted:
		return e.onConnectionAborted(ctx, room, event)
	}
	return nil
}

// Reconcile asks LiveKit who is inside and corrects what differs from the
// database: people who may not be there, media rooms of rooms that are over,
// profiles, and comings and goings that no webhook told. Call it about every ten
// seconds, from one goroutine.
func (e *Enforcer) Reconcile(ctx context.Context) error {
	ctx = WithCaller(ctx, Caller{Via: ViaReconcile})
	open, err := e.store.OpenPresences(ctx, "") // before LiveKit is asked: people who are added later are inside
	if err != nil {
		return e.storeError(err, "")
	}
	began, leftAt := e.now(), time.Time{}
	if len(open) > 0 {
		if leftAt, err = e.leftUnnoticed(ctx, began); err != nil {
			return err
		}
	}
	rooms, err := e.media.Rooms(ctx)
	if err != nil {
		e.interrupted.Store(true)
		return errMediaUnavailable(err)
	}
	e.interrupted.Store(false)
	inside := map[string][]Presence{}
	for _, p := range open {
		inside[p.RoomID] = append(inside[p.RoomID], p)
	}
	rooms = slices.DeleteFunc(rooms, func(media MediaRoom) bool {
		return !looksLikeID(media.ID) // somebody else's room on the same server
	})
	gone, errs := make([][]Presence, len(rooms)), make([]error, len(rooms))
	inParallel(len(rooms), maxParallelRooms, func(i int) {
		gone[i], errs[i] = e.reconcileRoom(ctx, rooms[i], inside[rooms[i].ID])
	})
	for i, media := range rooms {
		inside[media.ID] = gone[i]
	}
	for _, gone := range inside {
		for _, p := range gone {
			errs = append(errs, e.recordUnnoticed(ctx, p, leftAt))
		}
	}
	if len(open) > 0 {
		errs = append(errs, e.storeError(e.store.NoteSeen(ctx, began, time.Time{}), ""))
	}
	return errors.Join(errs...)
}

// maxParallelRooms is how many rooms are reconciled at a time. Where a node of a
// LiveKit cluster has died, each of its rooms takes seconds.
const maxParallelRooms = 32

// reconcileRoom corrects one media room and gives those of its open presences
// that are over.
func (e *Enforcer) reconcileRoom(ctx context.Context, media MediaRoom, open []Presence) (gone []Presence, err error) {
	ctx, cancel := withBudget(ctx)
	defer cancel()
	room, known, err := e.findRoom(ctx, media.ID)
	switch {
	case err != nil:
		return nil, err
	case !known:
		return open, nil
	case !room.Active(e.now()):
		return open, e.clearIfOver(ctx, room)
	case media.Participants == 0 && len(open) == 0:
		return nil, nil
	}
	people, err := e.media.Participants(ctx, room.ID)
	if err != nil {
		return nil, errMediaUnavailable(err)
	}
	var errs []error
	for _, person := range people {
		errs = append(errs, e.enforce(ctx, room.ID, media.SID, person))
	}
	for _, p := range open {
		if !slices.ContainsFunc(people, func(person Participant) bool { return person.SID == p.SID }) {
			gone = append(gone, p)
		}
	}
	return gone, errors.Join(errs...)
}

// clearIfOver deletes the media room of a room that is over. A LiveKit that makes
// rooms by itself makes one for everybody with a living token.
func (e *Enforcer) clearIfOver(ctx context.Context, room Room) error {
	if room.Active(e.now()) {
		return nil
	}
	cameBack, err := e.lockAndClear(ctx, room.ID)
	if err != nil || !cameBack {
		return err
	}
	return e.record(ctx, e.event(ctx, systemPrincipal, RoomCleared, room, "", nil))
}

// enforce corrects one person who is inside: it evicts them if they may not be
// there, corrects their profile, and writes down that they are inside.
func (e *Enforcer) enforce(ctx context.Context, roomID, roomSID string, person Participant) error {
	unlock, err := e.lock(ctx, roomID)
	if err != nil {
		return err
	}
	defer unlock()
	a, err := e.admission(ctx, roomID, person.Identity)
	switch {
	case err != nil:
		return err
	case a.verdict == verdictUnknown || !a.room.Active(e.now()): // a room that is over is cleared as a whole
		return nil
	case a.secondConnection: // beside the first one it could not be moderated
		return e.evict(ctx, a, person, "second connection")
	case slices.ContainsFunc(person.Tracks, Track.isMislabeled):
		return e.evict(ctx, a, person, reasonMislabeled)
	case a.verdict != verdictInside:
		return e.evict(ctx, a, person, "token is dead")
	}
	over, err := e.exceedsCapacity(ctx, a, person)
	if err != nil {
		return err
	}
	if over {
		return e.evict(ctx, a, person, "room is full")
	}
	if err := e.setProfile(ctx, a.room, a.admission, person); err != nil {
		return errMediaUnavailable(err)
	}
	return e.recordPresent(ctx, a.room, roomSID, a.admission, person)
}

// exceedsCapacity says whether a person came to a full room: a media room that
// LiveKit made by itself has no limit, and one of a foreign LiveKit has seats that
// are kept for admins. Admins are exempt and take nobody's seat, and exempt is
// everybody who was inside before the limit was lowered.
func (e *Enforcer) exceedsCapacity(ctx context.Context, a access, person Participant) (bool, error) {
	if a.room.MaxParticipants == 0 || a.admission.Admin {
		return false, nil
	}
	if onRecord, err := e.store.HasPresence(ctx, person.SID); err != nil || onRecord {
		return false, e.storeError(err, "")
	}
	people, err := e.media.Participants(ctx, a.room.ID)
	if err != nil {
		return false, errMediaUnavailable(err)
	}
	slices.SortStableFunc(people, func(a, b Participant) int {
		return cmp.Or(a.JoinedAt.Compare(b.JoinedAt), cmp.Compare(a.SID, b.SID))
	})
	seat := slices.IndexFunc(people, func(p Participant) bool { return p.SID == person.SID })
	for _, earlier := range people[:max(seat, 0)] {
		if seat < a.room.MaxParticipants {
			break
		}
		admission, known, err := e.findAdmission(ctx, a.room.ID, earlier.Identity)
		if err != nil {
			return false, err
		}
		if known && admission.Admin {
			seat--
		}
	}
	return seat >= a.room.MaxParticipants, nil
}

// reasonMislabeled is the reason to evict a person whose track is not what its
// source says.
const reasonMislabeled = "a track is not what it says it is"

// onTrackPublished is called for a new track. Of the person who publishes it
// LiveKit tells only identity and SID.
func (e *Enforcer) onTrackPublished(ctx context.Context, roomID string, person Participant) error {
	if !slices.ContainsFunc(person.Tracks, Track.isMislabeled) {
		return nil
	}
	unlock, err := e.lock(ctx, roomID)
	if err != nil {
		return err
	}
	defer unlock()
	a, err := e.admission(ctx, roomID, person.Identity)
	if err != nil || a.verdict == verdictUnknown {
		return err
	}
	return e.evict(ctx, a, person, reasonMislabeled)
}

// evict disconnects a person who may not be inside. The caller holds the room's
// mutex.
func (e *Enforcer) evict(ctx context.Context, a access, person Participant, reason string) error {
	switch err := e.media.Remove(ctx, a.room.ID, person.Identity); {
	case isNotFound(err):
		return nil
	case err != nil:
		return errMediaUnavailable(err)
	}
	return e.record(ctx, e.event(ctx, systemPrincipal, Removed, a.room, person.Identity,
		a.admission.identityDetails(map[string]string{"reason": reason})))
}
