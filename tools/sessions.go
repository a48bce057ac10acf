package tools

import (
	"context"
	"math"
	"time"

	"roomkey/meet"
)

type listSessionsInput struct {
	RoomID string  `json:"room_id" doc:"Id or name"`
	Limit  *int    `json:"limit" min:"1" max:"100" doc:"20 if left out"`
	Cursor *string `json:"cursor" doc:"From next_cursor"`
}

type listSessionsOutput struct {
	Sessions   []sessionView `json:"sessions" doc:"Newest first; peak: most people at a time"`
	HasMore    bool          `json:"has_more"`
	NextCursor string        `json:"next_cursor,omitempty"`
}

// sessionView is a session in a list.
type sessionView struct {
	sessionFields
	People int `json:"people"`
}

type sessionFields struct {
	ID           string          `json:"id"`
	RoomID       string          `json:"room_id"`
	StartedAt    time.Time       `json:"started_at"`
	EndedAt      time.Time       `json:"ended_at,omitzero"`
	EndedBecause meet.SessionEnd `json:"ended_because,omitempty"`
	Peak         int             `json:"peak"`
}

func viewSessionFields(s meet.Session) sessionFields {
	return sessionFields{
		ID: s.ID, RoomID: s.RoomID, StartedAt: s.StartedAt, EndedAt: s.EndedAt, EndedBecause: s.EndedBecause, Peak: s.Peak,
	}
}

var listSessions = define(Tool{
	Name: "list_sessions", Title: "List sessions", Toolset: Meeting, Scope: meet.ScopeMeeting,
	Hints:       Hints{ReadOnly: true, Idempotent: true},
	Description: "List when people met in a room you administer: sessions, from the first in to the last out.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in listSessionsInput) (listSessionsOutput, error) {
	sessions, next, err := s.Sessions(ctx, p, in.RoomID, in.Limit, valueOrZero(in.Cursor))
	view := func(s meet.Session) sessionView { return sessionView{viewSessionFields(s), s.People} }
	return listSessionsOutput{viewAll(sessions, view), next != "", next}, err
})

type getSessionInput struct {
	SessionID string  `json:"session_id" doc:"From list_sessions"`
	Limit     *int    `json:"limit" min:"1" max:"100" doc:"People; 100 if left out"`
	Cursor    *string `json:"cursor" doc:"From next_cursor"`
}

type getSessionOutput struct {
	Session    sessionWithPeople `json:"session" doc:"Each person once, with all their devices"`
	HasMore    bool              `json:"has_more"`
	NextCursor string            `json:"next_cursor,omitempty"`
}

// sessionWithPeople is a session with a page of its people.
type sessionWithPeople struct {
	sessionFields
	NumPeople int            `json:"num_people"`
	People    []attendeeView `json:"people"`
}

// attendeeView is a person in a session.
type attendeeView struct {
	Identity        string    `json:"identity"`
	Name            string    `json:"name"`
	UserID          string    `json:"user_id,omitempty"`
	Verified        bool      `json:"verified"`
	Label           string    `json:"label,omitempty"` // of the code they came by
	Role            string    `json:"role"`
	JoinedAt        time.Time `json:"joined_at"`
	LeftAt          time.Time `json:"left_at,omitzero"`
	SecondsInside   int       `json:"seconds_inside"`
	SecondsSpeaking *int      `json:"seconds_speaking,omitempty"` // missing where nobody listened
	Connections     int       `json:"connections"`
}

func viewAttendee(a meet.Attendee) attendeeView {
	v := attendeeView{
		Identity: a.Identity, Name: a.Name, UserID: a.UserID, Verified: a.Verified, Label: a.Label, Role: a.Role,
		JoinedAt: a.JoinedAt, LeftAt: a.LeftAt, SecondsInside: secondsOf(a.Inside), Connections: a.Connections,
	}
	if a.Speaking != nil {
		speaking := secondsOf(*a.Speaking)
		v.SecondsSpeaking = &speaking
	}
	return v
}

func secondsOf(d time.Duration) int { return int(math.Round(d.Seconds())) }

var getSession = define(Tool{
	Name: "get_session", Title: "Show a session", Toolset: Meeting, Scope: meet.ScopeMeeting,
	Hints: Hints{ReadOnly: true, Idempotent: true},
	Description: "Show who was in a session of a room you administer, when, how long, and how much they spoke; for now, " +
		"list_participants.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in getSessionInput) (getSessionOutput, error) {
	d, next, err := s.Session(ctx, p, in.SessionID, in.Limit, valueOrZero(in.Cursor))
	session := sessionWithPeople{viewSessionFields(d.Session), d.People, viewAll(d.Attendees, viewAttendee)}
	return getSessionOutput{session, next != "", next}, err
})
