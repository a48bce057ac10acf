package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// healthz says that the process lives.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

const readyTimeout = 2 * time.Second

// readyz says whether everything the program needs answers: 200, or 503 with
// the parts that do not.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		status = http.StatusOK
		body   = map[string]string{"status": "ready"}
	)
	for part, check := range s.Ready {
		wg.Go(func() {
			err := check(ctx)
			mu.Lock()
			defer mu.Unlock()
			body[part] = "ok"
			if err != nil {
				s.Log.LogAttrs(ctx, slog.LevelWarn, "not ready", slog.String("part", part), slog.Any("err", err))
				body[part], body["status"], status = "unavailable", "not ready", http.StatusServiceUnavailable
			}
		})
	}
	wg.Wait()
	answer(w, status, body)
}

func (s *Server) version(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.Version)
}

// front greets whoever opens the bare address.
func (s *Server) front(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "Roomkey %s: video rooms for AI agents.\n\nMCP       POST /mcp\nExchange  POST /v2/token\nHTTP API  GET /docs/api /openapi.json\nHealth    GET /healthz /readyz /version /metrics\n", s.Version.Version)
}
