package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// probeEvery is how often at most it is tried out whether writes succeed. A
// commit of anybody's within that time says it as well.
const probeEvery = time.Second

// probeSize is how much room there has to be beside the database, in bytes.
const probeSize = 64 << 10

// A probe finds out whether writes succeed, once for all who ask at the same
// time.
type probe struct {
	folder string        // of the database; empty if it is on another machine
	turn   chan struct{} // holds a value while somebody tries

	at  time.Time // of the last try; with err it belongs to who has the turn
	err error

	committed atomic.Int64 // when the last commit succeeded, in Unix nanoseconds; 0 after one that failed
}

func newProbe(folder string) *probe {
	return &probe{folder: folder, turn: make(chan struct{}, 1)}
}

// note is called after each commit.
func (p *probe) note(ok bool) {
	if ok {
		p.committed.Store(time.Now().UnixNano())
		return
	}
	p.committed.Store(0)
}

// ask says whether writes succeed. try makes one, if need be.
func (p *probe) ask(ctx context.Context, try func(context.Context) error) error {
	if time.Since(time.Unix(0, p.committed.Load())) < probeEvery {
		return ctx.Err()
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if time.Since(p.at) < probeEvery {
		return p.err
	}
	err := errors.Join(p.tryRoom(), try(ctx))
	if ctx.Err() == nil { // else it says nothing about the database
		p.at, p.err = time.Now(), err
	}
	return err
}

// tryRoom says whether there is room for a little more. A commit may fit into
// what the log already has of the disk.
func (p *probe) tryRoom() error {
	if p.folder == "" {
		return nil
	}
	file, err := os.CreateTemp(p.folder, ".roomkey-probe-*")
	if err != nil {
		return fmt.Errorf("make a file beside the database: %w", err)
	}
	removed := os.Remove(file.Name()) // at once, so that nothing stays after a crash
	_, err = file.Write(make([]byte, probeSize))
	if err = errors.Join(err, file.Close()); removed != nil {
		err = errors.Join(err, os.Remove(file.Name()))
	}
	if err != nil {
		return fmt.Errorf("write to a file beside the database: %w", err)
	}
	return nil
}

const selectAnyRoom = `SELECT 1 FROM rooms LIMIT 1`

// Ping implements [meet.Store]. It reads data from the file.
func (db *DB) Ping(ctx context.Context) error {
	if damage := db.damage.Load(); damage != nil {
		return *damage
	}
	if _, err := exists(ctx, db, "ping database", selectAnyRoom); err != nil {
		return err
	}
	return db.writer.probe.ask(ctx, func(ctx context.Context) error {
		return db.change(ctx, func(t *tx) error { return t.exec("try to write", t.dialect.writeNothing) })
	})
}
