package meet

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"
)

// This file gives back what somebody used up of a code that they never got
// inside by.
//
// A use of a code with a limit is counted when the token is given out, so that
// the limit is never overrun. It is pending then, until its bearer is inside:
// their connection for sound and picture stands (Participant.Active). It is
// given back when the media server tells that their connection was given up
// before that, or else when their token has died. First the admission is
// ended, then anybody who may just be connecting with it is removed; so its token
// opens nothing any more when the use is there for somebody else.

// PendingUse is a use of a code by somebody who has not been inside yet.
type PendingUse struct {
	Identity string // of the join
	RoomID   string
	Code     string
	Ended    bool // the join is ended, and the use can be given back
}

// errReturned is for who comes with a token whose use of a code was given back.
// They may ask for another one by the same code, as with a token that is too old.
var errReturned = &Error{Code: CodeUnauthenticated, Hint: "Join the room anew.",
	Message: "This join token does not count any more: it was not used in time"}

// tokenMargin is how long after its end a token is taken to be able to open
// something: the media server's clock, or its patience, may differ.
const tokenMargin = 2 * time.Minute

// onConnectionAborted is called for a connection that ended before sound and picture could
// flow. What went wrong is the operator's to know: the person sees it on the
// page, if at all.
func (s *Service) onConnectionAborted(ctx context.Context, room Room, e MediaEvent) error {
	join, err := s.admissionOf(ctx, room.ID, e.Participant.Identity)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return s.storeError(err, "")
	}
	s.log.LogAttrs(ctx, slog.LevelWarn, "somebody could not get into the call", slog.String("room_id", room.ID),
		slog.String("room_name", room.Name), slog.String("identity", join.Identity), slog.String("reason", e.Reason))
	if join.Code == "" || join.RequestID != "" {
		return nil // an approval is used up by the token: who has one can try again with that, until it dies
	}
	use := PendingUse{Identity: join.Identity, RoomID: room.ID, Code: join.Code}
	return s.returnUse(ctx, room, use, e.Reason, func(p Participant) bool { return p.SID != e.Participant.SID })
}

// returnUse gives a use back that is pending, unless its bearer is inside, or
// somebody put an end to their admission: that was meant to last. It does
// nothing while there is another connection of theirs that trying says may
// become one: what comes of it will be told.
func (s *Service) returnUse(ctx context.Context, room Room, use PendingUse, why string, trying func(Participant) bool) error {
	unlock, err := s.locks.lock(ctx, room.ID)
	if err != nil {
		return err
	}
	defer unlock()
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return errMediaUnavailable(err)
	}
	if at := slices.IndexFunc(people, func(p Participant) bool { return p.Identity == use.Identity }); at >= 0 {
		switch {
		case people[at].Active:
			return s.storeError(s.store.KeepUse(ctx, use.Identity), "")
		case trying(people[at]):
			return nil
		}
	}
	if err := s.store.EndPending(ctx, use.Identity, s.now()); err != nil {
		return s.ignoreNotFound(err)
	}
	// Nobody comes in with this token from now on. Somebody who just did is removed.
	if err := s.media.Remove(ctx, room.ID, use.Identity); err != nil && !isNotFound(err) {
		return errMediaUnavailable(err)
	}
	e := s.event(ctx, systemPrincipal, UseReturned, room, FirstGroup(use.Code),
		map[string]string{"identity": use.Identity, "reason": why})
	if err := s.store.ReturnUse(ctx, use.Identity, e); err != nil {
		return s.ignoreNotFound(err)
	}
	s.logEvent(ctx, e)
	return nil
}

func (s *Service) ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return s.storeError(err, "")
}

// maxUsesPerSweep bounds how many uses one sweep gives back.
const maxUsesPerSweep = 50

// returnPendingUses gives back the uses whose tokens have died, and goes on where it
// was interrupted. Each costs the database two short transactions.
func (s *Service) returnPendingUses(ctx context.Context) error {
	ctx = WithCaller(ctx, Caller{Via: ViaSweeper})
	uses, err := s.store.PendingUses(ctx, s.now().Add(-tokenMargin), maxUsesPerSweep)
	if err != nil {
		return s.storeError(err, "")
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	var errs []error
	for _, use := range uses {
		room, err := s.store.RoomByID(ctx, use.RoomID)
		if err != nil {
			errs = append(errs, s.storeError(err, ""))
			continue
		}
		errs = append(errs, s.returnUse(ctx, room, use, "the token ran out before its bearer was inside", neverConnects))
	}
	return errors.Join(errs...)
}

// neverConnects is for a token that has died: no connection becomes one with it.
func neverConnects(Participant) bool { return false }
