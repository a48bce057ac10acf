package meet

import (
	"context"
	"strconv"
)

// event begins the line of the audit trail about something that p does to a
// room. The store writes it together with the change.
func (c *core) event(ctx context.Context, p Principal, action EventAction, room Room, target string,
	details map[string]string) *Event {
	actor := p.ID
	if p.Role == Anonymous {
		actor = "anonymous"
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
	Limit  *int // nil is DefaultPage
	Cursor string
}

// Events lists what happened, newest first, and gives the cursor of the next
// page, empty after the last. Without a room it is that of all rooms p is the
// admin of, for superadmins of all.
func (s *Service) Events(ctx context.Context, p Principal, f EventFilter) ([]Event, string, error) {
	q := EventQuery{Kind: EventKind(f.Kind)}
	switch {
	case f.RoomID != nil:
		room, err := s.resolveFor(ctx, p, ActReadEvents, *f.RoomID)
		if err != nil {
			return nil, "", err
		}
		q.RoomID = room.ID
	default:
		if err := authorize(p, ActReadOwnEvents, nil); err != nil {
			return nil, "", err
		}
		if !Allowed(p, ActReadEvents, nil) { // a superadmin reads them all
			q.Admin = p.ID
		}
	}
	limit, err := pageLimit(f.Limit)
	if err != nil {
		return nil, "", err
	}
	if q.Before, err = parseEventCursor(q.RoomID, f.Cursor); err != nil {
		return nil, "", err
	}
	q.Limit = limit + 1
	events, err := s.store.Events(ctx, q)
	if err != nil {
		return nil, "", s.storeError(err, "")
	}
	if len(events) <= limit {
		return events, "", nil
	}
	return events[:limit], cursor(listOfEvents(q.RoomID), strconv.FormatInt(events[limit-1].ID, 36)), nil
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
