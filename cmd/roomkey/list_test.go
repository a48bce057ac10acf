package main

import (
	"encoding/json"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/programtest"
)

// rowsOf gives the cells of a printed table, without its titles.
func rowsOf(t *testing.T, table string, titles ...string) (rows [][]string) {
	t.Helper()
	lines := strings.Split(table, "\n")
	if got := strings.Join(strings.Fields(lines[0]), " "); got != strings.Join(titles, " ") {
		t.Fatalf("titles: got %q, want %q", got, titles)
	}
	for _, line := range lines[1:] {
		rows = append(rows, strings.Fields(line))
	}
	return rows
}

func TestList(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.serve()
	for _, name := range []string{"first", "second", "third"} {
		m.run("call", "create_room", "name="+name, "create_codes=true")
	}

	rooms := rowsOf(t, m.run("list", "rooms", "--limit", "2"),
		"NAME", "ACTIVE", "PEOPLE", "PUBLIC", "MODE", "ADMIN", "CREATED", "EXPIRES")
	if len(rooms) != 2 || rooms[0][0] != "third" || rooms[1][0] != "second" || rooms[0][1] != "yes" {
		t.Errorf("rooms: got %v, want the two newest", rooms)
	}
	if rooms := rowsOf(t, m.run("list", "rooms", "query=fir"),
		"NAME", "ACTIVE", "PEOPLE", "PUBLIC", "MODE", "ADMIN", "CREATED", "EXPIRES"); len(rooms) != 1 {
		t.Errorf("rooms with fir in their name: got %v, want one", rooms)
	}
	codes := rowsOf(t, m.run("list", "codes", "first", "role=guest"),
		"CODE", "ROLE", "LABEL", "ENABLED", "USES", "MOST", "EXPIRES", "LAST", "USED", "LINK")
	if len(codes) != 1 || codes[0][1] != "guest" || codes[0][3] != "yes" {
		t.Fatalf("codes: got %v, want that of guests", codes)
	}
	m.run("call", "update_room", "room_id=first", "settings.require_approval=true")
	if _, err := programtest.Send(t.Context(), "", "POST", m.server.url+"/v2/token",
		`{"code": "`+codes[0][0]+`", "name": "Ann"}`); err != nil {
		t.Fatal(err)
	}
	people := rowsOf(t, m.run("list", "people", "first"),
		"IN", "NAME", "ROLE", "USER", "VERIFIED", "LABEL", "SINCE", "IDENTITY")
	if len(people) != 1 || people[0][0] != "join_requests" || people[0][1] != "Ann" {
		t.Errorf("people: got %v, want Ann who waits", people)
	}
	var events []map[string]any
	if err := json.Unmarshal([]byte(m.run("list", "events", "first", "kind=room", "--json")), &events); err != nil {
		t.Fatal(err)
	}
	if len(events) != 2 || events[0]["action"] != "room.updated" || events[1]["action"] != "room.created" {
		t.Errorf("events: got %v, want that the room was updated and before that created", events)
	}
	if tokens := m.run("list", "tokens"); !strings.HasPrefix(tokens, "ID ") {
		t.Errorf("tokens: got %q, want a table", tokens)
	}
}

func TestListShowsNoControlCharacters(t *testing.T) {
	t.Parallel()
	c := tableColumn{"NAME", []string{"name", "other"}}
	for want, item := range map[string]bridge.Item{
		"[2JAnn":            {"name": "\x1b[2J\tAnn\n"},
		"-":                 {"name": "\u202e"},
		"1000000":           {"other": 1e6},
		"2026-01-02 03:04Z": {"name": "2026-01-02T04:04:05+01:00"},
		"no":                {"name": false},
	} {
		if got := c.cell(item); got != want {
			t.Errorf("%v: got %q, want %q", item, got, want)
		}
	}
}
