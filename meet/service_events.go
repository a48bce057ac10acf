package meet

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"
)

// event begins the line of the audit trail about something that p does to a
// room. The store writes it together with the change.
func (c *core) event(ctx context.Context, p Principal, action EventAction, room Room, target string,
	details map[string]string) *Event {
	actor := p.ID
	if p.Role == Anonymous {
		actor = anonymousActor
	}
	e := &Event{
		At: c.now(), RoomID: room.ID, RoomName: room.Name, AdminID: room.AdminID, Actor: actor, Caller: CallerFrom(ctx),
		Action: action, Target: target, Outcome: OutcomeOK, RequestID: RequestIDFrom(ctx),
	}
	e.setDetails(details)
	return e
}

// setDetails redacts tokens and codes in every detail, whether people typed it or
// not. Only the room's name stays as it is: names that are made here look like
// codes.
func (e *Event) setDetails(details map[string]string) {
	for key, text := range details {
		if key != "name" {
			details[key] = redactSecrets(text)
		}
	}
	e.Details = details
}

// systemPrincipal is who acts when nobody has asked for it.
var systemPrincipal = Principal{ID: systemActor, Role: Superadmin}

// record writes down what changed nothing in the database but happened.
func (c *core) record(ctx context.Context, e *Event) error {
	if err := c.store.AddEvent(context.WithoutCancel(ctx), e); err != nil {
		failed := AsError(c.storeError(err, ""))
		failed.Message, failed.Hint = "It was done, but could not be written down", "Repeat the call in a few seconds."
		return failed
	}
	return nil
}

// incomplete notes on an event that the media server stopped answering before
// all was done.
func (c *core) incomplete(ctx context.Context, e *Event) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTimeout)
	defer cancel()
	if err := c.store.SetOutcome(ctx, e.ID, OutcomeIncomplete); err != nil {
		c.log.WarnContext(ctx, "could not note that something is incomplete", "event", e.ID, "err", err)
	}
}

// EventFilter says which events to list.
type EventFilter struct {
	RoomID *string // id or name; nil is every room the caller administers
	Kind   string

	// Identity is whom the events are about. With a room, what else stands for one
	// person inside will do. Empty is everybody and everything.
	Identity string

	Since, Until time.Time // only from one on, only before the other; zero is no bound
	Limit        *int      // nil is DefaultPage
	Cursor       string
}

// Events lists what happened, newest first, and gives the cursor of the next
// page, empty after the last. Without a room it is that of all rooms that p
// administers, for superadmins of all.
func (s *Service) Events(ctx context.Context, p Principal, f EventFilter) ([]Event, string, error) {
	q, limit, err := s.eventQuery(ctx, p, f)
	if err != nil {
		return nil, "", err
	}
	if q.Before, err = parseEventCursor(q.RoomID, f.Cursor); err != nil {
		return nil, "", err
	}
	events, err := s.store.Events(ctx, q)
	if err != nil {
		return nil, "", s.storeError(err, "")
	}
	if len(events) <= limit {
		return events, "", nil
	}
	return events[:limit], cursor(listOfEvents(q.RoomID), strconv.FormatInt(events[limit-1].ID, 36)), nil
}

// eventQuery authorizes and checks a list of events. The query asks for one more
// than limit, which tells whether there are more.
func (s *Service) eventQuery(ctx context.Context, p Principal, f EventFilter) (q EventQuery, limit int, err error) {
	q = EventQuery{Kind: EventKind(f.Kind), Since: f.Since, Until: f.Until}
	var room Room
	if f.RoomID != nil {
		room, err = s.resolveFor(ctx, p, ActReadEvents, *f.RoomID)
		q.RoomID = room.ID
	} else if err = authorize(p, ActReadOwnEvents, nil); err == nil && !Allowed(p, ActReadEvents, nil) {
		q.Admin = p.ID // a superadmin reads them all
	}
	if err != nil {
		return q, 0, err
	}
	if limit, err = pageLimit(f.Limit); err != nil {
		return q, 0, err
	}
	q.Limit = limit + 1
	if !q.Since.IsZero() && !q.Until.IsZero() && !q.Since.Before(q.Until) {
		return q, 0, Invalid("until", "until must be later than since", "Events at until itself are not listed.")
	}
	if f.Identity != "" {
		err = s.narrowTo(ctx, &q, room, f.Identity)
	}
	return q, limit, err
}

// narrowTo has a query list only the events about the participant that is meant.
// Nobody that any event is about is an error, because an empty list would be taken
// for an answer.
func (s *Service) narrowTo(ctx context.Context, q *EventQuery, room Room, given string) error {
	given, err := checkIdentity("identity", given)
	if err != nil {
		return err
	}
	known, err := s.narrowToAdmission(ctx, q, given)
	if known || err != nil {
		return err
	}
	unknown := errParticipantNotFound()
	unknown.Hint = "Give the identity that list_participants or the target of an event has."
	if room.ID == "" {
		unknown.Hint += " With room_id the name of somebody who is inside will do, too."
		return unknown
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	inside, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return errMediaUnavailable(err)
	}
	identity, err := s.whom(ctx, room, inside, given)
	if err == nil && identity == given && !slices.Contains(identityList(inside), given) {
		err = unknown
	}
	if err != nil {
		return err
	}
	if known, err = s.narrowToAdmission(ctx, q, identity); !known && err == nil {
		q.Target = identity // somebody whom Roomkey did not admit
	}
	return err
}

// beforeAdmission is longer than the first event about an admission is before it.
const beforeAdmission = time.Minute

// narrowToAdmission has a query list only the events about an admission: in its
// room, and since it was made. known is false if there is none that the query may
// be about.
func (s *Service) narrowToAdmission(ctx context.Context, q *EventQuery, identity string) (known bool, err error) {
	admission, room, err := s.store.Admission(ctx, identity)
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, s.storeError(err, "")
	case q.RoomID != "" && q.RoomID != room.ID || q.Admin != "" && !room.HasAdmin(q.Admin):
		return false, nil
	case q.Admin != room.AdminID: // but a co-admin
		q.Admin = ""
	}
	q.Target, q.RoomID = identity, room.ID
	if from := admission.CreatedAt.Add(-beforeAdmission); from.After(q.Since) {
		q.Since = from
	}
	return true, nil
}

// parseEventCursor gives the event behind which the next page begins, 0 for the
// first page.
func parseEventCursor(roomID, cursor string) (int64, error) {
	place, err := parseCursor(listOfEvents(roomID), cursor)
	if err != nil || place == "" {
		return 0, err
	}
	id, err := strconv.ParseInt(place, 36, 64)
	if err != nil || id <= 0 {
		return 0, errBadCursor()
	}
	return id, nil
}
