package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/connect"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/meet"
)

// oddName is a folder that nobody quotes right by chance.
const oddName = `it's "my" $HOME & <b> \n`

// connected is a running roomkey whose files have odd names, and the folder
// that connect is run in.
type connected struct {
	*process
	dir, data, file string
}

func startConnected(t *testing.T) connected {
	t.Helper()
	dir := filepath.Join(t.TempDir(), oddName)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	c := connected{process: startServer(t, dir), dir: dir,
		data: filepath.Join(dir, "data"), file: filepath.Join(dir, "my config.yaml")}
	if err := os.WriteFile(c.file, []byte("listen: "+strings.TrimPrefix(c.url, "http://")), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// connect runs the command and gives what is to be pasted and what is said.
func (c connected) connect(t *testing.T, args ...string) (settings, notes string) {
	t.Helper()
	cmd := exec.Command("roomkey", append([]string{"connect", "--config", "my config.yaml"}, args...)...)
	cmd.Dir, cmd.Env = c.dir, bareEnvironment(c.dir)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("connect %s: %v: %s", args, err, &stderr)
	}
	if found := programtest.TokenPattern.FindString(stderr.String()); found != "" {
		t.Errorf("connect %s: got the token %.30s… on stderr, want it on stdout alone", args, found)
	}
	return out.String(), stderr.String()
}

// holdConnection makes a room over MCP with the URL and the header of a
// client's settings, as the user the token is for.
func holdConnection(t *testing.T, url, authorization, room, wantUser string) {
	t.Helper()
	base, ok := strings.CutSuffix(url, "/mcp")
	if !ok {
		t.Errorf("URL: got %q, want it to end in /mcp", url)
	}
	bearer, ok := strings.CutPrefix(authorization, "Bearer ")
	if !ok {
		t.Errorf("Authorization: got %.20q…, want Bearer", authorization)
	}
	made, err := programtest.CallAt(t.Context(), base, bearer, "create_room", map[string]any{"name": room})
	if err != nil || !strings.Contains(string(made), `"created_by":"`+wantUser+`"`) {
		t.Errorf("create_room with the settings: got %s, %v, want a room of %s", made, err, wantUser)
	}
}

// What connect prints, a client can use as it is.
func TestConnect(t *testing.T) {
	t.Parallel()
	c := startConnected(t)
	type server struct {
		Type, URL string
		Headers   map[string]string
		Command   string
		Args      []string
	}
	read := func(t *testing.T, settings, key string) server {
		t.Helper()
		var file map[string]map[string]server
		if err := json.Unmarshal([]byte(settings), &file); err != nil || len(file) != 1 || len(file[key]) != 1 {
			t.Fatalf("settings: got %s, %v, want JSON with %s.roomkey alone", settings, err, key)
		}
		return file[key]["roomkey"]
	}
	t.Run("vscode", func(t *testing.T) {
		settings, notes := c.connect(t, "vscode", "--sub", "ada")
		got := read(t, settings, "servers")
		if got.Type != "http" || !strings.Contains(notes, ".vscode/mcp.json") {
			t.Errorf("got the type %q and the note %q, want http and .vscode/mcp.json", got.Type, notes)
		}
		holdConnection(t, got.URL, got.Headers["Authorization"], "of-vscode", "ada")
	})
	t.Run("cursor", func(t *testing.T) {
		settings, notes := c.connect(t, "cursor")
		got := read(t, settings, "mcpServers")
		if got.Type != "" || !strings.Contains(notes, ".cursor/mcp.json") {
			t.Errorf("got the type %q and the note %q, want none and .cursor/mcp.json", got.Type, notes)
		}
		holdConnection(t, got.URL, got.Headers["Authorization"], "of-cursor", "owner")
	})
	t.Run("codex", func(t *testing.T) {
		settings, notes := c.connect(t, "codex", "--role", "superadmin", "--sub", "root", "--ttl", "1h")
		got := regexp.MustCompile(`^\[mcp_servers\.roomkey\]\nurl = ("[^"\\]+")\n` +
			`http_headers = \{ Authorization = ("[^"\\]+") \}\n$`).FindStringSubmatch(settings)
		if got == nil || !strings.Contains(notes, "~/.codex/config.toml") {
			t.Fatalf("got %s and the note %q, want a TOML table and ~/.codex/config.toml", settings, notes)
		}
		holdConnection(t, strings.Trim(got[1], `"`), strings.Trim(got[2], `"`), "of-codex", "root")
		said := regexp.MustCompile(`an access token of the superadmin root, good until \d{4}-\d\d-\d\d \d\d:\d\d UTC`)
		if !said.MatchString(notes) {
			t.Errorf("notes: got %q, want whose token it is and until when", notes)
		}
	})
	t.Run("claude-code", func(t *testing.T) {
		settings, _ := c.connect(t, "claude-code", "--name", "Ada; rm -rf 'x'")
		want := []string{"mcp", "add", "--transport", "http", "roomkey", c.url + "/mcp", "--header"}
		got := runClaude(t, settings)
		if len(got) != len(want)+1 || !slices.Equal(got[:len(want)], want) {
			t.Fatalf("arguments of claude: got %q, want %q and the header", got, want)
		}
		header, value, _ := strings.Cut(got[len(want)], ": ")
		if header != "Authorization" {
			t.Errorf("header: got %s, want Authorization", header)
		}
		holdConnection(t, got[5], value, "of-claude-code", "owner")
	})
	t.Run("claude-desktop", func(t *testing.T) {
		settings, notes := c.connect(t, "claude-desktop")
		got := read(t, settings, "mcpServers")
		want := []string{"stdio", "--data", c.data, "--config", c.file}
		if !slices.Equal(got.Args, want) || !filepath.IsAbs(got.Command) {
			t.Errorf("command: got %q %q, want an absolute path and %q", got.Command, got.Args, want)
		}
		if programtest.TokenPattern.MatchString(settings) || strings.Contains(settings, `\u0026`) ||
			!strings.Contains(notes, "claude_desktop_config.json") {
			t.Errorf("got %s and the note %q, want no token, no escapes for HTML, and claude_desktop_config.json",
				settings, notes)
		}
		holdStdio(t, got.Command, got.Args, "of-the-bridge") // bridged to the server that runs
		if err := c.terminate(); err != nil {
			t.Fatal(err)
		}
		holdStdio(t, got.Command, got.Args, "of-stdio") // started by itself
	})
}

// runClaude runs a command line in a shell that knows claude, and gives claude's
// arguments.
func runClaude(t *testing.T, line string) []string {
	t.Helper()
	bin := t.TempDir()
	stub := "#!/bin/sh\nprintf '%s\\0' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "claude"), []byte(stub), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env = bin, []string{"PATH=" + bin + ":" + os.Getenv("PATH")}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// holdStdio speaks MCP with a command on standard input and output, from a
// folder and an environment that have nothing to do with it.
func holdStdio(t *testing.T, program string, args []string, room string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = bareEnvironment(cmd.Dir)
	hello := programtest.RPC("initialize",
		`{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}`)
	call := programtest.RPC("tools/call", `{"name":"create_room","arguments":{"name":"`+room+`"}}`)
	cmd.Stdin = strings.NewReader(hello + "\n" + call + "\n")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", program, args, err, &stderr)
	}
	for _, want := range []string{`"name":"roomkey"`, `"name":"` + room + `"`, `"created_by":"` + tokens.Owner.ID + `"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("answers on standard output: got %s, want %s among them", out, want)
		}
	}
}

// Where the client is told to go.
func TestConnectURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ listen, public, target, want string }{
		{"127.0.0.1:9090", "", "", "http://127.0.0.1:9090/mcp"},
		{":9090", "", "", "http://127.0.0.1:9090/mcp"},
		{"127.0.0.1:9090", "https://meet.example.com/", "", "https://meet.example.com/mcp"},
		{"127.0.0.1:9090", "https://meet.example.com", "http://10.0.0.7:80", "http://10.0.0.7:80/mcp"},
		{"127.0.0.1:9090", "", "https://a.example/mcp/", "https://a.example/mcp"},
		{"127.0.0.1:9090", "", "https://a.example/rooms", "https://a.example/rooms/mcp"},
		{"127.0.0.1:0", "https://meet.example.com", "", "https://meet.example.com/mcp"},
		{"127.0.0.1:0", "", "", ""},
		{"127.0.0.1:9090", "", "ftp://a.example", ""},
		{"127.0.0.1:9090", "", "a.example", ""},
		{"127.0.0.1:9090", "", "https://a.example?x=1", ""},
		{"127.0.0.1:9090", "", "https://me:secret@a.example", ""},
	} {
		got, err := connect.URL(t.Context(),
			config.Config{Listen: test.listen, PublicURL: test.public, Data: t.TempDir()}, test.target)
		if got != test.want || (err == nil) != (test.want != "") || err != nil && !meet.IsCode(err, meet.CodeInvalid) {
			t.Errorf("URL of %+v: got %q, %v, want %q", test, got, err, test.want)
		}
	}
}
