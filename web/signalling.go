package web

import (
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"

	"roomkey/meet"
)

// signalling leads LiveKit's clients through our port to the LiveKit inside.
// They prove themselves with their join token, so any page may do it.
func (s *Server) signalling(livekit *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(livekit)
			r.Out.Header["X-Forwarded-For"] = nil // LiveKit would believe it
			r.SetXForwarded()
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			// The URL holds the join token: only the error's kind is logged.
			s.Log.LogAttrs(r.Context(), slog.LevelWarn, "signalling failed", slog.String("request_id", meet.RequestIDFrom(r.Context())))
			s.refuse(w, r, &meet.Error{Code: meet.CodeUnavailable, Message: "The media server cannot be reached", Hint: "Try again in a few seconds.", Err: err})
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
}
