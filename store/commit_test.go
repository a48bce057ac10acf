package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
)

func newEvent(target string) *meet.Event {
	return &meet.Event{At: epoch, RoomID: "id-room", Actor: "ann", Action: meet.RoomUpdated, Target: target,
		Outcome: meet.OutcomeOK}
}

// wantLines checks what all lines are about, oldest first.
func wantLines(t *testing.T, db *DB, want ...string) {
	t.Helper()
	events, err := db.Events(t.Context(), meet.EventQuery{Limit: 1000})
	if err != nil {
		t.Fatalf("Events: %v", err)
	}
	var got []string
	for _, e := range slices.Backward(events) {
		got = append(got, e.Target)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func (h *held) queueUpdate(e *meet.Event) chan error {
	h.t.Helper()
	return h.queue(func(ctx context.Context) error {
		return errOf(h.db.UpdateRoom(ctx, "id-room", func(*meet.Room) error { return nil }, 0, e))
	})
}

// withRoom gives a store with id-room and its code aaa.
func withRoom(t *testing.T, db *DB) *DB {
	t.Helper()
	createRoom(t, db, newRoom("room"), newCode("aaa", "host"))
	return db
}

func TestARolledBackOperationLeavesNoLine(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		withRoom(t, db)
		join := meet.Admission{Identity: "one", RoomID: "id-room", Role: "host", CreatedAt: epoch}
		if _, err := db.AddAdmission(t.Context(), join, epoch, func(meet.JoinContext) error { return nil }, nil); err != nil {
			t.Fatal(err)
		}
		h := hold(t, db)
		before := db.writer.commits.Load()
		first, refused, panicked, unblocked, last := newEvent("first"), newEvent("refused"), newEvent("panicked"),
			newEvent("not blocked"), newEvent("last")
		good := []chan error{h.queueUpdate(first)}
		bad := []chan error{
			h.queueRaw(func(t *tx) error { return errors.Join(t.event(refused), errors.New("refused")) }),
			h.queueRaw(func(t *tx) error { panic(t.event(panicked)) }),
			h.queue(func(ctx context.Context) error {
				return db.RevokeAdmissions(ctx, meet.Revocation{RoomID: "id-room", Identities: []string{"one"}, At: epoch,
					Block: &meet.Block{RoomID: "nowhere"}}, unblocked)
			}),
		}
		good = append(good, h.queueUpdate(last))
		h.letGo()
		wantNoErr(t, append(good, h.first)...)
		for i, err := range bad {
			if <-err == nil {
				t.Errorf("bad operation %d succeeded", i)
			}
		}
		wantLines(t, db, "first", "last")
		for _, e := range []*meet.Event{refused, panicked, unblocked} {
			if e.ID != 0 {
				t.Errorf("%s has the id %d", e.Target, e.ID)
			}
		}
		if first.ID == 0 || last.ID <= first.ID {
			t.Errorf("first has the id %d, last %d", first.ID, last.ID)
		}
		if join, _, err := db.Admission(t.Context(), "one"); err != nil || !join.RevokedAt.IsZero() {
			t.Errorf("the join is %+v, %v; want it not revoked", join, err)
		}
		if got := db.writer.commits.Load() - before; got > 2 {
			t.Errorf("they took %d commits, want at most 2: one operation ended the first transaction", got)
		}
	})
}

// Nobody touches an event whose caller has gone; the race detector watches.
func TestAnEventIsItsCallersAfterTheCall(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		withRoom(t, db)
		for range 50 {
			ctx, cancel := context.WithCancel(t.Context())
			e := newEvent("update")
			_, err := db.UpdateRoom(ctx, "id-room", func(*meet.Room) error { cancel(); return nil }, 0, e)
			if (err == nil) != (e.ID != 0) {
				t.Errorf("error %v and id %d", err, e.ID)
			}
			e.ID = -1
		}
		if err := db.AddEvent(t.Context(), newEvent("last")); err != nil { // behind them all
			t.Fatal(err)
		}
	})
}

// Joins that share a commit read their door once, but see every block.
func TestABlockIsSeenInItsCommit(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{"by code": "aaa", "by name": ""} {
		t.Run(name, func(t *testing.T) { t.Parallel(); blockInOneCommit(t, code) })
	}
}

func blockInOneCommit(t *testing.T, code string) {
	t.Helper()
	db := withRoom(t, setup(t))
	h := hold(t, db)
	before := db.writer.commits.Load()
	var done []chan error
	seen := map[string]int{}
	join := func(identity string) {
		done = append(done, h.queue(func(ctx context.Context) error {
			_, err := db.AddAdmission(ctx, meet.Admission{Identity: identity, RoomID: "id-room", Role: "host", Code: code,
				CreatedAt: epoch}, epoch,
				func(door meet.JoinContext) error { seen[identity] = len(door.Blocks); return nil }, nil)
			return err
		}))
	}
	block := func(roomID, identity string) chan error {
		return h.queue(func(ctx context.Context) error {
			return db.RevokeAdmissions(ctx, meet.Revocation{RoomID: "id-room", At: epoch, Block: &meet.Block{RoomID: roomID,
				Identity: identity, CreatedAt: epoch}}, nil)
		})
	}
	join("before")
	failed := block("nowhere", "x")
	join("after one that failed")
	done = append(done, block("id-room", "x"))
	join("after one")
	join("after one, again")
	done = append(done, block("id-room", "y"))
	join("after two")
	done = append(done, h.queue(func(ctx context.Context) error { return db.Unblock(ctx, "id-room", "x", nil) }))
	join("after one was lifted")
	h.letGo()
	wantNoErr(t, append(done, h.first)...)
	if <-failed == nil {
		t.Error("a block in a room that is not there was made")
	}
	want := map[string]int{"before": 0, "after one that failed": 0, "after one": 1, "after one, again": 1, "after two": 2,
		"after one was lifted": 1}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("blocks seen (-want +got):\n%s", diff)
	}
	if got := db.writer.commits.Load() - before; got != 2 {
		t.Errorf("they took %d commits, want 2: one operation ended the first transaction", got)
	}
}

// What a join by name is told of the room and of its own join request is so by
// then, also if others joined in the same commit before.
// What an operation has read of its own change is gone with it.
func TestARolledBackChangeIsNotSeenInItsCommit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		withRoom(t, db)
		h := hold(t, db)
		refused := h.queueRaw(func(t *tx) error {
			room, err := t.room("id-room")
			room.MaxParticipants = 7
			_, updated := t.updateRoom("id-room", room)
			room, read := t.room("id-room")
			return errors.Join(err, updated, read, fmt.Errorf("refused with %d", room.MaxParticipants))
		})
		var seen meet.Room
		next := h.queueRaw(func(t *tx) (err error) {
			seen, err = t.room("id-room")
			return err
		})
		h.letGo()
		if err := <-refused; err == nil || err.Error() != "refused with 7" {
			t.Errorf("the first operation: %v; want it to see its own change", err)
		}
		wantNoErr(t, next, h.first)
		if seen.MaxParticipants != 0 {
			t.Errorf("the next operation sees at most %d participants; want no limit", seen.MaxParticipants)
		}
	})
}

// A database far away says late that a change has failed, when the next operation
// has read what it wrote.
func TestAChangeThatFailsLateIsNotSeenInItsCommit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		withRoom(t, db)
		h := hold(t, db)
		before := h.queueUpdate(newEvent("before"))
		failed := h.queueRaw(func(t *tx) error {
			room, err := t.room("id-room")
			room.MaxParticipants = 7
			_, updated := t.updateRoom("id-room", room)
			_, read := t.room("id-room")
			return errors.Join(err, updated, read, t.insertBlock(meet.Block{RoomID: "nowhere"}), t.event(newEvent("failed")))
		})
		var seen []meet.Room
		var next []chan error
		for range 2 {
			next = append(next, h.queueRaw(func(t *tx) error {
				room, err := t.room("id-room")
				seen = append(seen, room)
				return errors.Join(err, t.event(newEvent("next")))
			}))
		}
		h.letGo()
		if err := <-failed; err == nil {
			t.Error("a block in no room was stored")
		}
		wantNoErr(t, append(next, before, h.first)...)
		for _, room := range seen[len(seen)-2:] {
			if room.MaxParticipants != 0 {
				t.Errorf("an operation after it sees at most %d participants; want no limit", room.MaxParticipants)
			}
		}
		wantLines(t, db, "before", "next", "next")
	})
}

func TestARoomThatEndsIsSeenInItsCommit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		withRoom(t, db)
		if err := db.AddJoinRequest(t.Context(), meet.JoinRequest{ID: "asked", RoomID: "id-room", Caller: "ann",
			State: meet.RequestApproved, CreatedAt: epoch, SeenAt: epoch},
			epoch, func(meet.Room, meet.RequestCount) error { return nil }, nil); err != nil {
			t.Fatal(err)
		}
		h := hold(t, db)
		var done []chan error
		seen := map[string]string{}
		join := func(identity, request string) {
			done = append(done, h.queue(func(ctx context.Context) error {
				_, err := db.AddAdmission(ctx, meet.Admission{Identity: identity, RoomID: "id-room", Role: "host",
					RequestID: request, CreatedAt: epoch}, epoch,
					func(door meet.JoinContext) error {
						seen[identity] = string(door.Room.State) + " " + door.Request.ID
						return nil
					}, nil)
				return err
			}))
		}
		join("first", "asked")
		join("second", "")
		join("third", "asked")
		done = append(done, h.queue(func(ctx context.Context) error {
			_, err := db.UpdateRoom(ctx, "id-room", func(r *meet.Room) error {
				r.State, r.EndedAt = meet.RoomEnded, epoch
				return nil
			}, 0, nil)
			return err
		}))
		join("late", "")
		h.letGo()
		wantNoErr(t, append(done, h.first)...)
		want := map[string]string{"first": "active asked", "second": "active ", "third": "active asked", "late": "ended "}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("seen (-want +got):\n%s", diff)
		}
	})
}

// moderated is all that this file's words about people come back as.
func moderated(t *testing.T, db *DB) string {
	t.Helper()
	join, _, err := db.Admission(t.Context(), "one")
	blocks, err2 := db.Blocks(t.Context(), "id-room")
	open, err3 := db.OpenPresences(t.Context(), "")
	ended, err4 := db.HasPresence(t.Context(), "ended")
	events, err5 := db.Events(t.Context(), meet.EventQuery{Limit: 10})
	rooms, err6 := db.Rooms(t.Context(), meet.RoomQuery{Subject: "eve", Joined: true, Now: epoch, Limit: 10})
	if err := errors.Join(err, err2, err3, err4, err5, err6); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%+v\n%+v\n%+v\n%v\n%+v\n%d rooms", join, blocks, open, ended, events, len(rooms))
}

func TestWhatModeratorsSaySurvivesReopening(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "room.db")
	db := withRoom(t, openAt(t, path))
	ctx := t.Context()
	_, err := db.AddAdmission(ctx, meet.Admission{Identity: "one", RoomID: "id-room", Subject: "eve", UserID: "eve",
		Role: "host", CreatedAt: epoch}, epoch,
		func(meet.JoinContext) error { return nil }, newEvent("admitted"))
	_, err2 := db.LockAdmissions(ctx, "id-room", []string{"one"}, meet.Microphone, true, newEvent("locked"))
	err3 := db.RevokeAdmissions(ctx, meet.Revocation{RoomID: "id-room", Identities: []string{"one"}, At: epoch, By: "ann",
		Block: &meet.Block{RoomID: "id-room", Identity: "one", Subject: "eve", CreatedAt: epoch}}, newEvent("kicked"))
	err4 := db.SavePresence(ctx, meet.Presence{SID: "open", RoomID: "id-room", Identity: "one", Subject: "eve",
		JoinedAt: epoch}, newEvent("joined"), nil)
	err5 := db.SavePresence(ctx, meet.Presence{SID: "ended", RoomID: "id-room", Identity: "one", JoinedAt: epoch,
		LeftAt: epoch.Add(time.Hour)}, nil, newEvent("left"))
	if err := errors.Join(err, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	want := moderated(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openAt(t, path)
	if diff := cmp.Diff(want, moderated(t, db)); diff != "" {
		t.Errorf("after reopening (-before +after):\n%s", diff)
	}
	if _, err := db.AddAdmission(ctx, meet.Admission{Identity: "two", RoomID: "id-room", Subject: "eve", UserID: "eve",
		Role: "host", CreatedAt: epoch}, epoch,
		func(door meet.JoinContext) error {
			if len(door.Blocks) != 1 {
				t.Errorf("the next join sees %d blocks", len(door.Blocks))
			}
			return nil
		}, newEvent("came back")); err != nil {
		t.Fatal(err)
	}
	wantLines(t, db, "admitted", "locked", "kicked", "joined", "left", "came back")
}
