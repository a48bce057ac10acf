package web

import (
	"context"
	"net/http"
	"time"

	"roomkey/meet"
)

// exchangeRequest is the body of POST /v2/token. What other clients of this
// call send beside it is not looked at.
type exchangeRequest struct {
	Code   *string `json:"code"`
	UserID string  `json:"user_id"`
	Name   string  `json:"name"`

	RequestID string `json:"request_id"` // of a join request, to go on with it
	JoinToken string `json:"join_token"` // one from before, by which they come back with that
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

// waitingResponse tells somebody to go on with the same call and the request_id.
type waitingResponse struct {
	Status       string `json:"status"` // always waiting
	RequestID    string `json:"request_id"`
	RetryAfterMS int64  `json:"retry_after_ms"`
}

// retryAfter is how long somebody who waits should leave between two calls
// that do not wait themselves.
const retryAfter = 2 * time.Second

// refusalDelay is how long, counted from its start, every refused exchange
// takes: why a code opens nothing cannot be read off the time either.
const refusalDelay = 100 * time.Millisecond

// exchange redeems a room code for a LiveKit token. Nobody needs an access
// token for it. Somebody who goes on with a request_id may wait for the host's
// answer: Prefer: wait=N (RFC 7240), in seconds.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	var body exchangeRequest
	if !decodeObject(r.Body, &body, lenient) { // of whatever content type: 100ms's clients send none
		s.refuse(w, r, meet.Invalid("", "Invalid request body", `Send JSON like {"code": "wpi-srjb-wer", "name": "Ada"}.`))
		return
	}
	if body.Code == nil {
		s.refuse(w, r, meet.Invalid("code", "code is required", `Send JSON like {"code": "wpi-srjb-wer", "name": "Ada"}.`))
		return
	}
	a, err := s.Service.Exchange(r.Context(), s.callerAddress(r), meet.JoinCall{Code: body.Code, Name: body.Name, UserID: body.UserID,
		RequestID: body.RequestID, JoinToken: body.JoinToken, Wait: preferredWait(r)})
	if err != nil {
		e := meet.AsError(err)
		if e.Code == meet.CodeNotFound {
			pause(r.Context(), refusalDelay-time.Since(started))
		}
		s.refuse(w, r, e)
		return
	}
	answerAdmission(w, a)
}

// answerAdmission answers 200 with the token, or 202 to somebody who waits.
func answerAdmission(w http.ResponseWriter, a meet.JoinResult) {
	if a.Waiting {
		answer(w, http.StatusAccepted, waitingResponse{"waiting", a.RequestID, retryAfter.Milliseconds()})
		return
	}
	answer(w, http.StatusOK, exchangeResponse{Token: a.Token, LiveKitURL: a.LiveKitURL, RoomID: a.Room.ID, RoomName: a.Room.Name,
		Role: a.Role, Identity: a.Identity, ExpiresAt: a.ExpiresAt, E2EE: a.Room.Settings.E2EE})
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
