package store

import (
	"context"
	"fmt"
	"runtime/debug"
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
// the error that it leaves in it.
func (op *operation) perform(t *tx) (err error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
		op.err, op.events, t.err = err, t.events, nil
	}()
	t.events = nil
	if err := op.ctx.Err(); err != nil {
		return err
	}
	op.begun = true
	return op.run(t)
}

// performApart runs an operation that may fail alone. It gives an error only
// if it cannot keep that promise: some errors of a database (disk full, input
// and output) end the whole transaction, and whatever ran after them would
// take effect outside of it.
func (t *tx) performApart(op *operation) error {
	t.executed.Add(1)
	if err := t.save(); err != nil {
		return err
	}
	if op.perform(t) == nil {
		t.executed.Add(1)
		if op.err = t.keep(); op.err == nil {
			return nil
		}
	}
	clear(t.rooms)
	t.executed.Add(2)
	return t.undo()
}

// failAll gives err to every operation that has no error of its own.
func failAll(batch []*operation, err error) {
	for _, op := range batch {
		if op.err == nil {
			op.err = err
		}
	}
}
