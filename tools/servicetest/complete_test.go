package servicetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	. "roomkey/tools"
	"roomkey/tools/toolstest"

	"github.com/google/go-cmp/cmp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// complete makes the parameters of a completion of a prompt's argument, or of
// the variable of a template.
func complete(of, argument, typed string, given map[string]any) map[string]any {
	ref := args{"type": "ref/prompt", "name": of}
	if strings.Contains(of, "://") {
		ref = args{"type": "ref/resource", "uri": of}
	}
	params := args{"ref": ref, "argument": args{"name": argument, "value": typed}}
	if given != nil {
		params["context"] = args{"arguments": given}
	}
	return params
}

// values completes and gives the values; it never fails.
func (a *agent) values(p meet.Principal, of, argument, typed string, given map[string]any) []any {
	a.t.Helper()
	for _, old := range []bool{true, false} {
		got := a.ask(p, old, "completion/complete", complete(of, argument, typed, given))
		values, ok := got.read("completion", "values").([]any)
		if !ok || len(values) > 100 {
			a.t.Fatalf("%s %s as %s: %s %+v; want at most 100 values", of, argument, p.ID, got.Result, got.Error)
		}
		if !old {
			return values
		}
	}
	return nil
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	s := a.newTestRoom()
	ada := a.Enter(t, meettest.Ada, s.room)
	a.must(meettest.Bob, "create_room", args{"name": "team-public", "is_public": true})
	a.must(meettest.Bob, "create_room", args{"name": "team-bob"})
	a.must(meettest.Ada, "create_room", args{"name": "team-ada"})
	livekittest.Wait(t, "Ada inside", func() bool {
		return len(a.values(meettest.Root, "moderate_room", "identity", "", args{"room": s.room.ID})) == 2
	})
	room := args{"room": s.room.Name}
	none := []any{}
	for _, tt := range []struct {
		p                   meet.Principal
		of, argument, typed string
		given               map[string]any
		want                []any
	}{
		{meettest.Ada, "moderate_room", "room", "team", nil, []any{"team-ada", "team-public"}},
		{meettest.Ada, "audit_access", "room", "TEAM-A", nil, []any{"team-ada"}},
		{meettest.Ada, "host_a_meeting", "name", "team-ada", nil, []any{"team-ada"}},
		{meettest.Ada, RoomTemplateURI, "name", "team-p", nil, []any{"team-public"}},
		{meettest.Bob, RoomTemplateURI, "name", "team", nil, []any{"team-bob", "team-public"}},
		{meettest.Gus, RoomTemplateURI, "name", "team", nil, []any{"team-public"}},
		{meettest.Root, RoomTemplateURI, "name", "team", nil, []any{"team-ada", "team-bob", "team-public"}},
		{meettest.Zero, RoomTemplateURI, "name", "team", nil, none},
		{meettest.Ada, RoomTemplateURI, "name", "eam", nil, none},
		{meettest.Ada, RoomTemplateURI, "room", "team", nil, none},
		{meettest.Ada, RolesURI, "name", "team", nil, none},
		{meettest.Ada, "moderate_room", "identity", "", room, []any{ada.Identity(), s.identity}},
		{meettest.Ada, "moderate_room", "identity", "ada_", room, []any{ada.Identity()}},
		{meettest.Root, "moderate_room", "identity", "ada_", args{"room": s.room.ID}, []any{ada.Identity()}},
		{meettest.Bob, "moderate_room", "identity", "", room, none},
		{meettest.Gus, "moderate_room", "identity", "", room, none},
		{meettest.Zero, "moderate_room", "identity", "", room, none},
		{meettest.Ada, "moderate_room", "identity", "", nil, none},
		{meettest.Ada, "moderate_room", "identity", "", args{"room": "nowhere"}, none},
		{meettest.Ada, "moderate_room", "identity", "", args{"room": "\x00" + strings.Repeat("x", 1<<15)}, none},
		{meettest.Ada, "audit_access", "role", "", nil, []any{"host", "guest", "viewer"}},
		{meettest.Ada, "audit_access", "role", "v", nil, []any{"viewer"}},
		{meettest.Ada, "audit_access", "role", "iewer", nil, none},
		{meettest.Ada, "moderate_room", "identity", "da_", room, none},
		{meettest.Ada, "host_a_meeting", "approval", "", nil, []any{"yes", "no"}},
		{meettest.Ada, "host_a_meeting", "approval", "n", nil, []any{"no"}},
		{meettest.Ada, "host_a_meeting", "guests", "", nil, none},
		{meettest.Ada, "host_a_meeting", "nothing", "", nil, none},
		{meettest.Ada, "open_sesame", "room", "", nil, none},
	} {
		got := a.values(tt.p, tt.of, tt.argument, tt.typed, tt.given)
		want := tt.want
		if tt.argument == "room" || tt.argument == "name" { // the newest first, which the clock of a test does not tell
			got, want = sorted(got), sorted(want)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %s %.40q as %q (-want +got):\n%s", tt.of, tt.argument, tt.typed, tt.p.ID, diff)
		}
	}
	for what, typed := range hostileStrings {
		for _, argument := range []string{"room", "identity"} {
			if got := a.values(meettest.Ada, "moderate_room", argument, typed, room); len(got) > 0 {
				t.Errorf("%s: %v; want nothing", what, got)
			}
		}
	}
}

func sorted(values []any) []any {
	values = slices.Clone(values)
	slices.SortFunc(values, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return values
}

// Never more than a hundred, and it is said that there are more.
func TestCompletionIsBounded(t *testing.T) {
	t.Parallel()
	a := newAgent(t, func(c *meet.Config) { c.MediaOnJoin = true })
	for i := range 101 {
		a.NewRoom(t, meet.RoomChange{Name: meettest.Of(fmt.Sprintf("room-%03d", i))})
	}
	got := a.ask(meettest.Ada, false, "completion/complete", complete("audit_access", "room", "room", nil))
	values, _ := got.read("completion", "values").([]any)
	if more := got.read("completion", "hasMore"); len(values) != 100 || more != true {
		t.Errorf("%d values, hasMore %v; want 100 and more", len(values), more)
	}
}

// A lookup that fails completes nothing, and the operator is told.
func TestCompletionWithoutLiveKit(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	address, lose := meettest.LiveKitToLose(t)
	a.System = meettest.NewOn(t, address, func(c *meet.Config) { c.MediaOnJoin = true })
	a.serve(Selection{})
	room := a.NewRoom(t, meet.RoomChange{})
	lose()
	if got := a.values(meettest.Ada, "moderate_room", "identity", "", args{"room": room.ID}); len(got) > 0 {
		t.Errorf("identities = %v; want none", got)
	}
	if !strings.Contains(a.log.String(), "completion failed") {
		t.Errorf("the log is %q; want the failure", a.log)
	}
	_, got := a.prompt(meettest.Ada, "moderate_room", args{"room": room.ID})
	wantRefusal(t, "moderate_room", got, -32603, "unavailable: The media server cannot be reached. ")
	if got.Error == nil || !got.Error.Data.Retryable {
		t.Errorf("moderate_room: %+v; want it to be retryable", got.Error)
	}
}

// Every prompt, resource and completion for every kind of principal: what
// really comes back, as a golden file.
func TestAccessSweepOfTheRest(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	s := a.newTestRoom()
	room := args{"room": s.room.Name}
	values := func(prompt, argument, typed string) func(meet.Principal) string {
		return func(p meet.Principal) string { return fmt.Sprint(len(a.values(p, prompt, argument, typed, room))) }
	}
	prompt := func(name string, arguments args) func(meet.Principal) string {
		return func(p meet.Principal) string {
			_, got := a.prompt(p, name, arguments)
			return got.outcome()
		}
	}
	var names []string
	rows := map[string]string{}
	for _, row := range []struct {
		name string
		ask  func(meet.Principal) string
	}{
		{RolesURI, func(p meet.Principal) string { return a.read(p, false, RolesURI).outcome() }},
		{RoomTemplateURI, func(p meet.Principal) string {
			got := a.read(p, false, "roomkey://rooms/"+s.room.Name)
			if text, _ := got.read("contents", 0, "text").(string); strings.Contains(text, s.code.Code) {
				return "ok, with codes"
			}
			return got.outcome()
		}},
		{"roomkey://tokens", func(p meet.Principal) string { return a.read(p, false, "roomkey://tokens").outcome() }},
		{"roomkey://health", func(p meet.Principal) string { return a.read(p, false, "roomkey://health").outcome() }},
		{"roomkey://users", func(p meet.Principal) string { return a.read(p, false, "roomkey://users").outcome() }},
		{"roomkey://webhooks", func(p meet.Principal) string { return a.read(p, false, "roomkey://webhooks").outcome() }},
		{"audit_access", prompt("audit_access", room)},
		{"host_a_meeting", prompt("host_a_meeting", args{})},
		{"moderate_room", prompt("moderate_room", room)},
		{"completion of the room's name", values("moderate_room", "room", s.room.Name)},
		{"completion of identities", values("moderate_room", "identity", "")},
		{"completion of roles", values("audit_access", "role", "")},
	} {
		names = append(names, row.name)
		for _, c := range columns {
			rows[row.name] += " " + row.ask(c.p) + " |"
		}
	}
	toolstest.Golden(t, "../testdata/access_rest.md", accessTable("", names, rows))
}
