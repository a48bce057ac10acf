package tools

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"roomkey/meet/meettest"
)

// A panic is an internal error with the request's id; what it was is in the
// log alone. There is no service behind this server, so everything panics.
func TestPanicsAreInternalErrors(t *testing.T) {
	t.Parallel()
	log := new(bytes.Buffer)
	a := &agent{t: t, log: log, server: NewServer(Config{Version: "test", Log: slog.New(slog.NewTextHandler(log, nil))})}
	for kind, ask := range map[string]struct {
		method string
		params map[string]any
	}{
		"prompt=moderate_room":        {"prompts/get", map[string]any{"name": "moderate_room", "arguments": map[string]any{"room": "lobby"}}},
		"resource=" + RolesURI:        {"resources/read", map[string]any{"uri": RolesURI}},
		`resource=` + RoomTemplateURI: {"resources/read", map[string]any{"uri": "roomkey://rooms/lobby"}},
		"completion=roles":            {"completion/complete", complete("audit_access", "role", "", nil)},
		"completion=identities":       {"completion/complete", complete("moderate_room", "identity", "", map[string]any{"room": "lobby"})},
	} {
		for _, old := range []bool{true, false} {
			log.Reset()
			wantRefusal(t, kind, a.ask(meettest.Ada, old, ask.method, ask.params), -32603, "internal: Internal error. Request id: request-1.")
			if text := log.String(); !strings.Contains(text, kind) || !strings.Contains(text, "panic: ") || !strings.Contains(text, "request_id=request-1") {
				t.Errorf("%s: the log is %.300q; want the panic and its request", kind, text)
			}
		}
	}
}
