package store

import (
	"context"

	"roomkey/meet"
)

// A SQLite file belongs to one process, so there is nobody to tell and nobody to
// wait for.

// Shared implements [meet.InstanceStore].
func (*DB) Shared() bool { return false }

// SubscribeElsewhere implements [meet.InstanceStore].
func (*DB) SubscribeElsewhere(func(meet.Event)) {}

// LockRoom implements [meet.InstanceStore].
func (*DB) LockRoom(ctx context.Context, _ string) (unlock func(), err error) {
	return func() {}, ctx.Err()
}

// AnnounceCounts implements [meet.InstanceStore].
func (*DB) AnnounceCounts(ctx context.Context, _ []meet.Count) error { return ctx.Err() }

// SubscribeCounts implements [meet.InstanceStore].
func (*DB) SubscribeCounts(func(meet.Count)) {}
