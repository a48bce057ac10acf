package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/stdlib"

	"roomkey/meet"
)

const (
	lockRoom   = `SELECT pg_advisory_lock($1)`
	unlockRoom = `SELECT pg_advisory_unlock($1)`

	clockOfDatabase = `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`

	takeLease = `INSERT INTO leases (name, holder, until) VALUES ($1, $2, ` + clockOfDatabase + ` + CAST($3 AS BIGINT))
	ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
		WHERE leases.holder = excluded.holder OR leases.until <= ` + clockOfDatabase

	releaseLease = `DELETE FROM leases WHERE name = $1 AND holder = $2`
)

const (
	roomsLockedAtOnce = 8 // by an instance: each takes a connection

	// lockIdle is how long a lock lasts at most. Nothing else is asked on its connection,
	// and the server ends a connection on which nothing happens. So an instance that has
	// stalled keeps the others from a room no longer than this. It is more than a call may
	// spend on the media server (5 s), and less than others wait for a lock (patience).
	lockIdle = 6 * time.Second
)

// locks are what instances lock for each other.
type locks struct {
	rooms  *sql.DB // a connection for each lock
	others *sql.DB // one connection, for what is done at once
	holder string  // of leases: this instance
}

func openLocks(url, holder string) (*locks, error) {
	config, err := postgresConfig(url)
	if err != nil {
		return nil, err
	}
	bound(config)
	config.RuntimeParams["idle_session_timeout"] = milliseconds(lockIdle)
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: time.Second}
	}
	l := &locks{rooms: stdlib.OpenDB(*config), others: stdlib.OpenDB(*config, pingSeldom), holder: holder}
	for pool, most := range map[*sql.DB]int{l.rooms: roomsLockedAtOnce, l.others: 1} {
		pool.SetMaxOpenConns(most)
		pool.SetMaxIdleConns(most)
		pool.SetConnMaxIdleTime(lockIdle / 2) // before the server ends it
	}
	return l, nil
}

func (l *locks) close() error { return errors.Join(l.rooms.Close(), l.others.Close()) }

// lockKey is the advisory lock of a room. Two rooms that should ever have the same
// one wait for each other.
func lockKey(roomID string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("room " + roomID))
	return int64(h.Sum64())
}

func (l *locks) lock(ctx context.Context, roomID string) (unlock func(), err error) {
	key := lockKey(roomID)
	conn, err := l.rooms.Conn(ctx)
	if err != nil {
		return nil, cancelled(ctx, fmt.Errorf("lock room: %w", err))
	}
	if _, err := conn.ExecContext(ctx, lockRoom, key); err != nil {
		discard(conn) // it may have the lock all the same
		// The statement was cancelled (query_canceled), or has waited for too long (lock_not_available).
		if hasState(err, "57014", "55P03") {
			err = fmt.Errorf("%w: %w", meet.ErrRoomLocked, err)
		}
		return nil, cancelled(ctx, fmt.Errorf("lock room: %w", err))
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postgresConnectWithin)
		defer cancel()
		if _, err := conn.ExecContext(ctx, unlockRoom, key); err != nil {
			discard(conn)
			return
		}
		_ = conn.Close() // back into the pool
	}, nil
}

// discard closes a connection, which ends its locks.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = conn.Close()
}

// cancelled gives the error of a context that has ended, else err.
func cancelled(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w (%w)", ctx.Err(), err)
	}
	return err
}

func (l *locks) holdLease(ctx context.Context, name string, ttl time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, postgresAnswerWithin)
	defer cancel()
	result, err := l.others.ExecContext(ctx, takeLease, name, l.holder, ttl.Milliseconds())
	if err != nil {
		return false, cancelled(ctx, fmt.Errorf("hold lease: %w", err))
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// run runs a statement for itself.
func (l *locks) run(ctx context.Context, doing, text string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, postgresAnswerWithin)
	defer cancel()
	if _, err := l.others.ExecContext(ctx, text, args...); err != nil {
		return cancelled(ctx, fmt.Errorf("%s: %w", doing, err))
	}
	return nil
}
