package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// program is the roomkey that is tested.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	parallel := true
	flag.Visit(func(f *flag.Flag) { parallel = parallel && f.Name != "test.parallel" })
	if parallel { // cases wait most of their time
		_ = flag.Set("test.parallel", "10")
	}
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	dir, err := os.MkdirTemp("", "roomkey-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program = filepath.Join(dir, "roomkey")
	build := exec.Command("go", "build", "-o", program, "roomkey/cmd/roomkey")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build roomkey: %v\n%s", err, out)
		return 1
	}
	all := &wholeRun{dir: dir}
	defer func() {
		if all.end() && code == 0 {
			code = 1
		}
	}()
	shared[inside] = sync.OnceValue(func() *world { return start(all, inside) })
	shared[foreign] = sync.OnceValue(func() *world { return start(all, foreign) })
	code = m.Run()
	table.print()
	reactions.write()
	return code
}

// wholeRun is the testing.TB of what tests share: it ends after the last one.
type wholeRun struct {
	testing.TB // none; it only has what cannot be implemented
	dir        string

	mu       sync.Mutex
	cleanups []func()
	failed   bool
}

func (*wholeRun) Helper()                  {}
func (*wholeRun) Context() context.Context { return context.Background() }

func (r *wholeRun) Cleanup(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, f)
}

func (r *wholeRun) TempDir() string {
	dir, err := os.MkdirTemp(r.dir, "")
	if err != nil {
		panic(err)
	}
	return dir
}

func (r *wholeRun) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *wholeRun) Fail() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
}

func (r *wholeRun) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func (r *wholeRun) Errorf(format string, args ...any) {
	r.Fail()
	r.Logf(format, args...)
}

func (r *wholeRun) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (r *wholeRun) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// end cleans up, the latest first, and says whether anything failed.
func (r *wholeRun) end() bool {
	r.mu.Lock()
	cleanups := r.cleanups
	r.mu.Unlock()
	for i := len(cleanups) - 1; i >= 0; i-- {
		cleanups[i]()
	}
	return r.Failed()
}
