package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"roomkey/meet"
)

// access says what a route asks of a request before it is served.
type access struct {
	methods []string // empty is any
	origin  bool     // a foreign page may not call it
	token   bool     // only with an access token
	via     meet.Via // what the audit trail says about it

	// What a call of an API does beside reading; GET and HEAD only read.
	changes     bool
	destructive bool // puts somebody out
}

// handle puts a route behind the chain every request goes through: recover
// and request id, method (405), Host and Origin (403), announced size (413),
// token (401), the operator's ceilings (403), body (413), handler. A preflight of a page on the allow-list is answered first.
func (s *Server) handle(mux *http.ServeMux, route route) {
	name := strings.TrimSuffix(route.pattern, "{$}")
	mux.HandleFunc(route.pattern, func(rw http.ResponseWriter, r *http.Request) {
		started := time.Now()
		id := newRequestID()
		w := &recorder{ResponseWriter: rw}
		w.Header().Set("X-Request-Id", id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		r = r.WithContext(meet.WithCaller(meet.WithRequestID(r.Context(), id), callerOf(route.access.via, r)))
		if s.DisableDestructive || r.Header.Get(CeilingHeader) == DisableDestructive {
			r = r.WithContext(meet.WithoutDestruction(r.Context()))
		}
		defer func() {
			cut := s.recovered(w, r, recover())
			s.requests.WithLabelValues(name, strconv.Itoa(w.statusCode())).Inc()
			if s.Log.Enabled(r.Context(), slog.LevelDebug) {
				s.Log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("method", r.Method), slog.String("route", name),
					slog.Int("status", w.statusCode()), slog.Duration("took", time.Since(started)), slog.String("request_id", id))
			}
			if cut {
				panic(http.ErrAbortHandler) // net/http's own way to drop a connection
			}
		}()
		s.noteForwarder(r)
		if admitted := s.admit(w, r, route.access); admitted != nil {
			route.serve(w, admitted)
		}
	})
}

// callerOf is through what a request acts. The program that sends a webhook is
// LiveKit, whoever's coming it tells of.
func callerOf(via meet.Via, r *http.Request) meet.Caller {
	if via == meet.ViaWebhook {
		return meet.Caller{Via: via}
	}
	return meet.Caller{Via: via, Client: r.UserAgent()}
}

// admit runs the checks of a. It gives the request to serve, or nil after it
// has answered itself.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, a access) *http.Request {
	hostOK := s.hosts.allows(r.Host)
	if a.origin && hostOK && s.preflight(w, r, a.methods) {
		return nil
	}
	if len(a.methods) > 0 && !slices.Contains(a.methods, r.Method) {
		w.Header().Set("Allow", strings.Join(a.methods, ", "))
		return s.refuseWith(w, r, http.StatusMethodNotAllowed, meet.Invalid("", "The method "+meet.CleanText(r.Method, 20)+" is not allowed here",
			"Use "+strings.Join(a.methods, " or ")+"."))
	}
	if !hostOK {
		return s.refuse(w, r, &meet.Error{Code: meet.CodeForbidden, Message: "This server does not answer for the host " + strconv.Quote(meet.CleanText(r.Host, 80)),
			Hint: "Use the configured public_url, or add the host to http.allowed_hosts."})
	}
	if a.origin && !s.originAllowed(r) {
		return s.refuse(w, r, &meet.Error{Code: meet.CodeForbidden, Message: "Pages of this origin may not call this server",
			Hint: "Add the origin to http.allowed_origins."})
	}
	if r.ContentLength > MaxBody {
		return s.refuseSize(w, r)
	}
	if a.token { // before the body is taken in, which costs memory
		p, err := s.bearer(r)
		if err != nil {
			challenge(w, err)
			return s.refuse(w, r, err)
		}
		if err := s.ceiling(r, a); err != nil {
			return s.refuse(w, r, err)
		}
		r = r.WithContext(meet.WithPrincipal(r.Context(), p))
	}
	if err := readAhead(r); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return s.refuseSize(w, r)
		}
		return s.refuse(w, r, meet.Invalid("", "The body could not be read", "Send it again."))
	}
	return r
}

// challenge says how to prove who is asking, to somebody who has not.
func challenge(w http.ResponseWriter, e *meet.Error) {
	if e.Code == meet.CodeUnauthenticated {
		w.Header().Set("WWW-Authenticate", `Bearer realm="roomkey"`)
	}
}

// CeilingHeader lets a client put its own calls under a ceiling: a bridge has one
// that the server behind it need not have.
const (
	CeilingHeader      = "Roomkey-Ceiling"
	DisableDestructive = "disable-destructive"
)

// ceiling refuses what the operator has switched off for everybody.
func (s *Server) ceiling(r *http.Request, a access) *meet.Error {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case s.ReadOnly && a.changes && !reads:
		return &meet.Error{Code: meet.CodeForbidden, Message: "This server is read-only", Hint: "Its operator started it with read_only."}
	case s.DisableDestructive && a.destructive:
		return meet.DestructionDisabledError("This server removes nobody")
	}
	return nil
}

func (s *Server) refuseSize(w http.ResponseWriter, r *http.Request) *http.Request {
	w.Header().Set("Connection", "close") // the rest of the body is not read
	return s.refuseWith(w, r, http.StatusRequestEntityTooLarge, meet.Invalid("", "The body is larger than 256 KiB", "Send less."))
}

// usualBody is more than most bodies have, in bytes.
const usualBody = 4 << 10

// readAhead reads the body before the handler runs, so that a slow or large
// one costs nothing but its own connection.
func readAhead(r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	var body bytes.Buffer
	if r.ContentLength > 0 {
		body.Grow(int(min(r.ContentLength, usualBody)) + bytes.MinRead) // what is only announced costs nothing
	}
	if _, err := body.ReadFrom(http.MaxBytesReader(nil, r.Body, MaxBody)); err != nil {
		return err
	}
	r.Body = io.NopCloser(&body)
	return nil
}

// bearer finds out who is asking.
func (s *Server) bearer(r *http.Request) (meet.Principal, *meet.Error) {
	token, e := bearerToken(r)
	if e != nil {
		return meet.Principal{}, e
	}
	p, err := s.Authenticate(token)
	if e := new(meet.Error); errors.As(err, &e) {
		return meet.Principal{}, e
	}
	if err != nil {
		return meet.Principal{}, &meet.Error{Code: meet.CodeUnauthenticated, Message: "The access token is not valid or has expired",
			Hint: "Make a new one with roomkey token.", Err: err}
	}
	return p, nil
}

// bearerToken gives what the Authorization header holds.
func bearerToken(r *http.Request) (string, *meet.Error) {
	if holdsToken(r.URL.RawQuery) {
		return "", &meet.Error{Code: meet.CodeUnauthenticated, Message: "A token in the URL is refused",
			Hint: "URLs end up in logs: make a new token and send it as Authorization: Bearer."}
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", &meet.Error{Code: meet.CodeUnauthenticated, Message: "An access token is needed",
			Hint: "Send Authorization: Bearer with a token made by roomkey token."}
	}
	return strings.TrimSpace(token), nil
}

// holdsToken spots tokens under the names that are used for them, and
// anything that looks like a JWT.
func holdsToken(query string) bool {
	plain, err := url.QueryUnescape(query)
	if err != nil {
		plain = query
	}
	if strings.Contains(plain, "eyJ") { // the beginning of {"alg" in base64
		return true
	}
	for pair := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		switch strings.ToLower(name) {
		case "access_token", "token", "authorization", "bearer", "jwt", "api_key":
			return true
		}
	}
	return false
}

// recovered answers for a handler that fell over; cause is nil if it did not.
// It reports whether the connection has to be dropped, because half an answer
// is under way and must not pass for a whole one.
func (s *Server) recovered(w *recorder, r *http.Request, cause any) (cut bool) {
	if cause == nil || cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
		return cause != nil
	}
	s.Log.LogAttrs(r.Context(), slog.LevelError, "panic", slog.String("request_id", meet.RequestIDFrom(r.Context())),
		slog.String("cause", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
	if w.status != 0 {
		return true
	}
	s.refuse(w, r, meet.AsError(nil))
	return false
}

var (
	processID    = strconv.FormatInt(time.Now().UnixMilli(), 36)
	requestCount atomic.Uint64
)

// newRequestID gives an id that finds a request again in the log.
func newRequestID() string {
	return processID + "-" + strconv.FormatUint(requestCount.Add(1), 36)
}

// recorder remembers the status for the log and the metrics.
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

// Flush lets streamed answers through.
func (w *recorder) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap lets http.ResponseController reach the connection (hijacking, flushing).
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) statusCode() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
