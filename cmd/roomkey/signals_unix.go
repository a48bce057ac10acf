//go:build unix

package main

import (
	"os/signal"

	"golang.org/x/sys/unix"
)

// ignoreSignals keeps a long-running command alive when the program that reads
// its output goes away, or a file reaches the size that the system allows.
// Otherwise the next line of the log, or the next write to the database, would
// end the process on the spot.
func ignoreSignals() { signal.Ignore(unix.SIGPIPE, unix.SIGXFSZ) }
