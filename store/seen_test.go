package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"roomkey/meet"
)

// named is a room with an id that does not follow from its name.
func named(id, name string) meet.Room {
	room := newRoom(name)
	room.ID = id
	return room
}

// look gives what readers see of the room "daily" and its codes, twice, so that
// the second look comes from memory.
func look(t *testing.T, db *DB) string {
	t.Helper()
	var seen [2]string
	for i := range seen {
		byName, err := db.RoomByName(t.Context(), "daily")
		if err != nil {
			t.Fatal(err)
		}
		byID, err := db.RoomByID(t.Context(), byName.ID)
		if err != nil || !reflect.DeepEqual(byID, byName) {
			t.Fatalf("by id %+v, by name %+v, %v", byID, byName, err)
		}
		codes, err := db.Codes(t.Context(), meet.CodeQuery{RoomID: byName.ID, Limit: 20})
		if err != nil {
			t.Fatal(err)
		}
		seen[i] = fmt.Sprintf("%s %s %v", byName.ID, byName.State, byName.IsPublic)
		for _, c := range codes {
			seen[i] += fmt.Sprintf(" | %s %v %d", c.Code, c.Enabled, c.Uses)
			if row, room, err := db.CodeAndRoom(t.Context(), c.Code); err != nil || row != c || !reflect.DeepEqual(room, byID) {
				t.Fatalf("look %d: the code is %+v in the list, by itself %+v in %+v, %v", i, c, row, room, err)
			}
		}
	}
	if seen[0] != seen[1] {
		t.Fatalf("two looks differ: %s, then %s", seen[0], seen[1])
	}
	return seen[1]
}

// Whatever changes what readers have seen, the next reader sees it.
func TestEveryWriteIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		ctx := t.Context()
		pass := func(meet.JoinContext) error { return nil }
		steps := []struct {
			name string
			do   func() error
			want string
		}{
			{"create", func() error {
				return db.CreateRoom(ctx, roomWith(named("one", "daily"), newCode("aaa", "host")), nil)
			}, "one active false | aaa true 0"},
			{"update room", func() error {
				return errOf(db.UpdateRoom(ctx, "one", func(r *meet.Room) error { r.IsPublic = true; return nil }, 0, nil))
			}, "one active true | aaa true 0"},
			{"ensure codes", func() error {
				_, err := db.EnsureCodes(ctx, "one", []meet.RoomCode{newCode("bbb", "guest")},
					[]string{"host", "guest"}, nil, epoch, 0, nil)
				return err
			}, "one active true | aaa true 0 | bbb true 0"},
			{"use", func() error {
				_, err := db.AddAdmission(ctx, meet.Admission{Identity: "x", RoomID: "one", Code: "aaa", CreatedAt: epoch}, epoch,
					pass, nil)
				return err
			}, "one active true | aaa true 1 | bbb true 0"},
			{"disable", func() error {
				return errOf(db.UpdateCode(ctx, "aaa", func(c *meet.RoomCode) error { c.Enabled = false; return nil }, nil, nil))
			}, "one active true | aaa false 1 | bbb true 0"},
			{"a role that is no more", func() error {
				return errOf(db.EnsureCodes(ctx, "one", []meet.RoomCode{newCode("ccc", "host")}, []string{"host"}, nil,
					epoch, 0, nil))
			}, "one active true | aaa false 1 | bbb false 0"},
			{"rotate", func() error {
				return errOf(db.ReplaceCode(ctx, "aaa", "zzz", epoch, func(meet.RoomCode) error { return nil }, nil, nil))
			}, "one active true | bbb false 0 | zzz true 0"},
			{"give it an end", func() error {
				return errOf(db.UpdateRoom(ctx, "one", func(r *meet.Room) error {
					r.ExpiresAt = epoch.Add(time.Second)
					return nil
				}, 0, nil))
			}, "one active true | bbb false 0 | zzz true 0"},
			{"expire", func() error {
				return errOf(db.ExpireRooms(ctx, epoch.Add(time.Minute), 10, func(meet.Room) *meet.Event { return nil }))
			}, "one expired true | bbb false 0 | zzz true 0"},
			{"another room with the name", func() error { return db.CreateRoom(ctx, roomWith(named("two", "daily")), nil) },
				"two active false"},
			{"rename that one", func() error {
				return errOf(db.UpdateRoom(ctx, "two", func(r *meet.Room) error { r.Name = "weekly"; return nil }, 0, nil))
			}, "one expired true | bbb false 0 | zzz true 0"},
		}
		for _, step := range steps {
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if got := look(t, db); got != step.want {
				t.Errorf("after %s readers see %q; want %q", step.name, got, step.want)
			}
		}
	})
}

// oneCommit has operations share a commit, in their order, and gives their
// errors. Those after one that fails may have the next commit.
func oneCommit(t *testing.T, db *DB, operations ...func() error) []error {
	t.Helper()
	h := hold(t, db)
	commits := db.writer.commits.Load()
	done := []chan error{h.first}
	for _, operation := range operations {
		done = append(done, h.queue(func(context.Context) error { return operation() }))
	}
	h.letGo()
	errs := make([]error, len(done))
	for i := range done {
		errs[i] = <-done[i]
	}
	most := int64(1)
	for _, err := range errs {
		if err != nil { // it may have ended the transaction
			most++
		}
	}
	if n := db.writer.commits.Load() - commits; errs[0] != nil || n > most {
		t.Fatalf("%d commits, %v; want at most %d", n, errs[0], most)
	}
	return errs[1:]
}

// Operations that share a commit see what those before them did, and what
// failed is remembered by nobody.
func TestOperationsThatShareACommit(t *testing.T) {
	t.Parallel()
	refuse := errors.New("refused")
	type step struct {
		name string
		do   func(db *DB, seen *meet.JoinContext) error
		fail bool
	}
	use := func(identity string) step {
		return step{"use by " + identity, func(db *DB, seen *meet.JoinContext) error {
			join := meet.Admission{Identity: identity, RoomID: "one", Code: "aaa", CreatedAt: epoch}
			_, err := db.AddAdmission(t.Context(), join, epoch, func(door meet.JoinContext) error { *seen = door; return nil },
				nil)
			return err
		}, identity == "inside"}
	}
	change := func(name string, do func(db *DB) error) step {
		return step{name: name, do: func(db *DB, _ *meet.JoinContext) error { return do(db) }}
	}
	for name, c := range map[string]struct {
		steps []step
		uses  int
		check func(meet.JoinContext) bool // of what the last use has seen
	}{
		"uses": {[]step{use("a"), use("b"), use("c")}, 4,
			func(d meet.JoinContext) bool { return d.Code.Uses == 3 }},
		"a use that fails": {[]step{use("a"), use("inside")}, 2, func(d meet.JoinContext) bool { return d.Code.Uses == 2 }},
		"then one that does": {[]step{use("a"), use("inside"), use("b")}, 3,
			func(d meet.JoinContext) bool { return d.Code.Uses == 2 }},
		"a room that ends": {[]step{use("a"), change("end", func(db *DB) error {
			end := func(r *meet.Room) error { r.State = meet.RoomEnded; return nil }
			_, err := db.UpdateRoom(t.Context(), "one", end, 0, nil)
			return err
		}), use("b")}, 3, func(d meet.JoinContext) bool { return d.Room.State == meet.RoomEnded }},
		"a code that is disabled": {[]step{use("a"), change("disable", func(db *DB) error {
			_, err := db.UpdateCode(t.Context(), "aaa", func(c *meet.RoomCode) error { c.Enabled = false; return nil }, nil, nil)
			return err
		}), use("b")}, 3, func(d meet.JoinContext) bool { return !d.Code.Enabled && d.Code.Uses == 2 }},
		"a code that is replaced": {[]step{use("a"), change("rotate", func(db *DB) error {
			return errOf(db.ReplaceCode(t.Context(), "aaa", "zzz", epoch, func(meet.RoomCode) error { return nil }, nil, nil))
		}), use("b")}, 3, func(d meet.JoinContext) bool { return !d.Code.RetiredAt.IsZero() }},
		"a role that is no more": {[]step{use("a"), change("ensure", func(db *DB) error {
			_, err := db.EnsureCodes(t.Context(), "one", []meet.RoomCode{newCode("bbb", "guest")},
				[]string{"guest"}, nil, epoch, 0, nil)
			return err
		}), use("b")}, 3, func(d meet.JoinContext) bool { return !d.Code.Enabled }},
		"a change that is refused": {[]step{use("a"), {"disable", func(db *DB, _ *meet.JoinContext) error {
			return errOf(db.UpdateCode(t.Context(), "aaa", func(*meet.RoomCode) error { return refuse }, nil, nil))
		}, true}, use("b")}, 3, func(d meet.JoinContext) bool { return d.Code.Enabled && d.Code.Uses == 2 }},
	} {
		db := setup(t)
		createRoom(t, db, named("one", "one"), newCode("aaa", "host"))
		if err := use("inside").do(db, new(meet.JoinContext)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := db.CodeAndRoom(t.Context(), "aaa"); err != nil { // remembers the room
			t.Fatal(err)
		}
		seen := make([]meet.JoinContext, len(c.steps))
		operations := make([]func() error, len(c.steps))
		for i, s := range c.steps {
			operations[i] = func() error { return s.do(db, &seen[i]) }
		}
		for i, err := range oneCommit(t, db, operations...) {
			if (err != nil) != c.steps[i].fail {
				t.Errorf("%s: %s: %v", name, c.steps[i].name, err)
			}
		}
		if last := seen[len(seen)-1]; !c.check(last) {
			t.Errorf("%s: the last use has seen %+v", name, last)
		}
		for range 2 {
			remembered, _, err := db.CodeAndRoom(t.Context(), "aaa")
			stored, scanErr := scanOne("read", db.statements.pool.QueryRowContext(t.Context(), selectCode, "aaa"), codePointers)
			if err != nil || scanErr != nil || remembered != stored || stored.Uses != c.uses {
				t.Errorf("%s: remembered %+v, stored %+v, %v, %v; want the same, with %d uses", name, remembered, stored, err,
					scanErr, c.uses)
			}
		}
	}
}

// Readers by name and by id see that a room has expired and that another one has its
// name.
func TestFreeingANameIsSeen(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		old := named("old", "daily")
		old.ExpiresAt = epoch.Add(time.Second)
		createRoom(t, db, old)
		look(t, db)
		err := db.ExpireHolder(t.Context(), "daily", epoch.Add(time.Minute), func(meet.Room) *meet.Event { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if got := look(t, db); got != "old expired false" {
			t.Errorf("readers see %q by the name; want that the room has expired", got)
		}
		createRoom(t, db, named("new", "daily"))
		if got := look(t, db); got != "new active false" {
			t.Errorf("readers see %q by the name; want the new room", got)
		}
		if room, err := db.RoomByID(t.Context(), "old"); err != nil || room.State != meet.RoomExpired {
			t.Errorf("the old room is %q, %v; want it expired", room.State, err)
		}
	})
}

// Readers and writers at once: nobody who was told of a use reads fewer.
func TestNobodyReadsTheOldAfterTheAnswer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		createRoom(t, db, named("one", "daily"), newCode("aaa", "host"))
		uses := func() int {
			code, _, err := db.CodeAndRoom(context.Background(), "aaa")
			if err != nil {
				t.Errorf("the code: %v", err)
			}
			codes, err := db.Codes(context.Background(), meet.CodeQuery{RoomID: "one", Limit: 20})
			if err != nil || len(codes) != 1 {
				t.Errorf("codes = %v, %v", codes, err)
				return 0
			}
			if codes[0].Uses < code.Uses {
				t.Errorf("the list says %d uses after the code said %d", codes[0].Uses, code.Uses)
			}
			again, _, err := db.CodeAndRoom(context.Background(), "aaa")
			if err != nil || again.Uses < codes[0].Uses {
				t.Errorf("the code says %d uses after the list said %d (%v)", again.Uses, codes[0].Uses, err)
			}
			return codes[0].Uses
		}
		var readers, writers sync.WaitGroup
		done := make(chan struct{})
		for range 4 {
			readers.Go(func() {
				last := 0
				for {
					select {
					case <-done:
						return
					default:
					}
					if n := uses(); n < last {
						t.Errorf("uses went from %d to %d", last, n)
					} else {
						last = n
					}
				}
			})
		}
		for w := range 8 {
			writers.Go(func() {
				for i := range 50 {
					before := uses()
					_, err := db.AddAdmission(t.Context(), meet.Admission{Identity: fmt.Sprint(w, "-", i), RoomID: "one", Code: "aaa",
						CreatedAt: epoch}, epoch,
						func(meet.JoinContext) error { return nil }, nil)
					if after := uses(); err != nil || after <= before {
						t.Errorf("uses were %d, and %d after one more (%v)", before, after, err)
					}
				}
			})
		}
		writers.Wait()
		close(done)
		readers.Wait()
		if got := uses(); got != 400 {
			t.Errorf("uses = %d; want 400", got)
		}
	})
}
