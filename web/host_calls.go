package web

import (
	"net/http"
	"slices"
	"time"

	"roomkey/meet"
)

// The calls of the join page for people who are inside, most of them for hosts. Like
// the others they belong to the page and change with it.

type hostViewRequest struct {
	Version string `json:"version"` // of the view that the caller has
}

type hostViewResponse struct {
	Inside       bool             `json:"inside"` // false: the caller is not in the room now
	Rights       []meet.HostRight `json:"rights"`
	RoomLocked   bool             `json:"room_locked"`
	LockedForAll []meet.Source    `json:"locked_for_all"`
	Locked       []string         `json:"locked"` // identities, as in admins
	Admins       []string         `json:"admins"`
	Roles        []string         `json:"roles"` // in which the host may invite
	Requests     []pageRequest    `json:"requests"`
	Version      string           `json:"version"`
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

// hostView gives a host who is in the room what they see of it beside the call:
// join requests, rights and locks. The bearer token is the join token. The call may
// be held open (Prefer: wait) until the view is another than that of version.
func (s *Server) hostView(w http.ResponseWriter, r *http.Request) error {
	var body hostViewRequest
	token, err := readHostCall(r, &body)
	if err != nil {
		return err
	}
	view, err := s.Service.HostView(r.Context(), token, body.Version, preferredWait(r))
	if err != nil {
		return err
	}
	requests := make([]pageRequest, len(view.Requests))
	for i, request := range view.Requests {
		requests[i] = viewRequest(request)
	}
	if s.ReadOnly { // refuses all but answers to join requests
		view.Rights = slices.DeleteFunc(view.Rights, func(right meet.HostRight) bool { return right != meet.RightAdmit })
	}
	writeJSON(w, http.StatusOK, hostViewResponse{
		Inside: view.Inside, Rights: listOf(view.Rights), RoomLocked: view.RoomLocked,
		LockedForAll: listOf(view.LockedForAll), Locked: listOf(view.Locked), Admins: listOf(view.Admins),
		Roles: listOf(view.Roles), Requests: requests, Version: view.Version})
	return nil
}

// listOf gives a list that is [] in JSON and never null.
func listOf[T any](list []T) []T { return append([]T{}, list...) }

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

type handRequest struct {
	Raised bool `json:"raised"`
}

// hand raises or lowers the hand of somebody inside, who need not be a host.
func (s *Server) hand(w http.ResponseWriter, r *http.Request) error {
	var body handRequest
	token, err := readHostCall(r, &body)
	if err != nil {
		return err
	}
	return writeResult(w, map[string]string{"status": "done"}, s.Service.RaiseHand(r.Context(), token, body.Raised))
}

type inviteRequest struct {
	Role string `json:"role"`
}

type inviteResponse struct {
	Code    string `json:"code"`
	Role    string `json:"role"`
	JoinURL string `json:"join_url"`
}

// invite gives a host inside the code of a role to hand out.
func (s *Server) invite(w http.ResponseWriter, r *http.Request) error {
	var body inviteRequest
	token, err := readHostCall(r, &body)
	if err != nil {
		return err
	}
	code, err := s.Service.InviteAsHost(r.Context(), token, body.Role)
	return writeResult(w, inviteResponse{code.Code, code.Role, s.Service.Links().Code(code.Code)}, err)
}

type moderateRequest struct {
	Action   meet.HostAction `json:"action"`
	Identity string          `json:"identity"`
	Name     string          `json:"name"` // for rename
}

// moderate does to others in the room what a host inside asks for.
func (s *Server) moderate(w http.ResponseWriter, r *http.Request) error {
	var body moderateRequest
	token, err := readHostCall(r, &body)
	if err != nil {
		return err
	}
	call := meet.HostCall{Action: body.Action, Identity: body.Identity, Name: body.Name}
	return writeResult(w, map[string]string{"status": "done"}, s.Service.ModerateAsHost(r.Context(), token, call))
}

// readHostCall reads a call of somebody with a join token.
func readHostCall(r *http.Request, body any) (joinToken string, err error) {
	if joinToken, err = bearerToken(r); err != nil {
		return "", err
	}
	return joinToken, decodeObject(r, body, pageHint)
}
