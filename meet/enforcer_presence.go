package meet

import (
	"context"
	"errors"
	"time"
)

// onLeft writes down that a connection has ended; how is [Left] or [Visited].
func (e *Enforcer) onLeft(ctx context.Context, room Room, event MediaEvent, how EventAction) error {
	admission, known, err := e.findAdmission(ctx, room.ID, event.Participant.Identity)
	if err != nil || !known {
		return err
	}
	p := Presence{SID: event.Participant.SID, RoomID: room.ID, RoomSID: event.RoomSID, Subject: admission.Subject,
		Identity: event.Participant.Identity, JoinedAt: event.Participant.JoinedAt, LeftAt: event.At}
	return e.recordLeft(ctx, p, how)
}

// onVisited writes down a connection that ended before it had media. By
// signalling alone its owner saw who is inside.
func (e *Enforcer) onVisited(ctx context.Context, room Room, event MediaEvent) error {
	onRecord, err := e.store.HasPresence(ctx, event.Participant.SID)
	switch {
	case err != nil:
		return e.storeError(err, "")
	case onRecord:
		return e.onLeft(ctx, room, event, Left)
	}
	return e.onLeft(ctx, room, event, Visited)
}

// onRoomFinished ends the presences in a media room that is gone, but not those
// in a media room that was made for the same room since.
func (e *Enforcer) onRoomFinished(ctx context.Context, room Room, event MediaEvent) error {
	open, err := e.store.OpenPresences(ctx, room.ID)
	if err != nil {
		return e.storeError(err, "")
	}
	var errs []error
	for _, p := range open {
		if p.RoomSID == event.RoomSID {
			p.LeftAt = event.At
			errs = append(errs, e.recordLeft(ctx, p, Left))
		}
	}
	return errors.Join(errs...)
}

// recordLeft writes down the end of a presence. Somebody who came back when their
// admission was over leaves no event: the one about their removal is all.
func (e *Enforcer) recordLeft(ctx context.Context, p Presence, how EventAction) error {
	unlock, err := e.lock(ctx, p.RoomID) // while somebody is being removed, that event comes first
	if err != nil {
		return err
	}
	defer unlock()
	a, err := e.admission(ctx, p.RoomID, p.Identity)
	if err != nil {
		return err
	}
	if p.LeftAt.IsZero() || p.LeftAt.Before(p.JoinedAt) {
		p.LeftAt = e.now()
	}
	p.Opening, p.Person, p.SessionEnd = a.admission.Opening, a.admission.personKey(), sessionEnd(a, p.LeftAt)
	counts, err := e.countsAsInside(ctx, p, a)
	if err != nil {
		return err
	}
	if !counts || how == Visited && !isValid(a.admission, a.room, e.now()) {
		return e.savePresence(ctx, p, nil, nil)
	}
	left := e.event(ctx, Principal{ID: p.Identity}, how, a.room, p.Identity,
		a.admission.identityDetails(map[string]string{
			"participant_name": redactCode(a.admission.Name, a.admission.Code),
			"stayed":           p.LeftAt.Sub(p.JoinedAt).Round(time.Second).String()}))
	if how == Visited {
		return e.savePresence(ctx, p, nil, left)
	}
	return e.savePresence(ctx, p, e.joinedEvent(ctx, a.room, p.Identity, a.admission), left)
}

// countsAsInside says whether a connection that has ended was one of somebody who
// was inside: whose coming is on record, or who came while the admission held.
func (e *Enforcer) countsAsInside(ctx context.Context, p Presence, a access) (bool, error) {
	if a.verdict == verdictUnknown {
		return false, nil
	}
	if isValid(a.admission, a.room, e.now()) || p.JoinedAt.Before(endOf(a.admission, a.room)) {
		return true, nil
	}
	onRecord, err := e.store.HasPresence(ctx, p.SID)
	return onRecord, e.storeError(err, "")
}

// endOf is when an admission ended; zero while it holds, or if nobody knows.
func endOf(admission Admission, room Room) time.Time {
	switch {
	case !admission.RevokedAt.IsZero():
		return admission.RevokedAt
	case admission.Opening != room.Opening:
		return time.Time{}
	case room.State == RoomActive:
		return room.ExpiresAt // the sweeper has not marked it yet
	}
	return room.EndedAt
}
