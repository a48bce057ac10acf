package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/tools/toolstest"
)

// task is something that people ask of an agent.
type task struct {
	asks   string // in their words
	calls  string // the tools that it takes, in that order
	before before
	do     func(s *script)
}

// before says whether the first sixteen tools could do a task.
type before string

const (
	yes    before = "yes"
	partly before = "partly" // with many calls, or not all of it
	no     before = "no"
)

// chapters are all tasks, in the order in which a meeting goes.
var chapters = []struct {
	name  string
	tasks []task
}{
	{"Before a meeting", tasksBefore}, {"When it is", tasksToCome}, {"Who comes in", tasksAtTheDoor},
	{"While it runs", tasksInside}, {"About one person", tasksOfOne}, {"What is written", tasksTalk},
	{"Who runs it", tasksOfHosts}, {"Afterwards", tasksAfter},
}

// Each task is done by an agent that knows the tools and nothing else, with as many
// calls as the table says. What people see at the end proves that it is done.
func TestTasks(t *testing.T) {
	t.Parallel()
	for _, m := range []mode{inside, foreign} {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel()
			system := start(t, m, nil, "ROOMKEY_HTTP_TRUSTED_PROXIES=127.0.0.1")
			n := 0
			for _, chapter := range chapters {
				for _, task := range chapter.tasks {
					n++
					s := &script{system: system, user: fmt.Sprintf("user-%d", n), room: fmt.Sprintf("room-%d", n),
						address: fmt.Sprintf("192.0.2.%d", n)}
					t.Run(task.asks, func(t *testing.T) {
						t.Parallel()
						s.t = t
						task.do(s)
						if got := strings.Join(s.called, ", "); got != task.calls {
							t.Errorf("it took %s; want %s", got, task.calls)
						}
					})
				}
			}
		})
	}
}

// The table is in the documentation as it is here.
func TestTaskTable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Tasks\n\nWhat people ask of an agent, and the calls that it takes: each of these is tried in " +
		"`e2e`, from the first call to\nwhat people in the room see, with the LiveKit inside and with a foreign one. " +
		"The table is written by\n`TestTaskTable`. *Before* is whether the first sixteen tools could do it; *partly* " +
		"is with many calls,\nor not all of it.\n")
	for _, chapter := range chapters {
		fmt.Fprintf(&b, "\n## %s\n\n| task | before | calls | tools |\n| --- | --- | --- | --- |\n", chapter.name)
		for _, task := range chapter.tasks {
			tools := strings.Split(task.calls, ", ")
			fmt.Fprintf(&b, "| %s | %s | %d | `%s` |\n", task.asks, task.before, len(tools), strings.Join(tools, "`, `"))
		}
	}
	toolstest.Golden(t, "../docs/tasks.md", []byte(b.String()))
}

// script is a task at work: a user and their agent, and the people whom it is about.
type script struct {
	t       *testing.T
	system  *system
	user    string // who asks, by the subject of their access token
	room    string // the name of the room that it is about
	address string // from which people come
	called  []string
}

// call has the agent call a tool for its user.
func (s *script) call(tool string, arguments arg, out any) {
	s.t.Helper()
	s.called = append(s.called, tool)
	s.as(s.user, tool, arguments, out)
}

// as has somebody call a tool, before the task or to see what came of it: that is
// no call of the task.
func (s *script) as(subject, tool string, arguments arg, out any) {
	s.t.Helper()
	if err := s.system.call(subject, tool, arguments, out); err != nil {
		s.t.Fatalf("%s %v by %s: %v", tool, arguments, subject, err)
	}
}

// refuses checks that somebody may not call a tool.
func (s *script) refuses(want, subject, tool string, arguments arg) {
	s.t.Helper()
	err := s.system.call(subject, tool, arguments, nil)
	if e, ok := err.(*toolError); !ok || e.Code != want {
		s.t.Errorf("%s %v by %s: %v; want %s", tool, arguments, subject, err, want)
	}
}

// codeLine is a code as tools show it.
type codeLine struct {
	Code, Role, Label string
	Uses              int
	Enabled           bool
	JoinURL           string `json:"join_url"`
}

// made is what create_room and create_room_codes answer.
type made struct {
	Room struct {
		ID, Name string
		Admins   []string
		AdminID  string `json:"admin_id"`
		JoinURL  string `json:"join_url"`
	}
	Codes []codeLine
}

// code gives the code for a role, or the one with a label.
func (m made) code(roleOrLabel string) string {
	for _, c := range m.Codes {
		if c.Label == roleOrLabel || c.Label == "" && c.Role == roleOrLabel {
			return c.Code
		}
	}
	return "no code for " + roleOrLabel
}

// given makes the room as the task finds it, with a code for each role.
func (s *script) given(arguments arg) (m made) {
	s.t.Helper()
	call := arg{"name": s.room, "create_codes": true}
	maps.Copy(call, arguments)
	s.as(s.user, "create_room", call, &m)
	return m
}

// asks redeems a code, or goes on with a request, as somebody without an access token.
func (s *script) asks(code, name, requestID string) (p pass, id string, status int) {
	s.t.Helper()
	resp, err := s.system.post("/v2/token", arg{"code": code, "name": name, "user_id": strings.ToLower(name),
		"request_id": requestID}, http.Header{"X-Forwarded-For": {s.address}})
	if err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	defer resp.Body.Close()
	var answer struct {
		pass
		RequestID string `json:"request_id"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	if answer.Token != "" {
		s.system.keepSecret(answer.Token)
	}
	return answer.pass, answer.RequestID, resp.StatusCode
}

// comes has somebody come in by a code.
func (s *script) comes(code, name string) person {
	s.t.Helper()
	p, _, status := s.asks(code, name, "")
	if status != http.StatusOK {
		s.t.Fatalf("%s is answered with status %d; want them let in", name, status)
	}
	return s.enters(p)
}

// enters connects somebody.
func (s *script) enters(p pass) person {
	s.t.Helper()
	return person{livekittest.Join(s.t, p.url(), p.Token), p}
}

// joins has a user with an access token join the room by its name.
func (s *script) joins(subject string) person {
	s.t.Helper()
	var p pass
	s.as(subject, "join_room", arg{"room_id": s.room}, &p)
	s.system.keepSecret(p.Token)
	return s.enters(p)
}

// waits has somebody wait at the door, and gives the id of their request.
func (s *script) waits(code, name string) string {
	s.t.Helper()
	_, id, status := s.asks(code, name, "")
	if status != http.StatusAccepted {
		s.t.Fatalf("%s is answered with status %d; want them to wait", name, status)
	}
	return id
}

// isLetIn has somebody who waits go on, and come in.
func (s *script) isLetIn(code, name, requestID string) person {
	s.t.Helper()
	p, _, status := s.asks(code, name, requestID)
	if status != http.StatusOK {
		s.t.Fatalf("%s is answered with status %d; want them let in", name, status)
	}
	return s.enters(p)
}

// staysOut checks that somebody is refused with that status.
func (s *script) staysOut(want int, code, name, requestID string) {
	s.t.Helper()
	if _, _, status := s.asks(code, name, requestID); status != want {
		s.t.Errorf("%s is answered with status %d; want %d", name, status, want)
	}
}

// names are the names of those inside.
func (s *script) names() []string {
	s.t.Helper()
	var out struct{ Participants []struct{ Name string } }
	s.as(s.user, "list_participants", arg{"room_id": s.room}, &out)
	var names []string
	for _, p := range out.Participants {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}

// waitNames waits until exactly these people are inside.
func (s *script) waitNames(want ...string) {
	s.t.Helper()
	livekittest.Wait(s.t, fmt.Sprintf("exactly %q to be inside", want), func() bool {
		return slices.Equal(s.names(), want)
	})
}

// same checks what a task has given.
func (s *script) same(what string, got, want any) {
	s.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
