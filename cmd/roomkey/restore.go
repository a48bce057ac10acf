package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/meet"
	"roomkey/store"
)

func restoreCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup into a data folder that no server uses",
		Long: `Put what roomkey backup has written into a data folder that no server uses.

The backup is checked first. A folder that holds a database or a secret is left
alone unless --force is given; then what is there is kept in a folder beside it.
What happened after the backup was made is not in it: access tokens that were
revoked since then count again, and people who were removed may come back.`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			return restore(cmd.Context(), cfg, args[0], force, cmd.OutOrStdout())
		},
	}
	config.AddSourceFlags(c.Flags())
	c.Flags().BoolVar(&force, "force", false, "also where there is data, which is kept aside")
	return c
}

// restore puts a backup into the data folder.
func restore(ctx context.Context, c config.Config, file string, force bool, out io.Writer) (err error) {
	source, err := os.Open(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &meet.Error{Code: meet.CodeNotFound, Message: "There is no file " + file,
			Hint: "Name one that roomkey backup has written."}
	case err != nil:
		return fmt.Errorf("read %s: %w", file, cause(err))
	}
	defer func() { _ = source.Close() }()

	lock, err := lockData(c.Data)
	if errors.Is(err, errDataInUse) {
		return &meet.Error{Code: meet.CodeConflict, Message: "The data folder " + c.Data + " is in use by another roomkey",
			Hint: "Stop that one first, or choose another folder with --data.", Err: err}
	}
	if err != nil {
		return err
	}
	defer func() {
		if lock != nil {
			err = errors.Join(err, lock.Close())
		}
	}()
	if there := dataThere(c); len(there) > 0 && !force {
		return &meet.Error{Code: meet.CodeConflict, Message: "The data folder " + c.Data + " holds data already: " + strings.Join(there, ", "),
			Hint: "Choose another folder with --data, or give --force: then that is kept aside."}
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", cause(err))
	}
	scratch, err := os.MkdirTemp(c.Data, ".roomkey-restore-*") // mode 0700
	if err != nil {
		return fmt.Errorf("nothing can be written to the data folder %s: %w", c.Data, cause(err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	m, err := readArchive(source, scratch)
	if err == nil {
		err = checkRestored(ctx, scratch)
	}
	if err != nil {
		return err
	}
	aside, err := swap(c, scratch, m)
	if err != nil {
		return err
	}
	return tellRestored(out, c, m, aside)
}

// replaced are the files that a restore replaces, in the order in which they
// go. A log must not stay: SQLite would apply it to the new database.
var replaced = []string{config.DatabaseName, config.DatabaseName + "-wal", config.DatabaseName + "-journal", config.DatabaseName + "-shm",
	previousName, config.SecretName}

// dataThere are the files of a data folder that a restore would replace.
func dataThere(c config.Config) []string {
	var there []string
	for _, name := range replaced {
		if _, err := os.Lstat(filepath.Join(c.Data, name)); err == nil {
			there = append(there, name)
		}
	}
	return there
}

// checkRestored looks at the files of a backup as serve would.
func checkRestored(ctx context.Context, folder string) error {
	scratch := filepath.Join(folder, "scratch")
	if err := os.Mkdir(scratch, 0o700); err != nil {
		return fmt.Errorf("check the backup: %w", cause(err))
	}
	_, err := store.Inspect(ctx, filepath.Join(folder, config.DatabaseName), scratch)
	switch {
	case errors.Is(err, store.ErrNewerSchema):
		return &meet.Error{Code: meet.CodeConflict, Message: "The backup was made by a newer roomkey",
			Hint: "Restore it with that one. Nothing was restored.", Err: err}
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return &meet.Error{Code: meet.CodeInvalid, Message: "The database in the backup is damaged",
			Hint: "Nothing was restored. Use another backup.", Err: err}
	}
	secret := filepath.Join(folder, config.SecretName)
	if _, err := os.Stat(secret); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := auth.OpenKeyring(secret); err != nil {
		return &meet.Error{Code: meet.CodeInvalid, Message: "The signing secret in the backup cannot be used",
			Hint: "Nothing was restored. Use another backup.", Err: err}
	}
	return nil
}

// swap moves what is there into a folder aside, and the backup's files into its
// place. The database goes first and comes last: should the process die in
// between, what starts next finds none, and not an old one without its log. A
// backup without a secret leaves the one that is there.
func swap(c config.Config, scratch string, m manifest) (aside string, err error) {
	for _, name := range dataThere(c) {
		if (name == config.SecretName || name == previousName) && m.Files[config.SecretName] == "" {
			continue
		}
		if aside == "" {
			if aside, err = os.MkdirTemp(c.Data, "before-restore-"+time.Now().UTC().Format("20060102-150405")+"-*"); err != nil { // mode 0700
				return "", fmt.Errorf("keep the data that is there: %w", cause(err))
			}
		}
		if err := os.Rename(filepath.Join(c.Data, name), filepath.Join(aside, name)); err != nil {
			return aside, fmt.Errorf("keep %s in %s: %w", name, aside, cause(err))
		}
	}
	if aside != "" {
		syncFolder(aside)
	}
	syncFolder(c.Data)
	for _, name := range lasting { // the database last
		if m.Files[name] == "" {
			continue
		}
		if err := os.Rename(filepath.Join(scratch, name), filepath.Join(c.Data, name)); err != nil {
			return aside, fmt.Errorf("put %s in place: %w", name, cause(err))
		}
	}
	syncFolder(c.Data)
	return aside, nil
}

func tellRestored(out io.Writer, c config.Config, m manifest, aside string) error {
	text := fmt.Sprintf("Restored the backup of %s into %s. What happened after it was made is not in it: "+
		"access tokens that were revoked since then count again, and people who were removed may come back.\n",
		m.MadeAt.Format("2006-01-02 15:04 UTC"), c.Data)
	if m.Files[config.SecretName] == "" {
		text += "It holds no signing secret: start the server with the auth.secret that it had.\n"
	}
	if aside != "" {
		text += "What was there before is in " + aside + ".\n"
	}
	_, err := io.WriteString(out, text)
	return err
}
