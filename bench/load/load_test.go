package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// setup starts a server that answers every request with a body, chunked if the
// body is long, and gives the plan of a short run against it.
func setup(t *testing.T, answer func(r *http.Request, body string) (status int, text string)) Plan {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		status, text := answer(r, string(body))
		w.WriteHeader(status)
		io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	return Plan{
		Endpoint: Endpoint{Addr: server.Listener.Addr().String(), Token: "secret", Era: Modern},
		Message:  CallTool("echo", Fixed(`{"text":"hello"}`)),
		Conns:    3,
		Requests: 300,
	}
}

const success = `{"jsonrpc":"2.0","id":1,"result":{"content":[]}}`

func TestRequestsOfBothEras(t *testing.T) {
	t.Parallel()
	for _, era := range Eras {
		var header http.Header
		var message map[string]any
		plan := setup(t, func(r *http.Request, body string) (int, string) {
			header = r.Header
			if err := json.Unmarshal([]byte(body), &message); err != nil {
				t.Errorf("body %s: %v", body, err)
			}
			return 200, success
		})
		plan.Endpoint.Era = era
		if _, err := Do(t.Context(), plan.Endpoint, plan.Message); err != nil {
			t.Fatal(err)
		}

		modern := era == Modern
		want := map[string]string{
			"Mcp-Protocol-Version": string(era), "Authorization": "Bearer secret", "Mcp-Method": "", "Mcp-Name": "",
		}
		if modern {
			want["Mcp-Method"], want["Mcp-Name"] = "tools/call", "echo"
		}
		for name, value := range want {
			if got := header.Get(name); got != value {
				t.Errorf("%s: header %s: got %q, want %q", era, name, got, value)
			}
		}
		params, _ := message["params"].(map[string]any)
		if message["method"] != "tools/call" || params["name"] != "echo" ||
			fmt.Sprint(params["arguments"]) != "map[text:hello]" {
			t.Errorf("%s: got message %v", era, message)
		}
		if _, has := params["_meta"]; has != modern {
			t.Errorf("%s: got _meta %v", era, params["_meta"])
		}
	}
}

func TestRequestsOfPost(t *testing.T) {
	t.Parallel()
	plan := setup(t, func(r *http.Request, body string) (int, string) {
		mcp := r.Header.Get("Mcp-Protocol-Version") + r.Header.Get("Mcp-Method") + r.Header.Get("Authorization")
		if r.URL.Path != "/v2/token" || body != `{"code":"a"}` || mcp != "" ||
			r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("got %s with %v and %s", r.URL, r.Header, body)
		}
		return 200, `{"token":"t"}`
	})
	plan.Endpoint.Token = ""
	plan.Message = Post("/v2/token", Fixed(`{"code":"a"}`), "token")
	if got, err := Run(t.Context(), plan); err != nil || got.Successes != 300 || got.Errors > 0 {
		t.Errorf("got %+v, %v; want 300 successes", got, err)
	}
	if got, err := Do(t.Context(), plan.Endpoint, plan.Message); err != nil || string(got) != `{"token":"t"}` {
		t.Errorf("got %s, %v; want the whole body", got, err)
	}
}

func TestRunByNumber(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	long := strings.Replace(success, "[]", `["`+strings.Repeat("x", 5_000)+`"]`, 1)
	plan := setup(t, func(*http.Request, string) (int, string) { served.Add(1); return 200, long })
	got, err := Run(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	if got.Requests != 300 || served.Load() != 300 || got.Errors != 0 || got.P50 <= 0 || got.P99 < got.P50 {
		t.Errorf("got %+v, %d served; want 300 of 300", got, served.Load())
	}
}

func TestRunByTheClock(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	plan := setup(t, func(*http.Request, string) (int, string) { served.Add(1); return 200, success })
	plan.Requests, plan.Warmup, plan.Duration = 0, 50*time.Millisecond, 100*time.Millisecond
	got, err := Run(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	if n := int64(got.Requests); n == 0 || n >= served.Load() {
		t.Errorf("got %d counted of %d served, want some, and fewer for the warm-up", n, served.Load())
	}
	if int64(got.Successes) != served.Load() {
		t.Errorf("got %d successes of %d served, want all", got.Successes, served.Load())
	}
	if got.Elapsed < 90*time.Millisecond {
		t.Errorf("got %v, want the planned 100ms", got.Elapsed)
	}
}

func TestRunGivesEachCallItsArguments(t *testing.T) {
	t.Parallel()
	var made, wrong atomic.Int64
	plan := setup(t, func(_ *http.Request, body string) (int, string) {
		if !strings.Contains(body, `"arguments":{"n":`) {
			wrong.Add(1)
		}
		return 200, success
	})
	plan.Message = CallTool("echo", func(dst []byte) []byte { return fmt.Appendf(dst, `{"n":%d}`, made.Add(1)) })
	if _, err := Run(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	if made.Load() != 300 || wrong.Load() != 0 {
		t.Errorf("got %d arguments made, %d bodies without; want 300, 0", made.Load(), wrong.Load())
	}
}

func TestRunCountsErrors(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	plan := setup(t, func(*http.Request, string) (int, string) {
		switch n := served.Add(1); {
		case n > 200:
			return 429, "slow down"
		case n > 100:
			return 200, `{"jsonrpc":"2.0","id":1,"result":{"isError":true}}`
		}
		return 200, success
	})
	plan.Conns = 1 // the first answer of each has to be a success
	got, err := Run(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	if got.Requests != 100 || got.Errors != 200 || !strings.Contains(got.Example, "isError") {
		t.Errorf("got %+v, want 100 successes, 200 errors and an example", got)
	}
}

func TestRunStops(t *testing.T) {
	t.Parallel()
	ok := func(*http.Request, string) (int, string) { return 200, success }
	odd := errors.New("odd")
	for name, change := range map[string]func(*Plan) context.Context{
		"nobody listens": func(p *Plan) context.Context { p.Endpoint.Addr = "127.0.0.1:1"; return t.Context() },
		"check fails": func(p *Plan) context.Context {
			p.Check = func(json.RawMessage) error { return odd }
			return t.Context()
		},
		"cancelled": func(p *Plan) context.Context {
			p.Requests, p.Duration = 0, time.Hour
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			t.Cleanup(cancel)
			return ctx
		},
	} {
		plan := setup(t, ok)
		ctx := change(&plan)
		if got, err := Run(ctx, plan); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
	for name, text := range map[string]string{
		"tool error": `{"jsonrpc":"2.0","id":1,"result":{"isError":true}}`, "not MCP": "hello",
	} {
		plan := setup(t, func(*http.Request, string) (int, string) { return 200, text })
		if got, err := Run(t.Context(), plan); err == nil {
			t.Errorf("%s as the first answer: got %+v, want an error", name, got)
		}
	}
}
