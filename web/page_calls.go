package web

import (
	"net/http"
	"time"

	"roomkey/meet"
)

// The calls of the join page beside the exchange. They belong to the page and
// change with it.

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

	// LiveKitInside says that signalling is at this server, under the name by
	// which the page has reached it.
	LiveKitInside bool `json:"livekit_inside"`
}

// pageInvitation says where a link leads, before anybody joins.
func (s *Server) pageInvitation(w http.ResponseWriter, r *http.Request) error {
	var body invitationRequest
	p, err := s.readPageCall(r, &body)
	if err != nil {
		return err
	}
	if (body.Code == nil) == (body.Room == nil) {
		return meet.Invalid("code", "exactly one of code and room must be given",
			"Send the code or the name that the link ends with.")
	}
	if body.Code != nil { // with a code it does not matter who asks
		p = s.anonymous(r)
	}
	invitation, err := s.Service.Invitation(r.Context(), p, meet.JoinCall{Code: body.Code, RoomID: body.Room})
	if err != nil {
		return err
	}
	publish := invitation.Grants.Publish
	if publish == nil {
		publish = []meet.Source{}
	}
	writeJSON(w, http.StatusOK, invitationResponse{
		RoomName: invitation.RoomName, Role: invitation.Role, Publish: publish, Chat: invitation.Grants.Data,
		E2EE: invitation.E2EE, Waits: invitation.Waits, Admits: invitation.Admits, LiveKitInside: s.LiveKit != nil})
	return nil
}

type pageJoinRequest struct {
	Room      string `json:"room"`
	Name      string `json:"name"`
	RequestID string `json:"request_id"`
	JoinToken string `json:"join_token"`
}

// pageJoin is the exchange with the name of a room in place of a code.
func (s *Server) pageJoin(w http.ResponseWriter, r *http.Request) error {
	var body pageJoinRequest
	p, err := s.readPageCall(r, &body)
	if err != nil {
		return err
	}
	result, err := s.Service.JoinFromPage(r.Context(), p, meet.JoinCall{
		RoomID: &body.Room, Name: body.Name, RequestID: body.RequestID, JoinToken: body.JoinToken,
		Wait: preferredWait(r), StillMay: s.checkTokenAgain(r)})
	return writeJoinResult(w, result, err)
}

type pageRequestsRequest struct {
	Version string `json:"version"` // of the list that the caller has
}

type pageRequestsResponse struct {
	Inside   bool          `json:"inside"` // false: the caller is not in the room now
	Requests []pageRequest `json:"requests"`
	Version  string        `json:"version"`
}

// pageRequest is a join request as hosts see it.
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

// pageRequests gives a host who is in the room its join requests. The bearer
// token is the join token. The call may be held open (Prefer: wait) until the
// list is another than that of version.
func (s *Server) pageRequests(w http.ResponseWriter, r *http.Request) error {
	var body pageRequestsRequest
	token, err := readHostCall(r, &body)
	if err != nil {
		return err
	}
	list, err := s.Service.RequestsForHost(r.Context(), token, body.Version, preferredWait(r))
	if err != nil {
		return err
	}
	requests := make([]pageRequest, len(list.Requests))
	for i, request := range list.Requests {
		requests[i] = viewRequest(request)
	}
	writeJSON(w, http.StatusOK, pageRequestsResponse{list.Inside, requests, list.Version})
	return nil
}

type pageAnswerRequest struct {
	RequestID string `json:"request_id"`
	Approve   *bool  `json:"approve"`
}

// pageAnswer approves or refuses a join request.
func (s *Server) pageAnswer(w http.ResponseWriter, r *http.Request) error {
	var body pageAnswerRequest
	token, err := readHostCall(r, &body)
	if err != nil {
		return err
	}
	if body.Approve == nil {
		return meet.Invalid("approve", "approve is required", "Send true to let the person in, false to refuse.")
	}
	request, err := s.Service.AnswerAsHost(r.Context(), token, body.RequestID, *body.Approve)
	return writeResult(w, map[string]pageRequest{"request": viewRequest(request)}, err)
}

const pageHint = "Send a JSON object."

// readPageCall reads a call of somebody with or without an access token.
func (s *Server) readPageCall(r *http.Request, body any) (meet.Principal, error) {
	p := s.anonymous(r)
	if r.Header.Get("Authorization") != "" {
		var err error
		if p, err = s.principal(r); err != nil {
			return p, err
		}
	}
	return p, decodeObject(r, body, pageHint)
}

// readHostCall reads a call of somebody with a join token.
func readHostCall(r *http.Request, body any) (joinToken string, err error) {
	if joinToken, err = bearerToken(r); err != nil {
		return "", err
	}
	return joinToken, decodeObject(r, body, pageHint)
}
