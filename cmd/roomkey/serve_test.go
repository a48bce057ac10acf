package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/cmd/roomkey/internal/server"
	"roomkey/meet"
)

// What the banner says to paste works from any folder, and no token is in it.
func TestBanner(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "it's; $HOME")
	file := filepath.Join(t.TempDir(), "my config.yaml")
	if err := os.WriteFile(file, []byte("auth:\n  secret: "+programtest.Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Data, c.Listen, c.Auth.Secret = folder, "127.0.0.1:0", programtest.Secret
	s, err := server.New(t.Context(), c, slog.New(slog.DiscardHandler), datafolder.CommandServe)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	address := s.Holder().URL()
	c = config.Default()
	c.Data = folder
	var b bytes.Buffer
	if err := banner(s, c, "roomkey", file).Print(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "eyJ") || strings.Contains(b.String(), programtest.Secret) {
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
	if got := paste(connect[1]); !strings.Contains(got, `"url": "`+address+`/mcp"`) {
		t.Errorf("roomkey connect: got %s, want settings with %s/mcp", got, address)
	}
	if got := paste(call[1]); !strings.Contains(got, `"name": "hello"`) || !strings.Contains(got, `"created_by": "me"`) {
		t.Errorf("roomkey call: got %s, want the room hello of me", got)
	}
	if want := address + "/mcp"; claude[1] != want {
		t.Errorf("address for Claude Code: got %s, want %s", claude[1], want)
	}
	authority, err := auth.NewAuthority([]byte(programtest.Secret), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := authority.Verify(strings.TrimSpace(paste(claude[2]))); err != nil || p.ID != "me" || p.Role != meet.User {
		t.Errorf("token for Claude Code: got %+v, %v, want one of the user me", p, err)
	}
}
