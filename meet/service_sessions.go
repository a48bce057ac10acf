package meet

import (
	"context"
	"errors"
	"slices"
)

// Sessions lists the sessions of a room, newest first, and gives the cursor of the
// next page, empty after the last.
func (s *Service) Sessions(
	ctx context.Context, p Principal, ref string, limit *int, cursor string,
) ([]Session, string, error) {
	room, err := s.resolveFor(ctx, p, ActReadEvents, ref)
	if err != nil {
		return nil, "", err
	}
	page, err := pageLimit(limit)
	if err != nil {
		return nil, "", err
	}
	q := SessionQuery{RoomID: room.ID, Limit: page + 1}
	if q.Before, err = parsePositionCursor(listOfSessions(room.ID), cursor); err != nil {
		return nil, "", err
	}
	sessions, err := s.store.Sessions(ctx, q)
	if err != nil {
		return nil, "", s.storeError(err, "")
	}
	if len(sessions) <= page {
		return sessions, "", nil
	}
	last := sessions[page-1]
	return sessions[:page], positionCursor(listOfSessions(room.ID), Position{last.StartedAt, last.ID}), nil
}

// SessionDetails is a session with some of its people.
type SessionDetails struct {
	Session
	Attendees []Attendee // in the order in which they came first
}

// Session shows a session with a page of its people, [MaxPage] unless limit says
// otherwise, and gives the cursor of the next page, empty after the last.
func (s *Service) Session(
	ctx context.Context, p Principal, id string, limit *int, cursor string,
) (SessionDetails, string, error) {
	if !isKnown(p) { // before anything is looked up
		return SessionDetails{}, "", authorize(p, ActReadEvents, nil)
	}
	session, err := s.sessionFor(ctx, p, ActReadEvents, id)
	if err != nil {
		return SessionDetails{}, "", err
	}
	page := MaxPage
	if limit != nil {
		if page, err = pageLimit(limit); err != nil {
			return SessionDetails{}, "", err
		}
	}
	q := StayQuery{SessionID: session.ID, Limit: page + 1}
	if q.After, err = parsePositionCursor(listOfAttendees(session.ID), cursor); err != nil {
		return SessionDetails{}, "", err
	}
	stays, err := s.store.Stays(ctx, q)
	if err != nil {
		return SessionDetails{}, "", s.storeError(err, "")
	}
	details, next := SessionDetails{Session: session}, ""
	var last Position
	for len(stays) > 0 {
		if len(details.Attendees) == page {
			next = positionCursor(listOfAttendees(session.ID), last)
			break
		}
		first := stays[0]
		n := slices.IndexFunc(stays, func(s Stay) bool { return s.Person != first.Person })
		if n < 0 {
			n = len(stays)
		}
		details.Attendees = append(details.Attendees, attendee(stays[:n], s.now()))
		last, stays = Position{first.JoinedAt, first.Person}, stays[n:]
	}
	return details, next, nil
}

// sessionFor finds a session for somebody who may do that in its room.
func (s *Service) sessionFor(ctx context.Context, p Principal, action Action, id string) (Session, error) {
	id, err := checkText("session_id", id, maxSessionID)
	if err == nil && id == "" {
		err = Invalid("session_id", "session_id must not be empty", "list_sessions has the ids of a room's sessions.")
	}
	if err != nil {
		return Session{}, err
	}
	session, err := s.store.Session(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && !p.Rooms.Has(session.RoomID) {
		return Session{}, &Error{Code: CodeNotFound, Message: "Session not found", Field: "session_id",
			Hint: "list_sessions has the ids of a room's sessions; they are forgotten together with its events."}
	}
	if err != nil {
		return Session{}, s.storeError(err, "")
	}
	room, err := s.store.RoomByID(ctx, session.RoomID)
	if err != nil {
		return Session{}, s.storeError(err, "")
	}
	return session, authorize(p, action, &room)
}

// maxSessionID is the most characters of an id of a session.
const maxSessionID = 40
