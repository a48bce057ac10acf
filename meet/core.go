package meet

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

// core is what [Service] and [Enforcer] share.
type core struct {
	store       Store
	media       Media
	roles       Roles
	now         func() time.Time
	keepName    time.Duration
	onLimit     func(limit string)
	log         *slog.Logger
	mutexes     RoomMutexes
	recentRooms recentRooms
	hearsAll    bool

	anybodyInside atomic.Bool // as far as this instance knows; the sweeper asks the database
}

// mediaBudget bounds the time that one call may spend on LiveKit altogether, so
// that its caller waits no longer when LiveKit hangs.
const mediaBudget = 5 * time.Second

func withBudget(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, mediaBudget)
}

// lockRoom locks the mutex of a room for a call that works on it at LiveKit, until
// release is called. The context it gives has the budget of the call.
func (c *core) lockRoom(ctx context.Context, roomID string) (_ context.Context, release func(), err error) {
	ctx, cancel := withBudget(ctx)
	unlock, err := c.lock(ctx, roomID)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	return ctx, func() {
		unlock()
		cancel()
	}, nil
}

// lock waits for the room's mutex, and then for other instances that work on the
// room. Only one call of this instance at a time asks the store for a room, so
// that many calls about one room need one connection to the database.
func (c *core) lock(ctx context.Context, roomID string) (unlock func(), err error) {
	leave, err := c.mutexes.Lock(ctx, roomID)
	if err != nil {
		return nil, errRoomBusy(err)
	}
	release, err := c.store.LockRoom(ctx, roomID)
	switch {
	case errors.Is(err, ErrRoomLocked):
		leave()
		return nil, errRoomBusy(err)
	case err != nil:
		leave()
		return nil, c.storeError(err, "")
	}
	return func() {
		release()
		leave()
	}, nil
}

// storeError translates an error of the store. failed replaces the usual message
// about a database that failed, unless it is empty.
func (c *core) storeError(err error, failed string) error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e): // from a function that was handed in
		return e
	case errors.Is(err, ErrNotFound):
		return errRoomNotFound()
	case errors.Is(err, ErrNameTaken):
		return errNameTaken()
	}
	e = &Error{Code: CodeUnavailable, Message: "The database cannot be reached",
		Hint: "Nothing was changed. Try again in a few seconds.", Err: err}
	if errors.Is(err, ErrOutcomeUnknown) {
		e.Message = "The database has not confirmed the change in time"
		e.Hint = "It may have been made or not: look before you repeat the call."
	}
	if failed != "" {
		e.Message = failed
	}
	return e
}

// isNotFound says whether an error only means that somebody is not there.
func isNotFound(err error) bool { return errors.Is(err, ErrNotFound) || IsCode(err, CodeNotFound) }

// ensureMediaRoom makes the media room of an active room, unless it was made or
// seen a moment ago.
func (c *core) ensureMediaRoom(ctx context.Context, room Room) error {
	ok, seen := c.recentRooms.has(room)
	if ok {
		return nil
	}
	if err := c.media.EnsureRoom(ctx, room); err != nil {
		return err
	}
	c.recentRooms.put(room, seen)
	return nil
}

// deleteMediaRoom disconnects everybody and deletes the media room. The room is
// forgotten as a recent one twice: before, for people who join meanwhile, and
// after, because one of them may have put it back.
func (c *core) deleteMediaRoom(ctx context.Context, roomID string) (existed bool, err error) {
	c.recentRooms.forget(roomID)
	defer c.recentRooms.forget(roomID)
	return c.media.DeleteRoom(ctx, roomID)
}

// markUncleared tells the sweeper of a media room that was made for somebody who
// came too late, after the room had ended and was cleared. Older tokens would
// open it.
func (c *core) markUncleared(ctx context.Context, room Room) {
	if _, err := c.store.SetCleared(context.WithoutCancel(ctx), room.ID, false); err != nil {
		c.log.WarnContext(ctx, "could not mark a room for clearing", "room", room.ID, "err", err)
	}
}

// clear deletes the media room of a room that is over, and says whether the
// media room had come back since it was cleared before. What fails is still
// marked in the database as to be cleared. The caller holds the room's mutex.
func (c *core) clear(ctx context.Context, roomID string) (cameBack bool, err error) {
	if room, err := c.store.RoomByID(ctx, roomID); err != nil || room.Active(c.now()) {
		return false, c.storeError(err, "") // active: reopened a moment ago
	}
	existed, err := c.deleteMediaRoom(ctx, roomID)
	if err != nil {
		return false, err
	}
	before, err := c.store.SetCleared(ctx, roomID, true)
	return existed && before, c.storeError(err, "")
}

// expiredEvent gives the event of a room whose time has come.
func (c *core) expiredEvent(ctx context.Context) func(Room) *Event {
	return func(room Room) *Event { return c.event(ctx, systemPrincipal, RoomHasExpired, room, "", nil) }
}

// recordPresent writes down that an admitted person is inside, unless that is on
// record already.
func (c *core) recordPresent(ctx context.Context, room Room, roomSID string, admission Admission,
	person Participant) error {
	if person.Active && admission.Code != "" {
		if err := c.store.KeepUse(ctx, admission.Identity); err != nil {
			return c.storeError(err, "")
		}
	}
	p := Presence{SID: person.SID, RoomID: room.ID, RoomSID: roomSID, Identity: person.Identity,
		Subject: admission.Subject, Opening: admission.Opening, Person: admission.personKey(), JoinedAt: person.JoinedAt}
	c.anybodyInside.Store(true)
	return c.savePresence(ctx, p, c.joinedEvent(ctx, room, person.Identity, admission), nil)
}

// recordAllPresent is recordPresent for those of the people inside that is meant
// and may be there. The webhook about them may still be on its way, or lost.
func (c *core) recordAllPresent(ctx context.Context, room Room, people []Participant,
	meant func(Admission) bool) error {
	ctx = WithCaller(ctx, Caller{Via: ViaReconcile})
	for _, person := range people {
		if person.SID == "" { // a kick names them, but LiveKit does not list them
			continue
		}
		admission, known, err := c.findAdmission(ctx, room.ID, person.Identity)
		if err == nil && known && meant(admission) && isValid(admission, room, c.now()) {
			err = c.recordPresent(ctx, room, "", admission, person)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// anybody means everybody in [core.recordAllPresent].
func anybody(Admission) bool { return true }

func (c *core) joinedEvent(ctx context.Context, room Room, identity string, admission Admission) *Event {
	return c.event(ctx, Principal{ID: identity}, Joined, room, identity, admission.identityDetails(map[string]string{
		"participant_name": redactCode(admission.Name, admission.Code), "role": roleOf(admission, room)}))
}

func (c *core) savePresence(ctx context.Context, p Presence, joined, left *Event) error {
	if c.hearsAll {
		p.Speaking = new(time.Duration)
	}
	return c.storeError(c.store.SavePresence(ctx, p, joined, left), "")
}
