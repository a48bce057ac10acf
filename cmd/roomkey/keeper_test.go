//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/programtest"
)

// stdioProcess is a roomkey stdio whose client is the test.
type stdioProcess struct {
	*process
	in      io.WriteCloser
	answers chan string
}

// startStdio runs a roomkey stdio on a data folder, on an address of its own.
func startStdio(t *testing.T, dir string, env ...string) *stdioProcess {
	t.Helper()
	return startStdioAt(t, programtest.FreeAddress(t), dir, env...)
}

func startStdioAt(t *testing.T, address, dir string, env ...string) *stdioProcess {
	t.Helper()
	cmd := command(dir, append(append(bareEnvironment(dir), "ROOMKEY_LISTEN="+address), env...), "stdio")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	reading, writing := io.Pipe()
	cmd.Stdout = writing
	p, err := start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	s := &stdioProcess{process: p, in: in, answers: make(chan string, 100)}
	go func() {
		defer close(s.answers)
		lines := bufio.NewScanner(reading)
		for lines.Scan() {
			s.answers <- lines.Text()
		}
	}()
	go func() {
		<-p.exited
		_ = writing.Close()
	}()
	t.Cleanup(s.kill)
	return s
}

// send sends a call of a tool and does not wait for its answer.
func (s *stdioProcess) send(t *testing.T, tool, arguments string) {
	t.Helper()
	message := programtest.RPC("tools/call", `{"name":"`+tool+`","arguments":`+arguments+`}`)
	if _, err := io.WriteString(s.in, message+"\n"); err != nil {
		t.Fatal(err)
	}
}

// receive waits for an answer.
func (s *stdioProcess) receive(t *testing.T) programtest.ToolResult {
	t.Helper()
	select {
	case line, ok := <-s.answers:
		if !ok {
			t.Fatalf("stdio has ended:\n%s", s.err.Tail())
		}
		return programtest.ReadResult(t, programtest.ReadResponse(t, []byte(line)).Result)
	case <-time.After(programtest.Patience):
		t.Fatalf("no answer within %v:\n%s", programtest.Patience, s.err.Tail())
	}
	return programtest.ToolResult{}
}

// must calls a tool that has to succeed.
func (s *stdioProcess) must(t *testing.T, tool, arguments string) string {
	t.Helper()
	s.send(t, tool, arguments)
	r := s.receive(t)
	if r.IsError {
		t.Errorf("%s: got the error %v, want success\n%s", tool, r.Content, s.err.Tail())
	}
	return string(r.StructuredContent)
}

func (s *stdioProcess) mustKnow(t *testing.T, room string) {
	t.Helper()
	if got := s.must(t, "list_rooms", "{}"); !strings.Contains(got, `"name":"`+room+`"`) {
		t.Errorf("list_rooms: got %s, want the room %s in it", got, room)
	}
}

// Of several stdio on one data folder one serves, whatever their ports. When it
// ends, killed or not, another takes over, and calls in between wait.
func TestStdioTakesOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address := programtest.FreeAddress(t)
	first := startStdioAt(t, address, dir)
	second := startStdioAt(t, address, dir) // at the same moment
	first.must(t, "create_room", `{"name": "alpha"}`)
	second.mustKnow(t, "alpha")
	third := startStdio(t, dir)
	third.must(t, "create_room", `{"name": "beta"}`)
	if !strings.Contains(first.err.String(), "msg=serving") { // the other one was faster
		first, second = second, first
	}

	first.kill()
	third.mustKnow(t, "beta")
	second.mustKnow(t, "beta")
	second.must(t, "create_room", `{"name": "gamma"}`)

	if !strings.Contains(second.err.String(), "msg=serving") {
		second, third = third, second
	}
	_ = second.in.Close() // a clean end
	third.mustKnow(t, "gamma")
	<-second.exited
	third.mustKnow(t, "gamma") // and nobody else is there who could have answered
	if code := second.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code of a stdio whose client has gone: got %d, want 0", code)
	}
	late := startStdio(t, dir)
	late.mustKnow(t, "gamma")
	if strings.Contains(late.err.String(), "msg=serving") {
		t.Error("a stdio serves beside another")
	}
}

// A change that is asked for after the roomkey has ended goes to the next one:
// nobody can have made it, so its outcome is not unknown.
func TestStdioChangesAfterAnEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address := programtest.FreeAddress(t)
	for i := range 5 {
		first, second := startStdioAt(t, address, dir), startStdioAt(t, address, dir)
		first.must(t, "list_rooms", "{}")
		if !strings.Contains(first.err.String(), "msg=serving") { // the other one was faster
			first, second = second, first
		}
		third := startStdioAt(t, address, dir)
		second.must(t, "list_rooms", "{}")
		third.must(t, "list_rooms", "{}") // leaves a connection open
		_ = first.in.Close()
		<-first.exited
		second.must(t, "list_rooms", "{}") // there is a next one
		third.must(t, "create_room", fmt.Sprintf(`{"name": "after-%d"}`, i))
		second.kill()
		third.kill()
	}
}

// Where another program has the address by the time a stdio takes over, it
// serves at another one.
func TestStdioTakesOverElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startStdio(t, dir)
	first.must(t, "create_room", `{"name": "alpha"}`)
	address := programtest.FreeAddress(t)
	second := startStdioAt(t, address, dir)
	second.mustKnow(t, "alpha")
	_, shown := startImpostor(t, address)
	first.kill()
	second.mustKnow(t, "alpha")
	if shown.Load() > 0 {
		t.Error("the other program was shown a token")
	}
}

// A serve gets the data folder from a stdio, which bridges to it then and takes
// over again when it ends.
func TestServeAndStdio(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stdio := startStdio(t, dir)
	stdio.must(t, "create_room", `{"name": "alpha"}`)
	server := startServer(t, dir)
	stdio.mustKnow(t, "alpha")
	stdio.must(t, "create_room", `{"name": "beta"}`)
	if !strings.Contains(stdio.err.String(), "bridging to it\" url="+server.url) {
		t.Errorf("stdio beside serve: got %s, want it to bridge to %s", stdio.err.Tail(), server.url)
	}
	if err := server.terminate(); err != nil {
		t.Error(err)
	}
	stdio.mustKnow(t, "beta")
	again := startServer(t, dir)
	again.kill()
	stdio.mustKnow(t, "beta")
}

// What was under way when the roomkey ended: a change is not made again, and
// what only reads is asked again.
func TestStdioCallsUnderWay(t *testing.T) {
	t.Parallel()
	dir, lk := t.TempDir(), programtest.StartGatedLiveKit(t)
	server := startServer(t, dir, lk.Env()...)
	stdio := startStdio(t, dir, lk.Env()...)
	stdio.must(t, "create_room", `{"name": "alpha"}`)
	lk.Close()
	stdio.send(t, "create_room", `{"name": "beta"}`)
	lk.Await(t)
	server.kill()
	r := stdio.receive(t)
	const unknown = "unavailable: Roomkey ended during this call, and it is not known"
	if !r.IsError || len(r.Content) != 1 || !strings.HasPrefix(r.Content[0].Text, unknown) {
		t.Errorf("a change under way: got %+v, want that its outcome is unknown", r)
	}
	if programtest.Report(t, r).Retryable {
		t.Error("a change under way: got that it may be repeated, want not")
	}
	lk.Open()
	stdio.mustKnow(t, "alpha")
	server = startServer(t, dir, lk.Env()...)
	stdio.mustKnow(t, "alpha")
	lk.Close()
	stdio.send(t, "list_participants", `{"room_id": "alpha"}`)
	lk.Await(t)
	server.kill()
	lk.Open()
	if r := stdio.receive(t); r.IsError {
		t.Errorf("reading under way: got %+v, want an answer", r.Content)
	}
}
