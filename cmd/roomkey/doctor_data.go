package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/store"
)

// doctorReadsWithin is how long the doctor reads in a database at most.
const doctorReadsWithin = 5 * time.Second

// temporaryFolder is for what must leave the data folder as it is. It is made
// in there, or where that would be, which proves that something can be written.
func (d *doctor) temporaryFolder() (folder string, ok bool) {
	parent := absolute(d.config.Data)
	for {
		if _, err := os.Stat(parent); err == nil || parent == filepath.Dir(parent) {
			break
		}
		parent = filepath.Dir(parent)
	}
	folder, err := os.MkdirTemp(parent, ".roomkey-doctor-*")
	if err != nil {
		d.fail(partData, fmt.Sprintf("the data folder %s cannot be made or written to: %v", d.config.Data, cause(err)),
			"Choose another folder with --data, or let roomkey write there.")
		return "", false
	}
	return folder, true
}

// isolated is the configuration to examine, on another data folder, but with
// the signing secret that there is.
func (d *doctor) isolated(folder string) (config.Config, error) {
	c := d.config
	if _, err := os.Stat(c.SecretFile()); err == nil && c.Auth.Secret == "" {
		secret, _, err := tokens.Open(c)
		if err != nil {
			return c, err
		}
		c.Auth.Secret = string(secret)
	}
	c.Data = folder
	return c, nil
}

// checkData looks at the data folder and its database, which no roomkey uses,
// and leaves them as they are.
func (d *doctor) checkData(ctx context.Context, p *patient) {
	database := d.config.DatabaseFile()
	if _, err := os.Stat(database); errors.Is(err, fs.ErrNotExist) {
		d.ok(partData, d.config.Data+" holds no database yet; a temporary folder in its place is used")
		return
	}
	d.ok(partData, d.config.Data+" is used by no other roomkey")
	p.examined = true
	if !d.checkWritable(d.config.Data) {
		return
	}
	scratch := filepath.Join(p.data, "copy")
	if err := os.Mkdir(scratch, 0o700); err != nil {
		d.fail(partDatabase, "there is no room for a copy to look at: "+cause(err).Error(), "Let roomkey write there, and free some space.")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, doctorReadsWithin)
	defer cancel()
	schema, err := store.Inspect(ctx, database, scratch)
	slow := errors.Is(err, context.DeadlineExceeded)
	switch {
	case errors.Is(err, store.ErrNewerSchema):
		d.fail(partDatabase, oneLine(err), "Start the roomkey that was last here, or bring back a backup from before it with roomkey restore FILE --force.")
	case errors.Is(err, store.ErrDamaged):
		d.fail(partDatabase, oneLine(err), "Bring back the newest backup with roomkey restore FILE --force, which keeps what is there aside.")
	case err != nil && !slow:
		d.fail(partDatabase, oneLine(err), "Is "+database+" a database of this or an earlier roomkey?")
	case schema.Have > 0 && schema.Have < schema.Know:
		d.warn(partDatabase, fmt.Sprintf("schema %d; serve brings it to %d, and the older program cannot open it any more", schema.Have, schema.Know),
			"Before that: roomkey backup FILE --data "+shellWord(d.config.Data))
	case slow:
		d.warn(partDatabase, fmt.Sprintf("not all of it could be read within %v", doctorReadsWithin), "It may be too large for that; then all is well.")
	case schema.Have == 0:
		d.ok(partDatabase, "empty, and can be written to")
	default:
		d.ok(partDatabase, fmt.Sprintf("schema %d, undamaged, and can be written to", schema.Have))
	}
}

// checkWritable says whether the database can grow.
func (d *doctor) checkWritable(folder string) bool {
	const hint = "Let roomkey write there, and free some space."
	for _, name := range []string{"roomkey.db", "roomkey.db-wal", "roomkey.db-shm"} {
		if err := datafolder.MayWrite(filepath.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.fail(partDatabase, fmt.Sprintf("%s cannot be written to: %v", filepath.Join(folder, name), err), hint)
			return false
		}
	}
	if err := tryWrite(folder); err != nil {
		d.fail(partDatabase, fmt.Sprintf("nothing can be written to %s: %v", folder, cause(err)), hint)
		return false
	}
	return true
}

// tryWrite puts a file into a folder and takes it away again.
func tryWrite(folder string) error {
	file, err := os.CreateTemp(folder, ".roomkey-doctor-*")
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, 64<<10))
	return errors.Join(err, file.Sync(), file.Close(), os.Remove(file.Name()))
}
