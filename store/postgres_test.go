package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/store/postgrestest"
	"roomkey/store/storetest"
)

// setupPostgres gives an empty store on PostgreSQL.
func setupPostgres(t testing.TB) *DB {
	t.Helper()
	return openURL(t, postgrestest.URL(t))
}

func openURL(t testing.TB, url string) *DB {
	t.Helper()
	db, err := OpenURL(context.Background(), url, Options{Pool: 4})
	if err != nil {
		t.Fatalf("OpenURL: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return db
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, run func(t *testing.T, db *DB)) {
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); run(t, setup(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); run(t, setupPostgres(t)) })
}

// A database is used for many tests in turn, because making one takes long.
func TestConformanceOnPostgres(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var free []string
	storetest.Run(t, func(sub *testing.T) meet.Store {
		mu.Lock()
		defer mu.Unlock()
		if len(free) == 0 {
			free = append(free, postgrestest.URL(t))
		}
		url := free[len(free)-1]
		free = free[:len(free)-1]
		db, err := OpenURL(context.Background(), url, Options{Pool: 4})
		if err != nil {
			sub.Fatal(err)
		}
		sub.Cleanup(func() {
			if err := errors.Join(empty(db), db.Close()); err != nil {
				sub.Errorf("empty and close: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			free = append(free, url)
		})
		return db
	})
}

// empty deletes all rows.
func empty(db *DB) error {
	return db.change(context.Background(), func(t *tx) (err error) {
		for _, table := range []string{"events", "transcript", "presences", "blocks", "join_requests", "visits",
			"revocations", "pending_uses", "joins", "codes", "former_names", "sessions", "last_seen", "room_admins", "rooms",
			"tokens", "users", "webhook_endpoints", "webhook_deliveries", "webhook_queues", "oauth_clients", "sign_in_grants",
			"leases", "deployment"} {
			err = cmp.Or(err, t.exec("empty", "DELETE FROM "+table))
		}
		return err
	})
}

// openTogether opens a new database n times, at once.
func openTogether(t *testing.T, n int) []*DB {
	t.Helper()
	url := postgrestest.URL(t)
	all := make([]*DB, n)
	var opening sync.WaitGroup
	for i := range all {
		opening.Go(func() {
			var err error
			if all[i], err = OpenURL(context.Background(), url, Options{Pool: 4}); err != nil {
				t.Errorf("OpenURL: %v", err)
			}
		})
	}
	opening.Wait()
	t.Cleanup(func() {
		for _, db := range all {
			if db != nil {
				db.Close()
			}
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return all
}

// succeed calls do in turn on each of the stores, n times, all at once. It gives how
// many succeeded, and wants all others to fail with an error.
func succeed(t *testing.T, stores []*DB, n int, want error, do func(db *DB, i int) error) (successes int) {
	t.Helper()
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- do(stores[i%len(stores)], i) }()
	}
	for range n {
		switch err := <-errs; {
		case err == nil:
			successes++
		case !errors.Is(err, want):
			t.Errorf("got error %v, want %v", err, want)
		}
	}
	return successes
}

var errFull = errors.New("no use is left")

// What one instance promises, two promise together.
func TestInstancesKeepLimitsTogether(t *testing.T) {
	t.Parallel()
	two, ctx := openTogether(t, 2), t.Context()
	limited := newCode("limited", "guest")
	limited.MaxUses = 5
	createRoom(t, two[0], newRoom("room"), limited)

	admitted := succeed(t, two, 40, errFull, func(db *DB, i int) error {
		join := meet.Admission{Identity: fmt.Sprint("guest-", i), RoomID: "id-room", Code: "limited", CreatedAt: epoch}
		return errOf(db.AddAdmission(ctx, join, epoch, func(c meet.JoinContext) error {
			if c.Code.Uses >= c.Code.MaxUses {
				return errFull
			}
			return nil
		}, newEvent(join.Identity)))
	})
	if admitted != 5 {
		t.Errorf("%d were let in by a code for 5", admitted)
	}
	if made := succeed(t, two, 20, meet.ErrLimitReached, func(db *DB, i int) error {
		return db.CreateRoom(ctx, meet.NewRoom{Room: newRoom(fmt.Sprint("limit-", i)), Most: 4}, nil)
	}); made != 3 {
		t.Errorf("%d rooms were made beside one, of 4 at most", made)
	}
	if made := succeed(t, two, 20, meet.ErrNameTaken, func(db *DB, i int) error {
		room := newRoom("name")
		room.ID = fmt.Sprint("name-", i)
		return db.CreateRoom(ctx, roomWith(room), nil)
	}); made != 1 {
		t.Errorf("%d rooms have one name", made)
	}
	if rotated := succeed(t, two, 20, meet.ErrNotFound, func(db *DB, i int) error {
		return errOf(db.ReplaceCode(ctx, "limited", fmt.Sprint("next-", i), epoch,
			func(meet.RoomCode) error { return nil }, nil, nil))
	}); rotated != 1 {
		t.Errorf("a code was replaced %d times", rotated)
	}
	events, err := two[1].Events(ctx, meet.EventQuery{RoomID: "id-room", Limit: 100})
	if err != nil || len(events) != 5 {
		t.Errorf("%d events, %v; want one for each admission", len(events), err)
	}
}

// Ids of events grow in the order of the commits: who reads up to an id has
// missed nothing before it.
func TestEventIDsGrowWithCommits(t *testing.T) {
	t.Parallel()
	two, ctx := openTogether(t, 2), t.Context()
	const n = 60
	done := make(chan struct{})
	go func() {
		defer close(done)
		succeed(t, two, n, nil, func(db *DB, i int) error { return db.AddEvent(ctx, newEvent(fmt.Sprint(i))) })
	}()
	seen := map[int64]bool{}
	newest := int64(0)
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		events, err := two[0].Events(ctx, meet.EventQuery{Limit: 2 * n})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if !seen[e.ID] && e.ID < newest {
				t.Errorf("event %d came after %d was there", e.ID, newest)
			}
		}
		for _, e := range events {
			seen[e.ID], newest = true, max(newest, e.ID)
		}
	}
	if len(seen) != n {
		t.Errorf("saw %d events, want %d", len(seen), n)
	}
}

func TestTextsThatPostgresCannotKeep(t *testing.T) {
	t.Parallel()
	db, ctx := setupPostgres(t), t.Context()
	createRoom(t, db, newRoom("room"))
	for _, text := range []string{"a\x00b", "a\xffb", "\x00", strings.Repeat("\xc3", 100)} {
		if _, err := db.RoomByName(ctx, text); !errors.Is(err, meet.ErrNotFound) {
			t.Errorf("RoomByName(%q): %v, want %v", text, err, meet.ErrNotFound)
		}
		if _, err := db.Rooms(ctx, meet.RoomQuery{All: true, Part: text, Now: epoch, Limit: 5}); err != nil {
			t.Errorf("Rooms with %q: %v", text, err)
		}
		if err := db.AddEvent(ctx, newEvent(text)); err != nil {
			t.Errorf("AddEvent about %q: %v", text, err)
		}
	}
}

func TestOpenURLFails(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // it takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	const password = "do-not-show-me"
	at := func(host string) string { return "postgres://u:" + password + "@" + host + "/db?sslmode=disable" }
	for name, c := range map[string]struct{ url, want string }{
		"nobody there":  {at("127.0.0.1:1"), "cannot reach the database postgres://127.0.0.1:1/db"},
		"silent":        {at(silent.Addr().String()), "cannot reach"},
		"no such host":  {at("roomkey.invalid"), "cannot reach"},
		"wrong":         {strings.Replace(url, postgrestest.Password, password, 1), "password authentication failed"},
		"no database":   {url + "&dbname=nothing", `database "nothing" does not exist`},
		"no URL":        {"postgres://u:" + password + "%zz@127.0.0.1/db", "cannot be read"},
		"port":          {"postgres://u:" + password + "@127.0.0.1:port/db", "cannot be read"},
		"wants TLS":     {strings.Replace(url, "disable", "require", 1), "TLS"},
		"certificates":  {at("127.0.0.1") + "&sslmode=verify-full&sslrootcert=/none", "cannot be read"},
		"no such value": {"postgres://u:" + password + "@127.0.0.1/db?sslmode=" + password, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			started := time.Now()
			db, err := OpenURL(t.Context(), c.url, Options{})
			if err == nil {
				db.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(fmt.Sprintf("%v %+v", err, err), password) {
				t.Errorf("got %v, want %s, and no password", err, c.want)
			}
			if took := time.Since(started); took > time.Minute {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// A password may stand in a file of libpq's instead of the URL.
func TestPasswordFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(path, []byte("*:*:*:*:"+postgrestest.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	url := strings.Replace(postgrestest.URL(t), ":"+postgrestest.Password, "", 1) + "&passfile=" + path
	createRoom(t, openURL(t, url), newRoom("room"))
}

func TestOpenURLRefusesANewerSchema(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	db := openURL(t, url)
	if err := db.change(t.Context(), func(tx *tx) error {
		return tx.exec("insert", `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`)
	}); err != nil {
		t.Fatal(err)
	}
	_, err := OpenURL(t.Context(), url, Options{})
	if err == nil || !strings.Contains(err.Error(), "has schema 99999, made by a newer roomkey") ||
		strings.Contains(err.Error(), postgrestest.Password) {
		t.Errorf("got %v", err)
	}
}

// How often a change goes to the database and back, where all other instances wait
// for it: once to read what decides, and once to write, tell and commit.
func TestRoundTripsOfAChange(t *testing.T) {
	t.Parallel()
	db, ctx := setupPostgres(t), t.Context()
	limited := newCode("limited", "guest")
	limited.MaxUses = 5
	pass := func(meet.JoinContext) error { return nil }
	admit := func(a meet.Admission) func() error {
		a.RoomID, a.Subject, a.Role, a.CreatedAt = "id-room", "ann", meet.RoleHost, epoch
		return func() error { return errOf(db.AddAdmission(ctx, a, epoch, pass, newEvent(a.Identity))) }
	}
	for _, c := range []struct {
		name  string
		do    func() error
		trips int64
	}{
		{"create a room with codes", func() error {
			r := roomWith(newRoom("room"), newCode("aaa", "host"), limited)
			r.Most, r.UnusedSince = 9, epoch
			return db.CreateRoom(ctx, r, newEvent("room"))
		}, 3}, // how many rooms there are, whether the name is free, the rest
		{"join by name", admit(meet.Admission{Identity: "by name"}), 2},
		{"join by code", admit(meet.Admission{Identity: "by code", Code: "aaa"}), 2},
		{"join by code with a limit", admit(meet.Admission{Identity: "limited", Code: "limited"}), 2},
		{"kick", func() error {
			return db.RevokeAdmissions(ctx, meet.Revocation{RoomID: "id-room", Identities: []string{"by name"}, At: epoch},
				newEvent("kick"))
		}, 2},
		{"an event", func() error { return db.AddEvent(ctx, newEvent("event")) }, 1},
		{"a refusal", func() error {
			_, err := db.UpdateRoom(ctx, "id-room", func(*meet.Room) error { return errFull }, 0, nil)
			if !errors.Is(err, errFull) {
				return fmt.Errorf("got %w, want %w", err, errFull)
			}
			return nil
		}, 2},
		{"nothing", func() error { return db.change(ctx, func(*tx) error { return nil }) }, 0},
	} {
		connection := db.writer.connection.(*postgresConnection)
		connection.busy = false // or a slow commit before costs this one a round trip
		trips := &connection.trips
		before := trips.Load()
		if err := c.do(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := trips.Load() - before; got != c.trips {
			t.Errorf("%s: %d round trips, want %d", c.name, got, c.trips)
		}
	}
}
