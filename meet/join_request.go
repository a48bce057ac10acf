package meet

import (
	"strings"
	"time"
)

// JoinRequest is somebody's wish to be let into a room that requires approval. Its
// id cannot be guessed: with it the person continues, and an admin answers.
type JoinRequest struct {
	ID      string
	RoomID  string
	Caller  string // who asked, as guesses are counted: a subject or an address
	Subject string // of the access token it was asked with; empty without one
	UserID  string
	Name    string
	Role    string
	Code    string // the code it was asked by; empty when it was by name
	Label   string // of that code
	State   RequestState

	Opening  int    // of the room, in which it was made
	Admitted string // the identity that its approval has let in; empty while it is unused

	AnsweredBy string    // subject or identity; empty while waiting
	AnsweredAt time.Time // zero while waiting
	CreatedAt  time.Time
	SeenAt     time.Time // the last sign of life
}

// RequestState is what has become of a join request.
type RequestState string

// The states of a join request. An approval holds for the room's opening.
const (
	RequestWaiting  RequestState = "waiting"
	RequestApproved RequestState = "approved"
	RequestRefused  RequestState = "refused"
)

// RequestLifetime is how long a join request lives without a sign of life.
const RequestLifetime = 10 * time.Minute

// signOfLife is the age of SeenAt from which on it is written again.
const signOfLife = time.Minute

// Living says whether the request means anything now, in the present opening
// of its room.
func (r JoinRequest) Living(room Room, now time.Time) bool {
	if r.RoomID != room.ID || r.Opening != room.Opening || !room.Active(now) {
		return false
	}
	return r.State == RequestApproved || now.Before(r.SeenAt.Add(RequestLifetime))
}

// RequestQuery says which join requests to list.
type RequestQuery struct {
	RoomID    string
	State     RequestState
	Opening   int
	SeenAfter time.Time // later than this moment
	OpenAt    time.Time // only requests with no code, or with one that lets people in at that moment; zero is all
	Limit     int
}

// RequestCount is how many join requests of a room there are beside a new one.
// Requests with a code that lets nobody in any more do not count.
type RequestCount struct {
	Waiting int // all that are waiting
	Code    int // those of them that came by the same code, or all without one
	Caller  int // those of the same caller that are waiting or refused
}

const requestLetters = 26

// checkRequestID refuses what cannot be anybody's join request.
func checkRequestID(id string) error {
	if len(id) == requestLetters && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz") == "" {
		return nil
	}
	return Invalid("request_id", "request_id must be the id of a join request",
		"join_requests of list_participants have it, and the answer of a join that is waiting.")
}

// errRequestOver tells somebody who wants to join that their request means nothing
// any more.
func errRequestOver() *Error {
	return &Error{Code: CodeNotFound, Message: "Join request not found", Field: "request_id",
		Hint: "It was for somebody or something else, or it is over. Leave request_id out to ask again."}
}

// errRequestNotFound tells somebody who answers that there is nothing to answer.
func errRequestNotFound() *Error {
	return &Error{Code: CodeNotFound, Message: "Join request not found", Field: "request_id",
		Hint: "It was refused before, or the person has gone: list_participants shows who is waiting now. " +
			"They can ask again."}
}
