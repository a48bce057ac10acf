package store

import (
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
	err := op.perform(t)
	if late := t.lateFailure(); late != nil {
		return t.repeatAfter(late, op)
	}
	if err == nil {
		t.executed.Add(1)
		if op.err = t.keep(); op.err == nil {
			t.kept = append(t.kept, op)
			return nil
		}
	}
	clear(t.rooms)
	t.executed.Add(2)
	return t.undo()
}

// settleApart runs what the operations that were kept have put off.
func (t *tx) settleApart() error {
	err := t.settle()
	for late := t.lateFailure(); late != nil; late = t.lateFailure() {
		if err = t.repeatAfter(late); err == nil {
			err = t.settle()
		}
	}
	return err
}

// repeatAfter takes back an operation that failed after it was kept, with all after
// it, and performs those anew: they may have read what it wrote.
func (t *tx) repeatAfter(late *lateFailure, running ...*operation) error {
	t.kept[late.operation].err = late.err
	repeated := slices.Concat(t.kept[late.operation+1:], running)
	t.kept = t.kept[:late.operation]
	clear(t.rooms)
	t.executed.Add(2)
	err := t.undo()
	for _, op := range repeated {
		if err == nil {
			err = t.performApart(op)
		}
	}
	return err
}

// failAll gives err to every operation that has no error of its own.
func failAll(batch []*operation, err error) {
	for _, op := range batch {
		if op.err == nil {
			op.err = err
		}
	}
}
