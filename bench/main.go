// Command bench measures Roomkey against the least that its own ingredients
// can do: bare MCP servers, bare SQLite, and itself with few rooms. With
// -before it also measures an earlier Roomkey in the same rounds. Targets are
// ratios of two figures of one run on one machine wherever that is possible,
// because only ratios stay the same on another machine. See README.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// measurement gives one or more rows of the table.
type measurement struct {
	name string
	run  func(context.Context, *lab) ([]row, error)
}

// measurements are all measurements in the order of the table.
func measurements() []measurement {
	var all []measurement
	for _, w := range workloads {
		all = append(all, measurement{w.name, w.measure})
	}
	return append(all,
		measurement{"scale", measureScale},
		measurement{"postgres", withPostgres(measurePostgres)},
		measurement{"instances", withPostgres(measureInstances)},
		measurement{"scale-postgres", withPostgres(measureScaleOnPostgres)},
		measurement{"idle-instance", measureIdleInstance},
		measurement{"move", withPostgres(measureMove)},
		measurement{"forgetting", eachProgram(measureForgetting)},
		measurement{"rooms", eachProgram(measureRooms)},
		measurement{"participants", measureParticipants},
		measurement{"start", eachProgram(measureStart)},
		measurement{"memory", eachProgram(measureMemory)},
		measurement{"initialize", eachProgram(measureInitialize)},
		measurement{"page", measurePage},
		measurement{"reactions", measureReactions})
}

// measurementNames are the names for -only.
func measurementNames() (names []string) {
	for _, m := range measurements() {
		names = append(names, m.name)
	}
	return names
}

// maxDuration is how long one measurement may take before it counts as hung.
const maxDuration = 15 * time.Minute

func main() {
	log.SetFlags(log.Ltime)
	program := flag.String("roomkey", "../bin/roomkey", "the Roomkey `program` to measure")
	before := flag.String("before", "", "an earlier Roomkey `program` to compare with")
	dir := flag.String("dir", "", "`directory` for databases, on the disk to measure (default: the temporary one)")
	only := flag.String("only", "", "a single `measurement`: "+strings.Join(measurementNames(), ", "))
	short := flag.Bool("short", false, "less of everything: shows that it runs, not how fast")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, *program, *before, *dir, *only, *short)
	stop()
	if err != nil {
		log.Print(err)
		os.Exit(1)
	}
}

// run takes the measurements and prints their rows. It goes on after a
// measurement that failed.
func run(ctx context.Context, out io.Writer, program, before, dir, only string, short bool) error {
	if only != "" && !slices.Contains(measurementNames(), only) {
		return fmt.Errorf("there is no measurement %q", only)
	}
	lab, err := newLab(program, before, dir, short)
	if err != nil {
		return err
	}
	defer lab.close()

	if err := lab.describeMachine(ctx, out); err != nil {
		return err
	}
	fmt.Fprintln(out, "\n"+tableHead)
	failed := 0
	for _, m := range measurements() {
		if only != "" && m.name != only {
			continue
		}
		log.Printf("measuring %s", m.name)
		ctx, cancel := context.WithTimeout(ctx, maxDuration)
		rows, err := m.run(ctx, lab)
		cancel()
		for _, r := range rows {
			fmt.Fprintln(out, r)
		}
		if err != nil {
			failed++
			log.Printf("%s failed: %v", m.name, err)
		}
	}
	fmt.Fprintf(out, "\nLoad average at the end: %s\n", loadAverage())
	if failed > 0 {
		return fmt.Errorf("%d measurements failed", failed)
	}
	return nil
}

// describeMachine prints what a reader of the table has to know.
func (l *lab) describeMachine(ctx context.Context, out io.Writer) error {
	for i, program := range l.programs() {
		version, err := exec.CommandContext(ctx, program, "version").Output()
		if err != nil {
			return fmt.Errorf("%s version: %w", program, err)
		}
		fmt.Fprintf(out, "%s: %s", []string{"Now", "Before"}[i], version)
	}
	fmt.Fprintf(out, "%s, %d cores. Load average at the start: %s\n",
		time.Now().UTC().Format(time.DateTime), runtime.NumCPU(), loadAverage())
	return nil
}

// loadAverage is that of the last one, five and fifteen minutes, with those who
// run now.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

// lab is what the measurements share.
type lab struct {
	program string // absolute path of the Roomkey to measure
	before  string // absolute path of an earlier Roomkey, "" if there is none
	dir     string // holds every file that is made
	short   bool
	folders int // named so far
}

func newLab(program, before, parent string, short bool) (*lab, error) {
	dir, err := os.MkdirTemp(parent, "roomkey-bench-")
	if err != nil {
		return nil, err
	}
	l := &lab{program: program, before: before, dir: dir, short: short}
	for _, path := range []*string{&l.program, &l.before, &l.dir} { // programs start in other directories
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *lab) close() { _ = os.RemoveAll(l.dir) }

// programs are the Roomkeys to measure: the one of now and, with -before, the
// earlier one.
func (l *lab) programs() []string {
	if l.before == "" {
		return []string{l.program}
	}
	return []string{l.program, l.before}
}

// pick gives the first value, or with -short the second.
func pick[T any](l *lab, full, short T) T {
	if l.short {
		return short
	}
	return full
}
