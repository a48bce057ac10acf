package tools

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// agent calls the tools of a real system the way a client does.
type agent struct {
	*meettest.System
	t      *testing.T
	server *Server
	log    *bytes.Buffer
}

func newAgent(t *testing.T, options ...meettest.Option) *agent {
	t.Helper()
	a := &agent{System: meettest.New(t, options...), t: t, log: new(bytes.Buffer)}
	a.server = NewServer(Config{Service: a.Service, Selection: Selection{Toolsets: Toolsets}, Version: "test", Log: slog.New(slog.NewTextHandler(a.log, nil))})
	return a
}

// answer is a tool result as a client reads it.
type answer struct {
	IsError           bool `json:"isError"`
	Content           []struct{ Type, Text string }
	StructuredContent json.RawMessage            `json:"structuredContent"`
	Meta              map[string]json.RawMessage `json:"_meta"`

	err meet.ErrorReport // when IsError
}

// get reads a value out of the structured content: get("room", "id").
func (a answer) get(path ...string) any {
	var v any
	_ = json.Unmarshal(a.StructuredContent, &v)
	for _, key := range path {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// call calls a tool and checks what must hold of every answer.
func (a *agent) call(p meet.Principal, tool string, arguments any) answer {
	a.t.Helper()
	message := mustMarshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": "tools/call",
		"params": map[string]any{"name": tool, "arguments": arguments}})
	ctx := meet.WithRequestID(meet.WithPrincipal(a.t.Context(), p), "request-1")
	ctx = meet.WithCaller(ctx, meet.Caller{Via: meet.ViaMCP, Client: "test"})
	var response struct {
		Result *answer         `json:"result"`
		Error  json.RawMessage `json:"error"`
	}
	raw := mustMarshal(a.server.mcp.HandleMessage(ctx, message))
	if err := json.Unmarshal(raw, &response); err != nil || response.Result == nil {
		a.t.Fatalf("%s: no tool result but %s", tool, raw)
	}
	got := *response.Result
	if len(got.Content) != 1 || got.Content[0].Type != "text" {
		a.t.Fatalf("%s: content is %+v; want one text block", tool, got.Content)
	}
	if got.IsError {
		a.checkError(tool, &got)
	} else {
		a.checkSuccess(tool, got)
	}
	return got
}

// must calls a tool that has to succeed.
func (a *agent) must(p meet.Principal, tool string, arguments any) answer {
	a.t.Helper()
	got := a.call(p, tool, arguments)
	if got.IsError {
		a.t.Fatalf("%s(%v) as %q: %+v", tool, arguments, p.ID, got.err)
	}
	return got
}

func (a *agent) checkSuccess(tool string, got answer) {
	a.t.Helper()
	if text := got.Content[0].Text; text != string(got.StructuredContent) {
		a.t.Errorf("%s: the text block is not the structured content:\n%s\n%s", tool, text, got.StructuredContent)
	}
	if bytes.Contains(got.StructuredContent, []byte(":null")) {
		a.t.Errorf("%s: a null in %s", tool, got.StructuredContent)
	}
	content, err := jsonschema.UnmarshalJSON(bytes.NewReader(got.StructuredContent))
	if err != nil {
		a.t.Fatal(err)
	}
	if err := outputSchemaOf(a.t, tool).Validate(content); err != nil {
		a.t.Errorf("%s: the answer breaks the output schema: %v", tool, err)
	}
}

func outputSchemaOf(t *testing.T, tool string) *jsonschema.Schema {
	t.Helper()
	for _, candidate := range Catalogue() {
		if candidate.Name != tool {
			continue
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(candidate.OutputSchema))
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource(tool, document); err != nil {
			t.Fatal(err)
		}
		schema, err := compiler.Compile(tool)
		if err != nil {
			t.Fatal(err)
		}
		return schema
	}
	t.Fatalf("no tool %s", tool)
	return nil
}

func (a *agent) checkError(tool string, got *answer) {
	a.t.Helper()
	if got.StructuredContent != nil {
		a.t.Errorf("%s: the error has the structured content %s", tool, got.StructuredContent)
	}
	if err := json.Unmarshal(got.Meta[ErrorKey], &got.err); err != nil || got.err.Code == "" {
		a.t.Fatalf("%s: _meta of the error is %s (%v)", tool, got.Meta, err)
	}
	text := got.Content[0].Text
	if !strings.HasPrefix(text, string(got.err.Code)+": "+got.err.Message+".") {
		a.t.Errorf("%s: error text %q; want CODE: message. Hint.", tool, text)
	}
	if got.err.Status != got.err.Code.Status() || got.err.RequestID != "request-1" {
		a.t.Errorf("%s: error %+v", tool, got.err)
	}
	for _, leak := range []string{"json:", "sql", "SQL", "goroutine", ".go:", "127.0.0.1", "cannot unmarshal", "<nil>", "context "} {
		if strings.Contains(text, leak) {
			a.t.Errorf("%s: error text %q holds %q", tool, text, leak)
		}
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	ada, bob := meettest.Ada, meettest.Bob

	room := a.must(ada, "create_room", map[string]any{"name": "Standup", "create_codes": true, "settings": map[string]any{"allow_chat": false}})
	for path, want := range map[string]any{"name": "standup", "created_by": "ada", "admin_id": "ada", "is_active": true, "is_public": false, "mode": "standard",
		"max_participants": 0.0, "join_url": "https://meet.example.com/m/standup", "livekit_url": "wss://meet.example.com"} {
		if got := room.get("room", path); got != want {
			t.Errorf("room.%s = %v; want %v", path, got, want)
		}
	}
	want := map[string]any{"allow_chat": false, "allow_video": true, "allow_audio": true, "allow_screen_share": true,
		"e2ee": false, "require_approval": false}
	if diff := cmp.Diff(want, room.get("room", "settings")); diff != "" {
		t.Errorf("settings differ (-want +got):\n%s", diff)
	}
	codes := room.get("codes").([]any)
	again := a.must(ada, "create_room_codes", map[string]any{"room_id": "standup"})
	if len(codes) != 3 || len(again.get("codes").([]any)) != 3 {
		t.Fatalf("codes = %v, then %v", codes, again.get("codes"))
	}
	for _, c := range codes {
		code := c.(map[string]any)
		if code["join_url"] != "https://meet.example.com/join/"+code["code"].(string) || code["room_id"] != room.get("room", "id") || code["enabled"] != true {
			t.Errorf("code = %v", code)
		}
	}
	guest := codes[1].(map[string]any)["code"].(string)
	joined := a.must(bob, "join_room", map[string]any{"code": strings.ToUpper(strings.ReplaceAll(guest, "-", " ")), "name": "Bobby"})
	if joined.get("status") != "joined" || joined.get("role") != "guest" || !strings.HasPrefix(joined.get("identity").(string), "bob_") {
		t.Errorf("joined = %s", joined.StructuredContent)
	}
	if list := a.must(bob, "list_rooms", map[string]any{}).get("rooms").([]any); len(list) != 1 || list[0].(map[string]any)["relationship"] != "participant" {
		t.Errorf("Bob's rooms = %v; want the one he joined", list)
	}
	rotated := a.must(ada, "rotate_room_code", map[string]any{"code": guest})
	if got := a.call(bob, "join_room", map[string]any{"code": guest}); got.err.Code != meet.CodeGone {
		t.Errorf("the old code gives %+v; want gone", got.err)
	}
	a.must(bob, "join_room", map[string]any{"code": rotated.get("code", "code")})
	a.must(ada, "update_room_code", map[string]any{"code": rotated.get("code", "code"), "enabled": false})
	if got := a.call(bob, "join_room", map[string]any{"code": rotated.get("code", "code")}); got.err.Code != meet.CodeGone {
		t.Errorf("the disabled code gives %+v; want gone", got.err)
	}
	if got := a.call(ada, "update_room", map[string]any{"room_id": "standup", "is_active": false}); got.err.Field != "is_active" || !strings.Contains(got.err.Hint, "end_room") {
		t.Errorf("is_active false gives %+v; want end_room to be named", got.err)
	}
	ended := a.must(ada, "end_room", map[string]any{"room_id": "standup", "confirm_name": "standup"})
	if ended.get("room", "is_active") != false || ended.get("removed") == nil {
		t.Errorf("ended = %s", ended.StructuredContent)
	}
	if reopened := a.must(ada, "update_room", map[string]any{"room_id": "standup", "is_active": true}); reopened.get("room", "is_active") != true {
		t.Errorf("reopened = %s", reopened.StructuredContent)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	a := newAgent(t, func(c *meet.Config) { c.MediaOnJoin = true })
	for range 7 {
		a.must(meettest.Ada, "create_room", map[string]any{})
	}
	seen, cursor, pages := map[any]bool{}, any(nil), 0
	for {
		page := a.must(meettest.Ada, "list_rooms", map[string]any{"limit": 3, "cursor": cursor})
		for _, room := range page.get("rooms").([]any) {
			seen[room.(map[string]any)["id"]] = true
		}
		pages++
		if cursor = page.get("next_cursor"); cursor == nil {
			if page.get("has_more") != false {
				t.Errorf("the last page says has_more")
			}
			break
		}
	}
	if pages != 3 || len(seen) != 7 {
		t.Errorf("%d rooms on %d pages; want 7 on 3", len(seen), pages)
	}
}

// A list that is asked for is there even when it is empty; one that the
// caller may not see is not.
func TestEmptyLists(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	room := a.NewRoom(t, meet.RoomChange{})
	for tool, list := range map[string]string{"get_room": "codes", "get_room_codes": "codes", "list_participants": "participants"} {
		got := a.must(meettest.Ada, tool, map[string]any{"room_id": room.ID})
		if items, ok := got.get(list).([]any); !ok || len(items) != 0 {
			t.Errorf("%s: %s = %v; want []", tool, list, got.get(list))
		}
	}
	if got := a.must(meettest.Bob, "get_room", map[string]any{"room_id": room.ID}); got.get("codes") != nil {
		t.Errorf("Bob sees codes: %v", got.get("codes"))
	}
	if got := a.must(meettest.Gus, "list_rooms", map[string]any{}); len(got.get("rooms").([]any)) != 0 {
		t.Errorf("rooms of Gus = %v; want []", got.get("rooms"))
	}
}
