package signin

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// oauthError is an error in the words of OAuth (RFC 6749, 5.2; RFC 7591, 3.2.2).
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`

	status     int
	retryAfter time.Duration
}

// Error gives code and description.
func (e *oauthError) Error() string { return e.Code + ": " + e.Description }

func refused(code, description string) *oauthError {
	return &oauthError{Code: code, Description: description, status: http.StatusBadRequest}
}

func invalidRequest(description string) *oauthError { return refused("invalid_request", description) }
func invalidGrant(description string) *oauthError   { return refused("invalid_grant", description) }

// invalidClient tells a client that it is not known, so that it registers anew.
func invalidClient(description string) *oauthError {
	return &oauthError{Code: "invalid_client", Description: description, status: http.StatusUnauthorized}
}

// writeError answers a client.
func (e *oauthError) write(w http.ResponseWriter) error {
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="roomkey"`)
	}
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.retryAfter/time.Second)))
	}
	return writeJSON(w, e.status, e)
}

// writeJSON answers with JSON that nobody may keep.
func writeJSON(w http.ResponseWriter, status int, body any) error {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails only when the client is gone
	return nil
}
