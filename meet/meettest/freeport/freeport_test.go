package freeport_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"roomkey/meet/meettest/freeport"
)

const (
	asChild = "FREEPORT_CHILD" // environment variable
	count   = 450              // ports that each process looks for
)

// TestMain is also the other processes: they print the ports they find, and keep them
// until their standard input ends.
func TestMain(m *testing.M) {
	if os.Getenv(asChild) == "" {
		os.Exit(m.Run())
	}
	for range count {
		port, err := freeport.Find()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(port)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// Processes that look for ports at the same time get different ones.
func TestFindBesideOthers(t *testing.T) {
	given := map[int]string{}
	take := func(who string, port int) {
		if other, taken := given[port]; taken {
			t.Fatalf("%s and %s got port %d", other, who, port)
		}
		given[port] = who
	}
	for n := range 3 {
		child := exec.Command(os.Args[0])
		child.Env, child.Stderr = append(os.Environ(), asChild+"=1"), os.Stderr
		stdin, err := child.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = stdin.Close(), child.Wait() })
		lines := bufio.NewScanner(stdout)
		for range count {
			if !lines.Scan() {
				t.Fatalf("process %d found no port more: %v", n, lines.Err())
			}
			port, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatal(err)
			}
			take(fmt.Sprintf("process %d", n), port)
		}
	}
	for range count {
		port, err := freeport.Find()
		if err != nil {
			t.Fatal(err)
		}
		take("this process", port)
	}
}
