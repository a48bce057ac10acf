package web

import (
	"net/http"

	"roomkey/meet"
	"roomkey/meet/hms"
)

// The Room Codes API is what clients of 100ms find under the same paths. Its
// shapes are those of package hms, which MCP uses too.

// roomCodes creates (POST) or lists (GET) the codes of a room.
func (s *Server) roomCodes(w http.ResponseWriter, r *http.Request) error {
	p, room := meet.PrincipalFrom(r.Context()), r.PathValue("room_id")
	if r.Method == http.MethodPost {
		codes, err := hms.Create(r.Context(), s.Service, p, room)
		return writeResult(w, codes, err)
	}
	filter, err := codeFilter(r)
	if err != nil {
		return err
	}
	codes, err := hms.Page(r.Context(), s.Service, p, room, filter)
	return writeResult(w, codes, err)
}

// createRoleCode makes a room's code for one role.
func (s *Server) createRoleCode(w http.ResponseWriter, r *http.Request) error {
	code, err := hms.CreateForRole(r.Context(), s.Service, meet.PrincipalFrom(r.Context()),
		r.PathValue("room_id"), r.PathValue("role"))
	return writeResult(w, code, err)
}

// updateCodeInBody enables or disables the code that the body names.
func (s *Server) updateCodeInBody(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Code    *string `json:"code"`
		Enabled *bool   `json:"enabled"`
	}
	const hint = `Send a JSON object like {"code": "wpi-srjb-wer", "enabled": false} and nothing else.`
	if err := readObject(r, &body, true, hint); err != nil {
		return err
	}
	if body.Code == nil {
		return meet.Invalid("code", "code is required", hint)
	}
	return s.updateCode(w, r, *body.Code, body.Enabled, hint)
}

// updateCodeInPath enables or disables the code that the path names.
func (s *Server) updateCodeInPath(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Enabled *bool `json:"enabled"`
	}
	const hint = `Send a JSON object like {"enabled": false} and nothing else.`
	if err := readObject(r, &body, true, hint); err != nil {
		return err
	}
	return s.updateCode(w, r, r.PathValue("code"), body.Enabled, hint)
}

func (s *Server) updateCode(w http.ResponseWriter, r *http.Request, code string, enabled *bool, hint string) error {
	if enabled == nil {
		return meet.Invalid("enabled", "enabled is required", hint)
	}
	updated, err := hms.Update(r.Context(), s.Service, meet.PrincipalFrom(r.Context()), code, *enabled)
	return writeResult(w, updated, err)
}

// writeResult answers with what the service gave, or returns its error.
func writeResult(w http.ResponseWriter, result any, err error) error {
	if err == nil {
		writeJSON(w, http.StatusOK, result)
	}
	return err
}

// codeFilter reads from a query which codes to list.
func codeFilter(r *http.Request) (hms.Filter, error) {
	query, err := readQuery(r)
	if err != nil {
		return hms.Filter{}, err
	}
	filter := hms.Filter{Start: query.Get("start")}
	if query.Has("role") {
		role := query.Get("role")
		filter.Role = &role
	}
	if query.Has("enabled") {
		enabled := query.Get("enabled") == "true"
		if !enabled && query.Get("enabled") != "false" {
			return filter, meet.Invalid("enabled", "enabled must be true or false", "Leave it out for both.")
		}
		filter.Enabled = &enabled
	}
	filter.Limit, err = optionalNumber(query, "limit")
	return filter, err
}
