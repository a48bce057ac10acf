package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/store/postgrestest"
	"roomkey/tools"
)

// testServer is the whole program in this process.
type testServer struct {
	*Server
	url   string
	data  string // folder
	owner string // the local owner's access token
	log   *livekittest.Output
	stop  func() error // stops it as a signal does; more than once is once
}

// startServer starts the program on a free port with an empty data folder, and
// stops it after the test. change may be nil.
func startServer(t *testing.T, change func(*config.Config)) *testServer {
	t.Helper()
	return startPrepared(t, change, func(*Server) {})
}

// startPrepared starts a program after something was done to it.
func startPrepared(t *testing.T, change func(*config.Config), prepare func(*Server)) *testServer {
	t.Helper()
	c := config.Default()
	c.Listen, c.Data = "127.0.0.1:0", t.TempDir()
	if change != nil {
		change(&c)
	}
	a := &testServer{log: new(livekittest.Output), data: c.Data}
	var err error
	log := slog.New(slog.NewTextHandler(a.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if a.Server, err = New(t.Context(), c, log, datafolder.CommandServe); err != nil {
		t.Fatalf("start: %v", err)
	}
	prepare(a.Server)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- a.Run(ctx) }()
	a.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-stopped:
			return err
		case <-time.After(programtest.Patience):
			return context.DeadlineExceeded
		}
	})
	t.Cleanup(func() {
		if err := a.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if found := programtest.TokenPattern.FindString(a.log.String()); found != "" {
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
		test(t, func(c *config.Config) { c.Database.URL, c.Auth.Secret = url, programtest.Secret })
	})
}

func (a *testServer) token(t *testing.T, p meet.Principal) string {
	t.Helper()
	token, err := a.auth.Sign(p, time.Hour)
	if err != nil {
		t.Fatalf("sign: %v", err)
	}
	return token
}

// post sends a body to /mcp as the local owner.
func (a *testServer) post(t *testing.T, body string, header ...string) programtest.Answer {
	t.Helper()
	got, err := a.send(t.Context(), http.MethodPost, "/mcp", body, header...)
	if err != nil {
		t.Fatalf("POST %.200s: %v", body, err)
	}
	return got
}

// send makes a request as the local owner. Unlike post it may be used from any
// goroutine. header is names and values in turn.
func (a *testServer) send(ctx context.Context, method, target, body string, header ...string) (
	programtest.Answer, error,
) {
	return programtest.Send(ctx, a.owner, method, a.url+target, body, header...)
}

// request sends a request and reads its answer.
func (a *testServer) request(
	t *testing.T, e programtest.Era, method string, params map[string]any,
) programtest.Response {
	t.Helper()
	body, header := e.Message(1, method, params)
	got := a.post(t, body, header...)
	return programtest.ReadResponse(t, got.Body)
}

// call calls a tool. Both a success and a tool's error are results.
func (a *testServer) call(
	t *testing.T, e programtest.Era, tool string, arguments map[string]any,
) programtest.ToolResult {
	t.Helper()
	r := a.request(t, e, "tools/call", map[string]any{"name": tool, "arguments": arguments})
	if r.Error != nil {
		t.Fatalf("%s: got the protocol error %+v, want a result", tool, *r.Error)
	}
	return programtest.ReadResult(t, r.Result)
}

// must calls a tool that has to succeed and reads its structured content.
func must[T any](t *testing.T, a *testServer, tool string, arguments map[string]any) (out T) {
	t.Helper()
	r := a.call(t, programtest.Eras[1], tool, arguments)
	if r.IsError {
		t.Fatalf("%s: got the error %s, want success", tool, r.Meta[tools.ErrorKey])
	}
	if err := json.Unmarshal(r.StructuredContent, &out); err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	return out
}
