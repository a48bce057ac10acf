package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// json PATH [VALUE] looks into the JSON in stdout: PATH, like codes.0.role,
// must be there, and be VALUE. Negated, it must not.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: json PATH [VALUE]")
	}
	got, there := valueAt(ts, args[0])
	switch {
	case len(args) == 1 && there == neg:
		ts.Fatalf("%s in the answer: got %v, want %v", args[0], there, !neg)
	case len(args) == 2 && (there && got == args[1]) == neg:
		ts.Fatalf("%s: got %q, want %q (negated: %v)", args[0], got, args[1], neg)
	}
}

// capture VAR [PATH] puts a value of the JSON in stdout into a variable, or
// all of stdout.
func scriptCapture(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 1 {
		ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
		return
	}
	got, there := valueAt(ts, args[1])
	if !there {
		ts.Fatalf("there is no %s in the answer", args[1])
	}
	ts.Setenv(args[0], got)
}

// valueAt gives texts as they are, and the length of lists at PATH.len.
func valueAt(ts *testscript.TestScript, path string) (string, bool) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for _, key := range strings.Split(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			inner, ok := at[key]
			if !ok {
				return "", false
			}
			v = inner
		case []any:
			if key == "len" {
				return strconv.Itoa(len(at)), true
			}
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(at) {
				return "", false
			}
			v = at[i]
		default:
			return "", false
		}
	}
	if s, ok := v.(string); ok {
		return s, true
	}
	b, err := json.Marshal(v)
	ts.Check(err)
	return string(b), true
}

// lines FILE N [ID] holds a file to N lines of JSON-RPC, and makes the one with
// that id the script's stdout.
func scriptLines(ts *testscript.TestScript, _ bool, args []string) {
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n")
	if strconv.Itoa(len(lines)) != args[1] {
		ts.Fatalf("lines in %s: got %d, want %s", args[0], len(lines), args[1])
	}
	for _, line := range lines {
		var message struct {
			JSONRPC string          `json:"jsonrpc"`
			ID      json.RawMessage `json:"id"`
		}
		if err := json.Unmarshal([]byte(line), &message); err != nil || message.JSONRPC != "2.0" {
			ts.Fatalf("this line is no JSON-RPC: %q (%v)", line, err)
		}
		if len(args) > 2 && string(message.ID) == args[2] {
			fmt.Fprintln(ts.Stdout(), line)
			return
		}
	}
	if len(args) > 2 {
		ts.Fatalf("no line has the id %s", args[2])
	}
}
