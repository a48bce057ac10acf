package web

import (
	"cmp"
	"net/http"
	"net/url"
	"time"

	"roomkey/meet"
)

// The calls of the join page beside the exchange, before somebody is inside. They
// belong to the page and change with it.

type invitationRequest struct {
	Code *string `json:"code"`
	Room *string `json:"room"`
}

type invitationResponse struct {
	RoomName string        `json:"room_name"`
	Title    string        `json:"title,omitempty"`
	StartsAt time.Time     `json:"starts_at,omitzero"` // while it has not started
	Early    bool          `json:"early,omitempty"`    // may go in before
	Role     string        `json:"role"`
	Publish  []meet.Source `json:"publish"`
	Chat     bool          `json:"chat"`
	E2EE     bool          `json:"e2ee"`
	KeepChat bool          `json:"keep_chat,omitempty"`
	Waits    bool          `json:"waits"`
	Admits   bool          `json:"admits"`
	Hosts    bool          `json:"hosts"`

	// SignIn is there where people may sign in, or have to.
	SignIn *signInOffer `json:"sign_in,omitempty"`

	// LiveKitInside says that signalling is at this server, under the name by
	// which the page has reached it.
	LiveKitInside bool `json:"livekit_inside"`
}

// signInOffer is how people may sign in, and who has.
type signInOffer struct {
	Required bool        `json:"required"`
	As       string      `json:"as,omitempty"` // who has; everything below is for somebody else
	Ways     []signInWay `json:"ways"`
}

type signInWay struct {
	Name string `json:"name"`
	URL  string `json:"url"` // to which the page adds its own path
}

func (s *Server) signInOffer(r *http.Request, required bool) *signInOffer {
	offer := signInOffer{Required: required, Ways: []signInWay{}}
	if s.SignIn != nil {
		for _, way := range s.SignIn.Ways() {
			to := "/oauth/page?" + url.Values{"way": {way.Issuer}}.Encode() + "&to="
			offer.Ways = append(offer.Ways, signInWay{Name: way.Name, URL: to})
		}
		if p := s.signedIn(r); p.ID != "" {
			offer.As = cmp.Or(p.Name, p.ID)
		}
	}
	if !required && len(offer.Ways) == 0 {
		return nil
	}
	return &offer
}

// pageInvitation says where a link leads, before anybody joins.
func (s *Server) pageInvitation(w http.ResponseWriter, r *http.Request) error {
	p, call, err := s.readLink(r)
	if err != nil {
		return err
	}
	invitation, err := s.Service.Invitation(r.Context(), p, call)
	if err != nil {
		return err
	}
	publish := invitation.Grants.Publish
	if publish == nil {
		publish = []meet.Source{}
	}
	writeJSON(w, http.StatusOK, invitationResponse{
		RoomName: invitation.RoomName, Title: invitation.Title, StartsAt: invitation.StartsAt, Early: invitation.Early,
		Role: invitation.Role, Publish: publish, Chat: invitation.Grants.Data,
		E2EE: invitation.E2EE, KeepChat: invitation.KeepChat, Waits: invitation.Waits, Admits: invitation.Admits,
		Hosts:         invitation.Hosts,
		SignIn:        s.signInOffer(r, invitation.SignIn && p.Role == meet.Anonymous),
		LiveKitInside: s.LiveKit != nil})
	return nil
}

// readLink reads which link a call of the page is about, and who asks.
func (s *Server) readLink(r *http.Request) (p meet.Principal, call meet.JoinCall, err error) {
	var body invitationRequest
	if p, err = s.readPageCall(r, &body); err != nil {
		return p, call, err
	}
	if (body.Code == nil) == (body.Room == nil) {
		return p, call, meet.Invalid("code", "exactly one of code and room must be given",
			"Send the code or the name that the link ends with.")
	}
	if body.Code != nil { // with a code it does not matter who asks
		p = s.anonymous(r)
	}
	return p, meet.JoinCall{Code: body.Code, RoomID: body.Room}, nil
}

type insideResponse struct {
	Names []string `json:"names"` // of some of them
	Count int      `json:"count"`
}

// pageInside says who is in the room behind a link already. It is a call of its own,
// so that the form does not wait for LiveKit.
func (s *Server) pageInside(w http.ResponseWriter, r *http.Request) error {
	p, call, err := s.readLink(r)
	if err != nil {
		return err
	}
	names, count, err := s.Service.WhoIsInside(r.Context(), p, call)
	return writeResult(w, insideResponse{listOf(names), count}, err)
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
		Wait: preferredWait(r), StillMay: s.checkTokenAgain(r), SignedIn: s.signedIn(r)})
	return writeJoinResult(w, result, err)
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
