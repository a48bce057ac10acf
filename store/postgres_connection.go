package store

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgresConnection is the one that an instance writes on. It is made anew
// when it was lost.
type postgresConnection struct {
	config *pgx.ConnConfig
	conn   *pgx.Conn // nil at first
	usedAt time.Time
	busy   bool         // the last transaction waited long for its turn
	trips  atomic.Int64 // how often something was sent, for tests
}

// lockWriters lets one instance of all write at a time, until the end of its
// transaction. So what a transaction has read cannot change before it commits,
// ids grow in the order of the commits, and no work is lost to deadlocks.
const lockWriters = `SELECT pg_advisory_xact_lock($1)`

// probeIdle is after how long without use it is tried out whether a connection
// still stands: only before a transaction is it known that nothing was done.
const probeIdle = time.Second

func openPostgresConnection(url string) (*postgresConnection, error) {
	config, err := postgresConfig(url)
	if err != nil {
		return nil, err
	}
	bound(config)
	config.RuntimeParams["lock_timeout"] = milliseconds(turnWithin)
	return &postgresConnection{config: config}, nil
}

// begin sends nothing yet, unless the connection has to be tried or made.
func (c *postgresConnection) begin() (transaction, error) {
	if c.conn != nil && time.Since(c.usedAt) > probeIdle {
		ctx, cancel := context.WithTimeout(context.Background(), postgresConnectWithin)
		if c.conn.Ping(ctx) != nil {
			c.drop()
		}
		cancel()
	}
	if c.conn == nil || c.conn.IsClosed() {
		if err := c.connect(); err != nil {
			return nil, fmt.Errorf("begin transaction: %w", err)
		}
	}
	t := &postgresTx{c: c, current: betweenOperations}
	t.putOff(statement{doing: "begin transaction", text: `BEGIN`})
	t.putOff(statement{doing: "wait for the turn to write", text: lockWriters, args: []any{lockOfWriters}})
	t.opening = len(t.pending)
	if c.busy { // an operation that has begun cannot be given up, so none begins before its turn
		if err := t.sendAll(); err != nil {
			t.rollback()
			return nil, err
		}
	}
	return t, nil
}

// busyAfter is how long a transaction waits for its turn before the next ones wait
// for theirs before anything else.
const busyAfter = 100 * time.Millisecond

// turnWithin is how long a transaction waits for its turn to write.
const turnWithin = 5 * time.Second

func (c *postgresConnection) connect() error {
	ctx, cancel := context.WithTimeout(context.Background(), postgresConnectWithin)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, c.config)
	if err != nil {
		return err
	}
	c.conn, c.usedAt = conn, time.Now()
	return nil
}

// drop gives a connection up. The server ends its transaction.
func (c *postgresConnection) drop() {
	if c.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.conn.Close(ctx)
	c.conn = nil
}

func (c *postgresConnection) close() error {
	c.drop()
	return nil
}
