package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
)

// moveBatch is how many rows a statement inserts.
const moveBatch = 200

// moveOfTable moves the rows of one table.
type moveOfTable struct {
	source, target *moveSide
	table          string
	tell           func(MoveProgress)

	columns []string
	insert  *sql.Stmt // of a full batch
}

// rowSum stands for the rows of a table, in whatever order: their number, and the
// sum of a hash of each. Another value in any of them makes another sum.
type rowSum struct {
	rows int64
	sum  uint64
}

func (m *moveOfTable) run(ctx context.Context) (err error) {
	progress := MoveProgress{Table: m.table}
	if err := m.source.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+m.table).Scan(&progress.All); err != nil {
		return m.source.dialect.explain(err)
	}
	if err := m.prepare(ctx); err != nil {
		return err
	}
	defer func() { _ = m.insert.Close() }()
	batch := make([]any, 0, moveBatch*len(m.columns))
	seed := maphash.MakeSeed()
	sent, err := m.read(ctx, m.source, seed, func(row []any) error {
		batch = append(batch, row...)
		if len(batch) < cap(batch) {
			return nil
		}
		_, err := m.insert.ExecContext(ctx, batch...)
		batch = batch[:0]
		progress.Rows += moveBatch
		m.tell(progress)
		return err
	})
	if err == nil && len(batch) > 0 {
		_, err = m.target.tx.ExecContext(ctx, m.insertText(len(batch)/len(m.columns)), batch...)
	}
	if err != nil {
		return err
	}
	arrived, err := m.read(ctx, m.target, seed, func([]any) error { return nil })
	if err == nil && (arrived != sent || sent.rows != progress.All) {
		err = fmt.Errorf("%d rows of %d: %w", arrived.rows, progress.All, errChanged)
	}
	if err != nil {
		return err
	}
	progress.Rows, progress.Checked = sent.rows, true
	m.tell(progress)
	return nil
}

// prepare reads which columns there are, and prepares the statement.
func (m *moveOfTable) prepare(ctx context.Context) (err error) {
	if m.columns, err = columnsOf(ctx, m.source.tx, m.table); err != nil {
		return err
	}
	columns, err := columnsOf(ctx, m.target.tx, m.table)
	if err != nil {
		return err
	}
	if !slices.Equal(columns, m.columns) {
		return fmt.Errorf("the columns differ: %s, and %s", strings.Join(m.columns, ", "), strings.Join(columns, ", "))
	}
	m.insert, err = m.target.tx.PrepareContext(ctx, m.insertText(moveBatch))
	return err
}

// insertText inserts n rows.
func (m *moveOfTable) insertText(n int) string {
	text := []byte(`INSERT INTO ` + m.table + ` (` + strings.Join(m.columns, `, `) + `) VALUES `)
	for i := range n * len(m.columns) {
		switch {
		case i == 0:
			text = append(text, `($`...)
		case i%len(m.columns) == 0:
			text = append(text, `), ($`...)
		default:
			text = append(text, `, $`...)
		}
		text = strconv.AppendInt(text, int64(i+1), 10)
	}
	return string(append(text, ')'))
}

// read reads all rows of one side, as the target can keep them.
func (m *moveOfTable) read(ctx context.Context, side *moveSide, seed maphash.Seed, each func(row []any) error) (
	total rowSum, err error,
) {
	text := `SELECT ` + strings.Join(m.columns, `, `) + ` FROM ` + m.table //nolint:gosec // G202: names of ours
	rows, err := side.tx.QueryContext(ctx, text)
	if err != nil {
		return total, side.dialect.explain(err)
	}
	defer func() { _ = rows.Close() }()
	row, pointers := make([]any, len(m.columns)), make([]any, len(m.columns))
	for i := range row {
		pointers[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			return total, err
		}
		hash, err := hashOf(m.target.dialect.storable(row), seed)
		if err == nil {
			err = each(row)
		}
		if err != nil {
			return total, err
		}
		total.rows++
		total.sum += hash
	}
	return total, side.dialect.explain(rows.Err())
}

// hashOf tells rows apart.
func hashOf(row []any, seed maphash.Seed) (uint64, error) {
	var hash maphash.Hash
	hash.SetSeed(seed)
	for _, value := range row {
		switch v := value.(type) {
		case nil:
			_ = hash.WriteByte(0)
		case int64:
			_, _ = hash.Write(binary.BigEndian.AppendUint64([]byte{1}, uint64(v))) //nolint:gosec // G115: bits
		case string:
			_, _ = hash.Write(binary.BigEndian.AppendUint64([]byte{2}, uint64(len(v))))
			_, _ = hash.WriteString(v)
		default:
			return 0, fmt.Errorf("a column has the type %T", value)
		}
	}
	return hash.Sum64(), nil
}
