package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// releaseProgramPages lets go of the executable's code as far as it has been
// read. Initialization alone walks through code that is hardly looked at again;
// what is, comes back from the page cache at its next use. Only code is
// touched: it is as the file has it, so nothing can be lost (madvise(2),
// MADV_DONTNEED on a private file mapping). Tables may hold relocated addresses.
func releaseProgramPages() {
	self, err := os.Executable()
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer func() { _ = maps.Close() }()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		// 00400000-01e5c000 r-xp 00000000 fe:00 123 /usr/bin/roomkey
		fields := strings.Fields(lines.Text())
		if len(fields) != 6 || fields[5] != self || fields[1] != "r-xp" {
			continue
		}
		from, to, _ := strings.Cut(fields[0], "-")
		start, err1 := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err1 != nil || err2 != nil || end <= start {
			continue
		}
		pages := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), start)), end-start) //nolint:gosec // the kernel names the range
		_ = unix.Madvise(pages, unix.MADV_DONTNEED)                                       // advice: nothing depends on it
	}
}
