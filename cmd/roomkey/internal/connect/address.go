package connect

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/meet"
)

// SignInURL is [URL] for a client on the internet, in which people sign in.
func SignInURL(ctx context.Context, cfg config.Config, target string) (string, error) {
	at, err := URL(ctx, cfg, target)
	switch {
	case err != nil:
		return "", err
	case !cfg.Auth.SignIn && target == "":
		return "", meet.Invalid("", "sign-in is off in this configuration",
			"Set auth.sign_in: true (ROOMKEY_AUTH_SIGN_IN), and start roomkey again; docs/sign-in.md says more.")
	case !strings.HasPrefix(strings.ToLower(at), "https://"):
		return "", meet.Invalid("url", "the client is on the internet and reaches no "+at,
			"Give roomkey a public_url with https, or say with --url where it is.")
	}
	return at, nil
}

// URL is the MCP endpoint as the client reaches it.
func URL(ctx context.Context, cfg config.Config, target string) (string, error) {
	target = cmp.Or(target, cfg.PublicURL)
	if target == "" {
		if holder, err := datafolder.FindHolder(ctx, cfg.Data); err == nil {
			target = holder.URL()
		}
	}
	if target == "" {
		if cfg.ListenAddress().Port() == 0 {
			return "", meet.Invalid("url", "the configuration names no fixed port",
				"Say where the server is reached with --url.")
		}
		target = cfg.LocalURL()
	}
	if _, ok := config.ParseURL(target, "http", "https"); !ok {
		return "", meet.Invalid("url", "--url must be a URL like https://meet.example.com", "")
	}
	return bridge.NewClient(target, nil).URL + "/mcp", nil
}

// Program is the path that starts this program from any folder. If the
// program was found through a symbolic link, it is the path of the link, which an
// update leaves as it is.
func Program() (string, error) {
	running, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	if found, err := exec.LookPath(os.Args[0]); err == nil && datafolder.SameFile(found, running) {
		return Absolute(found), nil
	}
	return running, nil
}

// Absolute makes a path good in every folder.
func Absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
