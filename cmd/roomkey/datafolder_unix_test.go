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
)

// hangsAfter ends what should not have begun to serve.
const hangsAfter = 30 * time.Second

// A data folder into which another user can put things is refused by whatever
// would write to it or believe what is in it, and nothing is written.
func TestDataFolderOfOthers(t *testing.T) {
	t.Parallel()
	link := func(name string) func(*testing.T, string) string {
		return func(t *testing.T, folder string) string {
			target := filepath.Join(t.TempDir(), "target")
			if err := os.WriteFile(target, []byte("of somebody else"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(folder, name) + " is a symbolic link"
		}
	}
	open := func(name string) func(*testing.T, string) string {
		return func(t *testing.T, folder string) string {
			path := filepath.Join(folder, name)
			if err := os.WriteFile(path, []byte("whatever"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0o606); err != nil {
				t.Fatal(err)
			}
			return path + " can be written to by every user (mode 0606)"
		}
	}
	tests := map[string]func(*testing.T, string) (want string){
		"folder": func(t *testing.T, folder string) string {
			if err := os.Chmod(folder, 0o777); err != nil {
				t.Fatal(err)
			}
			return "the data folder " + folder + " can be written to by every user (mode 0777): run chmod 700 on it"
		},
		"directory": func(t *testing.T, folder string) string {
			if err := os.Mkdir(filepath.Join(folder, "lock"), 0o700); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(folder, "lock") + " is not a regular file"
		},
	}
	for _, name := range ownFiles {
		tests["link "+name], tests["open "+name] = link(name), open(name)
	}
	if os.Geteuid() == 0 {
		tests["owner"] = func(t *testing.T, folder string) string {
			if err := os.Chown(folder, 12345, -1); err != nil {
				t.Fatal(err)
			}
			return "the data folder " + folder + " belongs to another user (uid 12345, and roomkey runs as 0)"
		}
		tests["owner of a file"] = func(t *testing.T, folder string) string {
			path := filepath.Join(folder, "secret")
			if err := os.WriteFile(path, []byte(testSecret), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(path, 12345, -1); err != nil {
				t.Fatal(err)
			}
			return path + " belongs to another user"
		}
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			want := prepare(t, folder)
			for _, args := range [][]string{{"serve"}, {"stdio"}, {"call", "list_rooms"}, {"token", "--sub", "x"}, {"doctor"}} {
				var out, stderr bytes.Buffer
				args = append(args, "--data", folder)
				if args[0] != "call" && args[0] != "token" {
					address, err := freeAddress()
					if err != nil {
						t.Fatal(err)
					}
					args = append(args, "--listen", address)
				}
				ctx, cancel := context.WithTimeout(t.Context(), hangsAfter)
				defer cancel()
				code := run(ctx, streams{strings.NewReader(""), &out, &stderr}, args)
				if said := out.String() + stderr.String(); code != 1 || !strings.Contains(said, want) {
					t.Errorf("%s: got exit code %d, %s, want 1, %s", args[0], code, said, want)
				}
			}
			files, err := os.ReadDir(folder)
			if err != nil || len(files) > 1 {
				t.Errorf("the folder: got %v, %v, want that nothing was made in it", files, err)
			}
			for _, file := range files {
				if content, err := os.ReadFile(filepath.Join(folder, file.Name())); err == nil && len(content) < len("whatever") {
					t.Errorf("%s: got %q, want what was there", file.Name(), content)
				}
			}
		})
	}
}

// A folder of one's own is taken whatever the group may do, and through a link.
func TestDataFolderOfOnesOwn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o2775); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "data")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	for _, good := range []string{folder, link, filepath.Join(folder, "not there")} {
		if err := checkDataFolder(good); err != nil {
			t.Errorf("%s: got %v, want no objection", good, err)
		}
	}
}
