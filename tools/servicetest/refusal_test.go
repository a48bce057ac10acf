package servicetest

import (
	"bytes"
	"strings"
	"testing"

	. "roomkey/tools"

	"roomkey/meet/meettest"
)

// A panic is an internal error with the request's id; what it was is in the
// log alone. There is no service behind this server, so everything panics.
func TestPanicsAreInternalErrors(t *testing.T) {
	t.Parallel()
	a := &agent{t: t, log: new(bytes.Buffer)}
	a.serve(Selection{})
	for kind, ask := range map[string]struct {
		method string
		params map[string]any
	}{
		"prompt=moderate_room":        {"prompts/get", args{"name": "moderate_room", "arguments": args{"room": "lobby"}}},
		"resource=" + RolesURI:        {"resources/read", args{"uri": RolesURI}},
		`resource=` + RoomTemplateURI: {"resources/read", args{"uri": "roomkey://rooms/lobby"}},
		"completion=roles":            {"completion/complete", complete("audit_access", "role", "", nil)},
		"completion=identities": {"completion/complete",
			complete("moderate_room", "identity", "", args{"room": "lobby"})},
	} {
		for _, old := range []bool{true, false} {
			a.log.Reset()
			got := a.ask(meettest.Ada, old, ask.method, ask.params)
			wantRefusal(t, kind, got, -32603, "internal: Internal error. Request id: request-1.")
			for _, want := range []string{kind, "panic: ", "request_id=request-1"} {
				if !strings.Contains(a.log.String(), want) {
					t.Errorf("%s: no %s in the log %.300q", kind, want, a.log)
				}
			}
		}
	}
}
