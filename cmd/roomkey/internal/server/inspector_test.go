package server

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
)

// The command line of MCP Inspector signs in by itself, and asks nobody the next time. It
// finds nothing in the tools' schemas that another client would not understand.
func TestInspectorSignsIn(t *testing.T) {
	t.Parallel()
	const inspector = "node_modules/@modelcontextprotocol/inspector/clients/cli/build/index.js"
	programtest.NeedForeignClients(t, inspector)
	a := startServer(t, func(c *config.Config) { c.Auth.SignIn = true })
	ada := programtest.NewPerson(t, "ada", addUser(t, a, "ada"))
	kept, back := t.TempDir(), "http://"+programtest.FreeAddress(t)+"/oauth/callback"
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"first", []string{"--method", "tools/call", "--tool-name", "create_room", "--tool-arg", "name=first"},
			`"created_by":"ada"`},
		{"kept", []string{"--method", "tools/call", "--tool-name", "create_room", "--tool-arg", "name=second",
			"--protocol-era", "modern", "--stored-auth-only"}, `"created_by":"ada"`},
		{"schemas", []string{"--method", "tools/list", "--strict", "--stored-auth-only"}, `"name":"create_room"`},
	} {
		out, log := new(bytes.Buffer), new(livekittest.Output)
		cmd := exec.Command("node", append([]string{inspector, "--server-url", a.url + "/mcp", "--transport", "http",
			"--format", "json", "--callback-url", back, "--connect-timeout", "0"}, c.args...)...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = programtest.ClientsFolder(), out, log
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + kept, "MCP_INSPECTOR_SECRET_STORE=file",
			"MCP_AUTO_OPEN_ENABLED=true", "BROWSER=true"} // its browser is the command that does nothing
		livekittest.DieWithParent(cmd)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		hangs := time.AfterFunc(3*time.Minute, func() { _ = cmd.Process.Kill() })
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		var err error
		if c.name == "first" {
			livekittest.Wait(t, "the page to be named", func() bool { return pageToAllow.MatchString(log.String()) })
			if !programtest.SaysYes(ada.Allow(pageToAllow.FindString(log.String()))) {
				err = errors.New("it does not take the code")
			}
		}
		err = errors.Join(err, <-ended)
		hangs.Stop()
		if err != nil || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %v, %s; it said:\n%s", c.name, err, out, log)
		}
	}
}
