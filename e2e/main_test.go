package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program is the roomkey that is tested.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	parallel := true
	flag.Visit(func(f *flag.Flag) { parallel = parallel && f.Name != "test.parallel" })
	if parallel { // cases wait most of their time
		_ = flag.Set("test.parallel", "8")
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "roomkey-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program = filepath.Join(dir, "roomkey")
	if out, err := exec.Command("go", "build", "-o", program, "roomkey/cmd/roomkey").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build roomkey: %v\n%s", err, out)
		return 1
	}
	code := m.Run()
	if err := writeReactions(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
