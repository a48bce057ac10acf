package programtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"testing"

	"roomkey/meet"
	"roomkey/tools"
)

// Answer is what comes back over HTTP.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// NewRequest is a request as MCP clients make it. Without a token it has no bearer;
// header is names and values in turn.
func NewRequest(ctx context.Context, token, method, url, body string, header ...string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewBufferString(body))
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req, nil
}

// Send sends such a request. It may be used from any goroutine.
func Send(ctx context.Context, token, method, url, body string, header ...string) (Answer, error) {
	req, err := NewRequest(ctx, token, method, url, body, header...)
	if err != nil {
		return Answer{}, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return Answer{resp.StatusCode, resp.Header, b}, err
}

// Era is one of the two ways to speak MCP.
type Era struct {
	Name    string
	Version string
}

// Eras are both of them.
var Eras = []Era{{"2025", "2025-11-25"}, {"2026", "2026-07-28"}}

func (e Era) modern() bool { return e.Name == "2026" }

// Message writes a request of the era, and the headers that go with it.
func (e Era) Message(id any, method string, params map[string]any) (body string, header []string) {
	header = []string{"Mcp-Protocol-Version", e.Version}
	params = maps.Clone(params)
	if e.modern() {
		if params == nil {
			params = map[string]any{}
		}
		params["_meta"] = map[string]any{
			"io.modelcontextprotocol/protocolVersion":    e.Version,
			"io.modelcontextprotocol/clientInfo":         map[string]any{"name": "test", "version": "1"},
			"io.modelcontextprotocol/clientCapabilities": map[string]any{},
		}
		header = append(header, "Mcp-Method", method)
		for _, key := range []string{"name", "uri"} {
			if name, ok := params[key].(string); ok && (key == "name" || method == "resources/read") {
				header = append(header, "Mcp-Name", name)
			}
		}
	}
	// Plain values marshal.
	b, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": params})
	return string(b), header
}

// Response is a JSON-RPC answer.
type Response struct {
	ID     json.RawMessage
	Result json.RawMessage
	Error  *struct {
		Code    int
		Message string
	}
}

// ReadResponse reads JSON, or the last message of an event stream.
func ReadResponse(t *testing.T, body []byte) Response {
	t.Helper()
	if i := bytes.LastIndex(body, []byte("\ndata: ")); i > 0 {
		body = body[i+len("\ndata: "):]
	}
	var r Response
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatalf("answer %q: %v", body, err)
	}
	return r
}

// ToolResult is the result of tools/call.
type ToolResult struct {
	IsError           bool
	StructuredContent json.RawMessage
	Content           []struct{ Type, Text string }
	Meta              map[string]json.RawMessage `json:"_meta"`
}

// ReadResult reads the result of tools/call.
func ReadResult(t *testing.T, result json.RawMessage) ToolResult {
	t.Helper()
	var tr ToolResult
	if err := json.Unmarshal(result, &tr); err != nil {
		t.Fatalf("result %q: %v", result, err)
	}
	return tr
}

// Failure reads a tool's error, nil if the call succeeded.
func (r ToolResult) Failure() (*meet.ErrorReport, error) {
	if !r.IsError {
		return nil, nil
	}
	var report meet.ErrorReport
	if err := json.Unmarshal(r.Meta[tools.ErrorKey], &report); err != nil {
		return nil, fmt.Errorf("_meta %s has no error of ours: %w", r.Meta, err)
	}
	return &report, nil
}

// Report reads the error of a call that has to fail.
func Report(t *testing.T, r ToolResult) meet.ErrorReport {
	t.Helper()
	failed, err := r.Failure()
	if err != nil || failed == nil {
		t.Fatalf("result: got %s, want an error (%v)", r.StructuredContent, err)
	}
	return *failed
}

// CallAt calls a tool of a server in another process; a tool's error is an
// error here. It may be used from any goroutine.
func CallAt(ctx context.Context, url, token, tool string, arguments map[string]any) (json.RawMessage, error) {
	body, header := Eras[1].Message(1, "tools/call", map[string]any{"name": tool, "arguments": arguments})
	got, err := Send(ctx, token, http.MethodPost, url+"/mcp", body, header...)
	if err != nil {
		return nil, err
	}
	var r struct{ Result ToolResult }
	if err := json.Unmarshal(got.Body, &r); err != nil {
		return nil, err
	}
	if failed, err := r.Result.Failure(); err != nil {
		return nil, err
	} else if failed != nil {
		return nil, &meet.Error{Code: failed.Code, Message: failed.Message, Hint: failed.Hint}
	}
	return r.Result.StructuredContent, nil
}

// RPC is a message with the id 1.
func RPC(method, params string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":` + params + `}`
}

// Compact is JSON without spaces, with sorted keys.
func Compact(t *testing.T, text []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%q is no JSON: %v", text, err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
