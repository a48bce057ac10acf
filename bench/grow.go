package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"modernc.org/sqlite"
)

// keyColumns are unique to a row, or point at such a column.
var keyColumns = []string{"id", "name", "code", "room_id"}

func isKey(column string) bool { return slices.Contains(keyColumns, column) }

func init() {
	sqlite.MustRegisterDeterministicScalarFunction("lookalike", 2,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			template, isText := args[0].(string)
			i, isNumber := args[1].(int64)
			if !isText || !isNumber {
				return nil, fmt.Errorf("lookalike of %T and %T", args[0], args[1])
			}
			return lookalike(template, i), nil
		})
}

// lookalike gives the i-th text of the template's shape: another letter for a
// letter, another digit for a digit, and the rest as it is. It gives the same
// text each time, and the texts are spread evenly, as random keys are.
func lookalike(template string, i int64) string {
	hash := fnv.New64a()
	hash.Write([]byte(template))
	random := rand.New(rand.NewPCG(hash.Sum64(), uint64(i)))
	letters := 26
	if !strings.ContainsFunc(strings.ToLower(template), func(r rune) bool { return r > 'f' }) {
		letters = 6 // hexadecimal stays hexadecimal
	}
	out := []byte(template)
	for at, c := range out {
		switch {
		case 'a' <= c && c <= 'z':
			out[at] = 'a' + byte(random.IntN(letters))
		case 'A' <= c && c <= 'Z':
			out[at] = 'A' + byte(random.IntN(letters))
		case '0' <= c && c <= '9':
			out[at] = '0' + byte(random.IntN(10))
		}
	}
	return string(out)
}

// growDatabase copies the room with that id, and its codes, n times. The ids
// of the copies are lookalike(id, 1) to lookalike(id, n). Roomkey must not be
// running. Columns are read from the database, and every row is a copy of one
// that Roomkey has written, so its migrations seldom change anything here.
func growDatabase(ctx context.Context, dir, id string, n int) error {
	file, err := findDatabase(dir)
	if err != nil {
		return err
	}
	// The file is of no value until it is complete, so it need not be safe.
	db, err := openSQLite(file, "_pragma=synchronous(OFF)&_pragma=foreign_keys(0)&_pragma=cache_size(-500000)")
	if err != nil {
		return err
	}
	defer db.Close()

	for _, table := range []struct{ name, key string }{{"rooms", "id"}, {"codes", "room_id"}} {
		if err := copyRows(ctx, db, table.name, table.key, id, n); err != nil {
			return fmt.Errorf("grow %s: %w", table.name, err)
		}
	}
	if _, err = db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return err
	}
	return flush(file) // else the system writes it while something is measured
}

// flush waits until a file is on disk.
func flush(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// copyRows copies the rows of a table whose key column has that value. An
// index is built faster than it is kept up to date, so they go before and come
// back after.
func copyRows(ctx context.Context, db *sql.DB, table, key, value string, n int) error {
	insert, err := copyStatement(ctx, db, table, key)
	if err != nil {
		return err
	}
	const indexes = ` FROM sqlite_schema WHERE type = 'index' AND tbl_name = $1 AND sql <> ''`
	drop, err := texts(ctx, db, `SELECT 'DROP INDEX ' || name`+indexes, table)
	if err != nil {
		return err
	}
	create, err := texts(ctx, db, `SELECT sql`+indexes, table)
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, strings.Join(drop, ";")); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, insert, n, value); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, strings.Join(create, ";"))
	return err
}

// copyStatement gives the SQL that copies the rows whose key column is $2,
// once for every number from 1 to $1, in the order of their first column:
// that is the primary key, and the order with the fewest page writes.
func copyStatement(ctx context.Context, db *sql.DB, table, key string) (string, error) {
	columns, err := texts(ctx, db, `SELECT name FROM pragma_table_info($1) ORDER BY cid`, table)
	if err == nil && len(columns) == 0 {
		err = errors.New("no such table")
	}
	if err != nil {
		return "", err
	}
	values := make([]string, len(columns))
	for i, column := range columns {
		values[i] = "t." + column
		if isKey(column) {
			values[i] = "lookalike(t." + column + ", n.i)"
		}
	}
	return fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO %s (%s) SELECT %s FROM %s AS t, n WHERE t.%s = $2 ORDER BY 1`,
		table, strings.Join(columns, ", "), strings.Join(values, ", "), table, key), nil
}

// texts gives the only column of a query's rows.
func texts(ctx context.Context, db *sql.DB, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

// findDatabase gives the SQLite file of a data directory.
func findDatabase(dir string) (string, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*.db"))
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("want one database in %s, found %d", dir, len(found))
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}
