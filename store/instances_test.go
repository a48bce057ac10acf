package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/store/postgrestest"
)

// elsewhere is what an instance was told of others.
type elsewhere struct {
	mu     sync.Mutex
	events []meet.Event
	counts []meet.Count
}

func hears(db *DB) *elsewhere {
	e := &elsewhere{}
	db.SubscribeElsewhere(func(event meet.Event) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.events = append(e.events, event)
	})
	db.SubscribeCounts(func(c meet.Count) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.counts = append(e.counts, c)
	})
	return e
}

// about counts the events about a target; empty is the zero event.
func (e *elsewhere) about(target string) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range e.events {
		if event.Target == target && (target != "" || event.RoomID == "" && event.Action == "") {
			n++
		}
	}
	return n
}

func (e *elsewhere) counted() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.counts)
}

func TestWhatOneInstanceChangesOthersHear(t *testing.T) {
	t.Parallel()
	all, ctx := openTogether(t, 2), t.Context()
	here, there := hears(all[0]), hears(all[1])
	createRoom(t, all[0], newRoom("room"), newCode("aaa", "guest"))
	for i := range 50 {
		e := newEvent(fmt.Sprint("target ", i))
		if err := all[0].AddEvent(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	long := newEvent(strings.Repeat("long ", 3000))
	if err := all[0].AddEvent(ctx, long); err != nil {
		t.Fatal(err)
	}
	counts := make([]meet.Count, 500)
	for i := range counts {
		counts[i] = meet.Count{Limit: "guesses", Key: strings.Repeat("k", 24), N: i}
	}
	if err := all[0].AnnounceCounts(ctx, counts); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return there.counted() == len(counts) })
	for i := range 50 {
		if n := there.about(fmt.Sprint("target ", i)); n != 1 {
			t.Errorf("event %d was told %d times", i, n)
		}
	}
	if there.about("") == 0 {
		t.Error("nobody was told that an event was too long to be told")
	}
	if here.about("target 1") > 0 || here.counted() > 0 {
		t.Error("an instance was told what it did itself")
	}
}

// remembered says whether an instance would answer from memory.
func remembered(db *DB) bool {
	_, ok := db.cache.room("id-room")
	return ok
}

func setPublic(t *testing.T, db *DB, public bool) {
	t.Helper()
	_, err := db.UpdateRoom(t.Context(), "id-room", func(r *meet.Room) error { r.IsPublic = public; return nil }, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
}

func isPublic(t *testing.T, db *DB) bool {
	t.Helper()
	room, err := db.RoomByID(t.Context(), "id-room")
	if err != nil {
		t.Fatal(err)
	}
	return room.IsPublic
}

func TestInstancesForgetWhatOthersChange(t *testing.T) {
	t.Parallel()
	all := openTogether(t, 2)
	createRoom(t, all[0], newRoom("room"))
	for i := range 20 {
		eventually(t, func() bool { isPublic(t, all[1]); return remembered(all[1]) })
		setPublic(t, all[0], i%2 == 0)
		eventually(t, func() bool { return isPublic(t, all[1]) == (i%2 == 0) })
	}
}

// cutConnections ends other connections to the database, as many as it gives.
func cutConnections(t *testing.T, db *DB, where string) (n int) {
	t.Helper()
	n, err := readOne(t.Context(), db, "cut", `SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND `+where, intPointers)
	if err != nil || n == 0 {
		t.Fatalf("%d connections were cut, %v", n, err)
	}
	return n
}

const ofListeners = `query LIKE '%clock_timestamp()) * 1000000%'`

// That a user was disabled is told to instances which may have them inside; other changes
// of users are not.
func TestOthersHearThatAUserIsDisabled(t *testing.T) {
	t.Parallel()
	all := openTogether(t, 2)
	heard := hears(all[0])
	createRoom(t, all[1], newRoom("room"))
	say := func(what string) {
		t.Helper()
		if err := all[1].AddEvent(t.Context(), newEvent(what)); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool { return heard.about(what) == 1 })
	}
	update := func(change func(*meet.Account)) {
		t.Helper()
		_, err := all[1].UpdateUser(t.Context(), "ada", func(a *meet.Account) error { change(a); return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := all[1].AddUser(t.Context(), meet.Account{Subject: "ada", Role: meet.User, Source: meet.LocalSource,
		CreatedAt: epoch}); err != nil {
		t.Fatal(err)
	}
	say("at first")
	before := heard.about("")
	update(func(a *meet.Account) { a.Name = "Ada" })
	say("renamed")
	if got := heard.about(""); got != before {
		t.Errorf("told %d times of a new name, want 0", got-before)
	}
	update(func(a *meet.Account) { a.DisabledAt, a.Ending = epoch, true })
	eventually(t, func() bool { return heard.about("") == before+1 })
}

// An instance that hears nothing answers from the database, and tells those who
// wait that they may have missed something.
func TestNothingIsRememberedWithoutAListener(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	url := server.Database(t)
	one, two := openURL(t, url), openURL(t, url)
	createRoom(t, one, newRoom("room"))
	heard := hears(one)
	for _, db := range []*DB{one, two} { // they have all connections that they need
		setPublic(t, db, false)
	}
	if err := two.AddEvent(t.Context(), newEvent("at first")); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return heard.about("at first") == 1 })
	before := heard.about("")
	for _, db := range []*DB{one, two} { // until they learn that they hear nothing any more
		eventually(t, func() bool { isPublic(t, db); return remembered(db) })
	}

	server.Exec(t, "ALTER DATABASE "+databaseOf(url)+" WITH ALLOW_CONNECTIONS false")
	cutConnections(t, two, ofListeners)
	eventually(t, func() bool { return !remembered(one) && !remembered(two) })
	for i := range 10 {
		setPublic(t, two, i%2 == 0)
		if isPublic(t, one) != (i%2 == 0) || remembered(one) {
			t.Fatalf("change %d: an instance that hears nothing answers from memory", i)
		}
	}
	if heard.about("") > before {
		t.Error("told of what may have been missed before anything can be heard again")
	}
	server.Exec(t, "ALTER DATABASE "+databaseOf(url)+" WITH ALLOW_CONNECTIONS true")
	eventually(t, func() bool { return heard.about("") == before+1 })
	eventually(t, func() bool { isPublic(t, one); return remembered(one) })
	if err := two.AddEvent(t.Context(), newEvent("again")); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return heard.about("again") == 1 })
}

func TestRoomsAreLockedAcrossInstances(t *testing.T) {
	t.Parallel()
	all, ctx := openTogether(t, 2), t.Context()
	var mu sync.Mutex
	inside, most := 0, 0
	var working sync.WaitGroup
	for i := range 20 {
		working.Go(func() {
			unlock, err := all[i%2].LockRoom(ctx, "id-room")
			if err != nil {
				t.Errorf("LockRoom: %v", err)
				return
			}
			defer unlock()
			mu.Lock()
			inside++
			most = max(most, inside)
			mu.Unlock()
			if err := all[i%2].AddEvent(ctx, newEvent("locked")); err != nil {
				t.Error(err)
			}
			mu.Lock()
			inside--
			mu.Unlock()
		})
	}
	working.Wait()
	if most != 1 {
		t.Errorf("%d had the lock at once", most)
	}

	unlock, err := all[0].LockRoom(ctx, "id-room")
	if err != nil {
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := all[1].LockRoom(limited, "id-room"); !errors.Is(err, context.DeadlineExceeded) ||
		!errors.Is(err, meet.ErrRoomLocked) {
		t.Errorf("while another instance has the lock: got %v, want %v after the deadline", err, meet.ErrRoomLocked)
	}
	other, err := all[1].LockRoom(ctx, "id-other")
	if err != nil {
		t.Fatalf("lock of another room: %v", err)
	}
	other()
	unlock()
	again, err := all[1].LockRoom(ctx, "id-room")
	if err != nil {
		t.Fatalf("after the unlock: %v", err)
	}
	// The lock of an instance that is gone is free.
	cutConnections(t, all[0], `query LIKE '%pg_advisory_lock(%'`)
	if unlock, err = all[0].LockRoom(ctx, "id-room"); err != nil {
		t.Fatalf("after the end of its holder: %v", err)
	}
	unlock()
	again() // nothing happens
}

// An instance that has a lock and then does nothing, as one that was stopped (SIGSTOP),
// keeps the others waiting for seconds.
func TestTheLockOfAStalledInstanceEnds(t *testing.T) {
	t.Parallel()
	all := openTogether(t, 2)
	stalled, err := all[0].LockRoom(t.Context(), "id-room")
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := all[1].LockRoom(t.Context(), "id-room")
	if err != nil {
		t.Fatalf("while another instance does nothing with the lock: %v", err)
	}
	stalled() // its connection is gone: nothing happens
	limited, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := all[0].LockRoom(limited, "id-room"); !errors.Is(err, meet.ErrRoomLocked) {
		t.Errorf("after it went on: got %v, want %v", err, meet.ErrRoomLocked)
	}
	unlock()
}

func TestALeaseHasOneHolder(t *testing.T) {
	t.Parallel()
	all, ctx := openTogether(t, 3), t.Context()
	hold := func(db *DB, ttl time.Duration) bool {
		t.Helper()
		held, err := db.HoldLease(ctx, "sweeper", ttl)
		if err != nil {
			t.Fatal(err)
		}
		return held
	}
	if n := succeed(t, all, 12, errFull, func(db *DB, i int) error {
		held, err := db.HoldLease(ctx, fmt.Sprint("lease ", i/3), time.Hour)
		if err == nil && !held {
			err = errFull
		}
		return err
	}); n != 4 {
		t.Errorf("4 leases were taken %d times", n)
	}
	first, renewed, second := hold(all[0], time.Hour), hold(all[0], time.Hour), hold(all[1], time.Hour)
	if !first || !renewed || second {
		t.Errorf("got %v, renewed %v, another %v; want the first to have the lease, and nobody else", first, renewed, second)
	}
	if err := errors.Join(all[1].ReleaseLease(ctx, "sweeper"), all[2].ReleaseLease(ctx, "other")); err != nil {
		t.Error(err)
	}
	if hold(all[1], time.Hour) {
		t.Error("an instance has released the lease of another")
	}
	if err := all[0].ReleaseLease(ctx, "sweeper"); err != nil || !hold(all[1], 50*time.Millisecond) {
		t.Errorf("a lease that was released could not be taken (%v)", err)
	}
	eventually(t, func() bool { return hold(all[2], time.Hour) }) // a short one ends
	if hold(all[1], time.Hour) {
		t.Error("who had the lease took it back while another has it")
	}
}

func TestAFileNeedsNoLeases(t *testing.T) {
	t.Parallel()
	db := setup(t)
	held, err := db.HoldLease(t.Context(), "sweeper", time.Second)
	if !held || err != nil || db.ReleaseLease(t.Context(), "sweeper") != nil || db.Shared() {
		t.Errorf("HoldLease on a file: %v, %v", held, err)
	}
	if d := time.Since(db.Now()); d < 0 || d > time.Minute {
		t.Errorf("the time of a file is %v old", d)
	}
	if kept, err := db.Agree(t.Context(), "key", "", "value"); kept != "value" || err != nil {
		t.Errorf("Agree on a file: %q, %v", kept, err)
	}
}

// Instances go by the clock of the database.
func TestInstancesHaveOneClock(t *testing.T) {
	t.Parallel()
	db := setupPostgres(t)
	const off = 200 * time.Millisecond // half of what a reading may be on its way, and some more; the first may be slower
	eventually(t, func() bool {
		before := db.Now()
		there, err := readOne(t.Context(), db, "read clock", selectClock, func(n *int64) []any { return []any{n} })
		after, at := db.Now(), time.UnixMicro(there)
		return err == nil && !at.Before(before.Add(-off)) && !at.After(after.Add(off))
	})
}

func TestInstancesAgree(t *testing.T) {
	t.Parallel()
	all, ctx := openTogether(t, 2), t.Context()
	for _, step := range []struct {
		db                  *DB
		before, value, want string
	}{
		{all[0], "", "one", "one"},
		{all[1], "", "two", "one"},
		{all[1], "one", "two", "two"}, // a rotation
		{all[0], "one", "three", "two"},
		{all[0], "", "two", "two"},
	} {
		if kept, err := step.db.Agree(ctx, "secret", step.before, step.value); err != nil || kept != step.want {
			t.Errorf("Agree(%q after %q): got %q, %v, want %q", step.value, step.before, kept, err, step.want)
		}
	}
}
