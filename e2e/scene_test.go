package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// arg are the arguments of a tool.
type arg = map[string]any

// scene is one test's room in a world, with its codes and its admin. Methods
// that cannot do what they promise fail the test.
type scene struct {
	*world
	t       *testing.T
	admin   string // subject
	address string // from which people come
	room    struct{ ID, Name string }
	code    map[string]string // by role
}

var scenes atomic.Int32

// open makes a room.
func (w *world) open(t *testing.T, settings arg) *scene {
	t.Helper()
	n := scenes.Add(1)
	s := &scene{world: w, t: t, admin: fmt.Sprintf("admin-%d", n), address: fmt.Sprintf("10.0.%d.%d", n/250, n%250+1), code: map[string]string{}}
	call := arg{"name": fmt.Sprintf("scene-%d", n), "create_codes": true}
	for k, v := range settings {
		call[k] = v
	}
	var made struct {
		Room  struct{ ID, Name string }
		Codes []struct{ Code, Role string }
	}
	s.must(s.admin, "create_room", call, &made)
	s.room = made.Room
	for _, c := range made.Codes {
		s.code[c.Role] = c.Code
		s.keepSecret(c.Code)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("roomkey (%s) said of %s:\n%s", w.mode, s.room.Name, w.output.about(s.room.ID))
		}
	})
	return s
}

// refusal is the error of a tool.
type refusal struct {
	Code    string
	Status  int
	Message string
}

func (r *refusal) Error() string { return r.Code + ": " + r.Message }

// call calls a tool as a subject. out may be nil.
func (s *scene) call(subject, tool string, arguments arg, out any) error {
	token, err := s.authority.Sign(meet.Principal{ID: subject, Name: subject, Role: meet.User}, time.Hour)
	if err != nil {
		return err
	}
	s.keepSecret(token)
	body, err := json.Marshal(arg{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arg{"name": tool, "arguments": arguments}})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/mcp", bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json",
		"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var message struct {
		Result *struct {
			IsError           bool
			StructuredContent json.RawMessage
			Meta              struct {
				Error *refusal `json:"roomkey/error"`
			} `json:"_meta"`
		}
	}
	if err := json.Unmarshal(answer, &message); err != nil || message.Result == nil {
		return fmt.Errorf("status %d: %s", resp.StatusCode, answer)
	}
	if failed := message.Result.Meta.Error; failed != nil {
		return failed
	}
	if message.Result.IsError {
		return fmt.Errorf("an error that says nothing to programs: %s", answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(message.Result.StructuredContent, out)
}

func (s *scene) must(subject, tool string, arguments arg, out any) {
	s.t.Helper()
	if err := s.call(subject, tool, arguments, out); err != nil {
		s.t.Fatalf("%s: %v", tool, err)
	}
}

// do has the room's admin call a tool that works on the room, and gives the
// time when the call began.
func (s *scene) do(tool string, arguments arg, out any) (began time.Time) {
	s.t.Helper()
	call := arg{"room_id": s.room.ID}
	for k, v := range arguments {
		call[k] = v
	}
	began = time.Now()
	s.must(s.admin, tool, call, out)
	return began
}

// doCode is do for tools that work on a code.
func (s *scene) doCode(tool string, arguments arg, out any) (began time.Time) {
	s.t.Helper()
	began = time.Now()
	s.must(s.admin, tool, arguments, out)
	return began
}

// refuses checks that a tool answers a subject with an error of that code.
func (s *scene) refuses(want, subject, tool string, arguments arg) {
	s.t.Helper()
	err := s.call(subject, tool, arguments, nil)
	if r, ok := err.(*refusal); !ok || r.Code != want {
		s.t.Errorf("%s %v by %s: got %v, want %s", tool, arguments, subject, err, want)
	}
}

// pass is what lets somebody in.
type pass struct {
	Token      string `json:"token"`
	LiveKitURL string `json:"livekit_url"`
	Identity   string `json:"identity"`
	Role       string `json:"role"`
}

func (p pass) url() string { return "http" + strings.TrimPrefix(p.LiveKitURL, "ws") }

// tryExchange redeems a code for somebody without an access token.
func (s *scene) tryExchange(code, userID string) (p pass, status int) {
	s.t.Helper()
	body, err := json.Marshal(arg{"code": code, "user_id": userID, "name": userID})
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/v2/token", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", s.address) // tests must not use up each other's guesses
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("exchange: %v", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
			s.t.Fatalf("exchange: %v", err)
		}
		s.keepSecret(p.Token)
	}
	return p, resp.StatusCode
}

// exchange redeems the code of a role.
func (s *scene) exchange(role, userID string) pass {
	s.t.Helper()
	p, status := s.tryExchange(s.code[role], userID)
	if status != http.StatusOK {
		s.t.Fatalf("exchange a code for %s: got status %d, want 200", userID, status)
	}
	return p
}

// exchangeGives checks the status of an exchange of the guests' code.
func (s *scene) exchangeGives(want int, userID string) {
	s.t.Helper()
	if _, status := s.tryExchange(s.code[meet.RoleGuest], userID); status != want {
		s.t.Errorf("exchange a code for %q: got status %d, want %d", userID, status, want)
	}
}

// joinAs has a subject ask for a token with join_room; without a code it is by
// the room's id.
func (s *scene) joinAs(subject string, arguments arg) (p pass) {
	s.t.Helper()
	if arguments == nil {
		arguments = arg{"room_id": s.room.ID}
	}
	s.must(subject, "join_room", arguments, &p)
	s.keepSecret(p.Token)
	return p
}

// person is a participant with the token they came by.
type person struct {
	*livekittest.Person
	pass pass
}

// enter connects.
func (s *scene) enter(p pass) person {
	s.t.Helper()
	return person{livekittest.Join(s.t, p.url(), p.Token), p}
}

// guest comes by the guests' code.
func (s *scene) guest(userID string) person {
	s.t.Helper()
	return s.enter(s.exchange(meet.RoleGuest, userID))
}

// host is the room's admin themself.
func (s *scene) host() person {
	s.t.Helper()
	return s.enter(s.joinAs(s.admin, nil))
}

// participant is a line of list_participants.
type participant struct {
	Identity, Role string
	Locked         []string
	Tracks         []struct {
		Source string
		Muted  bool
	}
}

// block is one of its blocks.
type block struct {
	Identity string
	UserID   string `json:"user_id"`
}

func (s *scene) roster() (people []participant, blocks []block) {
	s.t.Helper()
	var out struct {
		Participants []participant
		Blocks       []block
	}
	s.do("list_participants", nil, &out)
	return out.Participants, out.Blocks
}

func identities(people []participant) []string {
	ids := []string{}
	for _, p := range people {
		ids = append(ids, p.Identity)
	}
	slices.Sort(ids)
	return ids
}

// waitRoster waits until exactly these are inside.
func (s *scene) waitRoster(people ...person) {
	s.t.Helper()
	want := []string{}
	for _, p := range people {
		want = append(want, p.pass.Identity)
	}
	slices.Sort(want)
	var got []string
	ok := eventually(patience, func() bool {
		inside, _ := s.roster()
		got = identities(inside)
		return slices.Equal(got, want)
	})
	if !ok {
		s.t.Errorf("list_participants: got %v, want %v", got, want)
	}
}

// event is a line of list_events.
type event struct {
	ID, Actor, Via, Action, Target, Outcome string
	Details                                 map[string]string
}

// events are those of the room, the oldest first, that are of one of the
// actions.
func (s *scene) events(actions ...string) (found []event) {
	s.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Events     []event
			NextCursor string `json:"next_cursor"`
		}
		s.do("list_events", arg{"limit": 100, "cursor": cursor}, &page)
		for _, e := range page.Events {
			if slices.Contains(actions, e.Action) {
				found = append(found, e)
			}
		}
		if cursor = page.NextCursor; cursor == "" {
			slices.Reverse(found)
			return found
		}
	}
}

// about counts the events of an action about somebody.
func (s *scene) about(action, identity string) (n int) {
	s.t.Helper()
	for _, e := range s.events(action) {
		if e.Target == identity {
			n++
		}
	}
	return n
}

// patience is only there against waiting for ever.
const patience = 90 * time.Second

// eventually polls until ok says true, and gives false if it never does.
func eventually(within time.Duration, ok func() bool) bool {
	for deadline := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		if ok() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// wait is eventually for what has to happen; it gives the time.
func (s *scene) wait(what string, ok func() bool) time.Time {
	s.t.Helper()
	if !eventually(patience, ok) {
		s.t.Fatalf("waited %v in vain: %s", patience, what)
	}
	return time.Now()
}
