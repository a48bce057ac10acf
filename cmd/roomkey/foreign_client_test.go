package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
)

// foreignClient is an MCP client of somebody else's, in a process of Node's:
// see testdata/clients/drive.mjs.
type foreignClient struct {
	t       *testing.T
	name    string
	calls   io.WriteCloser
	answers *bufio.Scanner
}

// foreignKind is a client library, and how its client is made.
type foreignKind struct {
	name    string
	library string         // sdk is 1.x, client 2.x
	options map[string]any // of the client
	version string         // of the protocol that it comes to speak
}

var foreignKinds = []foreignKind{
	{name: "sdk 1.x", library: "sdk", version: "2025-11-25"},
	{name: "client 2.x as it is", library: "client", version: "2025-11-25"},
	{
		name: "client 2.x of 2026", library: "client", version: "2026-07-28",
		options: map[string]any{"versionNegotiation": map[string]any{"mode": map[string]any{"pin": "2026-07-28"}}},
	},
	{
		name: "client 2.x that asks", library: "client", version: "2026-07-28",
		options: map[string]any{"versionNegotiation": map[string]any{"mode": "auto"}},
	},
}

// foreignServer is how a client gets at a roomkey: by a URL with a token, or
// by a command.
type foreignServer struct {
	URL   string `json:"url,omitempty"`
	Token string `json:"token,omitempty"`

	Command *foreignCommand `json:"server,omitempty"`
	SignIn  *foreignSignIn  `json:"signIn,omitempty"`
}

// foreignSignIn has a client sign in, in place of a token.
type foreignSignIn struct {
	Redirect string `json:"redirect"`
	Document string `json:"document,omitempty"` // the URL of the client's metadata; empty has it register itself
	Scope    string `json:"scope,omitempty"`
}

type foreignCommand struct {
	Command string            `json:"command"`
	Args    []string          `json:"args"`
	Env     map[string]string `json:"env"`
	Dir     string            `json:"cwd"`
}

// needForeignClients skips a test where there is no Node or nothing for it.
func needForeignClients(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	if _, err := os.Stat(filepath.Join("testdata", "clients", "node_modules")); err != nil {
		t.Skip("run npm ci in cmd/roomkey/testdata/clients first (make clients)")
	}
}

// startForeignClient runs a client and has it connect.
func startForeignClient(t *testing.T, kind foreignKind, server foreignServer) *foreignClient {
	t.Helper()
	config, err := json.Marshal(struct {
		Library string         `json:"library"`
		Options map[string]any `json:"options,omitempty"`
		foreignServer
	}{kind.library, kind.options, server})
	if err != nil {
		t.Fatal(err)
	}
	log := new(livekittest.Output)
	cmd := exec.Command("node", "drive.mjs", string(config))
	cmd.Dir, cmd.Stderr = filepath.Join("testdata", "clients"), log
	livekittest.DieWithParent(cmd)
	calls, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hangs := time.AfterFunc(3*time.Minute, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		calls.Close()
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("the client ended with %v and said:\n%s", err, log)
		}
		hangs.Stop()
	})
	c := &foreignClient{t: t, name: kind.name, calls: calls, answers: bufio.NewScanner(answers)}
	c.answers.Buffer(nil, 8<<20)
	if server.SignIn == nil {
		c.must("connect", nil, nil)
	}
	return c
}

// foreignAnswer is what came of a call of one of a client's methods.
type foreignAnswer struct {
	Result json.RawMessage
	Thrown *struct {
		Message string
		Code    any
		Data    json.RawMessage
	}
	Errors []string // what the client complained of beside it
}

// do calls one of the client's methods. A client may throw, but has nothing to
// complain of.
func (c *foreignClient) do(method string, params any) foreignAnswer {
	c.t.Helper()
	line, err := json.Marshal(map[string]any{"method": method, "params": params})
	if err == nil {
		_, err = c.calls.Write(append(line, '\n'))
	}
	if err != nil {
		c.t.Fatalf("%s: %s: %v", c.name, method, err)
	}
	var got foreignAnswer
	if !c.answers.Scan() {
		c.t.Fatalf("%s: %s: the client ended: %v", c.name, method, c.answers.Err())
	}
	if err := json.Unmarshal(c.answers.Bytes(), &got); err != nil {
		c.t.Fatalf("%s: %s: %v in %s", c.name, method, err, c.answers.Bytes())
	}
	if len(got.Errors) > 0 {
		c.t.Errorf("%s: %s %s: the client complains of %q", c.name, method, line, got.Errors)
	}
	return got
}

// must calls a method that has to succeed. out may be nil.
func (c *foreignClient) must(method string, params, out any) {
	c.t.Helper()
	got := c.do(method, params)
	if got.Thrown != nil {
		c.t.Fatalf("%s: %s %v: the client throws %+v", c.name, method, params, *got.Thrown)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(got.Result, out); err != nil {
		c.t.Fatalf("%s: %s: %v in %s", c.name, method, err, got.Result)
	}
}

// refused calls a method whose promise has to be broken with that error of the
// protocol.
func (c *foreignClient) refused(method string, params any, code float64, message string) {
	c.t.Helper()
	got := c.do(method, params)
	if got.Thrown == nil || got.Thrown.Code != code || !strings.Contains(got.Thrown.Message, message) {
		c.t.Errorf("%s: %s %v: got %s, thrown %+v, want the error %v %s",
			c.name, method, params, got.Result, got.Thrown, code, message)
	}
}

// call calls a tool and gives its result, as the client hands it on.
func (c *foreignClient) call(tool string, arguments any) toolResult {
	c.t.Helper()
	var r toolResult
	c.must("callTool", map[string]any{"name": tool, "arguments": arguments}, &r)
	return r
}

// mustCall calls a tool that has to succeed. out may be nil.
func (c *foreignClient) mustCall(tool string, arguments map[string]any, out any) {
	c.t.Helper()
	r := c.call(tool, arguments)
	if r.IsError || len(r.Content) != 1 || r.Content[0].Text == "" || r.StructuredContent == nil {
		c.t.Fatalf("%s: %s %v: got %s and %v, want success", c.name, tool, arguments, r.Content, r.StructuredContent)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(r.StructuredContent, out); err != nil {
		c.t.Fatalf("%s: %s: %v in %s", c.name, tool, err, r.StructuredContent)
	}
}
