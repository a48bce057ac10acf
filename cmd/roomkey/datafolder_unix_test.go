//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/programtest"
)

// hangsAfter ends what should not have begun to serve.
const hangsAfter = 30 * time.Second

// A data folder into which another user can put files is refused by every
// command that would write to it or trust what is in it, and nothing is
// written. Which folders these are is for the tests of datafolder.
func TestDataFolderOfOthers(t *testing.T) {
	t.Parallel()
	address := programtest.FreeAddress(t)
	folder, target := t.TempDir(), filepath.Join(t.TempDir(), "target")
	if err := os.WriteFile(target, []byte("of somebody else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(folder, "secret")); err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(folder, "secret") + " is a symbolic link"
	for _, args := range [][]string{
		{"serve", "--listen", address}, {"stdio", "--listen", address}, {"doctor", "--listen", address},
		{"call", "list_rooms"}, {"token", "--sub", "x"}, {"secret", "rotate"},
		{"backup", filepath.Join(t.TempDir(), "backup")},
	} {
		var out, stderr bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), hangsAfter)
		defer cancel()
		code := run(ctx, streams{strings.NewReader(""), &out, &stderr}, append(args, "--data", folder))
		if said := out.String() + stderr.String(); code != 1 || !strings.Contains(said, want) {
			t.Errorf("%s: got exit code %d, %s, want 1, %s", args[0], code, said, want)
		}
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) > 1 {
		t.Errorf("the folder: got %v, %v, want that nothing was made in it", files, err)
	}
	if content, err := os.ReadFile(target); err != nil || string(content) != "of somebody else" {
		t.Errorf("what the link leads to: got %q, %v, want it as it was", content, err)
	}
}
