package embedded

import (
	"net/http"
	"time"

	"github.com/livekit/livekit-server/pkg/service"
	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/utils/xtwirp"
	"github.com/rs/cors"
	"github.com/twitchtv/twirp"
)

// keyProvider knows the key that the server was started with, which signs the
// tokens that LiveKit renews, and others that only verify tokens.
type keyProvider struct {
	own   map[string]string
	other func(name string) (secret string) // may be nil
}

var _ auth.KeyProvider = keyProvider{}

// GetSecret implements [auth.KeyProvider]: empty for an unknown key.
func (p keyProvider) GetSecret(key string) string {
	if secret := p.own[key]; secret != "" || p.other == nil {
		return secret
	}
	return p.other(key)
}

// NumKeys implements [auth.KeyProvider].
func (p keyProvider) NumKeys() int { return len(p.own) }

// maxAPIBody is the largest request body of LiveKit's API, which only this
// program calls.
const maxAPIBody = 1 << 20

// newHTTPServer serves signalling and API. LiveKit's own server
// (service.LivekitServer) reads WebSocket messages and bodies of any size and
// waits for slow requests for ever, without a way to change that. It also has
// WHIP, agents, ingress, egress and SIP, which nobody needs here.
func newHTTPServer(rtc *service.RTCService, api livekit.RoomService, keys auth.KeyProvider, l *limiter) *http.Server {
	signalling := http.NewServeMux()
	rtc.SetupRoutes(signalling)
	var options []any
	for _, option := range xtwirp.DefaultServerOptions() {
		options = append(options, option)
	}
	calls := http.NewServeMux()
	xtwirp.RegisterServer(calls, livekit.NewRoomServiceServer(api, options...))

	mux := http.NewServeMux()
	mux.Handle("/rtc", l.boundWebSockets(signalling))
	mux.Handle("/rtc/", l.boundWebSockets(signalling))
	mux.Handle("/twirp/", http.MaxBytesHandler(requireToken(calls), maxAPIBody))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("OK")) })

	middleware := service.NewAPIKeyAuthMiddleware(keys)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		middleware.ServeHTTP(w, r, mux.ServeHTTP)
	})
	return &http.Server{
		Handler: cors.New(cors.Options{ // any page may use signalling: the join token decides
			AllowOriginFunc: func(string) bool { return true },
			AllowedMethods:  []string{http.MethodOptions, http.MethodHead, http.MethodGet, http.MethodPost},
			AllowedHeaders:  []string{"*"},
			ExposedHeaders:  []string{"*"},
			MaxAge:          86400,
		}).Handler(handler),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second, // does not hold for WebSockets
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10, // twice what our own port takes
	}
}

// requireToken refuses a caller without a token before the body is read.
func requireToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if service.GetGrants(r.Context()) == nil {
			_ = twirp.WriteError(w, twirp.NewError(twirp.Unauthenticated, "permissions denied"))
			return
		}
		next.ServeHTTP(w, r)
	})
}
