package web

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"roomkey/meet"
)

// statusError is an error with an HTTP status that no code of meet has.
type statusError struct {
	status int
	err    *meet.Error
}

func (e *statusError) Error() string { return e.err.Error() }

// Unwrap gives the error without its status.
func (e *statusError) Unwrap() error { return e.err }

// writeError answers with an error in the format of the API that was called.
// The log gets the cause if the fault is ours.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e, format, id := meet.AsError(err), errorFormatOf(r.URL.Path), meet.RequestIDFrom(r.Context())
	status := format.status(e.Code)
	if special := new(statusError); errors.As(err, &special) {
		status = special.status
	}
	if e.Err != nil && (e.Code == meet.CodeInternal || e.Code == meet.CodeUnavailable) {
		s.Log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("route", r.Pattern),
			slog.String("code", string(e.Code)), slog.Any("err", e.Err), slog.String("request_id", id))
	}
	setRetryAfter(w.Header(), e)
	if e.Reason != "" {
		w.Header().Set(reasonHeader, string(e.Reason))
	}
	writeJSON(w, status, format.body(status, e, id))
}

// reasonHeader tells why a person is not let in. It is a header because the bodies of
// errors have the shapes of others.
const reasonHeader = "Roomkey-Reason"

// setRetryAfter tells the caller of a limit how many seconds to wait.
func setRetryAfter(h http.Header, e *meet.Error) {
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(e.RetryAfter/time.Second)))
	}
}

// writeJSON answers with JSON that no cache keeps.
func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails only when the client is gone
}

// errorFormat is how an API reports an error: with which status and in which
// body. It holds for every path under the API, also where a request is refused
// before it reaches a handler.
type errorFormat struct {
	status func(meet.ErrorCode) int
	body   func(status int, e *meet.Error, requestID string) any
}

func errorFormatOf(p string) errorFormat {
	switch p = path.Clean("/"+p) + "/"; {
	case strings.HasPrefix(p, "/api/"):
		return errorFormat{roomsStatus, roomsErrorBody}
	case strings.HasPrefix(p, "/v2/"):
		return errorFormat{meet.ErrorCode.Status, codesErrorBody}
	case strings.HasPrefix(p, "/oauth/"):
		return errorFormat{meet.ErrorCode.Status, oauthErrorBody}
	}
	return errorFormat{meet.ErrorCode.Status, errorBody}
}

// errorBody is Roomkey's own format: everything that a client may know.
func errorBody(status int, e *meet.Error, requestID string) any {
	report := e.Report(requestID)
	report.Status = status
	return map[string]meet.ErrorReport{"error": report}
}

// roomsStatus is the status in the Rooms API. Its clients expect 500 for all
// that is not their fault.
func roomsStatus(code meet.ErrorCode) int {
	if code == meet.CodeUnavailable {
		return http.StatusInternalServerError
	}
	return code.Status()
}

// roomsErrorBody is the format of the Rooms API, with its name of the field.
func roomsErrorBody(_ int, e *meet.Error, _ string) any {
	message := e.Message
	if e.Field != "" {
		message = strings.ReplaceAll(message, e.Field, camelCase(e.Field))
	}
	return map[string]string{"error": message}
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

// codesErrorBody is the format of 100ms.
func codesErrorBody(status int, e *meet.Error, _ string) any {
	details := []string{}
	if e.Hint != "" {
		details = append(details, e.Hint)
	}
	return struct {
		Code    int      `json:"code"` // the status
		Message string   `json:"message"`
		Details []string `json:"details"`
	}{status, e.Message, details}
}
