package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"roomkey/meet"
)

// healthz says that the process runs.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) error {
	return writeResult(w, s.health("ok"), nil)
}

// health begins an answer about this process.
func (s *Server) health(status string) map[string]string {
	answer := map[string]string{"status": status}
	if s.Shared {
		answer["instance"] = s.Instance
	}
	return answer
}

const readyTimeout = 2 * time.Second

// readyz checks all parts that the program needs: 200, or 503 with the parts that
// do not answer.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		status = http.StatusOK
		body   = s.health("ready")
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
	writeJSON(w, status, body)
	return nil
}

func (s *Server) version(w http.ResponseWriter, _ *http.Request) error {
	return writeResult(w, s.Version, nil)
}

// notFound answers at every path that is no route.
func (s *Server) notFound(http.ResponseWriter, *http.Request) error {
	return &meet.Error{Code: meet.CodeNotFound, Message: "There is nothing here",
		Hint: "MCP is at POST /mcp, the exchange at POST /v2/token; /openapi.json describes everything else."}
}
