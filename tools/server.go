package tools

import (
	"context"
	_ "embed" // for the instructions
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"roomkey/meet"
)

// ProtocolVersions are the MCP versions offered, newest first.
var ProtocolVersions = []string{"2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"}

//go:embed instructions.md
var instructions string

// Config is what a [Server] needs.
type Config struct {
	Service   *meet.Service
	Selection Selection
	Version   string
	Log       *slog.Logger

	// Observe is called after every call of a tool. outcome is "ok" or an error
	// code. It may be nil.
	Observe func(tool, outcome string, took time.Duration)

	// Challenge is the WWW-Authenticate of a call whose access token lacks a scope: with
	// it a client can get another token. Nil where it cannot.
	Challenge func(p meet.Principal, missing meet.TokenScope) string
}

// Server offers the selected tools over HTTP and stdio.
type Server struct {
	service *meet.Service
	log     *slog.Logger
	observe func(tool, outcome string, took time.Duration)
	mcp     *server.MCPServer // answers all but tools/call
	tools   map[string]Tool
	prompts map[string]Prompt
	info    json.RawMessage // the name and version of this server

	challenge func(p meet.Principal, missing meet.TokenScope) string

	noDestruction bool
	hasRooms      bool // as resources
}

// NewServer makes a server that offers the selected tools.
func NewServer(c Config) *Server {
	s := &Server{
		service: c.Service, log: c.Log, observe: c.Observe, noDestruction: c.Selection.DisableDestructive,
		tools: map[string]Tool{}, prompts: map[string]Prompt{},
		info: mustMarshal(mcp.Implementation{Name: "roomkey", Version: c.Version}), challenge: c.Challenge,
	}
	if s.observe == nil {
		s.observe = func(string, string, time.Duration) {}
	}
	options := []server.ServerOption{
		server.WithInstructions(instructionsFor(c.Service)),
		server.WithToolCapabilities(false),
		server.WithResourceCapabilities(false, false),
	}
	// The lists do not change while the program runs. What is in the private ones
	// depends on the access token.
	for list, scope := range map[mcp.MCPMethod]mcp.CacheScope{
		mcp.MethodToolsList: mcp.CacheScopePrivate, mcp.MethodPromptsList: mcp.CacheScopePrivate,
		mcp.MethodResourcesTemplatesList: mcp.CacheScopePrivate, mcp.MethodResourcesList: mcp.CacheScopePrivate,
	} {
		options = append(options, server.WithMethodCacheHints(list, time.Hour.Milliseconds(), scope))
	}
	if completer := s.completer(c.Selection); completer != nil {
		options = append(options, server.WithCompletions(),
			server.WithPromptCompletionProvider(completer), server.WithResourceCompletionProvider(completer))
	}
	s.mcp = server.NewMCPServer("roomkey", c.Version, options...)
	for _, t := range c.Selection.Select() {
		s.mcp.AddTool(definition(t), nil) // callTool calls it
		s.tools[t.Name] = t
	}
	for _, p := range c.Selection.Prompts() {
		s.prompts[p.Name] = p
		s.mcp.AddPrompt(promptDefinition(p), s.promptHandler(p))
	}
	s.addResources(c.Selection)
	return s
}

// instructionsFor gives the instructions, with a word on links that only work here.
func instructionsFor(s *meet.Service) string {
	text := strings.TrimSpace(instructions)
	if s != nil && s.Links().OnlyHere() {
		text += "\n\n" + onlyHere
	}
	return text
}

// definition writes a tool in mcp-go's terms. All four hints are given,
// because an absent destructive or open-world hint means yes.
func definition(t Tool) mcp.Tool {
	return mcp.Tool{
		Name: t.Name, Title: t.Title, Description: t.Description,
		RawInputSchema: t.InputSchema, RawOutputSchema: t.OutputSchema,
		Annotations: mcp.ToolAnnotation{
			ReadOnlyHint: &t.Hints.ReadOnly, DestructiveHint: &t.Hints.Destructive,
			IdempotentHint: &t.Hints.Idempotent, OpenWorldHint: &t.Hints.OpenWorld,
		},
	}
}

// callTool answers tools/call. Here and nowhere else a meet.Error becomes a
// tool result.
func (s *Server) callTool(ctx context.Context, req request) response {
	var name string
	if req.badMeta || !readMember(req.params.Name, &name) {
		return response{Error: badShape}
	}
	t, ok := s.tools[name]
	if !ok {
		return response{Error: &rpcError{Code: mcp.INVALID_PARAMS, Message: NoSuchTool}}
	}
	started := time.Now()
	if s.noDestruction {
		ctx = meet.WithoutDestruction(ctx)
	}
	// What an MCP client says of itself is better than what its HTTP library says.
	if client := req.meta.ClientInfo(); req.modern && client != nil {
		ctx = meet.WithCaller(ctx, meet.Caller{Via: meet.ViaMCP, Client: client.Name + " " + client.Version})
	}
	output, err := s.call(ctx, t, req.params.Arguments)
	outcome := "ok"
	var answer response
	if err == nil {
		answer.text = s.success(req, output)
	} else {
		e := meet.AsError(err)
		s.logFailure(ctx, "tool", t.Name, e)
		result := ErrorResult(e, meet.RequestIDFrom(ctx))
		if req.modern { // which requires both
			result.Meta[mcp.MetaKeyServerInfo], result.ResultType = s.info, mcp.ResultTypeComplete
		}
		outcome, answer.Result, answer.missing = string(e.Code), result, e.Scope
	}
	took := time.Since(started)
	s.observe(t.Name, outcome, took)
	s.logAnswer(ctx, "tool called", "tool", t.Name, outcome, took)
	return answer
}

// readMember reads a member of params, unless it was not sent. It reports
// whether it could.
func readMember(value json.RawMessage, into any) bool {
	return value == nil || jsonv1.Unmarshal(value, into) == nil
}

// call gives the output of a successful call. A panic is an error.
func (s *Server) call(ctx context.Context, t Tool, sent json.RawMessage) (_ json.RawMessage, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicError(r)
		}
	}()
	var given any
	if !readMember(sent, &given) { // the message as a whole was read before
		return nil, meet.Invalid("arguments", "a number in arguments is too large", "Give a smaller number.")
	}
	var arguments map[string]any
	if given != nil {
		var ok bool
		if arguments, ok = asObject(given); !ok {
			return nil, meet.Invalid("arguments", "arguments must be an object", `For example {"room_id": "team-standup"}.`)
		}
	}
	p := meet.PrincipalFrom(ctx)
	if err := t.checkScope(p); err != nil {
		return nil, err
	}
	out, err := t.call(ctx, s.service, p, arguments)
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// panicError makes an error of what recover gave.
func panicError(recovered any) *meet.Error {
	err := fmt.Errorf("panic: %v\n%s", recovered, debug.Stack())
	return &meet.Error{Code: meet.CodeInternal, Message: "Internal error", Err: err}
}

// logFailure logs the cause of a failure if the caller is not the reason. Only
// the operator may see it.
func (s *Server) logFailure(ctx context.Context, kind, name string, e *meet.Error) {
	if e.Err != nil && (e.Code == meet.CodeInternal || e.Code == meet.CodeUnavailable) {
		s.log.LogAttrs(ctx, slog.LevelError, kind+" failed", slog.String(kind, name), slog.String("code", string(e.Code)),
			slog.Any("err", e.Err), slog.String("request_id", meet.RequestIDFrom(ctx)))
	}
}

// logAnswer logs every answer, on the level debug.
func (s *Server) logAnswer(ctx context.Context, message, kind, name, outcome string, took time.Duration) {
	if s.log.Enabled(ctx, slog.LevelDebug) {
		s.log.LogAttrs(ctx, slog.LevelDebug, message, slog.String(kind, name),
			slog.String("subject", meet.PrincipalFrom(ctx).ID), slog.String("outcome", outcome),
			slog.Duration("took", took), slog.String("request_id", meet.RequestIDFrom(ctx)))
	}
}

// Definitions writes tools the way clients get them from tools/list.
func Definitions(selected []Tool) []mcp.Tool {
	return viewAll(selected, definition)
}
