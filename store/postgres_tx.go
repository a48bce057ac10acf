package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// postgresTx puts off all that gives nothing, and sends it together with the
// next query or the commit. What one operation writes goes with what the next one
// reads, so operations that share a commit take a round trip each, however many
// statements they have.
type postgresTx struct {
	c       *postgresConnection
	pending []statement
	opening int  // how many of the first statements begin the transaction
	begun   bool // the database has taken them
	current int  // the operation that the next statements are of
	late    *lateFailure
}

// statement is one that was put off.
type statement struct {
	operation   int
	doing, text string
	args        []any
	explain     func(error) error           // may be nil
	read        func(rows rows) error       // nil where nothing is given
	tag         func(tag pgconn.CommandTag) // may be nil
}

func (s *statement) fail(err error) error {
	err = wrap(s.doing, err)
	if s.explain != nil {
		err = s.explain(err)
	}
	return err
}

func (t *postgresTx) putOff(s statement) {
	s.operation = t.current
	t.pending = append(t.pending, s)
}

func (t *postgresTx) exec(doing, text string, explain func(error) error, args []any) error {
	t.putOff(statement{doing: doing, text: text, explain: explain, args: args})
	return nil
}

func (t *postgresTx) insert(_ int, text string, args []any, give func(int, int64)) error {
	t.putOff(statement{doing: "insert", text: text + ` RETURNING id`, args: args, read: func(rows rows) error {
		var id int64
		for i := 0; rows.Next(); i++ {
			if err := rows.Scan(&id); err != nil {
				return err
			}
			give(i, id)
		}
		return rows.Err()
	}})
	return nil
}

func (t *postgresTx) affected(text string, args []any) (n int64, err error) {
	t.putOff(statement{doing: "change", text: text, args: args,
		tag: func(tag pgconn.CommandTag) { n = tag.RowsAffected() }})
	err = t.sendAll()
	return n, err
}

func (t *postgresTx) query(text string, args []any) (rows, error) {
	t.putOff(statement{text: text, args: args})
	sent, _, err := t.send(1)
	if err != nil {
		return nil, err
	}
	found, err := sent.results.Query()
	if err != nil {
		_ = sent.Close()
		return nil, err
	}
	sent.Rows = found
	return sent, nil
}

// sendAll sends all that is pending and reads the results.
func (t *postgresTx) sendAll() error {
	sent, _, err := t.send(0)
	if err != nil {
		return err
	}
	return sent.Close()
}

// send sends all that is pending. It reads the results up to the last ones, as
// many as unread, which are left to the caller, and says which statement failed. A
// first send that finds the connection dead goes to a new one, if it is known that
// nothing was done.
func (t *postgresTx) send(unread int) (*sentRows, int, error) {
	pending := t.pending
	t.pending = nil
	sent, failed, err := t.try(pending, unread)
	if err != nil && !t.begun && failed == 0 && postgresLost(err) &&
		(pending[len(pending)-1].text != commit || saysPostgres(err)) {
		t.c.drop()
		if err = t.c.connect(); err == nil {
			sent, failed, err = t.try(pending, unread)
		}
	}
	return sent, failed, err
}

// saysPostgres says whether an error came from the server.
func saysPostgres(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e)
}

// try also says which statement failed.
func (t *postgresTx) try(pending []statement, unread int) (*sentRows, int, error) {
	if t.c.conn == nil {
		return nil, 0, errConnectionLost
	}
	var batch pgx.Batch
	for _, s := range pending {
		batch.Queue(s.text, s.args...)
	}
	t.c.trips.Add(1)
	ctx, cancel := context.WithTimeout(context.Background(), postgresAnswerWithin)
	sent := &sentRows{results: t.c.conn.SendBatch(ctx, &batch), t: t, cancel: cancel}
	asked := time.Now()
	for i := range pending[:len(pending)-unread] {
		if err := sent.readOne(&pending[i]); err != nil {
			_ = sent.Close()
			t.c.busy = t.c.busy || hasState(err, "55P03") // lock_not_available
			failure := pending[i].fail(err)
			if of := pending[i].operation; of != betweenOperations && of != t.current && saysPostgres(err) {
				t.late = &lateFailure{operation: of, err: failure}
			}
			return nil, i, failure
		}
		if !t.begun && i+1 == t.opening {
			t.begun, t.c.busy = true, time.Since(asked) > busyAfter
		}
	}
	return sent, 0, nil
}

var errConnectionLost = errors.New("the connection to the database was lost")

// sentRows are the results of statements that were sent, and the rows of the last.
type sentRows struct {
	pgx.Rows
	results pgx.BatchResults
	t       *postgresTx
	cancel  context.CancelFunc
}

func (r *sentRows) readOne(s *statement) error {
	if s.read == nil {
		tag, err := r.results.Exec()
		if err == nil && s.tag != nil {
			s.tag(tag)
		}
		return err
	}
	found, err := r.results.Query()
	if err != nil {
		return err
	}
	defer found.Close()
	return s.read(&sentRows{Rows: found})
}

// Close ends what was sent. The connection is free after it.
func (r *sentRows) Close() error {
	if r.Rows != nil {
		r.Rows.Close()
	}
	if r.results == nil {
		return nil
	}
	err := r.results.Close()
	r.cancel()
	if r.t.c.conn.IsClosed() {
		r.t.c.conn = nil
	}
	return err
}

func (t *postgresTx) operation(n int) { t.current = n }

func (t *postgresTx) lateFailure() *lateFailure { return t.late }

// simple runs statements without arguments that are not prepared.
func (t *postgresTx) simple(doing, text string) error {
	if t.c.conn == nil {
		return errConnectionLost
	}
	t.c.trips.Add(1)
	ctx, cancel := context.WithTimeout(context.Background(), postgresAnswerWithin)
	defer cancel()
	_, err := t.c.conn.Exec(ctx, text, pgx.QueryExecModeSimpleProtocol)
	return wrap(doing, err)
}

const commit = `COMMIT`

func (t *postgresTx) commit() error {
	defer t.used()
	if !t.begun && len(t.pending) == t.opening {
		return nil // nothing was asked for
	}
	rolledBack := false
	t.putOff(statement{doing: "commit", text: commit, tag: func(tag pgconn.CommandTag) {
		rolledBack = tag.String() != commit
	}})
	last := len(t.pending) - 1
	sent, failed, err := t.send(0)
	if err == nil {
		err = sent.Close()
		failed = last
	}
	var refused *pgconn.PgError
	var connect *pgconn.ConnectError
	switch {
	case err == nil && rolledBack:
		return errors.New("commit: the database has rolled the transaction back")
	case err == nil:
		return nil
	case t.late != nil, errors.As(err, &refused) && (failed < last || refused.Severity == "ERROR"),
		pgconn.SafeToRetry(err), errors.As(err, &connect), errors.Is(err, errConnectionLost):
		t.rollback() // it is known not to be there
		return err
	}
	t.c.drop()
	return unknown(err)
}

func (t *postgresTx) rollback() {
	defer t.used()
	t.pending = nil
	if t.c.conn == nil || t.c.conn.PgConn().TxStatus() == 'I' {
		return
	}
	if t.simple("roll back", `ROLLBACK`) != nil {
		t.c.drop()
	}
}

func (t *postgresTx) used() { t.c.usedAt = time.Now() }
