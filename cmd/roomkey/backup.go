package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/meet"
	"roomkey/store"
)

func backupCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write database and signing secret to one file, also while a server runs",
		Long: `Write the database and the signing secret to one file, also while a server
runs: it is not disturbed, and everything that was answered before is in the
file. What the file holds was checked when the command ends.

Everybody who has the file can sign access tokens: its mode is 0600, keep it so. A
secret in the configuration (auth.secret) is not in it.`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			return backup(cmd.Context(), cfg, args[0], cmd.OutOrStdout())
		},
	}
	config.AddSourceFlags(c.Flags())
	return c
}

// backup writes a backup to a file that is not there yet. Until it is whole it
// lies beside, under another name.
func backup(ctx context.Context, c config.Config, file string, out io.Writer) (err error) {
	if err := errors.Join(checkTarget(file), checkNotOwn(c, file)); err != nil {
		return err
	}
	if err := checkDataFolder(c.Data); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(filepath.Dir(file), ".roomkey-backup-*") // mode 0700
	if err != nil {
		return meet.Invalid("", fmt.Sprintf("nothing can be written beside %s: %v", file, cause(err)),
			"Name a file in a folder that is there.")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()

	m := manifest{MadeAt: time.Now().UTC().Truncate(time.Second), Version: buildVersion().Version}
	paths := map[string]string{config.DatabaseName: filepath.Join(scratch, config.DatabaseName)}
	schema, err := store.Backup(ctx, c.DatabaseFile(), paths[config.DatabaseName])
	if errors.Is(err, store.ErrNoDatabase) {
		return &meet.Error{Code: meet.CodeNotFound, Message: "There is no database in " + c.Data,
			Hint: "Give the --data of the server.", Err: err}
	}
	if err != nil {
		return databaseError(c, err)
	}
	m.Schema = schema.Have
	for name, path := range map[string]string{config.SecretName: c.SecretFile(), previousName: auth.PreviousFile(c.SecretFile())} {
		if _, err := os.Stat(path); err == nil {
			paths[name] = path
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read %s: %w", path, cause(err))
		}
	}
	whole := filepath.Join(scratch, "whole")
	if err := writeWhole(whole, m, paths); err != nil {
		return err
	}
	if err := placeNew(whole, file); err != nil {
		return err
	}
	return tellBackup(out, file, paths[config.SecretName] != "")
}

func tellBackup(out io.Writer, file string, secret bool) error {
	what := "the database and the signing secret: everybody who has it can sign access tokens"
	if !secret {
		what = "the database; there is no signing secret in the data folder, so keep auth.secret as well"
	}
	_, err := fmt.Fprintf(out, "Wrote %s. It holds %s.\n", file, what)
	return err
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
	return meet.Invalid("", fmt.Sprintf("%s cannot be written: %v", file, cause(err)), "Name another file.")
}

// checkNotOwn refuses a name by which roomkey would take a backup for a file of
// its own, as a secret or a log of the database.
func checkNotOwn(c config.Config, file string) error {
	if !slices.Contains(ownFiles, filepath.Base(file)) || !sameFolder(filepath.Dir(file), c.Data) {
		return nil
	}
	return &meet.Error{Code: meet.CodeConflict, Message: file + " is the name of a file that roomkey keeps in its data folder", Hint: "Name another file."}
}

// sameFolder says whether two paths lead to one folder, which exists.
func sameFolder(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// writeWhole writes an archive that is on disk when it returns.
func writeWhole(path string, m manifest, paths map[string]string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the backup: %w", cause(err))
	}
	err = writeArchive(file, m, paths)
	return errors.Join(err, file.Sync(), file.Close())
}

// placeNew gives a file its name, unless there is another one by now. Nobody
// sees half of it.
func placeNew(from, to string) error {
	claim, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return checkTarget(to)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", to, cause(err))
	}
	if err = errors.Join(claim.Close(), os.Rename(from, to)); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", to, cause(err)), os.Remove(to))
	}
	syncFolder(filepath.Dir(to))
	return nil
}

// syncFolder makes renames in a folder survive a power cut, where the system
// can do that.
func syncFolder(folder string) {
	if f, err := os.Open(folder); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}
