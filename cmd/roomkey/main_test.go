package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
)

// TestMain makes the test binary the program: started under the name roomkey,
// it is roomkey.
func TestMain(m *testing.M) {
	program := main
	if underRaceDetector() {
		program = mainUnderRaceDetector
	}
	if filepath.Base(os.Args[0]) != "roomkey" {
		forgetConfiguration()
	}
	testscript.Main(m, map[string]func(){"roomkey": program})
}

// forgetConfiguration removes the variables that configure a roomkey of the
// person who runs the tests.
func forgetConfiguration() {
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "ROOMKEY_") || strings.HasPrefix(name, "LIVEKIT_") {
			_ = os.Unsetenv(name)
		}
	}
}

func underRaceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// mainUnderRaceDetector is main, but for its end: os.Exit lets the detector
// sleep and take itself apart while LiveKit's last goroutines still run, and
// that crashes. So races end the process where they are found; see
// bareEnvironment.
func mainUnderRaceDetector() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, streams{os.Stdin, os.Stdout, os.Stderr}, os.Args[1:])
	stop()
	syscall.Exit(code)
}

// process is a running roomkey: the test binary once more.
type process struct {
	url    string // where it serves
	cmd    *exec.Cmd
	err    livekittest.Output
	exited <-chan struct{}
}

// command is roomkey with arguments, to be run in folder dir. env is all of its
// environment.
func command(dir string, env []string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err) // there is nothing to test without
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0], cmd.Dir, cmd.Env = "roomkey", dir, env
	return cmd
}

// start runs a command whose output is kept unless it goes somewhere already.
func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd}
	if cmd.Stderr == nil {
		cmd.Stderr = &p.err
	}
	var err error
	p.exited, err = livekittest.StartProcess(cmd)
	return p, err
}

// ready waits until the program says that it is ready.
func (p *process) ready() error {
	ready := programtest.Eventually(func() bool {
		select {
		case <-p.exited:
			return true
		default:
		}
		return programtest.SaysYes(p.url + "/readyz")
	})
	select {
	case <-p.exited:
		return fmt.Errorf("roomkey ended with exit code %d:\n%s", p.cmd.ProcessState.ExitCode(), p.err.Tail())
	default:
	}
	if !ready {
		return fmt.Errorf("roomkey is not ready after %v:\n%s", programtest.Patience, p.err.Tail())
	}
	return nil
}

// terminate asks it to stop, as a service manager does, and holds it to its
// promise: exit code 0 in time.
func (p *process) terminate() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	return p.stopped()
}

func (p *process) stopped() error {
	select {
	case <-p.exited:
	case <-time.After(programtest.Patience):
		p.kill()
		return fmt.Errorf("roomkey still ran %v after SIGTERM:\n%s", programtest.Patience, p.err.Tail())
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("exit code after SIGTERM: got %d, want 0\n%s", code, p.err.Tail())
	}
	return nil
}

// kill ends it without a word and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// startServer runs roomkey serve in dir, ready, and kills it after the test.
func startServer(t *testing.T, dir string, env ...string) *process {
	t.Helper()
	cmd := command(dir, append(bareEnvironment(dir), env...), "serve")
	return startReady(t, cmd)
}

// startReady runs a command that serves, on an address of its own, and kills
// it after the test.
func startReady(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	return startAt(t, programtest.FreeAddress(t), cmd)
}

// startAt is startReady on an address of the test.
func startAt(t *testing.T, address string, cmd *exec.Cmd) *process {
	t.Helper()
	cmd.Env = append(cmd.Env, "ROOMKEY_LISTEN="+address)
	p, err := start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if found := programtest.TokenPattern.FindString(p.err.String()); found != "" {
			t.Errorf("log: got the token %.30s… in it, want none", found)
		}
	})
	p.url = "http://" + address
	if err := p.ready(); err != nil {
		t.Fatal(err)
	}
	return p
}

// stopAtRaces makes a data race end a process, with exit code 66; what the
// environment says of the race detector stays.
var stopAtRaces = strings.TrimSpace("GORACE=halt_on_error=1 " + os.Getenv("GORACE"))

// bareEnvironment is nothing of ours but what the test's own tools need.
func bareEnvironment(dir string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=/no-home", "TMPDIR=" + dir, stopAtRaces}
	if v := os.Getenv("GOCOVERDIR"); v != "" {
		env = append(env, "GOCOVERDIR="+v)
	}
	return env
}
