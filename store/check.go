package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrDamaged says that a file is no database, or not a whole one.
var ErrDamaged = errors.New("the database is damaged")

// checkWithin bounds how long a start waits until every page of the database
// was looked at. That is some hundred megabytes; of a larger one the check goes
// on while the program serves (see [DB.Check]).
const checkWithin = 2 * time.Second

// checkWhole looks at every page of a database. It gives [ErrDamaged] where one
// is wrong, and the context's error where there was not enough time.
func checkWhole(ctx context.Context, dialect *dialect, db *sql.DB) error {
	var wrong string
	switch err := db.QueryRowContext(ctx, dialect.checkPages).Scan(&wrong); {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("check database: %w", dialect.explain(err))
	case wrong != "ok":
		return fmt.Errorf("%w (%s)", ErrDamaged, strings.Join(strings.Fields(wrong), " "))
	}
	return nil
}

// checkAtStart is checkWhole for a limited time. It says whether everything was
// looked at.
func checkAtStart(ctx context.Context, dialect *dialect, db *sql.DB, within time.Duration) (whole bool, err error) {
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err = checkWhole(limited, dialect, db)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return false, nil
	}
	return err == nil, err
}

// Check looks at the pages of the database that Open had no time for; where it
// had, there is nothing to do. After it has found one that is wrong, Ping fails.
func (db *DB) Check(ctx context.Context) error {
	if db.checked || db.dialect.checkPages == "" {
		return nil
	}
	err := checkWhole(ctx, db.dialect, db.statements.pool)
	if err != nil && ctx.Err() == nil {
		db.damage.Store(&err)
	}
	return err
}
