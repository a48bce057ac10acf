package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/meet"
)

// benchRooms is how many rooms a benchmark reads from, each with 3 codes.
// ROOMKEY_BENCH_ROOMS sets another number, say 1000000.
func benchRooms(b *testing.B) int {
	b.Helper()
	env := os.Getenv("ROOMKEY_BENCH_ROOMS")
	if env == "" {
		return 10_000
	}
	n, err := strconv.Atoi(env)
	if err != nil {
		b.Fatalf("ROOMKEY_BENCH_ROOMS: %v", err)
	}
	return n
}

// filled gives a store with n rooms that all look alike.
func filled(b *testing.B, n int) *DB {
	b.Helper()
	db := setup(b)
	const chunk = 1000
	for from := 0; from < n; from += chunk {
		_, err := write(b.Context(), db.writer, func(t *tx) (none struct{}, err error) {
			for i := from; i < min(from+chunk, n); i++ {
				room, codes := benchRoom(i)
				if err := t.insertRoom(room); err != nil {
					return none, err
				}
				for _, code := range codes {
					if err := t.insertCode(room.ID, code); err != nil {
						return none, err
					}
				}
			}
			return none, nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return db
}

// Ids grow with time and codes are random letters, as in production.
func benchRoom(i int) (meet.Room, []meet.RoomCode) {
	at := epoch.Add(time.Duration(i) * time.Millisecond)
	room := meet.Room{
		ID: benchID(i), Name: fmt.Sprintf("room-%d", i), CreatedBy: fmt.Sprintf("user-%d@example.com", i%1000),
		AdminID: fmt.Sprintf("user-%d@example.com", i%1000), State: meet.RoomActive, Mode: meet.Standard, IsPublic: i%2 == 0,
		Settings:  meet.DefaultSettings(),
		CreatedAt: at, UpdatedAt: at,
	}
	var codes []meet.RoomCode
	for c, role := range []string{meet.RoleHost, meet.RoleGuest, meet.RoleViewer} {
		codes = append(codes, meet.RoomCode{Code: benchCode(i, c), RoomID: room.ID, Role: role, Enabled: true, CreatedAt: at, UpdatedAt: at})
	}
	return room, codes
}

func benchEvent(deed meet.EventAction, roomID, target string, details map[string]string) *meet.Event {
	return &meet.Event{At: epoch, RoomID: roomID, RoomName: "weekly-planning", AdminID: benchAdmin(roomID), Actor: "ada@example.com",
		Caller: meet.Caller{Via: meet.ViaMCP, Client: "claude-code 2.0"}, Action: deed, Target: target, Outcome: meet.OutcomeOK,
		Details: details, RequestID: "01900000-0000-7000-8000-000000000000"}
}

// benchAdmin is the admin of one in a thousand rooms.
func benchAdmin(roomID string) string { return "user-" + roomID[len(roomID)-3:] + "@example.com" }

func benchID(i int) string { return fmt.Sprintf("01900000-0000-7000-8000-%012d", i) }

func benchCode(i, c int) string {
	n := (uint64(3*i+c)*0x9E3779B97F4A7C15)>>18 + 1 // spreads neighbours all over the index
	letters := make([]byte, 12)
	for k := range letters {
		letters[k] = byte('a' + n%26)
		n /= 26
	}
	letters[3], letters[8] = '-', '-'
	return string(letters)
}

func BenchmarkRead(b *testing.B) {
	n := benchRooms(b)
	db := filled(b, n)
	for _, bench := range []struct {
		name string
		read func(ctx context.Context, i int) error
	}{
		{"RoomByID", func(ctx context.Context, i int) error {
			_, err := db.RoomByID(ctx, benchID(i))
			return err
		}},
		{"RoomByName", func(ctx context.Context, i int) error {
			_, err := db.RoomByName(ctx, "room-"+strconv.Itoa(i))
			return err
		}},
		{"Codes", func(ctx context.Context, i int) error {
			codes, err := db.Codes(ctx, meet.CodeQuery{RoomID: benchID(i), Limit: 100})
			if len(codes) != 3 {
				return fmt.Errorf("room %d has %d codes", i, len(codes))
			}
			return err
		}},
		{"CodeAndRoom", func(ctx context.Context, i int) error {
			_, _, err := db.CodeAndRoom(ctx, benchCode(i, i%3))
			return err
		}},
		{"RoomAndCodes", func(ctx context.Context, i int) error {
			if _, err := db.RoomByID(ctx, benchID(i)); err != nil {
				return err
			}
			_, err := db.Codes(ctx, meet.CodeQuery{RoomID: benchID(i), Limit: 100})
			return err
		}},
		{"RoomsFirstPage", func(ctx context.Context, _ int) error {
			_, err := db.Rooms(ctx, meet.RoomQuery{Subject: "user-7@example.com", Mine: true, Joined: true, Public: true, Now: epoch, Limit: 20})
			return err
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			ctx, cancel := context.WithCancel(b.Context()) // as a request has it
			defer cancel()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := bench.read(ctx, rand.IntN(n)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkWrite has 16 callers at a time.
func BenchmarkWrite(b *testing.B) {
	n := benchRooms(b)
	db := filled(b, n)
	var serial atomic.Int64
	for _, bench := range []struct {
		name  string
		write func(ctx context.Context, i int) error
	}{
		{"CreateRoom", func(ctx context.Context, i int) error {
			room, codes := benchRoom(n + i)
			return db.CreateRoom(ctx, room, codes, benchEvent(meet.RoomCreated, room.ID, "", map[string]string{"codes": "3"}))
		}},
		{"AddJoin", func(ctx context.Context, i int) error {
			k := rand.IntN(n)
			join := meet.Admission{Identity: fmt.Sprintf("bench_%d", i), RoomID: benchID(k), Subject: "bench", UserID: "bench",
				Name: "Bench", Role: meet.RoleHost, Code: benchCode(k, 0), CreatedAt: epoch.Add(time.Duration(i) * time.Millisecond)}
			_, err := db.AddAdmission(ctx, join, join.CreatedAt.Add(meet.TokenLifetime), func(door meet.JoinContext) error { return door.Code.Check(epoch) },
				benchEvent(meet.Admitted, join.RoomID, join.Identity, map[string]string{"participant_name": "Bench", "role": meet.RoleHost, "code": join.Code[:3]}))
			return err
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			commits := db.writer.commits.Load()
			b.ReportAllocs()
			b.SetParallelism((16 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := bench.write(ctx, int(serial.Add(1))); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/float64(db.writer.commits.Load()-commits), "ops/commit")
		})
	}
}
