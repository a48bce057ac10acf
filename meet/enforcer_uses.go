package meet

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// This file gives back uses of codes to people who never got inside.
//
// A use of a code with a limit is counted when the join token is given out, so
// that the limit is never exceeded. The use is pending until the person has a
// media connection (Participant.Active). It is given back when LiveKit tells
// that the connection was given up before that, or else when the token has
// expired. The admission ends first, then a person who is just connecting with it is
// removed, so the token opens nothing any more when somebody else gets the use.

// PendingUse is a use of a code by a person who has not been inside yet.
type PendingUse struct {
	Identity string // of the admission
	RoomID   string
	Code     string
	Ended    bool // the admission has ended, and the use can be given back
}

// tokenMargin is for how long after its end a token may still open something:
// LiveKit's clock, or its patience, may differ.
const tokenMargin = 2 * time.Minute

// onConnectionAborted handles a connection that ended before it had media. The
// cause is logged for the operator; the person sees it on the page, if at all.
func (e *Enforcer) onConnectionAborted(ctx context.Context, room Room, event MediaEvent) error {
	if err := e.onVisited(ctx, room, event); err != nil {
		return err
	}
	admission, known, err := e.findAdmission(ctx, room.ID, event.Participant.Identity)
	if err != nil || !known {
		return err
	}
	e.log.LogAttrs(ctx, slog.LevelWarn, "somebody could not get into the call", slog.String("room_id", room.ID),
		slog.String("room_name", room.Name), slog.String("identity", admission.Identity),
		slog.String("reason", event.Reason))
	if admission.Code == "" || admission.RequestID != "" {
		return nil // with an approval the person can try again until the token expires
	}
	use := PendingUse{Identity: admission.Identity, RoomID: room.ID, Code: admission.Code}
	return e.returnUse(ctx, room, use, event.Reason, event.Participant.SID)
}

// returnUse gives a pending use back, unless its person is inside, or a moderator
// ended the admission: that was meant to last. Somebody who is connecting keeps
// it for now, unless by the connection that was given up or with a token that has
// expired (deadSID is * then): LiveKit will tell how that ends.
func (e *Enforcer) returnUse(ctx context.Context, room Room, use PendingUse, reason, deadSID string) error {
	unlock, err := e.lock(ctx, room.ID)
	if err != nil {
		return err
	}
	defer unlock()
	people, err := e.media.Participants(ctx, room.ID)
	if err != nil {
		return errMediaUnavailable(err)
	}
	for _, person := range people {
		switch {
		case person.Identity != use.Identity:
		case person.Active:
			return e.storeError(e.store.KeepUse(ctx, use.Identity), "")
		case deadSID != everyConnection && deadSID != person.SID:
			return nil
		}
	}
	if err := e.store.EndPending(ctx, use.Identity, e.now()); err != nil {
		return e.ignoreNotFound(err)
	}
	// Nobody comes in with this token from now on. Somebody who just did is removed.
	if err := e.media.Remove(ctx, room.ID, use.Identity); err != nil && !isNotFound(err) {
		return errMediaUnavailable(err)
	}
	line := e.event(ctx, systemPrincipal, UseReturned, room, FirstGroup(use.Code),
		map[string]string{"identity": use.Identity, "reason": reason})
	return e.ignoreNotFound(e.store.ReturnUse(ctx, use.Identity, line))
}

// everyConnection stands for the SIDs of all connections.
const everyConnection = "*"

func (e *Enforcer) ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return e.storeError(err, "")
}

// maxUsesPerSweep bounds how many uses one sweep gives back. Each costs two short
// transactions.
const maxUsesPerSweep = 50

// returnPendingUses gives back the uses whose tokens have expired, and finishes
// what was interrupted.
func (e *Enforcer) returnPendingUses(ctx context.Context) error {
	ctx = WithCaller(ctx, Caller{Via: ViaSweeper})
	uses, err := e.store.PendingUses(ctx, e.now().Add(-tokenMargin), maxUsesPerSweep)
	if err != nil {
		return e.storeError(err, "")
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	var errs []error
	for _, use := range uses {
		room, err := e.store.RoomByID(ctx, use.RoomID)
		if err != nil {
			errs = append(errs, e.storeError(err, ""))
			continue
		}
		errs = append(errs, e.returnUse(ctx, room, use, "the token ran out before its bearer was inside", everyConnection))
	}
	return errors.Join(errs...)
}
