package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
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

// metrics shows our own counters, and Go's and LiveKit's, which register
// themselves with Prometheus's default registry.
func (s *Server) metrics() http.Handler {
	return promhttp.HandlerFor(prometheus.Gatherers{s.Metrics, prometheus.DefaultGatherer}, promhttp.HandlerOpts{})
}

// front greets whoever opens the bare address.
func (s *Server) front(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "Roomkey %s: video rooms for AI agents.\n\nMCP       POST /mcp\nExchange  POST /v2/token\nHealth    GET /healthz /readyz /version /metrics\n", s.Version.Version)
}

// invitation is where a join link leads. It is the same for every code, good
// or not, and tells how to use it.
func (s *Server) invitation(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprint(w, invitationPage)
}

const invitationPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Invitation to a video room</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}</style>
<h1>You are invited to a video room</h1>
<p>The last part of this page's address is your room code or the name of the room.
Any LiveKit app can take you in: exchange the code for a token with
<code>POST /v2/token</code> and <code>{"code": "…", "name": "…"}</code>, then connect to the
<code>livekit_url</code> it answers with that token.</p>
</html>
`
