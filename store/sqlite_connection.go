package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// sqliteConnection is a pool of one connection, with the frequent statements
// prepared.
type sqliteConnection struct {
	db       *sql.DB
	prepared map[string]*sql.Stmt // by text
}

func openSQLiteConnection(ctx context.Context, db *sql.DB) (*sqliteConnection, error) {
	c := &sqliteConnection{db, make(map[string]*sql.Stmt, len(hotWrites))}
	for _, text := range hotWrites {
		stmt, err := db.PrepareContext(ctx, unnumbered(text)) //nolint:sqlclosecheck // kept until the pool closes
		if err != nil {
			return nil, fmt.Errorf("prepare write: %w", err)
		}
		c.prepared[text] = stmt
	}
	return c, nil
}

var parameter = regexp.MustCompile(`\$\d+`)

// unnumbered writes "?" for the parameters of a statement if each occurs once and in
// order. For a parameter with a number the driver has SQLite search the list of all
// names, each time that it is bound.
func unnumbered(text string) string {
	n, inOrder := 0, true
	plain := parameter.ReplaceAllStringFunc(text, func(found string) string {
		n++
		inOrder = inOrder && found == "$"+strconv.Itoa(n)
		return "?"
	})
	if !inOrder {
		return text
	}
	return plain
}

func (c *sqliteConnection) begin() (transaction, error) {
	ctx := context.Background() // no caller's end may interrupt the others
	sqlTx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("begin transaction: %w", err)
	}
	return &sqliteTx{ctx: ctx, sql: sqlTx, prepared: c.prepared, used: map[string]*sql.Stmt{}}, nil
}

// close folds the write-ahead log into the file.
func (c *sqliteConnection) close() error {
	_, err := c.db.ExecContext(context.Background(), `PRAGMA wal_checkpoint(TRUNCATE)`)
	return errors.Join(err, c.db.Close())
}

// sqliteTx puts nothing off.
type sqliteTx struct {
	ctx      context.Context
	sql      *sql.Tx
	prepared map[string]*sql.Stmt // on the connection, by text
	used     map[string]*sql.Stmt // those of prepared that this transaction has used
}

// statement gives the prepared statement with a text, or nil.
func (t *sqliteTx) statement(text string) *sql.Stmt {
	if stmt := t.used[text]; stmt != nil {
		return stmt
	}
	stmt := t.prepared[text]
	if stmt != nil {
		stmt = t.sql.StmtContext(t.ctx, stmt)
		t.used[text] = stmt
	}
	return stmt
}

func (t *sqliteTx) result(text string, args []any) (sql.Result, error) {
	if stmt := t.statement(text); stmt != nil { //nolint:sqlclosecheck // closed with the transaction
		return stmt.ExecContext(t.ctx, args...)
	}
	return t.sql.ExecContext(t.ctx, text, args...)
}

func (t *sqliteTx) exec(doing, text string, explain func(error) error, args []any) error {
	_, err := t.result(text, args)
	if err != nil && explain != nil {
		return explain(wrap(doing, err))
	}
	return wrap(doing, err)
}

func (t *sqliteTx) affected(text string, args []any) (int64, error) {
	result, err := t.result(text, args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (t *sqliteTx) query(text string, args []any) (rows, error) {
	if stmt := t.statement(text); stmt != nil { //nolint:sqlclosecheck // closed with the transaction
		return stmt.QueryContext(t.ctx, args...) //nolint:rowserrcheck // scanAll does
	}
	return t.sql.QueryContext(t.ctx, text, args...) //nolint:rowserrcheck // as above
}

// insert asks the driver for the last id; the rows of a statement have ids without a
// gap, because there is one writer. RETURNING would give them too, but costs
// SQLite as much again as the rows.
func (t *sqliteTx) insert(n int, text string, args []any, give func(int, int64)) error {
	result, err := t.result(text, args)
	if err != nil {
		return err
	}
	last, err := result.LastInsertId()
	for i := range n {
		give(i, last-int64(n-1-i))
	}
	return err
}

func (t *sqliteTx) operation(int) {}

func (t *sqliteTx) lateFailure() *lateFailure { return nil }

// commit does not know what a later start of the program will find if the disk
// failed.
func (t *sqliteTx) commit() error {
	err := wrap("commit", t.sql.Commit())
	if diskFailed(err) {
		return unknown(err)
	}
	return err
}

func (t *sqliteTx) rollback() { _ = t.sql.Rollback() }
