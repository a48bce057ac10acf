package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"roomkey/meet"
)

// errBadJoinToken is the answer when LiveKit says 401. Its own answer quotes the
// whole token.
var errBadJoinToken = &meet.Error{Code: meet.CodeUnauthenticated, Message: "The join token is not valid or has expired"}

// signalling passes LiveKit's clients on to the LiveKit inside. They show a join
// token, so pages of any origin may use it.
func (s *Server) signalling(livekit *url.URL) handler {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(livekit)
			r.Out.Header.Del("Sec-Websocket-Extensions") // no compression: the length of messages must be known
			// With publish=x LiveKit would let in a second connection as identity#x,
			// which nobody could mute or kick.
			if query := r.Out.URL.Query(); query.Has("publish") {
				query.Del("publish")
				r.Out.URL.RawQuery = query.Encode()
			}
			r.SetXForwarded() // LiveKit would believe the client's own
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del("X-Content-Type-Options") // the chain has set it
			if r.StatusCode == http.StatusUnauthorized {
				return errBadJoinToken
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if e := meet.AsError(err); e == errBadJoinToken {
				writeSignallingError(w, e)
				return
			}
			// The error is not logged: its text has the URL, and that the join token.
			s.Log.LogAttrs(r.Context(), slog.LevelWarn, "signalling failed",
				slog.String("request_id", meet.RequestIDFrom(r.Context())))
			s.writeError(w, r, &meet.Error{Code: meet.CodeUnavailable, Message: "The media server cannot be reached",
				Hint: "Try again in a few seconds."})
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		tokens := joinTokens(r)
		release, err := s.reserveConnections(r, tokens)
		if err != nil {
			writeSignallingError(w, meet.AsError(err))
			return nil
		}
		defer release()
		for _, token := range tokens {
			err := s.Enforcer.BeforeConnect(r.Context(), token)
			if meet.IsCode(err, meet.CodeForbidden) || meet.IsCode(err, meet.CodeNotFound) ||
				meet.IsCode(err, meet.CodeUnauthenticated) { // the token was revoked
				writeSignallingError(w, meet.AsError(err))
				return nil
			}
			if err != nil { // LiveKit answers as it can
				s.Log.LogAttrs(r.Context(), slog.LevelWarn, "could not make a media room ready", slog.Any("err", err),
					slog.String("request_id", meet.RequestIDFrom(r.Context())))
			}
		}
		proxy.ServeHTTP(w, r)
		return nil
	}
}

// writeSignallingError answers in plain text, because LiveKit's clients show the
// body as it is; they do not try again after 401 or 403. Pages of any origin may
// read it, like LiveKit's own answers: a page that may not read it takes the
// server for unreachable and tries again.
func writeSignallingError(w http.ResponseWriter, e *meet.Error) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	setRetryAfter(w.Header(), e)
	w.WriteHeader(e.Code.Status())
	_, _ = io.WriteString(w, e.Message) //nolint:gosec // G705: a fixed text
}

// maxJoinTokens is how many tokens of one request are looked at; a client sends
// one.
const maxJoinTokens = 4

// joinTokens gives the tokens of all places where LiveKit looks for one.
func joinTokens(r *http.Request) []string {
	tokens := r.URL.Query()["access_token"]
	for _, header := range r.Header.Values("Authorization") {
		if _, token, _ := strings.Cut(header, " "); token != "" {
			tokens = append(tokens, strings.TrimSpace(token))
		}
	}
	return tokens[:min(len(tokens), maxJoinTokens)]
}

// reserveConnections counts a signalling connection against the limits until it
// is released. A request of …/validate, which only asks whether a connection
// would be let in, is checked but not counted.
func (s *Server) reserveConnections(r *http.Request, tokens []string) (release func(), err error) {
	var releases []func()
	release = func() {
		for _, f := range releases {
			f()
		}
	}
	for _, token := range tokens { // without any, LiveKit refuses
		one, err := s.Enforcer.ReserveConnection(r.Context(), s.callerAddress(r), token)
		if err != nil {
			release()
			return nil, err
		}
		releases = append(releases, one)
	}
	if strings.HasSuffix(r.URL.Path, "/validate") {
		release()
	}
	return release, nil
}
