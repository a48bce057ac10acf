package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/meet"
)

// What the banner says to paste works from any folder, and no token is in it.
func TestBanner(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "it's; $HOME")
	file := filepath.Join(t.TempDir(), "my config.yaml")
	if err := os.WriteFile(file, []byte("auth:\n  secret: "+testSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	a := startApp(t, func(c *config.Config) { c.Data, c.Auth.Secret = folder, testSecret })
	c := config.Default()
	c.Data = folder
	var b bytes.Buffer
	banner(&b, a.app, c, "roomkey", file)
	if strings.Contains(b.String(), "eyJ") || strings.Contains(b.String(), testSecret) {
		t.Errorf("banner: got %s, want no token and no secret in it", b.String())
	}
	paste := func(command string) string {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir, cmd.Env = t.TempDir(), bareEnvironment(t.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v: %s", command, err, out)
		}
		return string(out)
	}
	call := regexp.MustCompile(`(?m)^ +(roomkey call .*)$`).FindStringSubmatch(b.String())
	claude := regexp.MustCompile(`(?m)^ +claude mcp add --transport http roomkey (\S+) ` +
		`--header "Authorization: Bearer \$\((.*)\)"$`).FindStringSubmatch(b.String())
	if call == nil || claude == nil {
		t.Fatalf("banner: got %s, want a line for Claude Code and one with roomkey call", b.String())
	}
	connect := regexp.MustCompile(`(?m)^ +(roomkey connect .*)$`).FindStringSubmatch(b.String())
	if connect == nil {
		t.Fatalf("banner: got %s, want a line with roomkey connect", b.String())
	}
	if got := paste(connect[1]); !strings.Contains(got, `"url": "`+a.url+`/mcp"`) {
		t.Errorf("roomkey connect: got %s, want settings with %s/mcp", got, a.url)
	}
	if got := paste(call[1]); !strings.Contains(got, `"name": "hello"`) || !strings.Contains(got, `"created_by": "me"`) {
		t.Errorf("roomkey call: got %s, want the room hello of me", got)
	}
	if want := a.url + "/mcp"; claude[1] != want {
		t.Errorf("address for Claude Code: got %s, want %s", claude[1], want)
	}
	if p, err := a.auth.Verify(strings.TrimSpace(paste(claude[2]))); err != nil || p.ID != "me" || p.Role != meet.User {
		t.Errorf("token for Claude Code: got %+v, %v, want one of the user me", p, err)
	}
}
