package memory

import (
	"runtime"
	"runtime/debug"
	"testing"

	"roomkey/livekit/livekittest"
)

func TestCollectorRate(t *testing.T) {
	t.Parallel()
	const MB = 1 << 20
	for live, want := range map[uint64]int{0: 800, 4 * MB: 800, 16 * MB: 400, 64 * MB: 100, 4000 * MB: 100} {
		if got := collectorRate(live); got != want {
			t.Errorf("with %d MB living: %d, want %d", live/MB, got, want)
		}
	}
}

// The rate follows the heap as it grows and shrinks. It is the process's, so the test
// is not parallel.
func TestCollectorFollowsTheHeap(t *testing.T) {
	t.Setenv("GOGC", "")
	limit := debug.SetMemoryLimit(-1)
	defer func() { debug.SetMemoryLimit(limit) }()
	Tune()
	wait := func(what string, ok func(rate uint64) bool) {
		t.Helper()
		livekittest.Wait(t, what, func() bool {
			runtime.GC()
			return ok(runtimeMetric("/gc/gogc:percent"))
		})
	}
	wait("a high rate with little living", func(rate uint64) bool { return rate > smallestRate })
	ballast := make([]byte, 2*garbageKept)
	wait("Go's own rate with much living", func(rate uint64) bool { return rate == smallestRate })
	runtime.KeepAlive(ballast)
	wait("a high rate again", func(rate uint64) bool { return rate > smallestRate })
}

// What a busy time has left goes back to the system when the server is quiet, and
// nothing is done where nothing was left.
func TestIdleMemoryIsGivenBack(t *testing.T) {
	const released = "/memory/classes/heap/released:bytes"
	memory := Idle{}
	garbage := make([]byte, quietBytes)
	for i := range garbage {
		garbage[i] = 1 // in memory, not only in the address space
	}
	if _ = memory.GiveBack(t.Context()); memory.given != 0 {
		t.Error("memory was given back in a busy time")
	}
	runtime.KeepAlive(garbage)
	before := runtimeMetric(released)
	if _ = memory.GiveBack(t.Context()); memory.given == 0 || runtimeMetric(released) < before+quietBytes/2 {
		t.Errorf("%d bytes were given back, want most of the garbage", runtimeMetric(released)-before)
	}
	given := memory.given
	if _ = memory.GiveBack(t.Context()); memory.given != given {
		t.Error("memory was given back again")
	}
}
