package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/store/postgrestest"
	"roomkey/tools"
)

// testApp is the whole program in this process.
type testApp struct {
	*app
	url   string
	data  string // folder
	owner string // the local owner's access token
	log   *livekittest.Output
	stop  func() error // stops it as a signal does; more than once is once
}

// startApp starts the program on a free port with an empty data folder, and
// stops it after the test. change may be nil.
func startApp(t *testing.T, change func(*config.Config)) *testApp {
	t.Helper()
	return startPrepared(t, change, func(*app) {})
}

// startPrepared starts a program after something was done to it.
func startPrepared(t *testing.T, change func(*config.Config), prepare func(*app)) *testApp {
	t.Helper()
	c := config.Default()
	c.Listen, c.Data = "127.0.0.1:0", t.TempDir()
	if change != nil {
		change(&c)
	}
	a := &testApp{log: new(livekittest.Output), data: c.Data}
	var err error
	log := slog.New(slog.NewTextHandler(a.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if a.app, err = newApp(t.Context(), c, log, datafolder.CommandServe); err != nil {
		t.Fatalf("start: %v", err)
	}
	prepare(a.app)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- a.Run(ctx) }()
	a.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-stopped:
			return err
		case <-time.After(stopWithin):
			return context.DeadlineExceeded
		}
	})
	t.Cleanup(func() {
		if err := a.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if found := token.FindString(a.log.String()); found != "" {
			t.Errorf("log: got the token %.30s… in it, want none", found)
		}
		if t.Failed() {
			t.Logf("the program's log:\n%s", a.log)
		}
	})
	a.url = "http://" + a.listeners[0].Addr().String()
	a.owner = a.token(t, tokens.Owner)
	return a
}

// eachDatabase runs a test on both: on has the configuration name the database.
func eachDatabase(t *testing.T, test func(t *testing.T, on func(*config.Config))) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, func(*config.Config) {})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := postgrestest.URL(t)
		test(t, func(c *config.Config) { c.Database.URL, c.Auth.Secret = url, testSecret })
	})
}

// token is what an access token and a join token look like.
var token = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`)

func (a *testApp) token(t *testing.T, p meet.Principal) string {
	t.Helper()
	token, err := a.auth.Sign(p, time.Hour)
	if err != nil {
		t.Fatalf("sign: %v", err)
	}
	return token
}

// answer is what comes back over HTTP.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// post sends a body to /mcp as the local owner.
func (a *testApp) post(t *testing.T, body string, header ...string) answer {
	t.Helper()
	got, err := a.send(t.Context(), http.MethodPost, "/mcp", body, header...)
	if err != nil {
		t.Fatalf("POST %.200s: %v", body, err)
	}
	return got
}

// send makes a request as the local owner. Unlike post it may be used from any
// goroutine. header is names and values in turn.
func (a *testApp) send(ctx context.Context, method, target, body string, header ...string) (answer, error) {
	return send(ctx, a.owner, method, a.url+target, body, header...)
}

func send(ctx context.Context, token, method, url, body string, header ...string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewBufferString(body))
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, b}, err
}

// era is one of the two ways to speak MCP.
type era struct {
	name    string
	version string
}

var eras = []era{{"2025", "2025-11-25"}, {"2026", "2026-07-28"}}

func (e era) modern() bool { return e.name == "2026" }

// message writes a request of the era, and the headers that go with it.
func (e era) message(id any, method string, params map[string]any) (body string, header []string) {
	header = []string{"Mcp-Protocol-Version", e.version}
	params = maps.Clone(params)
	if e.modern() {
		if params == nil {
			params = map[string]any{}
		}
		params["_meta"] = map[string]any{
			"io.modelcontextprotocol/protocolVersion":    e.version,
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

// response is a JSON-RPC answer.
type response struct {
	ID     json.RawMessage
	Result json.RawMessage
	Error  *struct {
		Code    int
		Message string
	}
}

// request sends a request and reads its answer.
func (a *testApp) request(t *testing.T, e era, method string, params map[string]any) response {
	t.Helper()
	body, header := e.message(1, method, params)
	got := a.post(t, body, header...)
	return readResponse(t, got.body)
}

// readResponse reads JSON, or the last message of an event stream.
func readResponse(t *testing.T, body []byte) response {
	t.Helper()
	if i := bytes.LastIndex(body, []byte("\ndata: ")); i > 0 {
		body = body[i+len("\ndata: "):]
	}
	var r response
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatalf("answer %q: %v", body, err)
	}
	return r
}

// toolResult is the result of tools/call.
type toolResult struct {
	IsError           bool
	StructuredContent json.RawMessage
	Content           []struct{ Type, Text string }
	Meta              map[string]json.RawMessage `json:"_meta"`
}

// call calls a tool. Both a success and a tool's error are results.
func (a *testApp) call(t *testing.T, e era, tool string, arguments map[string]any) toolResult {
	t.Helper()
	r := a.request(t, e, "tools/call", map[string]any{"name": tool, "arguments": arguments})
	if r.Error != nil {
		t.Fatalf("%s: got the protocol error %+v, want a result", tool, *r.Error)
	}
	return readResult(t, r.Result)
}

func readResult(t *testing.T, result json.RawMessage) toolResult {
	t.Helper()
	var tr toolResult
	if err := json.Unmarshal(result, &tr); err != nil {
		t.Fatalf("result %q: %v", result, err)
	}
	return tr
}

// must calls a tool that has to succeed and reads its structured content.
func must[T any](t *testing.T, a *testApp, tool string, arguments map[string]any) (out T) {
	t.Helper()
	r := a.call(t, eras[1], tool, arguments)
	if r.IsError {
		t.Fatalf("%s: got the error %s, want success", tool, r.Meta[tools.ErrorKey])
	}
	if err := json.Unmarshal(r.StructuredContent, &out); err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	return out
}

// failure reads a tool's error, nil if the call succeeded.
func (r toolResult) failure() (*meet.ErrorReport, error) {
	if !r.IsError {
		return nil, nil
	}
	var report meet.ErrorReport
	if err := json.Unmarshal(r.Meta[tools.ErrorKey], &report); err != nil {
		return nil, fmt.Errorf("_meta %s has no error of ours: %w", r.Meta, err)
	}
	return &report, nil
}

// report reads the error of a call that has to fail.
func report(t *testing.T, r toolResult) meet.ErrorReport {
	t.Helper()
	failed, err := r.failure()
	if err != nil || failed == nil {
		t.Fatalf("result: got %s, want an error (%v)", r.StructuredContent, err)
	}
	return *failed
}
