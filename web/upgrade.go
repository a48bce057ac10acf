package web

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"roomkey/meet"
)

// UpgradePath is where anybody can try whether WebSockets get through to here:
// one is accepted and closed again at once. It lies beside signalling, so that
// a proxy which treats paths differently treats both the same.
const UpgradePath = "/rtc/upgrade"

// upgrader takes WebSockets of any page, as signalling does.
var upgrader = websocket.Upgrader{HandshakeTimeout: 5 * time.Second,
	CheckOrigin: func(*http.Request) bool { return true }}

// upgrade accepts a WebSocket and closes it.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		s.refuseWith(w, r, http.StatusUpgradeRequired, meet.Invalid("", "This is for WebSockets alone",
			"If it was one, a proxy before this server does not pass on the headers Upgrade and Connection."))
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // which has been answered
	}
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""),
		time.Now().Add(time.Second))
	_ = conn.Close() // who has gone needs no goodbye
}
