package web

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomkey/meet"
)

// handler answers a request, or returns the error to answer with.
type handler func(w http.ResponseWriter, r *http.Request) error

// access says what a route demands of a request before its handler runs.
type access struct {
	methods []string // empty: any method
	origin  bool     // pages of other origins may not call it
	token   bool     // needs an access token
	via     meet.Via // for the audit trail

	// What the route does with methods other than GET and HEAD.
	changes     bool
	destructive bool // removes somebody
}

// chain puts a route behind what every request goes through: recover and
// request id, method (405), Host and Origin (403), announced size (413), token
// (401), the operator's ceilings (403), body (413), handler. This is the only
// place that turns an error into an answer.
func (s *Server) chain(route route) http.HandlerFunc {
	name := strings.TrimSuffix(route.pattern, "{$}")
	return func(rw http.ResponseWriter, r *http.Request) {
		started := time.Now()
		id := s.newRequestID()
		w := &recorder{ResponseWriter: rw}
		w.Header().Set("X-Request-Id", id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		ctx := meet.WithCaller(meet.WithRequestID(r.Context(), id), callerOf(route.access.via, r))
		if s.DisableDestructive || r.Header.Get(CeilingHeader) == DisableDestructive {
			ctx = meet.WithoutDestruction(ctx)
		}
		r = r.WithContext(ctx)
		defer func() {
			broken := s.recovered(w, r, recover())
			s.requests.WithLabelValues(name, strconv.Itoa(w.statusCode())).Inc()
			if s.Log.Enabled(ctx, slog.LevelDebug) {
				s.Log.LogAttrs(ctx, slog.LevelDebug, "request", slog.String("method", r.Method), slog.String("route", name),
					slog.Int("status", w.statusCode()), slog.Duration("took", time.Since(started)), slog.String("request_id", id))
			}
			if broken {
				panic(http.ErrAbortHandler) // this is how net/http drops a connection
			}
		}()
		s.noteForwarder(r)
		if err := s.serve(w, r, route); err != nil {
			if route.access.token {
				s.challenge(w, r, err)
			}
			s.writeError(w, r, err)
		}
	}
}

// callerOf says through what a request acts. The sender of a webhook is always
// LiveKit, so the audit trail does not name its program.
func callerOf(via meet.Via, r *http.Request) meet.Caller {
	if via == meet.ViaWebhook {
		return meet.Caller{Via: via}
	}
	return meet.Caller{Via: via, Client: r.UserAgent()}
}

// serve checks a request and calls the handler of its route. A CORS preflight
// of a page on the allow-list is answered first.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, route route) error {
	a, hostOK := route.access, s.hosts.allows(r.Host)
	if a.origin && hostOK && s.preflight(w, r, a.methods) {
		return nil
	}
	switch {
	case len(a.methods) > 0 && !slices.Contains(a.methods, r.Method):
		w.Header().Set("Allow", strings.Join(a.methods, ", "))
		return &statusError{http.StatusMethodNotAllowed, meet.Invalid("",
			"The method "+meet.CleanText(r.Method, 20)+" is not allowed here", "Use "+strings.Join(a.methods, " or ")+".")}
	case !hostOK:
		return &meet.Error{Code: meet.CodeForbidden,
			Message: "This server does not answer for the host " + strconv.Quote(meet.CleanText(r.Host, 80)),
			Hint:    "Use the configured public_url, or add the host to http.allowed_hosts."}
	case a.origin && !s.originAllowed(r):
		return &meet.Error{Code: meet.CodeForbidden, Message: "Pages of this origin may not call this server",
			Hint: "Add the origin to http.allowed_origins."}
	case r.ContentLength > MaxBody:
		return bodyTooLarge(w)
	}
	if a.token { // before the body is read, because that takes memory
		p, err := s.principal(r)
		if err != nil {
			return err
		}
		r = r.WithContext(meet.WithPrincipal(r.Context(), p))
	}
	if err := s.checkCeilings(r, a); err != nil {
		return err
	}
	if err := readBody(w, r); err != nil {
		return err
	}
	return route.handle(w, r)
}

// CeilingHeader lets a client forbid its own calls something: a stdio bridge has
// ceilings that the server behind it may not have.
const (
	CeilingHeader      = "Roomkey-Ceiling"
	DisableDestructive = "disable-destructive"
)

// checkCeilings refuses what the operator has switched off for everybody.
func (s *Server) checkCeilings(r *http.Request, a access) error {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case s.ReadOnly && a.changes && !reads:
		return &meet.Error{Code: meet.CodeForbidden, Message: "This server is read-only",
			Hint: "Its operator started it with read_only."}
	case s.DisableDestructive && a.destructive:
		return meet.DestructionDisabledError("This server removes nobody")
	}
	return nil
}

// recovered answers after a panic of a handler; cause is nil if there was none.
// It reports whether the connection has to be dropped: a client must not take
// half an answer for a whole one.
func (s *Server) recovered(w *recorder, r *http.Request, cause any) (broken bool) {
	if cause == nil || cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
		return cause != nil
	}
	s.Log.LogAttrs(r.Context(), slog.LevelError, "panic", slog.String("request_id", meet.RequestIDFrom(r.Context())),
		slog.String("cause", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
	if w.status != 0 {
		return true
	}
	s.writeError(w, r, nil)
	return false
}

// NewInstance makes a name for this process, which no other has.
func NewInstance() string { return strings.ToLower(rand.Text()[:8]) }

// newRequestID makes the id by which a request is found in the log. It begins with
// the name of the instance that has the log.
func (s *Server) newRequestID() string {
	return s.Instance + "-" + strconv.FormatUint(s.requestCount.Add(1), 36)
}

// recorder keeps the status of an answer for the log and the metrics.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Flush passes on what has been written of an answer.
func (w *recorder) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap lets http.ResponseController reach the connection (hijacking, flushing).
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) statusCode() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
