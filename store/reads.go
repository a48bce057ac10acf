package store

import (
	"context"
	"database/sql"
	"fmt"
)

// hotReads are the point reads, prepared once for each connection.
type hotReads struct {
	roomByID, roomByName, nameTaken, codes, codeAndRoom, join, blocks, presence, tokenRevoked *sql.Stmt
	nameHolder, activeRooms                                                                   *sql.Stmt
}

func (db *DB) prepare(ctx context.Context) error {
	for text, stmt := range map[string]**sql.Stmt{
		selectRoomByID:    &db.hot.roomByID,
		selectRoomByName:  &db.hot.roomByName,
		selectNameTaken:   &db.hot.nameTaken,
		selectCodes:       &db.hot.codes,
		selectCodeAndRoom: &db.hot.codeAndRoom,
		selectJoin:        &db.hot.join,
		selectBlocks:      &db.hot.blocks,
		selectPresence:    &db.hot.presence,

		selectTokenRevoked: &db.hot.tokenRevoked,
		selectNameHolder:   &db.hot.nameHolder,
		selectActiveRooms:  &db.hot.activeRooms,
	} {
		var err error
		if *stmt, err = db.reads.PrepareContext(ctx, text); err != nil { //nolint:sqlclosecheck // kept until the pool closes
			return fmt.Errorf("prepare read: %w", err)
		}
	}
	return nil
}

// briefly is the context of a read that takes microseconds. Such a read runs
// to its end: watching a context costs more than the read itself.
func briefly(ctx context.Context) (context.Context, error) {
	return context.WithoutCancel(ctx), ctx.Err()
}

// list runs a statement that may take long on the read pool, but never on
// more than half of its connections, so that point reads do not wait behind
// lists. Statements are kept by their text, which must be one of a few.
func list[T any](ctx context.Context, db *DB, text string, args []any, pointers func(*T) []any) ([]T, error) {
	select {
	case db.slots <- struct{}{}:
		defer func() { <-db.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	stmt, err := db.kept(ctx, text) //nolint:sqlclosecheck // kept until the pool closes
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	return scanAll(rows, err, pointers)
}

func (db *DB) kept(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := db.lists.Load(text); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := db.reads.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if first, late := db.lists.LoadOrStore(text, stmt); late {
		return first.(*sql.Stmt), stmt.Close() //nolint:sqlclosecheck // the other one is kept
	}
	return stmt, nil
}
