package datafolder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"roomkey/auth"
	"roomkey/meet"
	"roomkey/store"
)

// Restored is what a restore has done.
type Restored struct {
	MadeAt     time.Time // when the backup was made
	WithSecret bool      // the backup holds a signing secret
	Aside      string    // the folder with what was there before; empty if there was nothing
}

// Restore puts a backup into a data folder that no roomkey uses. With force it
// replaces what is there, and keeps that in another folder.
func Restore(ctx context.Context, folder, file string, force bool) (done Restored, err error) {
	source, err := os.Open(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return done, &meet.Error{Code: meet.CodeNotFound, Message: "There is no file " + file,
			Hint: "Name one that roomkey backup has written."}
	case err != nil:
		return done, fmt.Errorf("read %s: %w", file, WithoutPath(err))
	}
	defer func() { _ = source.Close() }()

	lock, err := Claim(folder)
	if errors.Is(err, ErrInUse) {
		return done, &meet.Error{Code: meet.CodeConflict,
			Message: "The data folder " + folder + " is in use by another roomkey",
			Hint:    "Stop that one first, or choose another folder with --data.", Err: err}
	}
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if there := dataThere(folder); len(there) > 0 && !force {
		return done, &meet.Error{Code: meet.CodeConflict,
			Message: "The data folder " + folder + " holds data already: " + strings.Join(there, ", "),
			Hint:    "Choose another folder with --data, or give --force: then that is kept aside."}
	}
	scratch, err := os.MkdirTemp(folder, ".roomkey-restore-*") // mode 0700
	if err != nil {
		return done, fmt.Errorf("nothing can be written to the data folder %s: %w", folder, WithoutPath(err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	m, err := readArchive(source, scratch)
	if err == nil {
		err = checkRestored(ctx, scratch)
	}
	if err != nil {
		return done, err
	}
	done = Restored{MadeAt: m.MadeAt, WithSecret: m.Files[secretName] != ""}
	done.Aside, err = swap(folder, scratch, m)
	return done, err
}

// replacedFiles are the files that a restore replaces, in the order in which
// they are moved away. A log must not stay: SQLite would apply it to the new
// database.
var replacedFiles = []string{
	DatabaseName, DatabaseName + "-wal", DatabaseName + "-journal", DatabaseName + "-shm", previousName, secretName,
}

func dataThere(folder string) []string {
	var there []string
	for _, name := range replacedFiles {
		if _, err := os.Lstat(filepath.Join(folder, name)); err == nil {
			there = append(there, name)
		}
	}
	return there
}

// checkRestored looks at the files of a backup as serve would.
func checkRestored(ctx context.Context, folder string) error {
	scratch := filepath.Join(folder, "scratch")
	if err := os.Mkdir(scratch, 0o700); err != nil {
		return fmt.Errorf("check the backup: %w", WithoutPath(err))
	}
	_, err := store.Inspect(ctx, filepath.Join(folder, DatabaseName), scratch)
	switch {
	case errors.Is(err, store.ErrNewerSchema):
		return errNewer
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return &meet.Error{Code: meet.CodeInvalid, Message: "The database in the backup is damaged",
			Hint: "Nothing was restored. Use another backup.", Err: err}
	}
	secret := filepath.Join(folder, secretName)
	if _, err := os.Stat(secret); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := auth.OpenKeyring(secret); err != nil {
		return &meet.Error{Code: meet.CodeInvalid, Message: "The signing secret in the backup cannot be used",
			Hint: "Nothing was restored. Use another backup.", Err: err}
	}
	return nil
}

// swap moves what is there into another folder, and the backup's files into its
// place. The database is moved away first and put in place last: if the process
// dies in between, the next one finds no database, and not an old one without
// its log. A backup without a secret leaves the secret that is there.
func swap(folder, scratch string, m manifest) (aside string, err error) {
	for _, name := range dataThere(folder) {
		if (name == secretName || name == previousName) && m.Files[secretName] == "" {
			continue
		}
		if aside == "" {
			name := "before-restore-" + time.Now().UTC().Format("20060102-150405") + "-*"
			if aside, err = os.MkdirTemp(folder, name); err != nil { // mode 0700
				return "", fmt.Errorf("keep the data that is there: %w", WithoutPath(err))
			}
		}
		if err := os.Rename(filepath.Join(folder, name), filepath.Join(aside, name)); err != nil {
			return aside, fmt.Errorf("keep %s in %s: %w", name, aside, WithoutPath(err))
		}
	}
	if aside != "" {
		syncFolder(aside)
	}
	syncFolder(folder)
	for _, name := range keptFiles { // the database last
		if m.Files[name] == "" {
			continue
		}
		if err := os.Rename(filepath.Join(scratch, name), filepath.Join(folder, name)); err != nil {
			return aside, fmt.Errorf("put %s in place: %w", name, WithoutPath(err))
		}
	}
	syncFolder(folder)
	return aside, nil
}
