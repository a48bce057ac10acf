package embedded_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	livekitpb "github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"

	"roomkey/livekit/embedded"
)

// hello connects to signalling as a browser does and reads what the server
// says first: its candidates, like "udp 127.0.0.1 7882", and where it sends the
// browser for more.
func hello(t *testing.T, s *embedded.Server, token string) (candidates, iceServers []string) {
	t.Helper()
	query := url.Values{"protocol": {"16"}, "sdk": {"js"}, "auto_subscribe": {"1"}, "access_token": {token}}
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL(), "http")+"/rtc?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for {
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, message, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("candidates so far %q: %v", candidates, err)
		}
		var r livekitpb.SignalResponse
		if err := proto.Unmarshal(message, &r); err != nil {
			t.Fatal(err)
		}
		for _, server := range r.GetJoin().GetIceServers() {
			iceServers = append(iceServers, server.Urls...)
		}
		trickle := r.GetTrickle()
		if trickle == nil {
			continue
		}
		var init struct{ Candidate string }
		if err := json.Unmarshal([]byte(trickle.CandidateInit), &init); err != nil {
			t.Fatal(err)
		}
		// candidate:2878742611 1 udp 2130706431 127.0.0.1 7882 typ host
		if f := strings.Fields(init.Candidate); len(f) > 5 {
			candidates = append(candidates, strings.Join([]string{f[2], f[4], f[5]}, " "))
		}
		if trickle.Final {
			return candidates, iceServers
		}
	}
}
