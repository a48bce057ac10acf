package tools

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// complete makes the parameters of a completion of a prompt's argument, or of
// the variable of a template.
func complete(of, argument, typed string, given map[string]any) map[string]any {
	ref := map[string]any{"type": "ref/prompt", "name": of}
	if strings.Contains(of, "://") {
		ref = map[string]any{"type": "ref/resource", "uri": of}
	}
	params := map[string]any{"ref": ref, "argument": map[string]any{"name": argument, "value": typed}}
	if given != nil {
		params["context"] = map[string]any{"arguments": given}
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
	s := a.scene()
	ada := a.Enter(t, meettest.Ada, s.room)
	a.must(meettest.Bob, "create_room", map[string]any{"name": "team-public", "is_public": true})
	a.must(meettest.Bob, "create_room", map[string]any{"name": "team-bob"})
	a.must(meettest.Ada, "create_room", map[string]any{"name": "team-ada"})
	livekittest.Wait(t, "Ada inside", func() bool {
		return len(a.values(meettest.Root, "moderate_room", "identity", "", map[string]any{"room": s.room.ID})) == 2
	})
	room := map[string]any{"room": s.room.Name}
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
		{meettest.Root, "moderate_room", "identity", "ada_", map[string]any{"room": s.room.ID}, []any{ada.Identity()}},
		{meettest.Bob, "moderate_room", "identity", "", room, none},
		{meettest.Gus, "moderate_room", "identity", "", room, none},
		{meettest.Zero, "moderate_room", "identity", "", room, none},
		{meettest.Ada, "moderate_room", "identity", "", nil, none},
		{meettest.Ada, "moderate_room", "identity", "", map[string]any{"room": "nowhere"}, none},
		{meettest.Ada, "moderate_room", "identity", "", map[string]any{"room": "\x00" + strings.Repeat("x", 1<<15)}, none},
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
	if values, _ := got.read("completion", "values").([]any); len(values) != 100 || got.read("completion", "hasMore") != true {
		t.Errorf("%d values, hasMore %v; want 100 and more", len(values), got.read("completion", "hasMore"))
	}
}

// A lookup that fails completes nothing, and the operator is told.
func TestCompletionWithoutLiveKit(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	address, lose := meettest.LiveKitToLose(t)
	a.System = meettest.NewOn(t, address, func(c *meet.Config) { c.MediaOnJoin = true })
	a.server = NewServer(Config{Service: a.Service, Version: "test", Log: slog.New(slog.NewTextHandler(a.log, nil))})
	room := a.NewRoom(t, meet.RoomChange{})
	lose()
	if got := a.values(meettest.Ada, "moderate_room", "identity", "", map[string]any{"room": room.ID}); len(got) > 0 {
		t.Errorf("identities = %v; want none", got)
	}
	if !strings.Contains(a.log.String(), "completion failed") {
		t.Errorf("the log is %q; want the failure", a.log)
	}
	_, got := a.prompt(meettest.Ada, "moderate_room", map[string]any{"room": room.ID})
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
	s := a.scene()
	room := map[string]any{"room": s.room.Name}
	type row struct {
		name string
		ask  func(meet.Principal) string
	}
	rows := []row{
		{RolesURI, func(p meet.Principal) string { return a.read(p, false, RolesURI).outcome() }},
		{RoomTemplateURI, func(p meet.Principal) string {
			got := a.read(p, false, "roomkey://rooms/"+s.room.Name)
			if text, _ := got.read("contents", 0, "text").(string); strings.Contains(text, s.code.Code) {
				return "ok, with codes"
			}
			return got.outcome()
		}},
	}
	for _, prompt := range Prompts() {
		rows = append(rows, row{prompt.Name, func(p meet.Principal) string {
			arguments := map[string]any{}
			if prompt.Name != "host_a_meeting" {
				arguments = room
			}
			_, got := a.prompt(p, prompt.Name, arguments)
			return got.outcome()
		}})
	}
	for _, c := range []struct{ name, prompt, argument, typed string }{
		{"completion of the room's name", "moderate_room", "room", s.room.Name}, {"completion of identities", "moderate_room", "identity", ""}, {"completion of roles", "audit_access", "role", ""},
	} {
		rows = append(rows, row{c.name, func(p meet.Principal) string {
			return fmt.Sprint(len(a.values(p, c.prompt, c.argument, c.typed, room)))
		}})
	}
	var table strings.Builder
	table.WriteString("| | superadmin | room admin | other user | guest | no token | zero |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range rows {
		fmt.Fprintf(&table, "| %s |", r.name)
		for _, p := range []meet.Principal{meettest.Root, meettest.Ada, meettest.Bob, meettest.Gus, meettest.Anon, meettest.Zero} {
			fmt.Fprintf(&table, " %s |", r.ask(p))
		}
		table.WriteByte('\n')
	}
	golden(t, "access_rest.md", []byte(table.String()))
}
