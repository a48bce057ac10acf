package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"roomkey/meet"
)

// errClosed is what a write gets after [DB.Close], errBusy when it could not
// begin in time.
var (
	errClosed = errors.New("store is closed")
	errBusy   = errors.New("the database was busy for too long")
)

// patience is how long a write waits to begin. Another process may hold the
// database for as long, and longer.
const patience = 8 * time.Second

// maxBatch bounds how many operations share a commit, and so how much one
// failing commit can fail.
const maxBatch = 256

// A writer owns the one connection that writes. Making a commit durable costs
// far more than what is in it, so operations that come while a commit is
// under way wait and share the next one. Each can fail without the others, and
// all are answered after the commit.
type writer struct {
	connection connection
	dialect    *dialect
	queue      chan *operation
	stopped    chan struct{} // closed when run has returned
	commits    atomic.Int64  // how many there were, for tests
	executed   atomic.Int64  // how many statements, for tests
	cache      *cache        // forgets what commits change
	probe      *probe        // notes whether commits succeed

	announce func(*tx, []*operation) error // tells other instances; nil where there are none

	patience time.Duration // how long a write waits to begin

	mu     sync.RWMutex // held for reading while sending to queue
	closed bool

	subscribing sync.Mutex
	subscribers []func(context.Context, meet.Event)
}

func newWriter(dialect *dialect, connection connection, cache *cache, probe *probe) *writer {
	w := &writer{
		connection: connection,
		dialect:    dialect,
		queue:      make(chan *operation, maxBatch),
		stopped:    make(chan struct{}),
		cache:      cache,
		probe:      probe,

		patience: patience,
	}
	go w.run()
	return w
}

// write runs a change in a transaction and returns when it is durable.
//
// If ctx ends before the change has begun, write returns its error and the
// change never runs. If it ends later the change has run and is on its way into a
// commit: then the error is also meet.ErrOutcomeUnknown. It never runs after write
// has returned. A change that could not begin in time fails with errBusy and
// does not run.
func write[T any](ctx context.Context, w *writer, run func(*tx) (T, error)) (T, error) {
	var result, none T
	ctx, cancel := context.WithTimeoutCause(ctx, w.patience, errBusy)
	defer cancel()
	op := &operation{ctx: ctx, done: make(chan struct{}), run: func(t *tx) (err error) {
		result, err = run(t)
		return err
	}}
	if err := w.submit(op); err != nil {
		return none, err
	}
	select {
	case <-op.done:
	case <-ctx.Done():
		op.mu.Lock() // wait for run; if it has not begun by now it never will
		begun := op.begun
		op.mu.Unlock()
		err := context.Cause(ctx)
		if !begun {
			return none, err
		}
		if !errors.Is(err, errBusy) && !isClosed(op.done) {
			return none, unknown(err)
		}
		<-op.done
	}
	if op.err != nil {
		return none, op.err
	}
	for _, e := range op.events { // not before they are there to stay
		e.given.ID = e.written.ID
	}
	return result, nil
}

// change is write for a change without a result.
func (db *DB) change(ctx context.Context, run func(*tx) error) error {
	_, err := write(ctx, db.writer, func(t *tx) (none struct{}, err error) { return none, run(t) })
	return err
}

func (w *writer) submit(op *operation) error {
	if err := op.ctx.Err(); err != nil {
		return err
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.queue <- op:
		return nil
	case <-op.ctx.Done():
		return context.Cause(op.ctx)
	}
}

// stop refuses further operations and waits for those in the queue.
func (w *writer) stop() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.stopped
}

func (w *writer) close() error {
	return wrap("close database", w.connection.close())
}

func (w *writer) run() {
	defer close(w.stopped)
	for op := range w.queue {
		for _, op := range w.transact(op) {
			w.publish(op)
			close(op.done)
		}
	}
}

// publish tells the subscribers of the events that an operation has written, if
// it was committed.
func (w *writer) publish(op *operation) {
	if op.err != nil {
		return
	}
	w.subscribing.Lock()
	subscribers := w.subscribers
	w.subscribing.Unlock()
	for _, e := range op.events {
		for _, tell := range subscribers {
			tell(context.WithoutCancel(op.ctx), e.written)
		}
	}
}

// subscribe has tell called for every event that is committed from now on.
func (w *writer) subscribe(tell func(context.Context, meet.Event)) {
	w.subscribing.Lock()
	defer w.subscribing.Unlock()
	w.subscribers = append(w.subscribers, tell)
}

// transact runs an operation, and those that wait by the time it is done, in one
// transaction. It returns the operations, each with its own error or with the
// error that stopped them all.
func (w *writer) transact(first *operation) []*operation {
	all, again := w.attempt([]*operation{first}, w.waiting)
	for len(again) > 0 {
		_, again = w.attempt(again, func() *operation { return nil })
	}
	return all
}

// attempt runs operations in one transaction, and after them those that next gives
// until it gives none. An operation that fails when it has changed nothing leaves the
// transaction as it was. One that has changed something takes all of it along: attempt
// then also returns the others, which have to be run again. They are fewer each time.
func (w *writer) attempt(ops []*operation, next func() *operation) (all, again []*operation) {
	begun, err := w.connection.begin()
	if err != nil {
		failAll(ops, err)
		return ops, nil
	}
	t := &tx{transaction: begun, dialect: w.dialect, rooms: map[string]meet.Room{},
		codes: map[string]meet.RoomCode{}, uses: map[string]codeUses{}, executed: &w.executed}
	succeeded := false
	for i := 0; i < maxBatch; i++ {
		if i == len(ops) {
			op := next()
			if op == nil {
				break
			}
			ops = append(ops, op)
		}
		t.operation(i)
		err := ops[i].perform(t)
		late := t.lateFailure()
		if late == nil && !t.spoilt {
			succeeded = succeeded || err == nil
			continue
		}
		t.rollback()
		if late == nil {
			late = &lateFailure{operation: i, err: err}
		}
		return ops, failOne(ops, late)
	}
	if !succeeded {
		t.rollback()
		return ops, nil
	}
	err = w.commit(t, ops)
	if late := t.lateFailure(); late != nil {
		return ops, failOne(ops, late)
	}
	w.probe.note(err == nil)
	if err != nil {
		failAll(ops, err)
		return ops, nil
	}
	w.commits.Add(1)
	return ops, nil
}

// commit writes the uses and the events of operations that succeeded, and makes all that they
// did durable.
func (w *writer) commit(t *tx, ops []*operation) error {
	t.operation(betweenOperations)
	err := t.writeUses()
	if err == nil {
		err = t.writeEvents(ops)
	}
	if err == nil && w.announce != nil {
		err = w.announce(t, ops)
	}
	if err != nil {
		t.rollback()
		return err
	}
	w.cache.beforeCommit(t.changedRooms)
	defer w.cache.afterCommit()
	return t.commit()
}

func isClosed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

func unknown(err error) error { return fmt.Errorf("%w: %w", meet.ErrOutcomeUnknown, err) }

// waiting takes the next operation out of the queue, nil if there is none now.
func (w *writer) waiting() *operation {
	select {
	case op := <-w.queue:
		return op
	default:
		return nil
	}
}
