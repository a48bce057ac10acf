package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/store"
)

const readsWithin = 5 * time.Second

// checkConfiguration looks at what config.Load accepts: whether others can read
// the secrets in the file.
func (d *Doctor) checkConfiguration() {
	if d.File == "" {
		d.ok(checkConfiguration, "defaults, environment and flags; there is no config.yaml here")
		return
	}
	c := d.Config
	secrets := c.Auth.Secret+c.LiveKit.APISecret+c.Metrics.Token+c.Database.URL != "" || len(c.Auth.PreviousSecrets) > 0 ||
		len(c.Webhooks.Endpoints) > 0
	info, err := os.Stat(d.File)
	if err == nil && secrets && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		d.warn(checkConfiguration,
			fmt.Sprintf("%s can be read by others (mode %04o), and roomkey is given secrets", d.File, info.Mode().Perm()),
			"Run chmod 600 on it, or move the secrets into the environment.")
		return
	}
	d.ok(checkConfiguration, "every value in "+d.File+" can be used")
}

// checkData looks at a data folder that no server uses, at the secret and the
// database in it, and leaves them as they are. It says whether the folder is free:
// where another roomkey has it, that one has to be examined.
func (d *Doctor) checkData(ctx context.Context) (free bool) {
	scratch, err := makeScratch(d.Config.Data)
	if err != nil {
		d.fail(checkData, fmt.Sprintf("the data folder %s cannot be made or written to: %v",
			d.Config.Data, datafolder.WithoutPath(err)), "Choose another folder with --data, or let roomkey write there.")
		return true
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	release, err := datafolder.Hold(d.Config.Data)
	if err != nil {
		hint := "Choose another folder with --data, or let roomkey write there."
		if h, holderErr := datafolder.FindHolder(ctx, d.Config.Data); holderErr == nil {
			hint = fmt.Sprintf("It answers at %v: run the doctor with --listen %v and its --config.", h.Address, h.Address)
		}
		d.fail(checkData, oneLine(err), hint)
		return false
	}
	defer func() { _ = release() }()
	_, noFile := os.Stat(datafolder.SecretFile(d.Config.Data))
	if noFile == nil || d.Config.Auth.Secret != "" { // else the start makes a secret
		if _, err := tokens.OpenKeyring(d.Config); err != nil {
			d.fail(checkSecret, oneLine(err), "Without that roomkey serve does not start.")
		}
	}
	if d.Config.Database.URL != "" {
		d.ok(checkData, d.Config.Data+" is used by no other roomkey, and can be written to")
		d.checkPostgres(ctx)
		return true
	}
	if _, err := os.Stat(datafolder.DatabaseFile(d.Config.Data)); errors.Is(err, fs.ErrNotExist) {
		d.ok(checkData, d.Config.Data+" holds no database yet, and can be written to")
		return true
	}
	d.ok(checkData, d.Config.Data+" is used by no other roomkey")
	d.checkDatabase(ctx, scratch)
	return true
}

// makeScratch makes a folder for temporary files inside the data folder, or
// where that would be made. This proves that something can be written there.
func makeScratch(folder string) (scratch string, err error) {
	if folder, err = filepath.Abs(folder); err != nil {
		return "", err
	}
	for parent := filepath.Dir(folder); parent != folder; parent = filepath.Dir(parent) {
		if _, err := os.Stat(folder); err == nil {
			break
		}
		folder = parent
	}
	if scratch, err = os.MkdirTemp(folder, ".roomkey-doctor-*"); err != nil {
		return "", err
	}
	if err = os.WriteFile(filepath.Join(scratch, "space"), make([]byte, 64<<10), 0o600); err != nil {
		return "", errors.Join(err, os.RemoveAll(scratch))
	}
	return scratch, nil
}

func (d *Doctor) checkDatabase(ctx context.Context, scratch string) {
	database := datafolder.DatabaseFile(d.Config.Data)
	file, err := os.OpenFile(database, os.O_RDWR, 0)
	if err != nil {
		d.fail(checkDatabase, fmt.Sprintf("%s cannot be written to: %v", database, datafolder.WithoutPath(err)),
			"Let roomkey write there, and free some space.")
		return
	}
	_ = file.Close() // nothing was written
	ctx, cancel := context.WithTimeout(ctx, readsWithin)
	defer cancel()
	schema, err := store.Inspect(ctx, database, scratch)
	switch {
	case errors.Is(err, store.ErrNewerSchema):
		d.fail(checkDatabase, oneLine(err), "Start the roomkey that was last here, "+
			"or bring back a backup from before it with roomkey restore FILE --force.")
	case errors.Is(err, store.ErrDamaged):
		d.fail(checkDatabase, oneLine(err),
			"Bring back the newest backup with roomkey restore FILE --force, which keeps what is there aside.")
	case err != nil && !errors.Is(err, context.DeadlineExceeded):
		d.fail(checkDatabase, oneLine(err), "Is "+database+" a database of this or an earlier roomkey?")
	case schema.Have > 0 && schema.Have < schema.Know:
		d.warn(checkDatabase, fmt.Sprintf("schema %d; serve brings it to %d, and the older program cannot open it any more",
			schema.Have, schema.Know), fmt.Sprintf("Before that: roomkey backup FILE --data '%s'", d.Config.Data))
	case err != nil:
		d.warn(checkDatabase, fmt.Sprintf("not all of it could be read within %v", readsWithin),
			"It may be too large for that; then all is well.")
	case schema.Have == 0:
		d.ok(checkDatabase, "empty, and can be written to")
	default:
		d.ok(checkDatabase, fmt.Sprintf("schema %d, undamaged, and can be written to", schema.Have))
	}
}

// checkPostgres looks at the database of database.url, on which other roomkeys may
// be running.
func (d *Doctor) checkPostgres(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*readsWithin)
	defer cancel()
	schema, err := store.InspectURL(ctx, d.Config.Database.URL)
	switch {
	case errors.Is(err, store.ErrNewerSchema):
		d.fail(checkDatabase, oneLine(err), "Start the roomkey that was last here.")
	case err != nil:
		d.fail(checkDatabase, oneLine(err), "Check database.url, and whether PostgreSQL runs there and lets roomkey in.")
	case schema.Have > 0 && schema.Have < schema.Know:
		d.warn(checkDatabase, fmt.Sprintf("schema %d; serve brings it to %d, and the older program cannot open it any more",
			schema.Have, schema.Know), "Before that: pg_dump.")
	case schema.Have == 0:
		d.ok(checkDatabase, "nothing of roomkey's is in it yet")
	default:
		d.ok(checkDatabase, fmt.Sprintf("schema %d, and PostgreSQL answers", schema.Have))
	}
}
