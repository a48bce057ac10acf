package main

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
)

// answer STATUS JSON|FILE holds what curl has just got to a status, which is
// stderr, and to that JSON, which is stdout. In a file variables are put in.
func scriptAnswer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: answer STATUS JSON|FILE")
	}
	text := args[1]
	if !strings.ContainsAny(text[:1], "{[") {
		text = os.Expand(ts.ReadFile(text), ts.Getenv)
	}
	var got, want any
	ts.Check(json.Unmarshal([]byte(text), &want))
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &got); err != nil {
		ts.Fatalf("the answer is no JSON: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		ts.Fatalf("the answer (-want +got):\n%s", diff)
	}
	if status := strings.TrimSpace(ts.ReadFile("stderr")); status != args[0] {
		ts.Fatalf("status: got %q, want %s", status, args[0])
	}
}

// encode VAR TEXT puts a text into a variable as it has to be in a path.
func scriptEncode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: encode VAR TEXT")
	}
	ts.Setenv(args[0], url.PathEscape(args[1]))
}

// until PATH VALUE COMMAND… repeats a command until the JSON it writes has that
// value at PATH.
func scriptUntil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: until PATH VALUE COMMAND [ARG…]")
	}
	if !programtest.Eventually(func() bool {
		ts.Check(ts.Exec(args[2], args[3:]...))
		got, there := valueAt(ts, args[0])
		return there && got == args[1]
	}) {
		ts.Fatalf("waited %v", programtest.Patience)
	}
}

// enter TOKEN lets somebody into a room at $URL, with microphone and camera,
// until the script ends.
func scriptEnter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: enter TOKEN")
	}
	person, err := livekittest.TryJoin(scriptTB{ts: ts}, ts.Getenv("URL"), args[0])
	ts.Check(err)
	person.PublishMicrophone()
	person.PublishCamera()
}

// scriptTB makes of a script what a participant needs of a test.
type scriptTB struct {
	testing.TB
	ts *testscript.TestScript
}

func (scriptTB) Helper()                              {}
func (tb scriptTB) Cleanup(f func())                  { tb.ts.Defer(f) }
func (tb scriptTB) Fatalf(format string, args ...any) { tb.ts.Fatalf(format, args...) }
