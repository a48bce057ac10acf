package programtest

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

// ForeignClient is an MCP client of somebody else's, in a process of Node's:
// see testdata/clients/drive.mjs.
type ForeignClient struct {
	t       *testing.T
	Name    string
	calls   io.WriteCloser
	answers *bufio.Scanner
}

// ForeignKind is a client library, and how its client is made.
type ForeignKind struct {
	Name    string
	Library string         // sdk is 1.x, client 2.x
	Options map[string]any // of the client
	Version string         // of the protocol that it comes to speak
}

// ForeignKinds are the old library, and the new one as it may be set.
var ForeignKinds = []ForeignKind{
	{Name: "sdk 1.x", Library: "sdk", Version: "2025-11-25"},
	{Name: "client 2.x as it is", Library: "client", Version: "2025-11-25"},
	{
		Name: "client 2.x of 2026", Library: "client", Version: "2026-07-28",
		Options: map[string]any{"versionNegotiation": map[string]any{"mode": map[string]any{"pin": "2026-07-28"}}},
	},
	{
		Name: "client 2.x that asks", Library: "client", Version: "2026-07-28",
		Options: map[string]any{"versionNegotiation": map[string]any{"mode": "auto"}},
	},
}

// ForeignServer is how a client gets at a roomkey: by a URL with a token, or
// by a command.
type ForeignServer struct {
	URL   string `json:"url,omitempty"`
	Token string `json:"token,omitempty"`

	Command *ForeignCommand `json:"server,omitempty"`
	SignIn  *ForeignSignIn  `json:"signIn,omitempty"`
}

// ForeignSignIn has a client sign in, in place of a token.
type ForeignSignIn struct {
	Redirect string `json:"redirect"`
	Document string `json:"document,omitempty"` // the URL of the client's metadata; empty has it register itself
	Scope    string `json:"scope,omitempty"`
}

// ForeignCommand starts a roomkey that speaks over its standard input and output.
type ForeignCommand struct {
	Command string            `json:"command"`
	Args    []string          `json:"args"`
	Env     map[string]string `json:"env"`
	Dir     string            `json:"cwd"`
}

// ClientsFolder is where the clients of others are, as cmd/roomkey and the folders in
// its internal reach it.
func ClientsFolder() string {
	folder := filepath.Join("testdata", "clients")
	if _, err := os.Stat(folder); err != nil {
		return filepath.Join("..", "..", folder)
	}
	return folder
}

// NeedForeignClients skips a test where there is no Node, or one of the files is not in
// the folder of the clients.
func NeedForeignClients(t *testing.T, files ...string) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	for _, file := range append(files, "node_modules") {
		if _, err := os.Stat(filepath.Join(ClientsFolder(), file)); err != nil {
			t.Skipf("run make clients: there is no %s", file)
		}
	}
}

// StartForeignClient runs a client and has it connect.
func StartForeignClient(t *testing.T, kind ForeignKind, server ForeignServer) *ForeignClient {
	t.Helper()
	config, err := json.Marshal(struct {
		Library string         `json:"library"`
		Options map[string]any `json:"options,omitempty"`
		ForeignServer
	}{kind.Library, kind.Options, server})
	if err != nil {
		t.Fatal(err)
	}
	log := new(livekittest.Output)
	cmd := exec.Command("node", "drive.mjs", string(config))
	cmd.Dir, cmd.Stderr = ClientsFolder(), log
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
	c := &ForeignClient{t: t, Name: kind.Name, calls: calls, answers: bufio.NewScanner(answers)}
	c.answers.Buffer(nil, 8<<20)
	if server.SignIn == nil {
		c.Must("connect", nil, nil)
	}
	return c
}

// ForeignAnswer is what came of a call of one of a client's methods.
type ForeignAnswer struct {
	Result json.RawMessage
	Thrown *struct {
		Message string
		Code    any
		Data    json.RawMessage
	}
	Errors []string // what the client complained of beside it
}

// Do calls one of the client's methods. A client may throw, but has nothing to
// complain of.
func (c *ForeignClient) Do(method string, params any) ForeignAnswer {
	c.t.Helper()
	line, err := json.Marshal(map[string]any{"method": method, "params": params})
	if err == nil {
		_, err = c.calls.Write(append(line, '\n'))
	}
	if err != nil {
		c.t.Fatalf("%s: %s: %v", c.Name, method, err)
	}
	var got ForeignAnswer
	if !c.answers.Scan() {
		c.t.Fatalf("%s: %s: the client ended: %v", c.Name, method, c.answers.Err())
	}
	if err := json.Unmarshal(c.answers.Bytes(), &got); err != nil {
		c.t.Fatalf("%s: %s: %v in %s", c.Name, method, err, c.answers.Bytes())
	}
	if len(got.Errors) > 0 {
		c.t.Errorf("%s: %s %s: the client complains of %q", c.Name, method, line, got.Errors)
	}
	return got
}

// Must calls a method that has to succeed. out may be nil.
func (c *ForeignClient) Must(method string, params, out any) {
	c.t.Helper()
	got := c.Do(method, params)
	if got.Thrown != nil {
		c.t.Fatalf("%s: %s %v: the client throws %+v", c.Name, method, params, *got.Thrown)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(got.Result, out); err != nil {
		c.t.Fatalf("%s: %s: %v in %s", c.Name, method, err, got.Result)
	}
}

// Refused calls a method whose promise has to be broken with that error of the
// protocol.
func (c *ForeignClient) Refused(method string, params any, code float64, message string) {
	c.t.Helper()
	got := c.Do(method, params)
	if got.Thrown == nil || got.Thrown.Code != code || !strings.Contains(got.Thrown.Message, message) {
		c.t.Errorf("%s: %s %v: got %s, thrown %+v, want the error %v %s",
			c.Name, method, params, got.Result, got.Thrown, code, message)
	}
}

// Call calls a tool and gives its result, as the client hands it on.
func (c *ForeignClient) Call(tool string, arguments any) ToolResult {
	c.t.Helper()
	var r ToolResult
	c.Must("callTool", map[string]any{"name": tool, "arguments": arguments}, &r)
	return r
}

// MustCall calls a tool that has to succeed. out may be nil.
func (c *ForeignClient) MustCall(tool string, arguments map[string]any, out any) {
	c.t.Helper()
	r := c.Call(tool, arguments)
	if r.IsError || len(r.Content) != 1 || r.Content[0].Text == "" || r.StructuredContent == nil {
		c.t.Fatalf("%s: %s %v: got %s and %v, want success", c.Name, tool, arguments, r.Content, r.StructuredContent)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(r.StructuredContent, out); err != nil {
		c.t.Fatalf("%s: %s: %v in %s", c.Name, tool, err, r.StructuredContent)
	}
}
