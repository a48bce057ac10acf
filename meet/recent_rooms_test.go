package meet

import (
	"testing"
	"time"
)

func TestFreshRooms(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	room := Room{ID: "a", MaxParticipants: 3}
	fresh := func() *recentRooms { return &recentRooms{now: func() time.Time { return now }} }
	put := func(f *recentRooms) { _, seen := f.has(room); f.put(room, seen) }
	for name, c := range map[string]struct {
		happens func(*recentRooms)
		want    bool
	}{
		"never seen":    {func(*recentRooms) {}, false},
		"just seen":     {put, true},
		"another room":  {func(f *recentRooms) { f.put(Room{ID: "b", MaxParticipants: 3}, 0) }, false},
		"another limit": {func(f *recentRooms) { f.put(Room{ID: "a", MaxParticipants: 4}, 0) }, false},
		"deleted since": {func(f *recentRooms) { put(f); f.forget("a") }, false},
		"deleted while it was ensured": {func(f *recentRooms) {
			_, seen := f.has(room)
			f.forget("a")
			f.put(room, seen)
		}, false},
		"long ago": {func(f *recentRooms) {
			f.now = func() time.Time { return now.Add(-recentFor) }
			put(f)
			f.now = func() time.Time { return now }
		}, false},
		"a moment ago": {func(f *recentRooms) {
			f.now = func() time.Time { return now.Add(time.Millisecond - recentFor) }
			put(f)
			f.now = func() time.Time { return now }
		}, true},
	} {
		f := fresh()
		c.happens(f)
		if got, _ := f.has(room); got != c.want {
			t.Errorf("%s: taken to be there %t, want %t", name, got, c.want)
		}
	}
	f := fresh()
	for i := range recentMemory + 10 {
		_, seen := f.has(room)
		f.put(Room{ID: string(rune(i + 0x10000))}, seen)
	}
	if n := len(f.ensured); n > recentMemory {
		t.Errorf("%d rooms are remembered, want at most %d", n, recentMemory)
	}
}
