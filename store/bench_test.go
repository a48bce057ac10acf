package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/meet"
)

// benchRooms is how many rooms a benchmark works on, each with three codes.
const benchRooms = 10_000

func benchCode(room, code int) string { return fmt.Sprintf("code-%d-%d", room, code) }

// filled gives a store with rooms.
func filled(b *testing.B) *DB {
	b.Helper()
	db := setup(b)
	err := db.change(b.Context(), func(t *tx) error {
		for i := range benchRooms {
			room := newRoom(fmt.Sprint(i))
			room.CreatedAt = epoch.Add(time.Duration(i) * time.Second)
			if err := t.insertRoom(roomWith(room)); err != nil {
				return err
			}
			for k, role := range []string{"host", "guest", "viewer"} {
				if err := t.insertCode(room.ID, newCode(benchCode(i, k), role)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

// parallel runs do with 16 callers at a time, each with a number of its own.
func parallel(b *testing.B, name string, do func(ctx context.Context, i int) error) {
	b.Helper()
	var serial atomic.Int64
	b.Run(name, func(b *testing.B) {
		ctx, cancel := context.WithCancel(b.Context()) // as a request has it
		defer cancel()
		b.ReportAllocs()
		b.SetParallelism((16 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := do(ctx, int(serial.Add(1))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

func BenchmarkStore(b *testing.B) {
	db := filled(b)
	parallel(b, "RoomByID", func(ctx context.Context, _ int) error {
		return errOf(db.RoomByID(ctx, "id-"+fmt.Sprint(rand.IntN(benchRooms))))
	})
	parallel(b, "RoomAndCodesOfAnyRoom", func(ctx context.Context, _ int) error {
		room, err := db.RoomByID(ctx, "id-"+fmt.Sprint(rand.IntN(benchRooms)))
		if err != nil {
			return err
		}
		return errOf(db.Codes(ctx, meet.CodeQuery{RoomID: room.ID, Limit: meet.MaxPage}))
	})
	parallel(b, "CodeAndRoom", func(ctx context.Context, i int) error {
		_, _, err := db.CodeAndRoom(ctx, benchCode(rand.IntN(benchRooms), i%3))
		return err
	})
	parallel(b, "RoomsFirstPage", func(ctx context.Context, _ int) error {
		_, err := db.Rooms(ctx, meet.RoomQuery{Subject: "ann", Mine: true, Joined: true, Public: true, Now: epoch, Limit: 20})
		return err
	})
	for name, room := range map[string]func() int{"AdmitToOneRoom": func() int { return 1 },
		"AdmitToAnyRoom": func() int { return rand.IntN(benchRooms) }} {
		parallel(b, name, func(ctx context.Context, _ int) error {
			k := room()
			join := meet.Admission{Identity: fmt.Sprint(name, rand.Int64()), RoomID: fmt.Sprint("id-", k), Subject: "ann",
				Role: meet.RoleHost, Code: benchCode(k, 0), CreatedAt: epoch}
			_, err := db.AddAdmission(ctx, join, epoch.Add(meet.TokenLifetime),
				func(c meet.JoinContext) error { return c.Code.Check(epoch) }, newEvent(join.Identity))
			return err
		})
	}
}
