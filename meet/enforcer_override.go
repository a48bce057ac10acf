package meet

import (
	"context"
	"errors"
	"strings"
)

// endOverrides ends what moderators have set for a time, in the database and at
// LiveKit. It held no longer than its time even so, because everything that asks what
// holds looks at the clock. If LiveKit cannot be told now, [Enforcer.Reconcile] tells it.
func (e *Enforcer) endOverrides(ctx context.Context) error {
	ctx = WithCaller(ctx, Caller{Via: ViaSweeper})
	now := e.now()
	ended, err := e.store.EndOverrides(ctx, now, sweepBatch, func(a *Admission, room Room) *Event {
		over := a.Overrides.over(now)
		a.Overrides = a.Overrides.at(now)
		if !isValid(*a, room, now) {
			return nil
		}
		return e.event(ctx, systemPrincipal, UpdateEnded, room, a.Identity, a.identityDetails(map[string]string{
			"participant_name": redactCode(a.at(now).Name, a.Code), "ended": strings.Join(over, " ")}))
	})
	if err != nil {
		return e.storeError(err, "")
	}
	var rooms []string
	for _, a := range ended {
		rooms = merge(rooms, []string{a.RoomID})
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	errs := make([]error, len(rooms))
	inParallel(len(rooms), maxParallelRooms, func(i int) { errs[i] = e.project(ctx, rooms[i]) })
	return errors.Join(errs...)
}
