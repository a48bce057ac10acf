package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"roomkey/meet"
	"roomkey/store/postgrestest"
)

// outcomes are what clients were told of their changes, by the target of its event.
type outcomes struct {
	mu           sync.Mutex
	done, failed []string
	unknown      int
}

// work has clients write to the instances until stop is called.
func work(t *testing.T, instances []*DB) (stop func() *outcomes) {
	told, end := &outcomes{}, make(chan struct{})
	var working sync.WaitGroup
	for c := range 4 {
		working.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-end:
					return
				default:
				}
				target := fmt.Sprintf("client %d change %d", c, i)
				_, err := instances[c%len(instances)].UpdateRoom(context.Background(), "id-room",
					func(r *meet.Room) error { r.IsPublic = i%2 == 0; return nil }, 0, newEvent(target))
				told.add(t, target, err)
			}
		})
	}
	return func() *outcomes {
		close(end)
		working.Wait()
		return told
	}
}

func (o *outcomes) add(t *testing.T, target string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err == nil:
		o.done = append(o.done, target)
	case errors.Is(err, meet.ErrOutcomeUnknown):
		o.unknown++
	case errors.Is(err, meet.ErrNotFound):
		t.Errorf("%s: a room was not found because the database is gone", target)
	default:
		o.failed = append(o.failed, target)
	}
}

func (o *outcomes) acknowledged() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.done)
}

// check holds what clients were told against what is there.
func (o *outcomes) check(t *testing.T, db *DB) {
	t.Helper()
	events, err := db.Events(t.Context(), meet.EventQuery{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]int{}
	for _, e := range events {
		there[e.Target]++
	}
	for _, target := range o.done {
		if there[target] != 1 {
			t.Errorf("%s was acknowledged, and is there %d times", target, there[target])
		}
	}
	for _, target := range o.failed {
		if there[target] > 0 {
			t.Errorf("%s is there although it was told to have failed", target)
		}
	}
	t.Logf("%d acknowledged, %d failed, %d unknown", len(o.done), len(o.failed), o.unknown)
}

// Whatever happens to the database, nothing that was acknowledged is lost, what
// failed has left nothing behind, and all goes on by itself.
func TestOutagesLoseNothing(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	url := server.Database(t)
	two := []*DB{openURL(t, url), openURL(t, url)}
	createRoom(t, two[0], newRoom("room"))
	stop := work(t, two)
	for round := range 3 {
		for name, outage := range map[string]func(){
			"stop":  func() { server.Stop(t); server.Start(t) },
			"crash": func() { server.Crash(t); server.Start(t) },
			"cut": func() {
				server.Exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
					WHERE application_name = 'roomkey' AND pid <> pg_backend_pid()`)
			},
		} {
			before := stopped(two)
			outage()
			eventually(t, func() bool { return progressed(two, before) })
			if t.Failed() {
				t.Fatalf("round %d: %s", round, name)
			}
		}
	}
	told := stop()
	if told.acknowledged() == 0 {
		t.Error("nothing was acknowledged")
	}
	told.check(t, two[1])
	for _, db := range two {
		eventually(t, func() bool { return db.Ping(t.Context()) == nil })
	}
}

// stopped and progressed say whether each instance commits again.
func stopped(all []*DB) (commits []int64) {
	for _, db := range all {
		commits = append(commits, db.writer.commits.Load())
	}
	return commits
}

func progressed(all []*DB, before []int64) bool {
	for i, db := range all {
		if db.writer.commits.Load() < before[i]+5 {
			return false
		}
	}
	return true
}

// While there is no database, calls fail soon and say so; afterwards all works again.
func TestNoDatabaseForAWhile(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	db, ctx := openURL(t, server.Database(t)), t.Context()
	createRoom(t, db, newRoom("room"))
	server.Stop(t)
	eventually(t, func() bool { return !remembered(db) })
	for name, call := range map[string]func() error{
		"read":  func() error { return errOf(db.RoomByID(ctx, "id-room")) },
		"list":  func() error { return errOf(db.Events(ctx, meet.EventQuery{Limit: 1})) },
		"write": func() error { return db.AddEvent(ctx, newEvent("lost")) },
		"lock":  func() error { return errOf(db.LockRoom(ctx, "id-room")) },
		"lease": func() error { return errOf(db.HoldLease(ctx, "lease", time.Second)) },
		"ping":  func() error { return db.Ping(ctx) },
	} {
		err := call()
		if err == nil || errors.Is(err, meet.ErrNotFound) || errors.Is(err, meet.ErrOutcomeUnknown) {
			t.Errorf("%s without a database: got %v, want that it failed", name, err)
		}
		if err != nil && strings.Contains(err.Error(), postgrestest.Password) {
			t.Errorf("%s shows the password: %v", name, err)
		}
	}
	server.Start(t)
	if err := db.AddEvent(ctx, newEvent("there")); err != nil {
		t.Errorf("the first write afterwards: %v", err)
	}
	if isPublic(t, db) {
		t.Error("the room has changed")
	}
	wantLines(t, db, "there")
}

func TestReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	url := server.Database(t)
	db, ctx := openURL(t, url), t.Context()
	createRoom(t, db, newRoom("room"))
	readOnly := func(value string) {
		server.Exec(t, "ALTER SYSTEM SET default_transaction_read_only = "+value, "SELECT pg_reload_conf()")
	}
	readOnly("on")
	eventually(t, func() bool { return db.AddEvent(ctx, newEvent("while it turns")) != nil })
	if err := db.Ping(ctx); err == nil {
		t.Error("Ping of a database that can only be read succeeded")
	}
	if isPublic(t, db) {
		t.Error("the room has changed")
	}
	if _, err := OpenURL(ctx, url, Options{}); err == nil || !strings.Contains(err.Error(), "can only be read") {
		t.Errorf("open a database that can only be read: %v", err)
	}
	server.Exec(t, "SET default_transaction_read_only = off", "ALTER SYSTEM RESET default_transaction_read_only",
		"SELECT pg_reload_conf()")
	eventually(t, func() bool { return db.AddEvent(ctx, newEvent("again")) == nil })
}

// databaseOf is the name of the database in a URL.
func databaseOf(url string) string {
	return url[strings.LastIndex(url, "/")+1 : strings.Index(url, "?")]
}

// At the limit of connections calls fail, and succeed when there is room again.
func TestNoConnectionIsLeft(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	url := server.Database(t)
	server.Exec(t, "CREATE ROLE limited LOGIN PASSWORD '"+postgrestest.Password+"'",
		"ALTER DATABASE "+databaseOf(url)+" OWNER TO limited")
	url = strings.Replace(url, "postgres:"+postgrestest.Password, "limited:"+postgrestest.Password, 1)
	db, ctx := openURL(t, url), t.Context()
	createRoom(t, db, newRoom("room"))
	cut := `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'limited'`
	server.Exec(t, "ALTER ROLE limited CONNECTION LIMIT 0", cut)
	eventually(t, func() bool { return !remembered(db) })
	eventually(t, func() bool { return errOf(db.RoomByID(ctx, "id-room")) != nil })
	for range 2 { // the connection that was cut, and a new one
		if err := db.AddEvent(ctx, newEvent("lost")); err == nil || errors.Is(err, meet.ErrOutcomeUnknown) {
			t.Errorf("a write without a connection: %v, want that it failed", err)
		}
	}
	if _, err := OpenURL(ctx, url, Options{}); err == nil || !strings.Contains(err.Error(), "too many connections") {
		t.Errorf("open without a connection: %v", err)
	}
	server.Exec(t, "ALTER ROLE limited CONNECTION LIMIT -1")
	if err := db.AddEvent(ctx, newEvent("there")); err != nil {
		t.Errorf("a write afterwards: %v", err)
	}
	wantLines(t, db, "there")
}

// A connection that is cut between what an operation reads and writes fails it, and
// nothing of it is stored.
func TestConnectionCutInATransaction(t *testing.T) {
	t.Parallel()
	db, ctx := setupPostgres(t), t.Context()
	createRoom(t, db, newRoom("room"))
	err := db.change(ctx, func(tx *tx) error {
		if _, err := tx.room("id-room"); err != nil {
			return err
		}
		cutConnections(t, db, `state = 'idle in transaction'`)
		return tx.event(newEvent("lost"))
	})
	if err == nil || errors.Is(err, meet.ErrNotFound) {
		t.Errorf("got %v, want that it failed", err)
	}
	if err := db.AddEvent(ctx, newEvent("there")); err != nil {
		t.Errorf("the next write: %v", err)
	}
	wantLines(t, db, "there")
}

// While another instance stalls in its transaction, nobody waits longer than the
// others, and what was told to have failed does not happen later.
func TestAnotherInstanceHoldsTheTurn(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	db, ctx := openURL(t, url), t.Context()
	other, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(ctx)
	for _, text := range []string{`BEGIN`, fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d)`, lockOfWriters)} {
		if _, err := other.Exec(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.AddEvent(ctx, newEvent("late")); err == nil || errors.Is(err, meet.ErrOutcomeUnknown) {
		t.Errorf("the first: got %v, want that it failed", err)
	}
	db.writer.patience = 100 * time.Millisecond
	const n = 5
	failed := make(chan error, n)
	for i := range n {
		go func() { failed <- db.AddEvent(ctx, newEvent(fmt.Sprint("late ", i))) }()
	}
	for range n {
		if err := <-failed; !errors.Is(err, errBusy) {
			t.Errorf("got %v, want %v", err, errBusy)
		}
	}
	if _, err := other.Exec(ctx, `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return db.AddEvent(ctx, newEvent("there")) == nil })
	wantLines(t, db, "there")
}

// A database that takes five seconds for each statement is waited for, not taken for
// one that is gone: what was acknowledged is there once, what failed is not there.
func TestSlowDatabase(t *testing.T) {
	t.Parallel()
	db, ctx := setupPostgres(t), t.Context()
	createRoom(t, db, newRoom("room"))
	exec := func(text string) {
		t.Helper()
		if err := db.change(ctx, func(tx *tx) error { return tx.exec("slow", text) }); err != nil {
			t.Fatal(err)
		}
	}
	exec(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(5); RETURN NEW; END'`)
	exec(`CREATE TRIGGER slow BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION slow()`)
	told := &outcomes{}
	var writing sync.WaitGroup
	for i := range 6 {
		writing.Go(func() {
			target := fmt.Sprint("change ", i)
			told.add(t, target, db.AddEvent(ctx, newEvent(target)))
		})
	}
	if _, err := db.RoomByID(ctx, "id-room"); err != nil {
		t.Errorf("reading while a write takes long: %v", err)
	}
	writing.Wait()
	eventually(t, func() bool { // on a busy machine some statements take too long
		err := db.AddEvent(ctx, newEvent("waited for"))
		return err == nil
	})
	exec(`DROP TRIGGER slow ON events`)
	told.check(t, db)
}
