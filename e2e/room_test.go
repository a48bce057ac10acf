package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// admin is the subject of the room's admin.
const admin = "the-admin"

// arg are the arguments of a tool.
type arg = map[string]any

// createRoom makes the room with a code for each role.
func (s *system) createRoom(arguments arg) {
	s.t.Helper()
	call := arg{"name": "room-of-the-test", "create_codes": true}
	maps.Copy(call, arguments)
	var made struct {
		Room  room
		Codes []struct{ Code, Role string }
	}
	s.must(admin, "create_room", call, &made)
	*s.room = made.Room
	for _, c := range made.Codes {
		s.code[c.Role] = s.keepSecret(c.Code)
	}
}

// toolError is the error of a tool.
type toolError struct{ Code, Message, Hint string }

func (e *toolError) Error() string { return e.Code + ": " + e.Message }

// statusError is an answer without a result: the call has not come to the tool.
type statusError struct {
	status int
	body   string
}

func (e *statusError) Error() string { return fmt.Sprintf("status %d: %s", e.status, e.body) }

// call calls a tool as a subject. out may be nil.
func (s *system) call(subject, tool string, arguments arg, out any) error {
	token, err := s.accessToken(subject)
	if err != nil {
		return err
	}
	resp, err := s.post("/mcp", arg{"jsonrpc": "2.0", "id": 1, "method": "tools/call",
		"params": arg{"name": tool, "arguments": arguments}}, http.Header{
		"Authorization":        {"Bearer " + token},
		"Accept":               {"application/json, text/event-stream"},
		"Mcp-Protocol-Version": {"2025-06-18"},
	})
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
			StructuredContent json.RawMessage
			Meta              struct {
				Error *toolError `json:"roomkey/error"`
			} `json:"_meta"`
		}
	}
	if err := json.Unmarshal(answer, &message); err != nil || message.Result == nil {
		return &statusError{resp.StatusCode, string(answer)}
	}
	if message.Result.Meta.Error != nil {
		return message.Result.Meta.Error
	}
	if out == nil {
		out = new(any)
	}
	reflect.ValueOf(out).Elem().SetZero() // what an earlier answer left in it would stay where this one says nothing
	return json.Unmarshal(message.Result.StructuredContent, out)
}

// post posts JSON to roomkey.
func (s *system) post(path string, body any, header http.Header) (*http.Response, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, bytes.NewReader(encoded))
	if err != nil {
		return nil, err
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/json")
	return s.client.Do(req)
}

func (s *system) must(subject, tool string, arguments arg, out any) {
	s.t.Helper()
	if err := s.call(subject, tool, arguments, out); err != nil {
		s.t.Fatalf("%s %v: %v", tool, arguments, err)
	}
}

// do has the admin call a tool on the room, and gives the time when the call began.
func (s *system) do(tool string, arguments arg, out any) (began time.Time) {
	s.t.Helper()
	call := arg{"room_id": s.room.ID}
	maps.Copy(call, arguments)
	began = time.Now()
	s.must(admin, tool, call, out)
	return began
}

// refuses checks that a tool answers a subject with an error of that code.
func (s *system) refuses(want, subject, tool string, arguments arg) {
	s.t.Helper()
	call := arg{"room_id": s.room.ID}
	if arguments["code"] != nil {
		call = arg{}
	}
	maps.Copy(call, arguments)
	err := s.call(subject, tool, call, nil)
	if e, ok := err.(*toolError); !ok || e.Code != want {
		s.t.Errorf("%s %v by %s: got %v, want %s", tool, call, subject, err, want)
	}
}

// pass is what lets somebody in.
type pass struct {
	Token      string    `json:"token"`
	LiveKitURL string    `json:"livekit_url"`
	Identity   string    `json:"identity"`
	ExpiresAt  time.Time `json:"expires_at"`
	E2EE       bool      `json:"e2ee"`
}

func (p pass) url() string { return "http" + strings.TrimPrefix(p.LiveKitURL, "ws") }

// tryExchange redeems a role's code for somebody without an access token.
func (s *system) tryExchange(role, userID string) (p pass, status int) {
	s.t.Helper()
	resp, err := s.post("/v2/token", arg{"code": s.code[role], "user_id": userID, "name": userID}, http.Header{})
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
func (s *system) exchange(role, userID string) pass {
	s.t.Helper()
	p, status := s.tryExchange(role, userID)
	if status != http.StatusOK {
		s.t.Fatalf("exchange a code for %s: got status %d, want 200", userID, status)
	}
	return p
}

// exchangeGives checks the status of an exchange of the guests' code.
func (s *system) exchangeGives(want int, userIDs ...string) {
	s.t.Helper()
	for _, userID := range userIDs {
		if _, status := s.tryExchange(meet.RoleGuest, userID); status != want {
			s.t.Errorf("exchange a code for %q: got status %d, want %d", userID, status, want)
		}
	}
}

// joinAs has a subject ask for a token with join_room, by the room's id.
func (s *system) joinAs(subject string) (p pass) {
	s.t.Helper()
	s.must(subject, "join_room", arg{"room_id": s.room.ID}, &p)
	s.keepSecret(p.Token)
	return p
}

// person is a participant with the token they came by.
type person struct {
	*livekittest.Person
	pass pass
}

// enter connects.
func (s *system) enter(p pass) person {
	s.t.Helper()
	return person{livekittest.Join(s.t, p.url(), p.Token), p}
}

// guest comes by the guests' code.
func (s *system) guest(userID string) person {
	s.t.Helper()
	return s.enter(s.exchange(meet.RoleGuest, userID))
}

// participant is a line of list_participants.
type participant struct {
	Identity, Role string
	Locked         []string
}

// participants are those that list_participants shows.
func (s *system) participants() []participant {
	s.t.Helper()
	var out struct{ Participants []participant }
	s.do("list_participants", nil, &out)
	return out.Participants
}

func contains(people []participant, identity string) bool {
	return slices.ContainsFunc(people, func(p participant) bool { return p.Identity == identity })
}

// identities are the sorted identities of people.
func identities(people ...person) []string {
	ids := []string{}
	for _, p := range people {
		ids = append(ids, p.pass.Identity)
	}
	slices.Sort(ids)
	return ids
}

// waitInside waits until list_participants shows exactly these people.
func (s *system) waitInside(people ...person) {
	s.t.Helper()
	want := identities(people...)
	livekittest.Wait(s.t, fmt.Sprintf("exactly %v to be inside", want), func() bool {
		got := []string{}
		for _, p := range s.participants() {
			got = append(got, p.Identity)
		}
		slices.Sort(got)
		return slices.Equal(got, want)
	})
}

// event is a line of list_events.
type event struct{ ID, Action, Target string }

// events are those of the room that are of one of the actions.
func (s *system) events(actions ...string) (found []event) {
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
			return found
		}
	}
}

// eventsAbout counts the events of an action about one person.
func (s *system) eventsAbout(action, identity string) (n int) {
	s.t.Helper()
	for _, e := range s.events(action) {
		if e.Target == identity {
			n++
		}
	}
	return n
}

// waitEvents waits for so many events of an action.
func (s *system) waitEvents(n int, action string) {
	s.t.Helper()
	livekittest.Wait(s.t, fmt.Sprintf("%d events %s", n, action), func() bool { return len(s.events(action)) == n })
}
