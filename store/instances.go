package store

import (
	"context"
	"errors"
	"time"

	"roomkey/meet"
)

// instances is what a store has because other instances of the program may use
// its database, too.
type instances struct {
	locks    *locks
	listener *listener
}

// openInstances begins to listen to other instances. The name of this instance,
// which nobody else has, says which messages are its own, and who holds a lease.
func openInstances(ctx context.Context, url, name string, cache *cache) (*instances, error) {
	locks, err := openLocks(url, name)
	if err != nil {
		return nil, err
	}
	listener, err := openListener(ctx, url, name, cache)
	if err != nil {
		return nil, errors.Join(err, locks.close())
	}
	return &instances{locks, listener}, nil
}

func (i *instances) close() error {
	i.listener.close()
	return wrap("close locks", i.locks.close())
}

// Shared implements [meet.InstanceStore]. A SQLite file belongs to one process, so
// there is nobody to tell and nobody to wait for.
func (db *DB) Shared() bool { return db.instances != nil }

// SubscribeElsewhere implements [meet.InstanceStore].
func (db *DB) SubscribeElsewhere(tell func(meet.Event)) {
	if db.Shared() {
		db.instances.listener.subscribe(func(l *subscribers) { l.events = append(l.events, tell) })
	}
}

// SubscribeCounts implements [meet.InstanceStore].
func (db *DB) SubscribeCounts(tell func(meet.Count)) {
	if db.Shared() {
		db.instances.listener.subscribe(func(l *subscribers) { l.counts = append(l.counts, tell) })
	}
}

// AnnounceCounts implements [meet.InstanceStore].
func (db *DB) AnnounceCounts(ctx context.Context, counts []meet.Count) error {
	if !db.Shared() || len(counts) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	texts, err := db.instances.listener.messages(nil, nil, counts)
	if err != nil {
		return err
	}
	return db.instances.locks.run(ctx, "announce counts", notifyAll, texts)
}

// LockRoom implements [meet.InstanceStore].
func (db *DB) LockRoom(ctx context.Context, roomID string) (unlock func(), err error) {
	if !db.Shared() || ctx.Err() != nil {
		return func() {}, ctx.Err()
	}
	return db.instances.locks.lock(ctx, roomID)
}

// HoldLease takes the lease with a name for this instance until ttl from now, or
// renews it. It gives false while another instance has it: of several, one holds it
// at any time, by the clock of the database. Who holds it has to stop acting when
// ttl is over since the call began, or call again. On a file it is always held.
func (db *DB) HoldLease(ctx context.Context, name string, ttl time.Duration) (held bool, err error) {
	if !db.Shared() || ctx.Err() != nil {
		return ctx.Err() == nil, ctx.Err()
	}
	return db.instances.locks.holdLease(ctx, name, ttl)
}

// ReleaseLease gives a lease up, so that another instance can have it at once. It
// does nothing to one that this instance does not hold.
func (db *DB) ReleaseLease(ctx context.Context, name string) error {
	if !db.Shared() || ctx.Err() != nil {
		return ctx.Err()
	}
	return db.instances.locks.run(ctx, "release lease", releaseLease, name, db.instances.locks.holder)
}

// Now is the present time. Instances that share a database have the same, by its
// clock, whatever their machines say.
func (db *DB) Now() time.Time {
	if !db.Shared() {
		return time.Now()
	}
	return db.instances.listener.clock.now()
}

// Agree keeps a value on which all instances have to agree, if none is kept under
// the key yet or the one of before is, and gives the one that is kept now. On a file
// it gives the value back.
func (db *DB) Agree(ctx context.Context, key, before, value string) (kept string, err error) {
	if !db.Shared() {
		return value, ctx.Err()
	}
	return write(ctx, db.writer, func(t *tx) (string, error) {
		if err := t.exec("agree", keepValue, key, before, value); err != nil {
			return "", err
		}
		return queryOne(t, "read what is agreed", selectValue, textPointers, key)
	})
}

const (
	keepValue = `INSERT INTO deployment (key, value) VALUES ($1, $3)
	ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE deployment.value = $2`

	selectValue = `SELECT value FROM deployment WHERE key = $1`
)
