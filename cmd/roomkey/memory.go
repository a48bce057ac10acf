package main

import (
	"os"
	"runtime/debug"
	"time"
)

// gcPercent lets the heap grow to nine times what lives in it before the next
// collection. Little lives (some 10 MB) and much passes through: at Go's
// default of 100 a tenth of the time under load went into collecting. GOGC
// overrules it.
const gcPercent = 800

func tuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// settleAfter is how long after the start memory that only the start needed is
// given back.
const settleAfter = 2 * time.Second

// settle gives back to the system what only the start needed: garbage, and
// pages of the program's code.
func settle() {
	debug.FreeOSMemory()
	releaseProgramPages()
}
