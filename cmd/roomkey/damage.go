package main

import (
	"context"
	"errors"
	"fmt"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/store"
)

// databaseError says what to do about a database that is damaged; any other
// error is as it was.
func databaseError(c config.Config, err error) error {
	if !errors.Is(err, store.ErrDamaged) {
		return err
	}
	return fmt.Errorf("%s: %w: %s", datafolder.DatabaseFile(c.Data), err, restoreHint)
}

const restoreHint = "bring back the newest backup with roomkey restore FILE --force, which keeps what is there aside"

// checkDatabase looks at the part of a large database that the start had no
// time for. Where it is damaged, the program is not ready any more.
func (a *app) checkDatabase(ctx context.Context) {
	if err := a.store.Check(ctx); errors.Is(err, store.ErrDamaged) {
		a.log.Error("the database is damaged: stop, and "+restoreHint, "err", err)
	} else if err != nil && ctx.Err() == nil {
		a.log.Warn("the database could not be checked", "err", err)
	}
}
