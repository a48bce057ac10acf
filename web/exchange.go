package web

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"roomkey/meet"
)

// exchangeRequest is the body of POST /v2/token. Other fields, which clients of
// 100ms send, are ignored.
type exchangeRequest struct {
	Code   *string `json:"code"`
	UserID string  `json:"user_id"`
	Name   string  `json:"name"`

	RequestID string `json:"request_id"` // continues a join request
	JoinToken string `json:"join_token"` // an earlier one, with which the same person comes back
}

type exchangeResponse struct {
	Token      string    `json:"token"`
	LiveKitURL string    `json:"livekit_url"`
	RoomID     string    `json:"room_id"`
	RoomName   string    `json:"room_name"`
	Role       string    `json:"role"`
	Identity   string    `json:"identity"`
	ExpiresAt  time.Time `json:"expires_at"`
	E2EE       bool      `json:"e2ee"`
}

// waitingResponse asks the caller to repeat the call, with request_id if there is
// one.
type waitingResponse struct {
	Status       string    `json:"status"` // always waiting
	RequestID    string    `json:"request_id,omitempty"`
	StartsAt     time.Time `json:"starts_at,omitzero"` // in place of request_id: nobody can be asked before
	RetryAfterMS int64     `json:"retry_after_ms"`
}

// retryAfter is the pause between two calls of somebody who waits for a host with
// calls that are not held open.
const retryAfter = 2 * time.Second

// exchange redeems a room code for a join token. It needs no access token. A call
// with a request_id may be held open until the host has answered, and one before the
// room starts until then.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) error {
	const hint = `Send JSON like {"code": "wpi-srjb-wer", "name": "Ada"}.`
	var body exchangeRequest
	if err := decodeObject(r, &body, hint, lenient); err != nil { // of any content type: 100ms's clients send none
		return err
	}
	if body.Code == nil {
		return meet.Invalid("code", "code is required", hint)
	}
	result, err := s.Service.Exchange(r.Context(), s.callerAddress(r), meet.JoinCall{
		Code: body.Code, Name: body.Name, UserID: body.UserID,
		RequestID: body.RequestID, JoinToken: body.JoinToken, Wait: preferredWait(r), SignedIn: s.signedIn(r)})
	return writeJoinResult(w, result, err)
}

// writeJoinResult answers 200 with the join token, or 202 to somebody who waits.
func writeJoinResult(w http.ResponseWriter, result meet.JoinResult, err error) error {
	switch {
	case err != nil:
		return err
	case result.Waiting:
		writeJSON(w, http.StatusAccepted, waitingResponse{
			Status: "waiting", RequestID: result.RequestID, StartsAt: result.StartsAt,
			RetryAfterMS: cmp.Or(result.RetryAfter, retryAfter).Milliseconds()})
	default:
		writeJSON(w, http.StatusOK, exchangeResponse{
			Token: result.Token, LiveKitURL: result.LiveKitURL, RoomID: result.Room.ID, RoomName: result.Room.Name,
			Role: result.Role, Identity: result.Identity, ExpiresAt: result.ExpiresAt, E2EE: result.Room.Settings.E2EE})
	}
	return nil
}

// longestWait bounds how long a call is held open. It is well below the write
// timeout of the server and of proxies.
const longestWait = 25 * time.Second

// preferredWait reads how long the caller wants the call to be held open
// (Prefer: wait=20, RFC 7240, in seconds); 0 without that.
func preferredWait(r *http.Request) time.Duration {
	isSeparator := func(c rune) bool { return c == ',' || c == ';' || c == ' ' }
	for _, header := range r.Header.Values("Prefer") {
		for preference := range strings.FieldsFuncSeq(header, isSeparator) {
			name, value, _ := strings.Cut(preference, "=")
			seconds, err := strconv.Atoi(strings.Trim(value, `"`))
			if strings.EqualFold(name, "wait") && err == nil && seconds > 0 {
				return min(time.Duration(min(seconds, 3600))*time.Second, longestWait)
			}
		}
	}
	return 0
}

// refusalDelay is the shortest time of a refusal whose reason is kept secret.
const refusalDelay = 100 * time.Millisecond

// slowRefusals delays the errors of a handler that say "not found" or "no token",
// so that their time does not tell the real reason either.
func slowRefusals(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		started := time.Now()
		err := h(w, r)
		if meet.IsCode(err, meet.CodeNotFound) || meet.IsCode(err, meet.CodeUnauthenticated) {
			pause(r.Context(), refusalDelay-time.Since(started))
		}
		return err
	}
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
