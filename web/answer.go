package web

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"roomkey/meet"
)

// refuse answers an error with the status it has in the API that was called.
// It gives nil, so that admit can return its result.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, e *meet.Error) *http.Request {
	return s.refuseWith(w, r, dialectOf(r.URL.Path).status(e.Code), e)
}

// refuseWith answers an error with a status that meet has no code for. Its
// cause is for the log, if it is nobody's fault but ours.
func (s *Server) refuseWith(w http.ResponseWriter, r *http.Request, status int, e *meet.Error) *http.Request {
	id := meet.RequestIDFrom(r.Context())
	if e.Err != nil && (e.Code == meet.CodeInternal || e.Code == meet.CodeUnavailable) {
		s.Log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("route", r.Pattern), slog.String("code", string(e.Code)),
			slog.Any("err", e.Err), slog.String("request_id", id))
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter/time.Second)))
	}
	answer(w, status, dialectOf(r.URL.Path).word(status, e, id))
	return nil
}

// answer writes JSON that no cache keeps.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone needs no answer
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, &meet.Error{Code: meet.CodeNotFound, Message: "There is nothing here",
		Hint: "MCP is at POST /mcp, the exchange at POST /v2/token; /openapi.json describes everything else."})
}
