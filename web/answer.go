package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"roomkey/meet"
)

// refuse answers an error with its own status. It gives nil, so that admit can
// return its result.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, e *meet.Error) *http.Request {
	return s.refuseWith(w, r, e.Code.Status(), e)
}

// refuseWith answers an error with a status that meet has no code for.
func (s *Server) refuseWith(w http.ResponseWriter, r *http.Request, status int, e *meet.Error) *http.Request {
	report := e.Report(meet.RequestIDFrom(r.Context()))
	report.Status = status
	setRetryAfter(w, e)
	answer(w, status, map[string]meet.ErrorReport{"error": report})
	return nil
}

func setRetryAfter(w http.ResponseWriter, e *meet.Error) {
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter/time.Second)))
	}
}

// answer writes JSON that no cache keeps.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone needs no answer
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, &meet.Error{Code: meet.CodeNotFound, Message: "There is nothing here", Hint: "MCP is at POST /mcp, the exchange at POST /v2/token."})
}
