package web

import (
	"net/http"

	"roomkey/meet"
	"roomkey/meet/hms"
)

// The Room Codes API: what clients of 100ms's find under the same paths. The
// shapes are those of package hms, which MCP shows as well.

const enabledHint = `Send a JSON object like {"enabled": false} and nothing else.`

// roomCodes makes (POST) or gives (GET) a room's codes.
func (s *Server) roomCodes(w http.ResponseWriter, r *http.Request) {
	p, room := meet.PrincipalFrom(r.Context()), r.PathValue("room_id")
	if r.Method == http.MethodPost {
		codes, err := hms.Create(r.Context(), s.Service, p, room)
		s.answerCodes(w, r, codes, err)
		return
	}
	filter, e := codeFilter(r)
	if e != nil {
		s.refuse(w, r, e)
		return
	}
	codes, err := hms.Page(r.Context(), s.Service, p, room, filter)
	s.answerCodes(w, r, codes, err)
}

// roleCode makes a room's code for one role.
func (s *Server) roleCode(w http.ResponseWriter, r *http.Request) {
	code, err := hms.CreateForRole(r.Context(), s.Service, meet.PrincipalFrom(r.Context()), r.PathValue("room_id"), r.PathValue("role"))
	s.answerCodes(w, r, code, err)
}

// updateCode enables or disables the code that the body names.
func (s *Server) updateCode(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Code    *string `json:"code"`
		Enabled *bool   `json:"enabled"`
	}
	const hint = `Send a JSON object like {"code": "wpi-srjb-wer", "enabled": false} and nothing else.`
	e := readObject(r, &body, true, hint)
	switch {
	case e != nil:
	case body.Code == nil:
		e = meet.Invalid("code", "code is required", hint)
	case body.Enabled == nil:
		e = meet.Invalid("enabled", "enabled is required", hint)
	}
	if e != nil {
		s.refuse(w, r, e)
		return
	}
	code, err := hms.Update(r.Context(), s.Service, meet.PrincipalFrom(r.Context()), *body.Code, *body.Enabled)
	s.answerCodes(w, r, code, err)
}

// updateThisCode enables or disables the code that the path names.
func (s *Server) updateThisCode(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Enabled *bool `json:"enabled"`
	}
	e := readObject(r, &body, true, enabledHint)
	if e == nil && body.Enabled == nil {
		e = meet.Invalid("enabled", "enabled is required", enabledHint)
	}
	if e != nil {
		s.refuse(w, r, e)
		return
	}
	code, err := hms.Update(r.Context(), s.Service, meet.PrincipalFrom(r.Context()), r.PathValue("code"), *body.Enabled)
	s.answerCodes(w, r, code, err)
}

func (s *Server) answerCodes(w http.ResponseWriter, r *http.Request, codes any, err error) {
	if err != nil {
		s.refuse(w, r, meet.AsError(err))
		return
	}
	answer(w, http.StatusOK, codes)
}

// codeFilter reads which codes a query asks for.
func codeFilter(r *http.Request) (hms.Filter, *meet.Error) {
	query, e := readQuery(r)
	filter := hms.Filter{Start: query.Get("start")}
	if e != nil {
		return filter, e
	}
	if query.Has("role") {
		role := query.Get("role")
		filter.Role = &role
	}
	switch enabled := query.Get("enabled"); {
	case !query.Has("enabled"):
	case enabled == "true", enabled == "false":
		on := enabled == "true"
		filter.Enabled = &on
	default:
		return filter, meet.Invalid("enabled", "enabled must be true or false", "Leave it out for both.")
	}
	filter.Limit, e = optionalNumber(query, "limit")
	return filter, e
}
