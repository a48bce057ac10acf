package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/tools"
)

// The clients of the official TypeScript libraries, the old and the new, get on
// with every tool, in success and in failure, over HTTP and over stdio.
func TestForeignClients(t *testing.T) {
	t.Parallel()
	needForeignClients(t)
	for _, kind := range foreignKinds {
		t.Run(kind.name+" http", func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, on func(*config.Config)) {
				a := startApp(t, func(c *config.Config) { on(c); allToolsets(c) })
				useForeignClient(t, kind, foreignServer{URL: a.url + "/mcp", Token: a.owner})
			})
		})
		t.Run(kind.name+" stdio", func(t *testing.T) {
			t.Parallel()
			useForeignClient(t, kind, foreignServer{Command: roomkeyCommand(t)})
		})
	}
}

// roomkeyCommand is roomkey stdio with every toolset in a folder of its own.
func roomkeyCommand(t *testing.T) *foreignCommand {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "roomkey") // by its name, the test binary is the program
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	env := map[string]string{"ROOMKEY_LISTEN": address}
	for _, pair := range bareEnvironment(dir) {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	return &foreignCommand{Command: program, Args: []string{"stdio", "--toolsets", toolsetNames()}, Env: env, Dir: dir}
}

func useForeignClient(t *testing.T, kind foreignKind, server foreignServer) {
	t.Helper()
	c := startForeignClient(t, kind, server)
	var welcome struct {
		Server       struct{ Name string }
		Version      string
		Instructions string
	}
	c.must("welcome", nil, &welcome)
	if server.Command != nil && kind.library == "sdk" {
		welcome.Version = kind.version // its transport does not say
	}
	if welcome.Server.Name != "roomkey" || welcome.Version != kind.version || welcome.Instructions == "" {
		t.Errorf("%s: the welcome is %+v, want roomkey, %s and instructions", kind.name, welcome, kind.version)
	}
	var listed struct{ Tools []struct{ Name string } }
	c.must("listTools", nil, &listed)
	var names, want []string
	for _, tool := range listed.Tools {
		names = append(names, tool.Name)
	}
	for _, tool := range tools.Catalogue() {
		want = append(want, tool.Name)
	}
	slices.Sort(names)
	slices.Sort(want)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("%s: tools (-want +got):\n%s", kind.name, diff)
	}
	succeed(t, c, want)
	fail(t, c)
	useRest(t, c, kind)
	watchRooms(t, c, kind, server.Command != nil)
	c.must("close", nil, nil)
}

// succeed calls every tool so that it does what it is for.
func succeed(t *testing.T, c *foreignClient, all []string) {
	t.Helper()
	type object = map[string]any
	type codes struct{ Codes []struct{ Code string } }
	var called []string
	ok := func(tool string, arguments object, out any) {
		t.Helper()
		called = append(called, tool)
		c.mustCall(tool, arguments, out)
	}
	room := object{"room_id": "team-standup"}
	with := func(more object) object {
		more["room_id"] = room["room_id"]
		return more
	}
	ok("create_room", object{"name": "team-standup", "create_codes": true}, nil)
	ok("list_rooms", object{}, nil)
	ok("get_room", room, nil)
	var press codes
	ok("create_room_codes", with(object{"role": "guest", "label": "press"}), &press)
	ok("get_room_codes", room, nil)
	ok("update_room_code", object{"code": press.Codes[0].Code, "max_uses": 3}, nil)
	var replaced struct{ Code struct{ Code string } }
	ok("rotate_room_code", object{"code": press.Codes[0].Code}, &replaced)
	ok("hms-create-room-codes", room, nil)
	ok("hms-get-room-codes", room, nil)

	var joined struct {
		Token      string
		Identity   string
		LiveKitURL string `json:"livekit_url"`
	}
	ok("join_room", with(object{"name": "Bobby", "user_id": "bob"}), &joined)
	livekittest.Join(t, joined.LiveKitURL, joined.Token)
	ok("update_room", with(object{"settings": object{"require_approval": true}}), nil)
	knock, err := send(t.Context(), "", http.MethodPost, "http"+strings.TrimPrefix(joined.LiveKitURL, "ws")+"/v2/token",
		`{"code": "`+replaced.Code.Code+`", "name": "Eve"}`)
	if err != nil || knock.status != http.StatusAccepted {
		t.Fatalf("exchange: %d %s, %v; want somebody who waits", knock.status, knock.body, err)
	}
	var waiting struct {
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal(knock.body, &waiting); err != nil {
		t.Fatal(err)
	}
	ok("list_participants", room, nil)
	ok("answer_join_request", with(object{"request_id": waiting.RequestID, "approve": true}), nil)
	ok("update_participant", with(object{"identity": joined.Identity, "allow": object{"chat": false}}), nil)
	ok("mute_participant", with(object{"identity": joined.Identity, "lock": true}), nil)
	ok("send_message", with(object{"text": "hello"}), nil)
	ok("get_transcript", room, nil)
	ok("disable_participant_video", with(object{"identity": joined.Identity}), nil)
	ok("kick_participant", with(object{"identity": joined.Identity}), nil)
	ok("hms-update-room-code", object{"code": replaced.Code.Code, "body": object{"enabled": false}}, nil)
	ok("list_events", room, nil)
	var met struct{ Sessions []struct{ ID string } }
	ok("list_sessions", room, &met)
	ok("get_session", object{"session_id": met.Sessions[0].ID}, nil)
	ok("end_room", with(object{"confirm_name": "team-standup"}), nil)
	slices.Sort(called)
	if diff := cmp.Diff(all, called); diff != "" {
		t.Errorf("%s: tools that succeeded (-want +got):\n%s", c.name, diff)
	}
}

// fail calls every tool so that it fails: the client must hand the error on,
// with its text for a model and its report for programs.
func fail(t *testing.T, c *foreignClient) {
	t.Helper()
	for _, tool := range tools.Catalogue() {
		r := c.call(tool.Name, map[string]any{"colour": "blue"})
		if failed := report(t, r); failed.Code != meet.CodeInvalid || failed.RequestID == "" || r.Content[0].Text == "" {
			t.Errorf("%s: %s: got %+v and the text %q, want an invalid call", c.name, tool.Name, failed, r.Content)
		}
	}
	failed := report(t, c.call("get_room", map[string]any{"room_id": "nowhere"}))
	if failed.Code != meet.CodeNotFound || failed.Status != http.StatusNotFound {
		t.Errorf("%s: get_room: got %+v, want not_found", c.name, failed)
	}
}

// useRest does with prompts, resources, completions and notifications what
// clients do.
func useRest(t *testing.T, c *foreignClient, kind foreignKind) {
	t.Helper()
	type object = map[string]any
	c.mustCall("create_room", object{"name": "team-retro"}, nil)
	var prompts struct{ Prompts []struct{ Name string } }
	if c.must("listPrompts", nil, &prompts); len(prompts.Prompts) != len(tools.Prompts()) {
		t.Errorf("%s: prompts: got %+v, want %d", c.name, prompts, len(tools.Prompts()))
	}
	c.must("getPrompt", object{"name": "moderate_room", "arguments": object{"room": "team-retro"}}, nil)
	c.must("getPrompt", object{"name": "host_a_meeting"}, nil)
	c.refused("getPrompt", object{"name": "moderate_room"}, -32602, "room is required")
	c.must("listResources", nil, nil)
	c.must("listResourceTemplates", nil, nil)
	c.must("readResource", object{"uri": tools.RolesURI}, nil)
	c.must("readResource", object{"uri": "roomkey://rooms/team-retro"}, nil)
	notFound := float64(-32002)
	if kind.library == "client" { // which makes it the error of 2026 in the other versions too
		notFound = -32602
	}
	c.refused("readResource", object{"uri": "roomkey://rooms/nowhere"}, notFound, "Room not found")
	var completed struct{ Completion struct{ Values []string } }
	c.must("complete", object{"ref": object{"type": "ref/prompt", "name": "moderate_room"},
		"argument": object{"name": "room", "value": "team-r"}}, &completed)
	if !slices.Equal(completed.Completion.Values, []string{"team-retro"}) {
		t.Errorf("%s: completion: got %+v, want team-retro", c.name, completed)
	}
	c.must("notification",
		object{"method": "notifications/progress", "params": object{"progressToken": 1, "progress": 1}}, nil)
	c.must("notification", object{"method": "notifications/nonsense"}, nil)
	if kind.version != tools.ProtocolVersions[0] {
		c.must("ping", nil, nil)
	}
	c.refused("callTool", object{"name": "open_sesame", "arguments": object{}}, -32602, tools.NoSuchTool)
}

// watchRooms subscribes to a room: with version 2026-07-28 by a stream, before that
// over stdio alone, because over HTTP it would need another stream.
func watchRooms(t *testing.T, c *foreignClient, kind foreignKind, stdio bool) {
	t.Helper()
	type object = map[string]any
	const watched, nowhere = "roomkey://rooms/team-watch", "roomkey://rooms/nowhere"
	room := object{"room_id": "team-watch"}
	c.mustCall("create_room", object{"name": room["room_id"]}, nil)
	isModern := kind.version == tools.ProtocolVersions[0]
	var welcome struct {
		Capabilities struct{ Resources struct{ Subscribe bool } }
	}
	c.must("welcome", nil, &welcome)
	if welcome.Capabilities.Resources.Subscribe != (isModern || stdio) {
		t.Errorf("%s: capabilities: got %+v", c.name, welcome)
	}
	var honored struct{ ResourceSubscriptions []string }
	switch {
	case isModern:
		c.must("listen", object{"resourceSubscriptions": []string{watched, nowhere}}, &honored)
		if !slices.Equal(honored.ResourceSubscriptions, []string{watched}) {
			t.Errorf("%s: subscribed to %v, want only to the room that is there", c.name, honored.ResourceSubscriptions)
		}
	case stdio:
		c.refused("subscribeResource", object{"uri": nowhere}, -32002, "Room not found")
		c.must("subscribeResource", object{"uri": watched}, nil)
	default:
		c.refused("subscribeResource", object{"uri": watched}, -32601, "")
		return
	}
	for _, limit := range []int{5, 6} {
		c.mustCall("update_room", object{"room_id": room["room_id"], "max_participants": limit}, nil)
		var uri string
		if c.must("nextUpdate", nil, &uri); uri != watched {
			t.Errorf("%s: update of %q, want %q", c.name, uri, watched)
		}
	}
	if isModern {
		c.must("stopListening", nil, nil)
	} else {
		c.must("unsubscribeResource", object{"uri": watched}, nil)
	}
	c.mustCall("get_room", room, nil)
}

// toolsetNames are all toolsets, as a flag takes them.
func toolsetNames() string {
	var names []string
	for _, set := range tools.Toolsets {
		names = append(names, string(set))
	}
	return strings.Join(names, ",")
}
