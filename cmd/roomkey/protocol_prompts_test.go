package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	mcpclient "github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/meet"
	"roomkey/tools"
)

// usePrompts makes a client do with prompts, resources and completions what
// clients do. There is a room team-standup of the client's.
func usePrompts(ctx context.Context, t *testing.T, c *mcpclient.Client, version string) {
	t.Helper()
	prompts, err := c.ListPrompts(ctx, mcp.ListPromptsRequest{})
	if err != nil || len(prompts.Prompts) != len(tools.Prompts()) {
		t.Fatalf("list prompts: got %+v, %v, want %d", prompts, err, len(tools.Prompts()))
	}
	for _, p := range prompts.Prompts {
		var get mcp.GetPromptRequest
		get.Params.Name, get.Params.Arguments = p.Name, map[string]string{}
		for _, argument := range p.Arguments {
			if argument.Required {
				get.Params.Arguments[argument.Name] = "team-standup"
			}
		}
		if got, err := c.GetPrompt(ctx, get); err != nil || len(got.Messages) != 1 {
			t.Errorf("prompt %s: got %+v, %v, want one message", p.Name, got, err)
		}
	}
	_, err = c.GetPrompt(ctx, mcp.GetPromptRequest{Params: mcp.GetPromptParams{Name: "moderate_room"}})
	if !errors.Is(err, mcp.ErrInvalidParams) || !strings.Contains(err.Error(), "invalid: room is required. It is: ") {
		t.Errorf("a prompt without its argument: got the error %v, want what is missing", err)
	}

	resources, err := c.ListResources(ctx, mcp.ListResourcesRequest{})
	if err != nil || len(resources.Resources) != 1 {
		t.Errorf("list resources: got %+v, %v, want one", resources, err)
	}
	templates, err := c.ListResourceTemplates(ctx, mcp.ListResourceTemplatesRequest{})
	if err != nil || len(templates.ResourceTemplates) != 1 || templates.ResourceTemplates[0].URITemplate.Raw() != tools.RoomTemplateURI {
		t.Errorf("list templates: got %+v, %v, want %s", templates, err, tools.RoomTemplateURI)
	}
	shown, err := c.CallTool(ctx, callRequest("get_room", map[string]any{"room_id": "team-standup"}))
	if err != nil {
		t.Fatalf("get_room: %v", err)
	}
	for uri, want := range map[string]string{"roomkey://rooms/team-standup": textOf(shown), tools.RolesURI: `{"roles":[`} {
		var read mcp.ReadResourceRequest
		read.Params.URI = uri
		got, err := c.ReadResource(ctx, read)
		if err != nil || len(got.Contents) != 1 {
			t.Errorf("%s: got %+v, %v, want one content", uri, got, err)
			continue
		}
		if text, ok := got.Contents[0].(mcp.TextResourceContents); !ok || !strings.HasPrefix(text.Text, want) || text.MIMEType != "application/json" {
			t.Errorf("%s: got %+v, want the JSON %s", uri, got.Contents[0], want)
		}
	}
	notFound := mcp.ErrResourceNotFound
	if version == mcp.ProtocolVersion20260728 {
		notFound = mcp.ErrInvalidParams
	}
	for uri, want := range map[string]string{"roomkey://rooms/nowhere": "not_found: Room not found. ", "roomkey://doors": tools.NoSuchResource} {
		var read mcp.ReadResourceRequest
		read.Params.URI = uri
		if _, err := c.ReadResource(ctx, read); !errors.Is(err, notFound) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got the error %v, want %v: %s", uri, err, notFound, want)
		}
	}
	for _, ref := range []any{mcp.PromptReference{Type: "ref/prompt", Name: "moderate_room"}, mcp.ResourceReference{Type: "ref/resource", URI: tools.RoomTemplateURI}} {
		var complete mcp.CompleteRequest
		complete.Params.Ref, complete.Params.Argument = ref, mcp.CompleteArgument{Name: "room", Value: "team"}
		if _, ok := ref.(mcp.ResourceReference); ok {
			complete.Params.Argument.Name = "name"
		}
		got, err := c.Complete(ctx, complete)
		if err != nil {
			t.Errorf("complete %+v: %v", ref, err)
		} else if diff := cmp.Diff([]string{"team-standup"}, got.Completion.Values); diff != "" {
			t.Errorf("complete %+v (-want +got):\n%s", ref, diff)
		}
	}
}

// Prompts and resources go by the access token, and their errors are ours.
func TestPromptsAndResourcesByToken(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	must[any](t, a, "create_room", map[string]any{"name": "alpha", "create_codes": true})
	guest := a.token(t, meet.Principal{ID: "gus", Role: meet.Guest})
	for _, e := range eras {
		for _, test := range []struct {
			method string
			params map[string]any
			code   int
			want   string
		}{
			{"prompts/get", map[string]any{"name": "moderate_room", "arguments": map[string]any{"room": "alpha"}}, -32602, "forbidden: You are not allowed to "},
			{"prompts/get", map[string]any{"name": "host_a_meeting"}, -32602, "forbidden: You are not allowed to create a room. "},
			{"prompts/get", map[string]any{"name": "open_sesame"}, -32602, tools.NoSuchPrompt},
			{"prompts/get", map[string]any{"name": "moderate_room", "arguments": "room"}, -32602, "arguments must be an object, not a string."},
			{"resources/read", map[string]any{"uri": "file:///etc/passwd"}, e.notFound(), tools.NoSuchResource},
			{"resources/read", map[string]any{"uri": "roomkey://rooms/omega"}, e.notFound(), "not_found: Room not found. "},
			{"resources/subscribe", map[string]any{"uri": "roomkey://roles"}, -32601, ""},
			{"resources/unsubscribe", map[string]any{"uri": "roomkey://roles"}, -32601, ""},
			{"completion/complete", map[string]any{"ref": map[string]any{"type": "ref/door"}}, -32600, ""},
			{"prompts/list", map[string]any{"cursor": "%"}, -32602, ""},
			{"resources/list", map[string]any{"cursor": "%"}, -32602, ""},
		} {
			body, header := e.message(1, test.method, test.params)
			got := a.post(t, body, append(header, "Authorization", "Bearer "+guest)...)
			holdNoGoText(t, body, got)
			if r := readResponse(t, got.body); r.Error == nil || r.Error.Code != test.code || !strings.HasPrefix(r.Error.Message, test.want) {
				t.Errorf("%s %s: got %s, want the error %d %s", e.name, body, got.body, test.code, test.want)
			}
		}
		body, header := e.message(1, "resources/read", map[string]any{"uri": "roomkey://rooms/alpha"})
		got := a.post(t, body, append(header, "Authorization", "Bearer "+guest)...)
		if r := readResponse(t, got.body); r.Error != nil || strings.Contains(string(r.Result), "codes") {
			t.Errorf("%s: the room as a guest: got %s, want it without codes", e.name, got.body)
		}
	}
}

// notFound is the error of the era for a resource that is not there.
func (e era) notFound() int {
	if e.modern() {
		return mcp.INVALID_PARAMS
	}
	return mcp.RESOURCE_NOT_FOUND
}

// A bridge offers no prompt and no resource that needs a tool which it does
// not offer, whatever the server does.
func TestBridgeCeilings(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	must[any](t, a, "create_room", map[string]any{"name": "alpha"})
	const input = `{"jsonrpc":"2.0","id":"prompts","method":"prompts/list"}
{"jsonrpc":"2.0","id":"templates","method":"resources/templates/list"}
{"jsonrpc":"2.0","id":"resources","method":"resources/list"}
{"jsonrpc":"2.0","id":"get","method":"prompts/get","params":{"name":"moderate_room","arguments":{"room":"alpha"}}}
{"jsonrpc":"2.0","id":"read","method":"resources/read","params":{"uri":"roomkey://rooms/alpha"}}
{"jsonrpc":"2.0","id":"roles","method":"resources/read","params":{"uri":"roomkey://roles"}}
{"jsonrpc":"2.0","id":"complete","method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"moderate_room"},"argument":{"name":"room","value":"a"}}}
{"jsonrpc":"2.0","id":"complete too","method":"completion/complete","params":{"ref":{"type":"ref/resource","uri":"roomkey://rooms/{name}"},"argument":{"name":"name","value":"a"}}}
`
	for _, test := range []struct {
		name      string
		selection tools.Selection
		refused   []string
		lists     map[string]string // what an answer has, and what it must not
	}{
		{"everything", tools.Selection{}, nil, map[string]string{"prompts": "moderate_room", "templates": "roomkey://rooms/", "resources": "roomkey://roles"}},
		{"read-only", tools.Selection{ReadOnly: true}, []string{"get", "complete"}, map[string]string{"prompts": `"prompts":[]`, "templates": "roomkey://rooms/", "resources": "roomkey://roles"}},
		{"codes", tools.Selection{Toolsets: []tools.Toolset{tools.Codes}}, []string{"get", "read", "complete", "complete too"},
			map[string]string{"prompts": `"prompts":[]`, "templates": `"resourceTemplates":[]`, "resources": "roomkey://roles"}},
		{"moderation", tools.Selection{Toolsets: []tools.Toolset{tools.Moderation}}, []string{"read", "complete too"},
			map[string]string{"prompts": "moderate_room", "templates": `"resourceTemplates":[]`, "resources": "roomkey://roles"}},
	} {
		got := throughThisBridge(t, a.bridgeConfig(test.selection, a.owner), input)
		var refused []string
		for _, id := range []string{"get", "read", "roles", "complete", "complete too"} {
			r, ok := got[`"`+id+`"`]
			code := mcp.INVALID_PARAMS
			if id == "read" {
				code = eras[0].notFound()
			}
			if !ok || r.Error != nil && r.Error.Code != code {
				t.Errorf("%s: %s: got %+v", test.name, id, r)
			}
			if r.Error != nil {
				refused = append(refused, id)
			}
		}
		if diff := cmp.Diff(test.refused, refused); diff != "" {
			t.Errorf("%s: refused (-want +got):\n%s", test.name, diff)
		}
		for id, want := range test.lists {
			if r := got[`"`+id+`"`]; r.Error != nil || !strings.Contains(compact(t, r.Result), want) {
				t.Errorf("%s: %s: got %s, want %s in it", test.name, id, r.Result, want)
			}
		}
		if r := got[`"prompts"`]; test.name == "moderation" && strings.Contains(string(r.Result), "audit_access") {
			t.Errorf("%s: got %s, want no other prompt", test.name, r.Result)
		}
	}
	var none struct{ Prompts []json.RawMessage }
	limited := startApp(t, func(c *config.Config) { c.ReadOnly = true })
	if r := limited.request(t, eras[0], "prompts/list", nil); r.Error == nil && (json.Unmarshal(r.Result, &none) != nil || len(none.Prompts) > 0) {
		t.Errorf("prompts of a read-only server: got %s, want none", r.Result)
	}
}
