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

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/store/postgrestest"
	"roomkey/tools"
)

// The clients of the official TypeScript libraries, the old and the new, get on
// with every tool, in success and in failure, over HTTP and over stdio.
func TestForeignClients(t *testing.T) {
	t.Parallel()
	programtest.NeedForeignClients(t)
	for _, kind := range programtest.ForeignKinds {
		t.Run(kind.Name+" http", func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, env ...string) {
				dir := t.TempDir()
				env = append(append(bareEnvironment(dir), withSecret), env...)
				p := startReady(t, command(dir, env, "serve", "--toolsets", toolsetNames()))
				useForeignClient(t, kind, programtest.ForeignServer{URL: p.url + "/mcp", Token: ownerToken(t)})
			})
		})
		t.Run(kind.Name+" stdio", func(t *testing.T) {
			t.Parallel()
			useForeignClient(t, kind, programtest.ForeignServer{Command: roomkeyCommand(t)})
		})
	}
}

// roomkeyCommand is roomkey stdio with every toolset in a folder of its own.
func roomkeyCommand(t *testing.T) *programtest.ForeignCommand {
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
	address := programtest.FreeAddress(t)
	env := map[string]string{"ROOMKEY_LISTEN": address}
	for _, pair := range bareEnvironment(dir) {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	args := []string{"stdio", "--toolsets", toolsetNames()}
	return &programtest.ForeignCommand{Command: program, Args: args, Env: env, Dir: dir}
}

func useForeignClient(t *testing.T, kind programtest.ForeignKind, server programtest.ForeignServer) {
	t.Helper()
	c := programtest.StartForeignClient(t, kind, server)
	var welcome struct {
		Server       struct{ Name string }
		Version      string
		Instructions string
	}
	c.Must("welcome", nil, &welcome)
	if server.Command != nil && kind.Library == "sdk" {
		welcome.Version = kind.Version // its transport does not say
	}
	if welcome.Server.Name != "roomkey" || welcome.Version != kind.Version || welcome.Instructions == "" {
		t.Errorf("%s: the welcome is %+v, want roomkey, %s and instructions", kind.Name, welcome, kind.Version)
	}
	var listed struct{ Tools []struct{ Name string } }
	c.Must("listTools", nil, &listed)
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
		t.Errorf("%s: tools (-want +got):\n%s", kind.Name, diff)
	}
	succeed(t, c, want)
	fail(t, c)
	useRest(t, c, kind)
	watchRooms(t, c, kind, server.Command != nil)
	c.Must("close", nil, nil)
}

// succeed calls every tool so that it does what it is for.
func succeed(t *testing.T, c *programtest.ForeignClient, all []string) {
	t.Helper()
	type object = map[string]any
	type codes struct{ Codes []struct{ Code string } }
	var called []string
	ok := func(tool string, arguments object, out any) {
		t.Helper()
		called = append(called, tool)
		c.MustCall(tool, arguments, out)
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
	knock, err := programtest.Send(t.Context(), "", http.MethodPost,
		"http"+strings.TrimPrefix(joined.LiveKitURL, "ws")+"/v2/token",
		`{"code": "`+replaced.Code.Code+`", "name": "Eve"}`)
	if err != nil || knock.Status != http.StatusAccepted {
		t.Fatalf("exchange: %d %s, %v; want somebody who waits", knock.Status, knock.Body, err)
	}
	var waiting struct {
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal(knock.Body, &waiting); err != nil {
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
		t.Errorf("%s: tools that succeeded (-want +got):\n%s", c.Name, diff)
	}
}

// fail calls every tool so that it fails: the client must hand the error on,
// with its text for a model and its report for programs.
func fail(t *testing.T, c *programtest.ForeignClient) {
	t.Helper()
	for _, tool := range tools.Catalogue() {
		r := c.Call(tool.Name, map[string]any{"colour": "blue"})
		failed := programtest.Report(t, r)
		if failed.Code != meet.CodeInvalid || failed.RequestID == "" || r.Content[0].Text == "" {
			t.Errorf("%s: %s: got %+v and the text %q, want an invalid call", c.Name, tool.Name, failed, r.Content)
		}
	}
	failed := programtest.Report(t, c.Call("get_room", map[string]any{"room_id": "nowhere"}))
	if failed.Code != meet.CodeNotFound || failed.Status != http.StatusNotFound {
		t.Errorf("%s: get_room: got %+v, want not_found", c.Name, failed)
	}
}

// useRest does with prompts, resources, completions and notifications what
// clients do.
func useRest(t *testing.T, c *programtest.ForeignClient, kind programtest.ForeignKind) {
	t.Helper()
	type object = map[string]any
	c.MustCall("create_room", object{"name": "team-retro"}, nil)
	var prompts struct{ Prompts []struct{ Name string } }
	if c.Must("listPrompts", nil, &prompts); len(prompts.Prompts) != len(tools.Prompts()) {
		t.Errorf("%s: prompts: got %+v, want %d", c.Name, prompts, len(tools.Prompts()))
	}
	c.Must("getPrompt", object{"name": "moderate_room", "arguments": object{"room": "team-retro"}}, nil)
	c.Must("getPrompt", object{"name": "host_a_meeting"}, nil)
	c.Refused("getPrompt", object{"name": "moderate_room"}, -32602, "room is required")
	c.Must("listResources", nil, nil)
	c.Must("listResourceTemplates", nil, nil)
	c.Must("readResource", object{"uri": tools.RolesURI}, nil)
	c.Must("readResource", object{"uri": "roomkey://rooms/team-retro"}, nil)
	notFound := float64(-32002)
	if kind.Library == "client" { // which makes it the error of 2026 in the other versions too
		notFound = -32602
	}
	c.Refused("readResource", object{"uri": "roomkey://rooms/nowhere"}, notFound, "Room not found")
	var completed struct{ Completion struct{ Values []string } }
	c.Must("complete", object{"ref": object{"type": "ref/prompt", "name": "moderate_room"},
		"argument": object{"name": "room", "value": "team-r"}}, &completed)
	if !slices.Equal(completed.Completion.Values, []string{"team-retro"}) {
		t.Errorf("%s: completion: got %+v, want team-retro", c.Name, completed)
	}
	c.Must("notification",
		object{"method": "notifications/progress", "params": object{"progressToken": 1, "progress": 1}}, nil)
	c.Must("notification", object{"method": "notifications/nonsense"}, nil)
	if kind.Version != tools.ProtocolVersions[0] {
		c.Must("ping", nil, nil)
	}
	c.Refused("callTool", object{"name": "open_sesame", "arguments": object{}}, -32602, tools.NoSuchTool)
}

// watchRooms subscribes to a room: with version 2026-07-28 by a stream, before that
// over stdio alone, because over HTTP it would need another stream.
func watchRooms(t *testing.T, c *programtest.ForeignClient, kind programtest.ForeignKind, stdio bool) {
	t.Helper()
	type object = map[string]any
	const watched, nowhere = "roomkey://rooms/team-watch", "roomkey://rooms/nowhere"
	room := object{"room_id": "team-watch"}
	c.MustCall("create_room", object{"name": room["room_id"]}, nil)
	isModern := kind.Version == tools.ProtocolVersions[0]
	var welcome struct {
		Capabilities struct{ Resources struct{ Subscribe bool } }
	}
	c.Must("welcome", nil, &welcome)
	if welcome.Capabilities.Resources.Subscribe != (isModern || stdio) {
		t.Errorf("%s: capabilities: got %+v", c.Name, welcome)
	}
	var honored struct{ ResourceSubscriptions []string }
	switch {
	case isModern:
		c.Must("listen", object{"resourceSubscriptions": []string{watched, nowhere}}, &honored)
		if !slices.Equal(honored.ResourceSubscriptions, []string{watched}) {
			t.Errorf("%s: subscribed to %v, want only to the room that is there", c.Name, honored.ResourceSubscriptions)
		}
	case stdio:
		c.Refused("subscribeResource", object{"uri": nowhere}, -32002, "Room not found")
		c.Must("subscribeResource", object{"uri": watched}, nil)
	default:
		c.Refused("subscribeResource", object{"uri": watched}, -32601, "")
		return
	}
	for _, limit := range []int{5, 6} {
		c.MustCall("update_room", object{"room_id": room["room_id"], "max_participants": limit}, nil)
		var uri string
		if c.Must("nextUpdate", nil, &uri); uri != watched {
			t.Errorf("%s: update of %q, want %q", c.Name, uri, watched)
		}
	}
	if isModern {
		c.Must("stopListening", nil, nil)
	} else {
		c.Must("unsubscribeResource", object{"uri": watched}, nil)
	}
	c.MustCall("get_room", room, nil)
}

// toolsetNames are all toolsets, as a flag takes them.
func toolsetNames() string {
	var names []string
	for _, set := range tools.Toolsets {
		names = append(names, string(set))
	}
	return strings.Join(names, ",")
}

// eachDatabase runs a test on both: env has the program use the database.
func eachDatabase(t *testing.T, test func(t *testing.T, env ...string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, "ROOMKEY_DATABASE_URL="+postgrestest.URL(t))
	})
}
