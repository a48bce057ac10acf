package server

import (
	"context"
	"errors"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/store"
	"roomkey/store/postgrestest"
)

// openInstances opens a PostgreSQL database as several instances do.
func openInstances(t *testing.T, n int) (all []*store.DB) {
	t.Helper()
	url := postgrestest.URL(t)
	for range n {
		db, err := store.OpenURL(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		all = append(all, db)
	}
	return all
}

func mustRenew(t *testing.T, l *lease) bool {
	t.Helper()
	held, err := l.renew(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return held
}

// Of several instances one has the lease, until it renews it no more or releases it.
func TestALeaseIsHeldByOne(t *testing.T) {
	t.Parallel()
	dbs := openInstances(t, 3)
	var all []*lease
	for _, db := range dbs {
		all = append(all, &lease{name: "work", ttl: 3 * time.Second, hold: db.HoldLease})
	}
	if !mustRenew(t, all[0]) {
		t.Fatal("nobody has the lease, and the first does not get it")
	}
	worked := 0
	for _, l := range all {
		if err := l.do(t.Context(), func(context.Context) error { worked++; return nil }); err != nil {
			t.Error(err)
		}
	}
	if worked != 1 {
		t.Errorf("%d instances work, want 1", worked)
	}
	// The first is gone: one of the others has it, and goes on having it.
	if !programtest.Eventually(func() bool { return mustRenew(t, all[1]) }) {
		t.Fatal("the lease of an instance that is gone stays with it")
	}
	if mustRenew(t, all[2]) {
		t.Error("two instances have the lease")
	}
	if err := dbs[1].ReleaseLease(t.Context(), "work"); err != nil {
		t.Fatal(err)
	}
	if !mustRenew(t, all[2]) {
		t.Error("a lease that was released is not free")
	}
}

// An instance that was paused goes on as if nothing had happened: its work under the
// old lease has ended, and it begins no other.
func TestAPausedHolderDoesNotActOnItsOldLease(t *testing.T) {
	t.Parallel()
	dbs := openInstances(t, 2)
	paused := &lease{name: "work", ttl: 3 * time.Second, hold: dbs[0].HoldLease}
	other := &lease{name: "work", ttl: time.Minute, hold: dbs[1].HoldLease}
	if !mustRenew(t, paused) {
		t.Fatal("nobody has the lease, and the first does not get it")
	}
	err := paused.do(t.Context(), func(ctx context.Context) error {
		if !programtest.Eventually(func() bool { return mustRenew(t, other) }) { // meanwhile it renews nothing
			t.Error("the other one does not get the lease")
		}
		if !programtest.Eventually(func() bool { return ctx.Err() != nil }) {
			t.Error("work goes on under the old lease")
		}
		return context.Cause(ctx)
	})
	if !errors.Is(err, errLeaseLost) {
		t.Errorf("the work ended with %v, want %v", err, errLeaseLost)
	}
	for _, renewed := range []bool{false, true} {
		if renewed && mustRenew(t, paused) {
			t.Error("both have the lease")
		}
		if err := paused.do(t.Context(), func(context.Context) error { return errors.New("it acts") }); err != nil {
			t.Errorf("renewed %v: %v without a lease", renewed, err)
		}
	}
}

// Work goes on for as long as its lease is renewed, and longer than one lasts.
func TestWorkGoesOnWhileItsLeaseIsRenewed(t *testing.T) {
	t.Parallel()
	l := &lease{name: "work", ttl: time.Minute, hold: openInstances(t, 1)[0].HoldLease}
	mustRenew(t, l)
	err := l.do(t.Context(), func(ctx context.Context) error {
		first := l.until
		mustRenew(t, l)
		if !l.until.After(first) || ctx.Err() != nil {
			t.Errorf("the lease is good until %v after %v, and the work says %v", l.until, first, ctx.Err())
		}
		l.mu.Lock()
		l.until = time.Now() // as after a pause: it is renewed too late
		l.mu.Unlock()
		if !mustRenew(t, l) || ctx.Err() == nil {
			t.Error("work goes on that was begun under a lease which was over in between")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
