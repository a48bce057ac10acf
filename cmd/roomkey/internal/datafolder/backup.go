package datafolder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"roomkey/auth"
	"roomkey/meet"
	"roomkey/store"
)

// Backup writes the files of a data folder that have to be kept to a file that
// does not exist yet. Until the backup is complete it has another name. version
// is that of this program. It says whether there was a signing secret.
func Backup(ctx context.Context, folder, file, version string) (withSecret bool, err error) {
	if err := errors.Join(checkTarget(file), checkNotOwn(folder, file)); err != nil {
		return false, err
	}
	if err := Check(folder); err != nil {
		return false, err
	}
	scratch, err := os.MkdirTemp(filepath.Dir(file), ".roomkey-backup-*") // mode 0700
	if err != nil {
		return false, meet.Invalid("", fmt.Sprintf("nothing can be written beside %s: %v", file, WithoutPath(err)),
			"Name a file in a folder that is there.")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()

	secret := SecretFile(folder)
	paths := map[string]string{
		DatabaseName: filepath.Join(scratch, DatabaseName), secretName: secret, previousName: auth.PreviousFile(secret)}
	schema, err := store.Backup(ctx, DatabaseFile(folder), paths[DatabaseName])
	if errors.Is(err, store.ErrNoDatabase) {
		return false, NoDatabase(folder, err)
	}
	if err != nil {
		return false, err
	}
	m := manifest{Format: archiveFormat, MadeAt: time.Now().UTC().Truncate(time.Second),
		Version: version, Schema: schema.Have, Files: map[string]string{}}
	complete := filepath.Join(scratch, "complete")
	if err := writeFile(complete, m, paths); err != nil {
		return false, err
	}
	return m.Files[secretName] != "", placeNew(complete, file)
}

// NoDatabase is the error of a command that needs the database of a data folder
// which has none.
func NoDatabase(folder string, err error) *meet.Error {
	return &meet.Error{Code: meet.CodeNotFound, Message: "There is no database in " + folder,
		Hint: "Give the --data of the server.", Err: err}
}

// checkTarget refuses a file that is there before anything is done.
func checkTarget(file string) error {
	_, err := os.Lstat(file)
	switch {
	case err == nil:
		return &meet.Error{Code: meet.CodeConflict, Message: file + " is there already and is not overwritten",
			Hint: "Name another file."}
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return meet.Invalid("", fmt.Sprintf("%s cannot be written: %v", file, WithoutPath(err)), "Name another file.")
}

// checkNotOwn refuses the name of a file of the data folder: roomkey would read
// the backup as its secret, or as a log of its database.
func checkNotOwn(folder, file string) error {
	if !slices.Contains(ownFiles, filepath.Base(file)) || !SameFile(filepath.Dir(file), folder) {
		return nil
	}
	return &meet.Error{Code: meet.CodeConflict,
		Message: file + " is the name of a file that roomkey keeps in its data folder", Hint: "Name another file."}
}

// SameFile says whether two paths are of the same file or folder, which exists.
func SameFile(a, b string) bool {
	one, errA := os.Stat(a)
	other, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(one, other)
}

// writeFile writes an archive that is on the disk when it returns.
func writeFile(path string, m manifest, paths map[string]string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the backup: %w", WithoutPath(err))
	}
	err = writeArchive(file, m, paths)
	return errors.Join(err, file.Sync(), file.Close())
}

// placeNew gives a file its name, unless another file has that name by now.
func placeNew(from, to string) error {
	claim, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return checkTarget(to)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", to, WithoutPath(err))
	}
	if err = errors.Join(claim.Close(), os.Rename(from, to)); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", to, WithoutPath(err)), os.Remove(to))
	}
	syncFolder(filepath.Dir(to))
	return nil
}

// syncFolder writes renames in a folder to the disk, where the system can do
// that.
func syncFolder(folder string) {
	if f, err := os.Open(folder); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}

// WithoutPath is an error of the operating system without the path, which the
// caller names.
func WithoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
