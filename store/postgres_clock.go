package store

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

const selectClock = `SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)`

// clockTrust is how long a reading of the clock may have been on its way to be
// taken in place of one that is not old.
const clockTrust = 200 * time.Millisecond

// clockOld is after how long any reading is better than the last one.
const clockOld = 5 * time.Minute

// databaseClock is the clock of a database: what it said once, and the time that
// has passed here since then. That does not depend on what the clock of this
// machine is set to.
type databaseClock struct {
	last atomic.Pointer[clockReading]
}

type clockReading struct {
	here, there time.Time
}

// set reads the clock.
func (c *databaseClock) set(ctx context.Context, conn *pgx.Conn) error {
	asked := time.Now()
	var micros int64
	if err := conn.QueryRow(ctx, selectClock).Scan(&micros); err != nil {
		return err
	}
	way := time.Since(asked)
	last := c.last.Load()
	if last == nil || way < clockTrust || time.Since(last.here) > clockOld {
		c.last.Store(&clockReading{here: asked.Add(way / 2), there: time.UnixMicro(micros)})
	}
	return nil
}

func (c *databaseClock) now() time.Time {
	last := c.last.Load()
	return last.there.Add(time.Since(last.here))
}
