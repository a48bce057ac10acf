package tools

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"roomkey/meet"
)

// reply is an answer to a method that is no tool call.
type reply struct {
	status int
	Result json.RawMessage
	Error  *struct {
		Code    int
		Message string
		Data    refusalData
	}
}

// ask sends a message of protocol version 2026-07-28, or with old of the ones
// before, through the server's own HTTP handler, and checks what must hold of
// every answer.
func (a *agent) ask(p meet.Principal, old bool, method string, params map[string]any) reply {
	a.t.Helper()
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}}
	if !old {
		params["_meta"] = map[string]any{"io.modelcontextprotocol/protocolVersion": "2026-07-28",
			"io.modelcontextprotocol/clientInfo": map[string]any{"name": "test", "version": "1"}, "io.modelcontextprotocol/clientCapabilities": map[string]any{}}
		header.Set("Mcp-Protocol-Version", "2026-07-28")
		header.Set("Mcp-Method", method)
		for _, key := range []string{"name", "uri"} {
			if name, ok := params[key].(string); ok {
				header.Set("Mcp-Name", name)
			}
		}
	}
	body := mustMarshal(map[string]any{"jsonrpc": "2.0", "id": "a<b", "method": method, "params": params})
	r := httptest.NewRequestWithContext(meet.WithRequestID(meet.WithPrincipal(a.t.Context(), p), "request-1"), http.MethodPost, "/mcp", bytes.NewReader(body))
	r.Header = header
	w := httptest.NewRecorder()
	a.server.HTTPHandler().ServeHTTP(w, r)
	var got struct {
		reply
		ID string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.ID != "a<b" || (got.Result == nil) == (got.Error == nil) {
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
	if len(got.Error.Message) > 600 {
		a.t.Errorf("%s: a message of %d characters", method, len(got.Error.Message))
	}
	for _, leak := range []string{"json:", "sql", "SQL", "goroutine", ".go:", "127.0.0.1", "unmarshal", "<nil>", "panic", "runtime error", "context ", "handler"} {
		if strings.Contains(got.Error.Message, leak) {
			a.t.Errorf("%s: the message %q holds %q", method, got.Error.Message, leak)
		}
	}
}

// read reads a value out of the result: read("messages", 0, "content").
func (r reply) read(path ...any) any {
	var v any
	_ = json.Unmarshal(r.Result, &v)
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
	got := a.ask(p, false, "prompts/get", map[string]any{"name": name, "arguments": arguments})
	if got.Error != nil {
		return "", got
	}
	text, _ := got.read("messages", 0, "content", "text").(string)
	if got.read("messages", 0, "role") != "user" || got.read("messages", 0, "content", "type") != "text" || got.read("messages", 1) != nil || text == "" {
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
