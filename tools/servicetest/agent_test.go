// Package servicetest tests the tools, prompts and resources on a whole service:
// a real database, a real LiveKit, real people. What needs none of them is tested
// in package tools.
package servicetest

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	. "roomkey/tools"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// args are arguments of a call, or parameters of a message.
type args = map[string]any

// agent is a client of a real system. Its messages go through the server's own
// HTTP handler.
type agent struct {
	*meettest.System
	t      *testing.T
	server *Server
	log    *bytes.Buffer
}

func newAgent(t *testing.T, options ...meettest.Option) *agent {
	t.Helper()
	a := &agent{System: meettest.New(t, options...), t: t, log: new(bytes.Buffer)}
	a.serve(Selection{Toolsets: Toolsets})
	return a
}

// serve gives the agent a server with this selection.
func (a *agent) serve(s Selection) {
	log := slog.New(slog.NewTextHandler(a.log, nil))
	c := Config{Selection: s, Version: "test", Log: log}
	if a.System != nil {
		c.Service = a.Service
	}
	a.server = NewServer(c)
}

// reply is the answer to a message.
type reply struct {
	status int
	Result json.RawMessage
	Error  *struct {
		Code    int
		Message string
		Data    struct {
			URI string
			meet.ErrorReport
		}
	}
}

// ask sends a message of protocol version 2026-07-28, or with old of the ones
// before, and checks what must hold of every answer.
func (a *agent) ask(p meet.Principal, old bool, method string, params map[string]any) reply {
	a.t.Helper()
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}}
	if !old {
		params["_meta"] = args{
			"io.modelcontextprotocol/protocolVersion":    "2026-07-28",
			"io.modelcontextprotocol/clientInfo":         args{"name": "test", "version": "1"},
			"io.modelcontextprotocol/clientCapabilities": args{},
		}
		header.Set("Mcp-Protocol-Version", "2026-07-28")
		header.Set("Mcp-Method", method)
		for _, key := range []string{"name", "uri"} {
			if name, ok := params[key].(string); ok {
				header.Set("Mcp-Name", name)
			}
		}
	}
	body := marshal(a.t, args{"jsonrpc": "2.0", "id": "a<b", "method": method, "params": params})
	ctx := meet.WithRequestID(meet.WithPrincipal(a.t.Context(), p), "request-1")
	ctx = meet.WithCaller(ctx, meet.Caller{Via: meet.ViaMCP, Client: "test"})
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/mcp", bytes.NewReader(body))
	r.Header = header
	w := httptest.NewRecorder()
	a.server.HTTPHandler().ServeHTTP(w, r)
	var got struct {
		reply
		ID string
	}
	err := json.Unmarshal(w.Body.Bytes(), &got)
	if err != nil || got.ID != "a<b" || (got.Result == nil) == (got.Error == nil) {
		a.t.Fatalf("%s: %.300s, %v; want a result or an error", method, w.Body, err)
	}
	got.status = w.Code
	if got.Error != nil {
		a.checkRefusal(method, got.reply, old)
	}
	delete(params, "_meta")
	return got.reply
}

func (a *agent) checkRefusal(method string, got reply, old bool) {
	a.t.Helper()
	status := http.StatusOK
	if !old && got.Error.Code != -32603 {
		status = http.StatusBadRequest
		if got.Error.Code == -32601 {
			status = http.StatusNotFound
		}
	}
	if got.status != status {
		a.t.Errorf("%s: status %d with the error %d; want %d", method, got.status, got.Error.Code, status)
	}
	a.checkText(method, got.Error.Message)
}

// checkText checks that a text for the caller is short and has nothing in it
// that only the operator may see.
func (a *agent) checkText(what, text string) {
	a.t.Helper()
	if len(text) > 600 {
		a.t.Errorf("%s: a text of %d characters", what, len(text))
	}
	for _, leak := range []string{
		"json:", "sql", "SQL", "goroutine", ".go:", "127.0.0.1", "unmarshal", "<nil>", "panic", "runtime error",
		"context ", "handler",
	} {
		if strings.Contains(text, leak) {
			a.t.Errorf("%s: the text %q holds %q", what, text, leak)
		}
	}
}

// read reads a value out of the result: read("messages", 0, "content").
func (r reply) read(path ...any) any { return readJSON(r.Result, path...) }

func readJSON(text []byte, path ...any) any {
	var v any
	_ = json.Unmarshal(text, &v)
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			items, _ := v.([]any)
			if step >= len(items) {
				return nil
			}
			v = items[step]
		}
	}
	return v
}

// prompt gets the text of a prompt, or its refusal.
func (a *agent) prompt(p meet.Principal, name string, arguments map[string]any) (string, reply) {
	a.t.Helper()
	got := a.ask(p, false, "prompts/get", args{"name": name, "arguments": arguments})
	if got.Error != nil {
		return "", got
	}
	text, _ := got.read("messages", 0, "content", "text").(string)
	role, kind := got.read("messages", 0, "role"), got.read("messages", 0, "content", "type")
	if role != "user" || kind != "text" || got.read("messages", 1) != nil || text == "" {
		a.t.Fatalf("%s: %s; want one text of the user", name, got.Result)
	}
	return text, got
}

// outcome is "ok" or the code of a refusal.
func (r reply) outcome() string {
	if r.Error == nil {
		return "ok"
	}
	return string(r.Error.Data.Code)
}

// wantRefusal checks a refusal's JSON-RPC code and its message.
func wantRefusal(t *testing.T, what string, got reply, code int, message string) {
	t.Helper()
	if got.Error == nil {
		t.Errorf("%s: %s; want the error %d %s", what, got.Result, code, message)
	} else if got.Error.Code != code || !strings.HasPrefix(got.Error.Message, message) {
		t.Errorf("%s: %d %s; want %d %s", what, got.Error.Code, got.Error.Message, code, message)
	}
}

// answer is a tool result as a client reads it.
type answer struct {
	IsError           bool `json:"isError"`
	Content           []struct{ Type, Text string }
	StructuredContent json.RawMessage            `json:"structuredContent"`
	Meta              map[string]json.RawMessage `json:"_meta"`

	err meet.ErrorReport // when IsError
}

// get reads a value out of the structured content: get("codes", 0, "code").
func (a answer) get(path ...any) any { return readJSON(a.StructuredContent, path...) }

// list reads a list out of the structured content.
func (a answer) list(name string) []any {
	items, _ := a.get(name).([]any)
	return items
}

// call calls a tool and checks what must hold of every answer.
func (a *agent) call(p meet.Principal, tool string, arguments any) answer {
	a.t.Helper()
	raw := a.ask(p, true, "tools/call", args{"name": tool, "arguments": arguments})
	var got answer
	if err := json.Unmarshal(raw.Result, &got); err != nil {
		a.t.Fatalf("%s: no tool result but %+v", tool, raw)
	}
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

func outputSchemaOf(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	catalogue := Catalogue()
	tool := catalogue[slices.IndexFunc(catalogue, func(t Tool) bool { return t.Name == name })]
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(tool.OutputSchema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(name, document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func (a *agent) checkError(tool string, got *answer) {
	a.t.Helper()
	if got.StructuredContent != nil {
		a.t.Errorf("%s: the error has the structured content %s", tool, got.StructuredContent)
	}
	if err := json.Unmarshal(got.Meta[ErrorKey], &got.err); err != nil || got.err.Code == "" {
		a.t.Fatalf("%s: _meta of the error is %s (%v)", tool, got.Meta, err)
	}
	text, want := got.Content[0].Text, string(got.err.Code)+": "+got.err.Message+"."
	if got.err.Hint != "" {
		want += " " + strings.TrimSuffix(got.err.Hint, ".") + "."
	}
	if text != want {
		a.t.Errorf("%s: error text %q; want %q", tool, text, want)
	}
	var fields map[string]any
	if err := json.Unmarshal(got.Meta[ErrorKey], &fields); err != nil {
		a.t.Fatal(err)
	}
	for _, name := range []string{"code", "status", "message", "retryable", "request_id"} {
		if _, ok := fields[name]; !ok {
			a.t.Errorf("%s: the error %v has no %s", tool, fields, name)
		}
		delete(fields, name)
	}
	for name := range fields {
		if !slices.Contains([]string{"field", "hint", "retry_after_seconds"}, name) {
			a.t.Errorf("%s: the error has the unknown field %s", tool, name)
		}
	}
	if got.err.Status != got.err.Code.Status() || got.err.RequestID != "request-1" {
		a.t.Errorf("%s: error %+v", tool, got.err)
	}
	a.checkText(tool, text)
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
