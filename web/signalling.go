package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"

	"roomkey/meet"
)

// signalling leads LiveKit's clients through our port to the LiveKit inside.
// They prove themselves with their join token, so any page may do it.
func (s *Server) signalling(livekit *url.URL) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(livekit)
			r.Out.Header.Del("Sec-Websocket-Extensions") // compression: nobody can say how long a message becomes
			// With publish=x LiveKit lets in a second connection beside the
			// first, as identity#x, which nobody could mute or kick.
			if query := r.Out.URL.Query(); query.Has("publish") {
				query.Del("publish")
				r.Out.URL.RawQuery = query.Encode()
			}
			r.SetXForwarded() // in place of what the client claims, which LiveKit would believe
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del("X-Content-Type-Options") // ours is there already
			if r.StatusCode == http.StatusUnauthorized {
				return replaceBody(r, "The join token is not valid or has expired")
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, _ error) {
			// The URL holds the join token: only the error's kind is logged.
			s.Log.LogAttrs(r.Context(), slog.LevelWarn, "signalling failed", slog.String("request_id", meet.RequestIDFrom(r.Context())))
			s.refuse(w, r, &meet.Error{Code: meet.CodeUnavailable, Message: "The media server cannot be reached", Hint: "Try again in a few seconds."})
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens := joinTokens(r)
		release, err := s.connect(r, tokens)
		if err != nil {
			refuseSignalling(w, meet.AsError(err))
			return
		}
		defer release()
		for _, token := range tokens {
			err := s.Enforcer.BeforeConnect(r.Context(), token)
			if meet.IsCode(err, meet.CodeForbidden) || meet.IsCode(err, meet.CodeNotFound) ||
				meet.IsCode(err, meet.CodeUnauthenticated) { // their token is dead
				refuseSignalling(w, meet.AsError(err))
				return
			}
			if err != nil {
				s.Log.LogAttrs(r.Context(), slog.LevelWarn, "could not make a media room ready", slog.Any("err", err),
					slog.String("request_id", meet.RequestIDFrom(r.Context()))) // LiveKit answers as it can
			}
		}
		proxy.ServeHTTP(w, r)
	})
}

// refuseSignalling answers in plain text, because LiveKit's clients show it as
// it is; they do not try again after a 401 or 403. Pages from anywhere may read
// it, as they may read LiveKit's own answers: without that they take it for a
// server that is not there, and go on trying.
func refuseSignalling(w http.ResponseWriter, e *meet.Error) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds())))
	}
	w.WriteHeader(e.Code.Status())
	_, _ = io.WriteString(w, e.Message) //nolint:gosec // G705: a fixed text
}

// joinTokens are where LiveKit's clients put their token, and where LiveKit
// looks for it.
func joinTokens(r *http.Request) []string {
	tokens := r.URL.Query()["access_token"]
	for _, header := range r.Header.Values("Authorization") {
		if _, token, _ := strings.Cut(header, " "); token != "" {
			tokens = append(tokens, strings.TrimSpace(token))
		}
	}
	return tokens[:min(len(tokens), maxJoinTokens)]
}

// maxJoinTokens is how many tokens of one request are looked at; a client sends
// one.
const maxJoinTokens = 4

// replaceBody puts a text of ours in the place of LiveKit's, which quotes the
// whole token. It is plain text because LiveKit's clients show it as it is.
func replaceBody(r *http.Response, text string) error {
	err := r.Body.Close()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	r.Header.Set("Content-Length", strconv.Itoa(len(text)))
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	return err
}
