package store

import (
	"sync"
	"testing"
	"time"
)

// Asking often costs one write a second, and nothing where others write.
func TestPingIsCheap(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		started, before := time.Now(), db.writer.commits.Load()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 25 {
					if err := db.Ping(t.Context()); err != nil {
						t.Errorf("Ping: %v", err)
					}
				}
			})
		}
		all.Wait()
		if n, most := db.writer.commits.Load()-before, int64(time.Since(started)/probeEvery)+1; n > most {
			t.Errorf("commits for 200 pings within %v: got %d, want %d at most", time.Since(started), n, most)
		}
	})
}

// A commit that fails is not hidden by those before it.
func TestPingAfterAFailedCommit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		db.writer.probe.note(true)
		before := db.writer.commits.Load()
		if err := db.Ping(t.Context()); err != nil || db.writer.commits.Load() != before {
			t.Errorf("Ping after a commit: got %v and a write, want neither", err)
		}
		db.writer.probe.note(false)
		if err := db.Ping(t.Context()); err != nil || db.writer.commits.Load() == before {
			t.Errorf("Ping after a commit that failed: got %v and no write, want one that succeeds", err)
		}
	})
}
