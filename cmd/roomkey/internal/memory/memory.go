// Package memory has the garbage collector follow what lives, and gives memory back
// that a quiet server does not need.
package memory

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// The garbage collector runs when the heap has grown by a share of what lives in it,
// in percent. Go's own share, 100, suits a large heap. A small one would be collected
// all the time: a tenth of the time of a busy server went into that. So up to
// garbageKept is let gather, whatever lives.
const (
	garbageKept  = 64 << 20 // bytes
	smallestRate = 100
	largestRate  = 800
)

// collectorRate is the share for a heap of which so many bytes live.
func collectorRate(live uint64) int {
	rate := uint64(largestRate)
	if live > 0 {
		rate = min(rate, 100*garbageKept/live)
	}
	return int(max(rate, smallestRate)) //nolint:gosec // it is small
}

// Tune has the garbage collector follow what lives, and the memory of the
// container or of the machine. GOGC and GOMEMLIMIT overrule it.
func Tune() {
	// Without a limit that can be read there is none.
	_, _ = memlimit.Set(memlimit.WithProvider(memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)))
	if os.Getenv("GOGC") != "" {
		return
	}
	rate := largestRate // until the first collection
	debug.SetGCPercent(rate)
	afterEachCollection(func() {
		// A change stops the program for a moment.
		if next := collectorRate(runtimeMetric("/gc/heap/live:bytes")); next != rate {
			rate = next
			debug.SetGCPercent(rate)
		}
	})
}

// afterEachCollection calls do each time the garbage collector has run.
func afterEachCollection(do func()) {
	type garbage struct{ _ *byte } // a pointer: small objects without one are collected together
	runtime.AddCleanup(new(garbage), func(do func()) {
		do()
		afterEachCollection(do)
	}, do)
}

// runtimeMetric reads one of the runtime's counters.
func runtimeMetric(name string) uint64 {
	sample := []runtimemetrics.Sample{{Name: name}}
	runtimemetrics.Read(sample)
	return sample[0].Value.Uint64()
}

// A server that allocates less than quietBytes in QuietTime has little to do. Less
// than leftBytes are not worth the few milliseconds of giving them back.
const (
	// QuietTime is how often to look whether a server is quiet.
	QuietTime  = 10 * time.Second
	quietBytes = 64 << 20
	leftBytes  = 8 << 20
)

// Idle gives back the memory that a start, busy times, and in the end quiet
// times leave behind. Go's runtime by itself keeps it for the next busy time.
type Idle struct {
	allocated, given uint64 // bytes, since the start of the program until the last look and the last giving back
}

// GiveBack is to be called every QuietTime. It gives no error.
func (m *Idle) GiveBack(context.Context) error {
	allocated := runtimeMetric("/gc/heap/allocs:bytes")
	if allocated-m.allocated < quietBytes && allocated-m.given > leftBytes {
		debug.FreeOSMemory()
		m.given = allocated
	}
	m.allocated = allocated
	return nil
}
