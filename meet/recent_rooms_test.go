package meet

import (
	"testing"
	"time"
)

func TestRecentRooms(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	room := Room{ID: "a", MaxParticipants: 3}
	newRecentRooms := func() *recentRooms { return &recentRooms{now: func() time.Time { return now }} }
	put := func(r *recentRooms) { _, seen := r.has(room); r.put(room, seen) }
	for name, c := range map[string]struct {
		happens func(*recentRooms)
		want    bool
	}{
		"never seen":    {func(*recentRooms) {}, false},
		"just seen":     {put, true},
		"another room":  {func(r *recentRooms) { r.put(Room{ID: "b", MaxParticipants: 3}, 0) }, false},
		"another limit": {func(r *recentRooms) { r.put(Room{ID: "a", MaxParticipants: 4}, 0) }, false},
		"deleted since": {func(r *recentRooms) { put(r); r.forget("a") }, false},
		"deleted while it was ensured": {func(r *recentRooms) {
			_, seen := r.has(room)
			r.forget("a")
			r.put(room, seen)
		}, false},
		"long ago": {func(r *recentRooms) {
			r.now = func() time.Time { return now.Add(-recentFor) }
			put(r)
			r.now = func() time.Time { return now }
		}, false},
		"a moment ago": {func(r *recentRooms) {
			r.now = func() time.Time { return now.Add(time.Millisecond - recentFor) }
			put(r)
			r.now = func() time.Time { return now }
		}, true},
	} {
		r := newRecentRooms()
		c.happens(r)
		if got, _ := r.has(room); got != c.want {
			t.Errorf("%s: taken to be there %t, want %t", name, got, c.want)
		}
	}
	r := newRecentRooms()
	for i := range recentMemory + 10 {
		_, seen := r.has(room)
		r.put(Room{ID: string(rune(i + 0x10000))}, seen)
	}
	if n := len(r.ensured); n > recentMemory {
		t.Errorf("%d rooms are remembered, want at most %d", n, recentMemory)
	}
}
