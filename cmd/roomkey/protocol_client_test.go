package main

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	mcpclient "github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
	"roomkey/tools"
)

// The library's own client gets along with the server over every transport, in
// every version.
func TestMCPClient(t *testing.T) {
	t.Parallel()
	var viaHTTP []string // tools, as listed over HTTP by the newest version
	for _, version := range tools.ProtocolVersions {
		t.Run("http "+version, func(t *testing.T) {
			p := startServer(t, t.TempDir(), withSecret)
			c, err := mcpclient.NewStreamableHttpClient(p.url+"/mcp",
				transport.WithHTTPHeaders(map[string]string{"Authorization": "Bearer " + ownerToken(t)}))
			if err != nil {
				t.Fatal(err)
			}
			names := useClient(t, c, version)
			if viaHTTP == nil {
				viaHTTP = names
			}
			if diff := cmp.Diff(viaHTTP, names); diff != "" {
				t.Errorf("tools of %s (-%s +%s):\n%s", version, tools.ProtocolVersions[0], version, diff)
			}
		})
		t.Run("stdio "+version, func(t *testing.T) {
			if diff := cmp.Diff(viaHTTP, useClient(t, stdioClient(t, t.TempDir()), version)); diff != "" {
				t.Errorf("tools of %s (-http +stdio):\n%s", version, diff)
			}
		})
	}
}

// stdioClient runs roomkey stdio in dir and talks to it.
func stdioClient(t *testing.T, dir string, env ...string) *mcpclient.Client {
	t.Helper()
	address := programtest.FreeAddress(t)
	log := new(livekittest.Output)
	run := func(context.Context, string, []string, []string) (*exec.Cmd, error) {
		return command(dir, append(append(bareEnvironment(dir), "ROOMKEY_LISTEN="+address), env...), "stdio"), nil
	}
	stdio := transport.NewStdioWithOptions("roomkey", nil, nil,
		transport.WithCommandFunc(run), transport.WithCommandStderrWriter(log))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("roomkey stdio:\n%s", log)
		}
	})
	return mcpclient.NewClient(stdio)
}

// useClient makes a client of that version do what clients do, closes it, and
// gives the names of the tools.
func useClient(t *testing.T, c *mcpclient.Client, version string) []string {
	t.Helper()
	mcpclient.WithProtocolVersion(version)(c)
	ctx, cancel := context.WithTimeout(t.Context(), programtest.Patience)
	defer cancel()
	if err := c.Start(ctx); err != nil {
		t.Fatalf("start: %v", err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	var hello mcp.InitializeRequest
	hello.Params.ProtocolVersion = version
	hello.Params.ClientInfo = mcp.Implementation{Name: "test", Version: "1"}
	welcome, err := c.Initialize(ctx, hello)
	if err != nil {
		t.Fatalf("initialize: %v", err)
	}
	if welcome.ProtocolVersion != version || welcome.Instructions == "" || welcome.ServerInfo.Name != "roomkey" {
		t.Errorf("initialize: got version %q of %+v, want %q of roomkey with instructions",
			welcome.ProtocolVersion, welcome.ServerInfo, version)
	}
	if err := c.Ping(ctx); err != nil { //nolint:staticcheck // the older protocols have it
		t.Errorf("ping: %v", err)
	}
	if version == mcp.ProtocolVersion20260728 {
		if err := c.Listen(ctx, mcp.SubscriptionFilter{ToolsListChanged: true}); err != nil || ctx.Err() != nil {
			t.Errorf("listen: got %v, want it to end at once", err)
		}
	}
	list, err := c.ListTools(ctx, mcp.ListToolsRequest{})
	if err != nil {
		t.Fatalf("list tools: %v", err)
	}
	names := make([]string, len(list.Tools))
	for i, tool := range list.Tools {
		names[i] = tool.Name
	}
	made, err := c.CallTool(ctx, callRequest("create_room", map[string]any{"name": "team-standup", "create_codes": true}))
	if err != nil || made.IsError {
		t.Fatalf("create_room: %+v, %v", made, err)
	}
	content, _ := json.Marshal(made.StructuredContent)
	if programtest.Compact(t, []byte(textOf(made))) != programtest.Compact(t, content) {
		t.Errorf("create_room: got the text %s, want %s", textOf(made), content)
	}
	again, err := c.CallTool(ctx, callRequest("create_room", map[string]any{"name": "team-standup"}))
	const want = "conflict: a room with this name already exists. " +
		"Choose another name, or leave name out to have one made."
	if err != nil || !again.IsError || textOf(again) != want {
		t.Errorf("create_room again: got %+v, %v, want the error %q", again, err, want)
	}
	_, err = c.CallTool(ctx, callRequest("open_sesame", nil))
	if err == nil || programtest.GoText.MatchString(err.Error()) {
		t.Errorf("unknown tool: got the error %v, want one without Go's words", err)
	}
	usePrompts(ctx, t, c, version)
	return names
}

// usePrompts makes a client do with prompts, resources and completions what
// clients do. There is a room team-standup. What each of them says is tested in
// tools.
func usePrompts(ctx context.Context, t *testing.T, c *mcpclient.Client, version string) {
	t.Helper()
	prompts, err := c.ListPrompts(ctx, mcp.ListPromptsRequest{})
	if err != nil || len(prompts.Prompts) != len(tools.Prompts()) {
		t.Errorf("list prompts: got %+v, %v, want %d", prompts, err, len(tools.Prompts()))
	}
	var get mcp.GetPromptRequest
	get.Params.Name, get.Params.Arguments = "moderate_room", map[string]string{"room": "team-standup"}
	if got, err := c.GetPrompt(ctx, get); err != nil || len(got.Messages) != 1 {
		t.Errorf("prompt: got %+v, %v, want one message", got, err)
	}
	get.Params.Arguments = nil
	if _, err := c.GetPrompt(ctx, get); !errors.Is(err, mcp.ErrInvalidParams) {
		t.Errorf("a prompt without its argument: got the error %v, want %v", err, mcp.ErrInvalidParams)
	}
	resources, err := c.ListResources(ctx, mcp.ListResourcesRequest{})
	areRoles := func(r mcp.Resource) bool { return r.URI == "roomkey://roles" }
	if err != nil || !slices.ContainsFunc(resources.Resources, areRoles) {
		t.Errorf("list resources: got %+v, %v, want the roles among them", resources, err)
	}
	templates, err := c.ListResourceTemplates(ctx, mcp.ListResourceTemplatesRequest{})
	if err != nil || len(templates.ResourceTemplates) != 4 {
		t.Errorf("list templates: got %+v, %v, want rooms, and pages of the others", templates, err)
	}
	var read mcp.ReadResourceRequest
	read.Params.URI = "roomkey://rooms/team-standup"
	if got, err := c.ReadResource(ctx, read); err != nil || len(got.Contents) != 1 {
		t.Errorf("%s: got %+v, %v, want one content", read.Params.URI, got, err)
	} else if text, _ := got.Contents[0].(mcp.TextResourceContents); !strings.Contains(text.Text, "team-standup") {
		t.Errorf("%s: got %s, want the room", read.Params.URI, text.Text)
	}
	read.Params.URI = "roomkey://rooms/nowhere"
	notFound := mcp.ErrResourceNotFound
	if version == mcp.ProtocolVersion20260728 {
		notFound = mcp.ErrInvalidParams
	}
	if _, err := c.ReadResource(ctx, read); !errors.Is(err, notFound) || !strings.Contains(err.Error(), "Room not found") {
		t.Errorf("%s: got the error %v, want %v: Room not found", read.Params.URI, err, notFound)
	}
	var complete mcp.CompleteRequest
	complete.Params.Ref = mcp.ResourceReference{Type: "ref/resource", URI: tools.RoomTemplateURI}
	complete.Params.Argument = mcp.CompleteArgument{Name: "name", Value: "team"}
	got, err := c.Complete(ctx, complete)
	if err != nil || !slices.Equal(got.Completion.Values, []string{"team-standup"}) {
		t.Errorf("complete: got %+v, %v, want team-standup", got, err)
	}
}

func callRequest(tool string, arguments map[string]any) mcp.CallToolRequest {
	var r mcp.CallToolRequest
	r.Params.Name, r.Params.Arguments = tool, arguments
	return r
}

func textOf(r *mcp.CallToolResult) string {
	if len(r.Content) != 1 {
		return ""
	}
	text, _ := r.Content[0].(mcp.TextContent)
	return text.Text
}
