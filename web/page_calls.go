package web

import (
	"net/http"
	"time"

	"roomkey/meet"
)

// The calls that the join page makes beside the exchange. They belong to the
// page and change with it.

type invitationRequest struct {
	Code *string `json:"code"`
	Room *string `json:"room"`
}

type invitationResponse struct {
	RoomName string        `json:"room_name"`
	Role     string        `json:"role"`
	Publish  []meet.Source `json:"publish"`
	Chat     bool          `json:"chat"`
	E2EE     bool          `json:"e2ee"`
	Waits    bool          `json:"waits"`
	Admits   bool          `json:"admits"`

	// LiveKitInside says that signalling is at this server, by whatever name
	// the page has reached it.
	LiveKitInside bool `json:"livekit_inside"`
}

// pageInvitation tells where a link leads, before anybody joins.
func (s *Server) pageInvitation(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	var body invitationRequest
	p, ok := s.pageCaller(w, r, &body)
	if !ok {
		return
	}
	if (body.Code == nil) == (body.Room == nil) {
		s.refuse(w, r, meet.Invalid("code", "exactly one of code and room must be given", "Send the code or the name that the link ends with."))
		return
	}
	if body.Code != nil { // a code says all there is to say about its bearer
		p = s.anonymous(r)
	}
	invitation, err := s.Service.Invitation(r.Context(), p, meet.JoinCall{Code: body.Code, RoomID: body.Room})
	if err != nil {
		s.refuseSlowly(w, r, meet.AsError(err), started)
		return
	}
	publish := invitation.Grants.Publish
	if publish == nil {
		publish = []meet.Source{}
	}
	answer(w, http.StatusOK, invitationResponse{RoomName: invitation.RoomName, Role: invitation.Role, Publish: publish,
		Chat: invitation.Grants.Data, E2EE: invitation.E2EE, Waits: invitation.Waits, Admits: invitation.Admits, LiveKitInside: s.LiveKit != nil})
}

type pageJoinRequest struct {
	Room      string `json:"room"`
	Name      string `json:"name"`
	RequestID string `json:"request_id"`
	JoinToken string `json:"join_token"`
}

// pageJoin is the exchange for those who come by a room's name. It answers
// like the exchange.
func (s *Server) pageJoin(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	var body pageJoinRequest
	p, ok := s.pageCaller(w, r, &body)
	if !ok {
		return
	}
	a, err := s.Service.JoinFromPage(r.Context(), p, meet.JoinCall{RoomID: &body.Room, Name: body.Name, RequestID: body.RequestID,
		JoinToken: body.JoinToken, Wait: preferredWait(r), StillMay: s.stillBearer(r)})
	if err != nil {
		s.refuseSlowly(w, r, meet.AsError(err), started)
		return
	}
	answerAdmission(w, a)
}

type pageRequestsRequest struct {
	Version string `json:"version"` // of the list that the caller has
}

type pageRequestsResponse struct {
	Inside   bool          `json:"inside"` // false: not in the room just now
	Requests []pageRequest `json:"requests"`
	Version  string        `json:"version"`
}

// pageRequest is somebody who waits, as hosts see them.
type pageRequest struct {
	RequestID string            `json:"request_id"`
	Name      string            `json:"name"`
	UserID    string            `json:"user_id,omitempty"` // as they typed it, unless it is verified
	Verified  bool              `json:"verified"`
	Label     string            `json:"label,omitempty"` // of the code they came by
	Status    meet.RequestState `json:"status"`
	CreatedAt time.Time         `json:"created_at"`
}

func viewRequest(r meet.JoinRequest) pageRequest {
	return pageRequest{RequestID: r.ID, Name: r.Name, UserID: r.UserID, Verified: r.Verified(), Label: r.Label,
		Status: r.State, CreatedAt: r.CreatedAt}
}

// pageRequests tells a host who is inside the room who waits before it. The
// bearer token is the join token. With Prefer: wait=N it waits so many seconds
// for another list than the one of version.
func (s *Server) pageRequests(w http.ResponseWriter, r *http.Request) {
	var body pageRequestsRequest
	token, ok := s.pageHost(w, r, &body)
	if !ok {
		return
	}
	list, err := s.Service.RequestsForHost(r.Context(), token, body.Version, preferredWait(r))
	if err != nil {
		s.refuse(w, r, meet.AsError(err))
		return
	}
	requests := make([]pageRequest, len(list.Requests))
	for i, request := range list.Requests {
		requests[i] = viewRequest(request)
	}
	answer(w, http.StatusOK, pageRequestsResponse{list.Inside, requests, list.Version})
}

type pageAnswerRequest struct {
	RequestID string `json:"request_id"`
	Approve   *bool  `json:"approve"`
}

// pageAnswer lets somebody in, or not.
func (s *Server) pageAnswer(w http.ResponseWriter, r *http.Request) {
	var body pageAnswerRequest
	token, ok := s.pageHost(w, r, &body)
	if !ok {
		return
	}
	if body.Approve == nil {
		s.refuse(w, r, meet.Invalid("approve", "approve is required", "Send true to let the person in, false to refuse."))
		return
	}
	request, err := s.Service.AnswerAsHost(r.Context(), token, body.RequestID, *body.Approve)
	if err != nil {
		s.refuse(w, r, meet.AsError(err))
		return
	}
	answer(w, http.StatusOK, map[string]pageRequest{"request": viewRequest(request)})
}

// pageCaller reads a call of the page, from somebody with an access token or
// from somebody without. It reports false after it has answered.
func (s *Server) pageCaller(w http.ResponseWriter, r *http.Request, body any) (meet.Principal, bool) {
	p := s.anonymous(r)
	if r.Header.Get("Authorization") != "" {
		var e *meet.Error
		if p, e = s.bearer(r); e != nil {
			s.refuse(w, r, e)
			return p, false
		}
	}
	return p, s.pageBody(w, r, body)
}

// pageHost reads a call of somebody who shows a join token.
func (s *Server) pageHost(w http.ResponseWriter, r *http.Request, body any) (joinToken string, ok bool) {
	token, e := bearerToken(r)
	if e != nil {
		s.refuse(w, r, e)
		return "", false
	}
	return token, s.pageBody(w, r, body)
}

func (s *Server) pageBody(w http.ResponseWriter, r *http.Request, body any) bool {
	ok := decodeObject(r.Body, body)
	if !ok {
		s.refuse(w, r, meet.Invalid("", "Invalid request body", "Send a JSON object."))
	}
	return ok
}

func (s *Server) anonymous(r *http.Request) meet.Principal {
	return meet.Principal{Role: meet.Anonymous, Address: s.callerAddress(r)}
}

// refuseSlowly keeps from the clock what the answer does not tell.
func (s *Server) refuseSlowly(w http.ResponseWriter, r *http.Request, e *meet.Error, started time.Time) {
	if e.Code == meet.CodeNotFound || e.Code == meet.CodeUnauthenticated {
		pause(r.Context(), refusalDelay-time.Since(started))
	}
	s.refuse(w, r, e)
}
