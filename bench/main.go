// Command bench measures roomkey against the least that its own ingredients
// can do: bare MCP servers, bare SQLite, itself with little in it. Everything
// it claims is a ratio between two figures of one run on one machine, because
// only those survive a move to another machine. See README.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// measurement is one line or more of the table.
type measurement struct {
	name string
	run  func(context.Context, *lab) ([]row, error)
}

var measurements = []measurement{
	{"peers", measurePeers},
	{"reads", measureReads},
	{"creates", measureCreates},
	{"exchange", measureExchange},
	{"rest", measureREST},
	{"scale", measureScale},
	{"start", measureStart},
	{"memory", measureMemory},
	{"initialize", measureInitialize},
	{"page", measurePage},
	{"frame", measureFrame},
	{"reactions", measureReactions},
}

// names are those of the measurements.
func names() (all []string) {
	for _, m := range measurements {
		all = append(all, m.name)
	}
	return all
}

// patience is what one measurement may take before it counts as hung.
const patience = 15 * time.Minute

func main() {
	log.SetFlags(log.Ltime)
	roomkey := flag.String("roomkey", "../bin/roomkey", "the roomkey `program`")
	dir := flag.String("dir", "", "`directory` for databases, on the disk to be measured (default: the system's temporary one)")
	only := flag.String("only", "", "a single `measurement`: "+strings.Join(names(), ", "))
	short := flag.Bool("short", false, "less of everything: shows that it runs, not how fast")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, *roomkey, *dir, *only, *short)
	stop()
	if err != nil {
		log.Print(err)
		os.Exit(1)
	}
}

// run takes the measurements and prints what it got, even if not all of them
// ran to the end.
func run(ctx context.Context, out io.Writer, roomkey, dir, only string, short bool) error {
	if only != "" && !slices.Contains(names(), only) {
		return fmt.Errorf("there is no measurement %q", only)
	}
	lab, err := newLab(roomkey, dir, short)
	if err != nil {
		return err
	}
	defer lab.close()

	fmt.Fprintln(out, tableHead)
	failed := 0
	for _, m := range measurements {
		if only != "" && m.name != only {
			continue
		}
		log.Printf("measuring %s", m.name)
		ctx, cancel := context.WithTimeout(ctx, patience)
		rows, err := m.run(ctx, lab)
		cancel()
		for _, r := range rows {
			fmt.Fprintln(out, r)
		}
		if err != nil {
			failed++
			log.Printf("%s did not run: %v", m.name, err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of the measurements did not run", failed)
	}
	return nil
}

// lab is what the measurements share.
type lab struct {
	roomkey string // absolute path of the program
	dir     string // everything that is made lies in it
	short   bool
}

func newLab(roomkey, parent string, short bool) (*lab, error) {
	roomkey, err := filepath.Abs(roomkey) // programs are started in other directories
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, "roomkey-bench-")
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	return &lab{roomkey: roomkey, dir: dir, short: short}, nil
}

func (l *lab) close() { _ = os.RemoveAll(l.dir) }

// pick gives the first value, or with -short the second.
func pick[T any](l *lab, full, short T) T {
	if l.short {
		return short
	}
	return full
}
