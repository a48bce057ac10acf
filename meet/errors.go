package meet

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrorCode is the kind of a failure, the same on every edge of the program.
type ErrorCode string

// The whole taxonomy. Each edge (MCP, HTTP, exit codes) has one table from
// these to its own vocabulary.
const (
	CodeInvalid         ErrorCode = "invalid"         // a field breaks a rule
	CodeUnauthenticated ErrorCode = "unauthenticated" // nobody known is asking
	CodeForbidden       ErrorCode = "forbidden"       // known, but not allowed
	CodeNotFound        ErrorCode = "not_found"       // no such room, code, participant
	CodeConflict        ErrorCode = "conflict"        // the name is taken, the room is full
	CodeGone            ErrorCode = "gone"            // ended, expired, disabled, used up
	CodeRateLimited     ErrorCode = "rate_limited"    // too many guesses; see RetryAfter
	CodeUnavailable     ErrorCode = "unavailable"     // database, media server or room not to be had in time
	CodeInternal        ErrorCode = "internal"        // anything else
)

// Error is what every method of [Service] fails with.
type Error struct {
	Code    ErrorCode
	Message string // what is wrong, one sentence without its full stop
	Field   string // the argument that is wrong, as a path like settings.e2ee; may be empty
	Hint    string // what to do next, a sentence; may be empty

	Reason     Reason        // tells refusals of a person apart; may be empty
	Scope      TokenScope    // that the access token lacks; may be empty
	RetryAfter time.Duration // with CodeRateLimited: how long to wait
	Err        error         // the cause, for the log only; never shown to a caller
}

// Reason is why a person is not let in, for programs that have words of their own
// for it, like the join page.
type Reason string

// The reasons with CodeForbidden.
const (
	ReasonRefused      Reason = "refused"       // a host has refused the join request
	ReasonRemoved      Reason = "removed"       // a host has removed the person
	ReasonBlocked      Reason = "blocked"       // a host has blocked the person
	ReasonWayBlocked   Reason = "way_blocked"   // a host has blocked somebody who came by the same code or page
	ReasonCodeRequired Reason = "code_required" // the room lets in only people with a code

	ReasonSignInRequired Reason = "sign_in_required" // the room lets in only people who have signed in
)

// Error gives code and message, and the cause for the log.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Retryable says whether the same call may succeed later without a change.
func (e *Error) Retryable() bool {
	return e.Code == CodeUnavailable || e.Code == CodeRateLimited
}

// AsError finds the *Error in err. Anything else becomes CodeInternal with a
// fixed text, so that no foreign error text ever reaches a caller.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: CodeInternal, Message: "Internal error", Hint: "Report the request id to the operator.", Err: err}
}

// IsCode says whether err is an *Error of the given code.
func IsCode(err error, code ErrorCode) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// Invalid is an error about one argument.
func Invalid(field, message, hint string) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: message, Hint: hint}
}

// The messages that clients rely on, word by word.
const (
	msgNameShort    = "room name must be at least 3 characters"
	msgNameLong     = "room name must be at most 63 characters"
	msgNameChars    = "room name must contain only lowercase letters, numbers, and hyphens"
	msgNameTaken    = "a room with this name already exists"
	msgMediaFailed  = "Failed to create media room"
	msgCreateFailed = "Failed to create room"
	msgNoRoom       = "Room not found"
	msgNoPerson     = "Participant not found"
)

func errRoomNotFound() *Error {
	return &Error{Code: CodeNotFound, Message: msgNoRoom, Field: "room_id",
		Hint: "Give the id or the name of a room; list_rooms shows those you can see."}
}

func errParticipantNotFound() *Error {
	return &Error{Code: CodeNotFound, Message: msgNoPerson, Field: "identity",
		Hint: "list_participants gives the identity of everyone who is in the room now."}
}

func errCodeNotFound() *Error {
	return &Error{Code: CodeNotFound, Message: "Room code not found", Field: "code",
		Hint: "Check the code with the person who gave it out; get_room_codes lists the codes of a room you own."}
}

func errNameTaken() *Error {
	return &Error{Code: CodeConflict, Message: msgNameTaken, Field: "name",
		Hint: "Choose another name, or leave name out to have one made."}
}

func errMediaUnavailable(err error) *Error {
	return &Error{Code: CodeUnavailable, Message: "The media server cannot be reached",
		Hint: "Nothing was changed. Try again in a few seconds.", Err: err}
}

// errReopened is for a call about an opening of a room that is over.
func errReopened() *Error {
	return &Error{Code: CodeConflict, Message: "The room was opened again meanwhile",
		Hint: "get_room shows what it is now. Repeat the call to end it all the same."}
}

// errRoomBusy is for a call that did not get the lock of its room in time.
func errRoomBusy(err error) *Error {
	return &Error{Code: CodeUnavailable, Message: "The room is being changed by another call, which has not ended in time",
		Hint: "Nothing was changed. Try again in a few seconds.", Err: err}
}

// errMediaUncertain is for a call that asks the media server to remove people:
// it may have done so before it stopped answering.
func errMediaUncertain(err error) *Error {
	e := errMediaUnavailable(err)
	e.Hint = "People may have been removed; nothing else was changed. Repeat the call in a few seconds."
	return e
}

// Status is the HTTP status of a failure of this kind.
func (c ErrorCode) Status() int {
	switch c {
	case CodeInvalid:
		return 400
	case CodeUnauthenticated:
		return 401
	case CodeForbidden:
		return 403
	case CodeNotFound:
		return 404
	case CodeConflict:
		return 409
	case CodeGone:
		return 410
	case CodeRateLimited:
		return 429
	case CodeUnavailable:
		return 503
	}
	return 500
}

// ErrorReport is the shape in which a client is told of a failure.
type ErrorReport struct {
	Code       ErrorCode `json:"code"`
	Status     int       `json:"status"` // the HTTP status of the same failure
	Message    string    `json:"message"`
	Field      string    `json:"field,omitempty"`
	Hint       string    `json:"hint,omitempty"`
	Retryable  bool      `json:"retryable"`
	RetryAfter int       `json:"retry_after_seconds,omitempty"`
	RequestID  string    `json:"request_id"`
}

// hintUnavailable says when to stop trying, and who must act then.
const hintUnavailable = "If it is still so after a minute, stop trying: the operator of this server must act " +
	"(roomkey doctor says what is wrong)."

// Report gives what a client may know of the error: all but its cause.
func (e *Error) Report(requestID string) ErrorReport {
	hint := e.Hint
	if e.Code == CodeUnavailable {
		hint = strings.TrimSpace(hint + " " + hintUnavailable)
	}
	return ErrorReport{Code: e.Code, Status: e.Code.Status(), Message: e.Message, Field: e.Field, Hint: hint,
		Retryable: e.Retryable(), RetryAfter: int(e.RetryAfter / time.Second), RequestID: requestID}
}
