//go:build unix

package datafolder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roomkey/meet"
)

// A data folder into which another user can put files is refused, whichever
// file it is.
func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	type test struct {
		prepare func(folder string) error
		want    string // FOLDER is the folder
	}
	tests := map[string]test{
		"folder": {func(folder string) error { return os.Chmod(folder, 0o777) },
			"the data folder FOLDER can be written to by every user (mode 0777): run chmod 700 on it"},
		"directory": {func(folder string) error { return os.Mkdir(filepath.Join(folder, "lock"), 0o700) },
			"FOLDER/lock is not a regular file"},
	}
	write := func(folder, name string, mode os.FileMode) error {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte("whatever"), 0o600); err != nil {
			return err
		}
		return os.Chmod(path, mode)
	}
	for _, name := range ownFiles {
		tests["link "+name] = test{func(folder string) error {
			return os.Symlink(filepath.Join(folder, "target"), filepath.Join(folder, name))
		}, "FOLDER/" + name + " is a symbolic link"}
		tests["open "+name] = test{func(folder string) error { return write(folder, name, 0o606) },
			"FOLDER/" + name + " can be written to by every user (mode 0606)"}
	}
	if os.Geteuid() == 0 {
		tests["owner"] = test{func(folder string) error { return os.Chown(folder, 12345, -1) },
			"the data folder FOLDER belongs to another user (uid 12345, and roomkey runs as 0)"}
		tests["owner of a file"] = test{func(folder string) error {
			if err := write(folder, secretName, 0o600); err != nil {
				return err
			}
			return os.Chown(filepath.Join(folder, secretName), 12345, -1)
		}, "FOLDER/secret belongs to another user"}
	}
	for name, test := range tests {
		folder := t.TempDir()
		if err := test.prepare(folder); err != nil {
			t.Fatal(err)
		}
		want := strings.ReplaceAll(test.want, "FOLDER", folder)
		if err := Check(folder); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

// A folder of one's own is accepted whatever the group may do, and through a
// link.
func TestCheckAccepts(t *testing.T) {
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
		if err := Check(good); err != nil {
			t.Errorf("%s: got %v, want no objection", good, err)
		}
	}
}

// A backup takes no name in the data folder that would make it a secret or a
// log of the database.
func TestBackupTakesNoOwnName(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range ownFiles {
		file := filepath.Join(folder, name)
		if _, err := Backup(t.Context(), folder, file, "test"); !meet.IsCode(err, meet.CodeConflict) {
			t.Errorf("backup to %s: got %v, want a conflict", name, err)
		}
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) > 0 {
		t.Errorf("the folder: got %v, %v, want that nothing was made in it", files, err)
	}
}
