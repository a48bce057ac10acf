package web

import (
	"net/http"
	"strings"

	"roomkey/meet"
)

// dialect is how an API says that something failed: with which status, and in
// which shape. Everything under an API's path speaks its dialect, also what
// refuses a request before it reaches a handler.
type dialect struct {
	status func(meet.ErrorCode) int
	word   func(status int, e *meet.Error, requestID string) any
}

// The dialects.
var (
	ownDialect   = dialect{meet.ErrorCode.Status, wordOwn}
	roomsDialect = dialect{roomsStatus, wordRooms}
	codesDialect = dialect{meet.ErrorCode.Status, wordCodes}
)

func dialectOf(path string) dialect {
	switch path += "/"; {
	case strings.HasPrefix(path, "/api/"):
		return roomsDialect
	case strings.HasPrefix(path, "/v2/"):
		return codesDialect
	}
	return ownDialect
}

// wordOwn tells all that a client may know.
func wordOwn(status int, e *meet.Error, requestID string) any {
	report := e.Report(requestID)
	report.Status = status
	return map[string]meet.ErrorReport{"error": report}
}

// roomsStatus is the status of the Rooms API, whose clients know 500 for
// whatever is not their fault.
func roomsStatus(code meet.ErrorCode) int {
	if code == meet.CodeUnavailable {
		return http.StatusInternalServerError
	}
	return code.Status()
}

// roomsError is how the Rooms API words an error.
type roomsError struct {
	Error string `json:"error"`
}

// wordRooms names a field as that API does.
func wordRooms(_ int, e *meet.Error, _ string) any {
	if e.Field == "" {
		return roomsError{e.Message}
	}
	return roomsError{strings.ReplaceAll(e.Message, e.Field, camelCase(e.Field))}
}

// camelCase makes maxParticipants of max_participants.
func camelCase(name string) string {
	parts := strings.Split(name, "_")
	for i, part := range parts[1:] {
		if part != "" {
			parts[i+1] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "")
}

// codesError is how 100ms's API words an error.
type codesError struct {
	Code    int      `json:"code"` // the status
	Message string   `json:"message"`
	Details []string `json:"details"`
}

func wordCodes(status int, e *meet.Error, _ string) any {
	details := []string{}
	if e.Hint != "" {
		details = append(details, e.Hint)
	}
	return codesError{status, e.Message, details}
}
