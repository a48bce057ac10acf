package server

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
)

// pageToAllow is the consent page, in what a client says.
var pageToAllow = regexp.MustCompile(`http://127\.0\.0\.1:\d+/oauth/authorize\?\S+`)

// mcp-remote, by which clients that know only stdio come in, signs in by itself, and asks
// nobody the next time.
func TestMCPRemoteSignsIn(t *testing.T) {
	t.Parallel()
	const remote = "node_modules/mcp-remote/dist/proxy.js"
	programtest.NeedForeignClients(t, remote)
	a := startServer(t, func(c *config.Config) { c.Auth.SignIn = true })
	ada := programtest.NewPerson(t, "ada", addUser(t, a, "ada"))
	kept := t.TempDir()
	for _, name := range []string{"first", "second"} {
		log := new(livekittest.Output)
		cmd := exec.Command("node", remote, a.url+"/mcp", "--allow-http",
			"--auth-timeout", "120")
		cmd.Dir, cmd.Stderr = programtest.ClientsFolder(), log
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + kept, "MCP_REMOTE_CONFIG_DIR=" + kept}
		livekittest.DieWithParent(cmd)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		hangs := time.AfterFunc(3*time.Minute, func() { _ = cmd.Process.Kill() })
		if name == "first" {
			livekittest.Wait(t, "the page to be named", func() bool { return pageToAllow.MatchString(log.String()) })
			back := ada.Allow(pageToAllow.FindString(log.String()))
			took := func() bool { return programtest.SaysYes(back) } // it listens a little later
			livekittest.Wait(t, "it to take the code", took)
		}
		answers := bufio.NewScanner(out)
		answers.Buffer(nil, 1<<20)
		ask := func(line string) string {
			t.Helper()
			if _, err := io.WriteString(in, line+"\n"); err != nil || !answers.Scan() {
				t.Fatalf("%s: %v, %v; it said:\n%s", line, err, answers.Err(), log)
			}
			return answers.Text()
		}
		ask(`{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-06-18", ` +
			`"capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}}`)
		made := ask(programtest.RPC("tools/call", `{"name": "create_room", "arguments": {"name": "`+name+`"}}`))
		if !strings.Contains(made, `"created_by":"ada"`) {
			t.Errorf("create_room: %s", made)
		}
		in.Close()
		_ = cmd.Wait()
		hangs.Stop()
		if name == "second" && pageToAllow.MatchString(log.String()) {
			t.Errorf("it asked again:\n%s", log)
		}
	}
}
