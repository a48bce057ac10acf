package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"

	"roomkey/meet"
)

// However many fail, what others do is done at most twice.
func TestNoOperationRunsMoreThanTwice(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		h := hold(t, db)
		const n = 20
		var good, bad []chan error
		var names []string
		ran := make([]int, n)
		for i := range n {
			names = append(names, fmt.Sprint("room-", i))
			good = append(good, h.queueRaw(func(t *tx) error { ran[i]++; return t.insertRoom(roomWith(newRoom(names[i]))) }))
			bad = append(bad, h.queueRaw(func(t *tx) error {
				return cmp.Or(t.insertRoom(roomWith(newRoom(fmt.Sprint("bad-", i)))), errors.New("refused"))
			}))
		}
		h.letGo()
		wantNoErr(t, append(good, h.first)...)
		for i := range n {
			if err := <-bad[i]; err == nil || err.Error() != "refused" {
				t.Errorf("the operation that fails got the error %v", err)
			}
			if ran[i] > 2 {
				t.Errorf("operation %d ran %d times", i, ran[i])
			}
			wantRooms(t, db, false, fmt.Sprint("bad-", i))
		}
		wantRooms(t, db, true, names...)
	})
}

// What is refused before it has changed anything leaves the others their transaction,
// also where it has read a code that they have used.
func TestARefusalTakesNothingAlong(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		createRoom(t, db, newRoom("room"), newCode("aaa", "host"), newCode("bbb", "guest"))
		h := hold(t, db)
		before := db.writer.commits.Load()
		admitted := 0
		admits := h.queue(func(ctx context.Context) error {
			join := meet.Admission{Identity: "one", RoomID: "id-room", Code: "aaa", Role: "host", CreatedAt: epoch}
			return errOf(db.AddAdmission(ctx, join, epoch, func(meet.JoinContext) error { admitted++; return nil }, nil))
		})
		refused := h.queueRaw(func(t *tx) error {
			_, err := t.code("bbb")
			used, err2 := queryOne(t, "read code", selectCode, codePointers, "aaa")
			return errors.Join(err, err2, fmt.Errorf("refused after %d uses", used.Uses))
		})
		last := h.queueRoom("last")
		h.letGo()
		wantNoErr(t, h.first, admits, last)
		if err := <-refused; err == nil || err.Error() != "refused after 1 uses" {
			t.Errorf("the refusal is %v", err)
		}
		if n := db.writer.commits.Load() - before; n != 1 || admitted != 1 {
			t.Errorf("%d commits, and the admission ran %d times; want one of each", n, admitted)
		}
		if code, _, err := db.CodeAndRoom(t.Context(), "aaa"); err != nil || code.Uses != 1 {
			t.Errorf("the code has %d uses, %v; want 1", code.Uses, err)
		}
	})
}

// A full disk and the like end a whole transaction behind the writer's back. What was in
// it is run again.
func TestATransactionThatEndedFailsNoOther(t *testing.T) {
	t.Parallel()
	db := setup(t)
	h := hold(t, db)
	lost := h.queueRoom("lost")
	broken := h.queueRaw(func(t *tx) error {
		if err := t.exec("roll back", `ROLLBACK`); err != nil {
			return err
		}
		return errors.New("disk full")
	})
	later := h.queueRoom("later")
	h.letGo()
	if <-broken == nil {
		t.Error("the operation that ended the transaction succeeded")
	}
	wantNoErr(t, h.first, lost, later)
	wantRooms(t, db, true, "lost", "later")
}

// An admission that is run again has nothing of what was taken back.
func TestAnAdmissionThatIsRunAgainBeginsAnew(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		withRoom(t, db)
		admit := func(ctx context.Context, identity string) (meet.Admission, error) {
			return db.AddAdmission(ctx, meet.Admission{Identity: identity, RoomID: "id-room", Role: "host", Person: "ann",
				Subject: "ann", CreatedAt: epoch}, epoch, func(meet.JoinContext) error { return nil }, nil)
		}
		before, err := admit(t.Context(), "before")
		if err != nil {
			t.Fatal(err)
		}
		h := hold(t, db)
		runs := 0
		locks := h.queueRaw(func(t *tx) error {
			if runs++; runs > 1 {
				return nil
			}
			return t.setLocked(before, []meet.Source{meet.Microphone})
		})
		var again meet.Admission
		admits := h.queue(func(ctx context.Context) (err error) {
			again, err = admit(ctx, "again")
			return err
		})
		fails := h.queueRaw(func(t *tx) error {
			return cmp.Or(t.insertRoom(roomWith(newRoom("bad"))), errors.New("refused"))
		})
		h.letGo()
		wantNoErr(t, h.first, locks, admits)
		if <-fails == nil || runs != 2 {
			t.Fatalf("the lock ran %d times, want twice", runs)
		}
		if len(again.Locked) > 0 {
			t.Errorf("the admission is locked with %v, which was taken back", again.Locked)
		}
	})
}
