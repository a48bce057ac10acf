package store

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"roomkey/meet"
)

// operation is a change that somebody waits for.
type operation struct {
	ctx   context.Context
	run   func(*tx) error
	mu    sync.Mutex // held while run runs
	begun bool       // run has run, or does
	err   error
	done  chan struct{} // closed when err is final

	events []writtenEvent
}

// writtenEvent is an event as it was written, and the one that the caller gave,
// who gets its id after the commit.
type writtenEvent struct {
	written meet.Event
	given   *meet.Event
	details string // as JSON
}

// perform runs the operation, unless nobody waits for it any more, and gives
// the error that it leaves in it. It may be called again when what the operation has
// done was taken back.
func (op *operation) perform(t *tx) (err error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
		err = cmp.Or(err, t.err)
		op.err, op.events = err, t.events
		t.spoilt = err != nil && (t.changed || t.err != nil)
	}()
	t.events, t.err, t.changed = nil, nil, false
	if op.ctx.Err() != nil {
		return context.Cause(op.ctx)
	}
	op.begun = true
	return op.run(t)
}

// failOne gives an operation the error with which it ended its transaction, and
// returns the others, as if they had not run.
func failOne(ops []*operation, failed *lateFailure) []*operation {
	ops[failed.operation].err = failed.err
	others := slices.Delete(slices.Clone(ops), failed.operation, failed.operation+1)
	for _, op := range others {
		op.err, op.events = nil, nil
	}
	return others
}

// failAll gives err to every operation that has no error of its own.
func failAll(batch []*operation, err error) {
	for _, op := range batch {
		if op.err == nil {
			op.err = err
		}
	}
}
