package web

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"roomkey/meet"
)

// UpgradePath is for testing whether WebSockets reach this server: it accepts one
// and closes it at once. It is beside signalling, so that a proxy with rules for
// paths has the same rule for both.
const UpgradePath = "/rtc/upgrade"

// upgrader accepts WebSockets from any page, like signalling.
var upgrader = websocket.Upgrader{HandshakeTimeout: 5 * time.Second,
	CheckOrigin: func(*http.Request) bool { return true }}

// upgrade accepts a WebSocket and closes it.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request) error {
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		return &statusError{http.StatusUpgradeRequired, meet.Invalid("", "This is for WebSockets alone",
			"If it was one, a proxy before this server does not pass on the headers Upgrade and Connection.")}
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil //nolint:nilerr // the upgrader has answered
	}
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""),
		time.Now().Add(time.Second))
	_ = conn.Close()
	return nil
}
