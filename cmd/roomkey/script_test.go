package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/rogpeppe/go-internal/testscript"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
	"roomkey/store/postgrestest"
	"roomkey/tools"
)

// TestScripts runs whole-program sessions, on both databases. Every script has an
// address of its own, $ADDR, which is also $URL and in ROOMKEY_LISTEN, and one to
// spare, $ADDR2; [sqlite] and [postgres] say which database it runs on. So many
// run at once as -parallel says, which is one per core unless given.
func TestScripts(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { runScripts(t, "sqlite", nil) })
	t.Run("postgres", func(t *testing.T) {
		runScripts(t, "postgres", func(e *testscript.Env) {
			e.Setenv("ROOMKEY_DATABASE_URL", postgrestest.URL(t))
			e.Setenv("ROOMKEY_AUTH_SECRET", strings.TrimPrefix(withSecret, "ROOMKEY_AUTH_SECRET="))
		})
	})
}

// aboutFiles are the scripts about what is in the data folder where no other database
// is configured: the database, the secret, and the address of the roomkey that serves.
var aboutFiles = []string{"backup", "config", "connect", "doctor", "full", "stdio_elsewhere", "token"}

// runScripts runs the scripts on a database. setup prepares each of them.
func runScripts(t *testing.T, database string, setup func(*testscript.Env)) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	others := []string{"postgres"}
	if database != "sqlite" {
		others = aboutFiles
	}
	files = slices.DeleteFunc(files, func(file string) bool {
		return slices.Contains(others, strings.TrimSuffix(filepath.Base(file), ".txtar"))
	})
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(name string) (bool, error) {
			if name != "sqlite" && name != "postgres" {
				return false, fmt.Errorf("there is no condition %q", name)
			}
			return name == database, nil
		},
		Setup: func(e *testscript.Env) error {
			address, another := programtest.FreeAddress(t), programtest.FreeAddress(t)
			e.Setenv("MEDIA_ADDRESSES", mediaAddresses())
			e.Setenv("TOOLS", strconv.Itoa(len(tools.Selection{}.Select())))
			e.Setenv("READ_ONLY_TOOLS", strconv.Itoa(len(tools.Selection{ReadOnly: true}.Select())))
			e.Setenv("ADDR", address)
			e.Setenv("PORT", address[strings.LastIndexByte(address, ':')+1:])
			e.Setenv("URL", "http://"+address)
			e.Setenv("ROOMKEY_LISTEN", address)
			e.Setenv("ADDR2", another)
			e.Setenv("PORT2", another[strings.LastIndexByte(another, ':')+1:])
			e.Vars = append(e.Vars, stopAtRaces)
			if setup != nil {
				setup(e)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready":     scriptReady,
			"terminate": scriptTerminate,
			"exits":     scriptExits,
			"http":      scriptHTTP,
			"json":      scriptJSON,
			"capture":   scriptCapture,
			"lines":     scriptLines,
			"occupy":    scriptOccupy,
			"repeat":    scriptRepeat,
			"becomes":   scriptBecomes,
			"await":     scriptAwait,
			"mode":      scriptMode,
			"livekit":   scriptLiveKit,
			"rooms":     scriptRooms,
			"answer":    scriptAnswer,
			"encode":    scriptEncode,
			"until":     scriptUntil,
			"enter":     scriptEnter,
			"receiver":  scriptReceiver(t),
			"postgres": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Setenv(args[0], postgrestest.URL(t)) // of a new database
			},
		},
	})
}

// ready [PATH] waits until the program in the background says yes at $URL, at
// /readyz unless told otherwise.
func scriptReady(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(ts.BackgroundCmds()) == 0 {
		ts.Fatalf("usage: exec roomkey serve &server&, then ready [PATH]")
	}
	url := ts.Getenv("URL") + strings.Join(append(args, "/readyz")[:1], "")
	p := ts.BackgroundCmds()[len(ts.BackgroundCmds())-1].Process
	ready := programtest.Eventually(func() bool { return programtest.SaysYes(url) || ended(p) })
	if !ready || ended(p) {
		ts.Fatalf("no yes at %s, ended: %v", url, ended(p))
	}
}

// terminate sends SIGTERM to what runs in the background, which has to end in
// time. The exit code is for wait to judge.
func scriptTerminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if !programtest.Eventually(func() bool { return ended(cmd.Process) }) {
			_ = cmd.Process.Kill()
			ts.Fatalf("%s still ran %v after SIGTERM", strings.Join(cmd.Args, " "), programtest.Patience)
		}
	}
}

// ended says whether a process is gone and somebody has waited for it.
func ended(p *os.Process) bool { return errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone) }

// exits CODE COMMAND… runs a command that must end with that exit code.
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG…]")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Check(err)
		}
		got = exit.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code: got %d, want %s", got, args[0])
	}
}

// http STATUS METHOD URL [-H HEADER]… [BODY] makes a request. The answer's
// body is stdout, its headers are stderr.
func scriptHTTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: http STATUS METHOD URL [-H HEADER]… [BODY]")
	}
	status, rest := args[0], args[3:]
	req, err := http.NewRequest(args[1], args[2], nil)
	ts.Check(err)
	for ; len(rest) > 1 && rest[0] == "-H"; rest = rest[2:] {
		name, value, _ := strings.Cut(rest[1], ": ")
		if req.Header.Set(name, value); name == "Host" {
			req.Host = value
		}
	}
	if len(rest) > 0 {
		req.Body = io.NopCloser(strings.NewReader(strings.Join(rest, " ")))
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := (&http.Client{Timeout: programtest.Patience}).Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	_, err = io.Copy(ts.Stdout(), resp.Body)
	ts.Check(err)
	ts.Check(resp.Header.Write(ts.Stderr()))
	if strconv.Itoa(resp.StatusCode) != status {
		ts.Fatalf("%s %s: got status %d, want %s", args[1], args[2], resp.StatusCode, status)
	}
}

// repeat N CODE COMMAND… is exits, N times.
func scriptRepeat(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	for range n {
		scriptExits(ts, neg, args[1:])
	}
}

// becomes CODE COMMAND… repeats a command until it ends with that exit code.
func scriptBecomes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: becomes CODE COMMAND [ARG…]")
	}
	if !programtest.Eventually(func() bool {
		var exit *exec.ExitError
		err := ts.Exec(args[1], args[2:]...)
		return err == nil && args[0] == "0" || errors.As(err, &exit) && strconv.Itoa(exit.ExitCode()) == args[0]
	}) {
		ts.Fatalf("the exit code did not become %s within %v", args[0], programtest.Patience)
	}
}

// await COMMAND… repeats a command until it succeeds and its answer is not an
// empty list.
func scriptAwait(ts *testscript.TestScript, _ bool, args []string) {
	if !programtest.Eventually(func() bool {
		return ts.Exec(args[0], args[1:]...) == nil && !strings.Contains(ts.ReadFile("stdout"), "[]")
	}) {
		ts.Fatalf("waited %v", programtest.Patience)
	}
}

// mode PERM FILE says what permissions a file has to have, in octal.
func scriptMode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := strconv.FormatUint(uint64(info.Mode().Perm()), 8); got != args[0] {
		ts.Fatalf("mode of %s: got %s, want %s", args[1], got, args[0])
	}
}

// livekit [WEBHOOK] starts a LiveKit elsewhere and points the configuration to
// it.
func scriptLiveKit(ts *testscript.TestScript, _ bool, args []string) {
	lk, err := embedded.Start(context.Background(), embedded.Config{
		APIKey: livekittest.APIKey, APISecret: livekittest.APISecret, Webhook: strings.Join(args, "")})
	ts.Check(err)
	ts.Defer(func() { ts.Check(lk.Stop()) })
	ts.Setenv("LIVEKIT_URL", lk.URL())
	ts.Setenv("SIGNALLING", config.WebSocketURL(lk.URL()))
	ts.Setenv("LIVEKIT_API_KEY", livekittest.APIKey)
	ts.Setenv("LIVEKIT_API_SECRET", livekittest.APISecret)
}

// rooms N holds the LiveKit elsewhere to a number of media rooms.
func scriptRooms(ts *testscript.TestScript, _ bool, args []string) {
	client := lksdk.NewRoomServiceClient(ts.Getenv("LIVEKIT_URL"), livekittest.APIKey, livekittest.APISecret)
	living, err := client.ListRooms(context.Background(), &livekit.ListRoomsRequest{})
	ts.Check(err)
	if got := len(living.GetRooms()); strconv.Itoa(got) != args[0] {
		ts.Fatalf("media rooms: got %d (%v), want %s", got, living.GetRooms(), args[0])
	}
}

// occupy lets another program answer at $ADDR, until vacate.
func scriptOccupy(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", ts.Getenv("ADDR"))
	ts.Check(err)
	answer := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, `{"name": "another program"}`)
	}
	other := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(answer)}
	go func() { _ = other.Serve(l) }()
	vacate := func() { _ = other.Close() }
	ts.Defer(vacate)
	ts.SetCmd("vacate", func(*testscript.TestScript, bool, []string) { vacate() })
}

// mediaAddresses are where a roomkey without any configuration receives media,
// as the doctor says it: a machine without a network has loopback alone.
func mediaAddresses() string {
	if machine := config.Default().MachineIP(netip.MustParseAddrPort("127.0.0.1:9090")); machine != "" {
		return "127.0.0.1 and " + machine
	}
	return "127.0.0.1"
}
