package servicetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "roomkey/tools"
	"roomkey/tools/toolstest"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// eachTool runs a test for every tool at the same time, each on a system and a
// testRoom of its own. It gives what the tests return, by tool.
func eachTool(t *testing.T, test func(a *agent, s testRoom, tool Tool) string) map[string]string {
	t.Helper()
	t.Parallel()
	var mu sync.Mutex
	results := map[string]string{}
	t.Run("tools", func(t *testing.T) {
		for _, tool := range Catalogue() {
			t.Run(tool.Name, func(t *testing.T) {
				t.Parallel()
				a := newAgent(t)
				room := a.newTestRoom()
				if room.sensible(tool.Name) == nil {
					t.Fatal("sensible (room_test.go) has no call of it")
				}
				result := test(a, room, tool)
				mu.Lock()
				defer mu.Unlock()
				results[tool.Name] = result
			})
		}
	})
	return results
}

// columns are the kinds of principals in the tables of who may do what.
var columns = []struct {
	name string
	p    meet.Principal
}{
	{"superadmin", meettest.Root}, {"room admin", meettest.Ada}, {"other user", meettest.Bob},
	{"guest", meettest.Gus}, {"no token", meettest.Anon}, {"zero", meettest.Zero},
	{"rooms:read", limitedTo(meet.ScopeRoomsRead)}, {"rooms:write", limitedTo(meet.ScopeRoomsWrite)},
	{"moderate", limitedTo(meet.ScopeModerate)}, {"meeting", limitedTo(meet.ScopeMeeting)},
	{"record, admin", limitedTo(meet.ScopeRecord, meet.ScopeAdmin)},
}

// limitedTo is the room's admin with a token of some scopes.
func limitedTo(scopes ...meet.TokenScope) meet.Principal {
	p := meettest.Ada
	p.Scopes = meet.LimitedTo(scopes...)
	return p
}

// accessTable writes a table with a row for each name and a column for each
// kind of principal.
func accessTable(title string, names []string, rows map[string]string) []byte {
	var b strings.Builder
	b.WriteString(strings.TrimSpace("| "+title) + " |")
	for _, c := range columns {
		b.WriteString(" " + c.name + " |")
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(columns)) + "\n")
	for _, name := range names {
		b.WriteString("| " + name + " |" + rows[name] + "\n")
	}
	return []byte(b.String())
}

// Every tool for every kind of principal on an own and on somebody else's
// room: what really comes back, as a golden file.
func TestAccessSweep(t *testing.T) {
	rows := eachTool(t, func(a *agent, s testRoom, tool Tool) (row string) {
		for _, c := range columns {
			got := a.call(c.p, tool.Name, s.sensible(tool.Name))
			outcome := "ok"
			if got.IsError {
				outcome = string(got.err.Code)
			}
			row += " " + outcome + " |"
			if !got.IsError && !tool.Hints.ReadOnly {
				s = a.newTestRoom() // that call has used it up
			}
		}
		return row
	})
	toolstest.Golden(t, "../testdata/access.md", accessTable("tool", toolNames(), rows))
}

func toolNames() []string { return namesOf(Catalogue()) }

func namesOf(tools []Tool) (names []string) {
	for _, tool := range tools {
		names = append(names, tool.Name)
	}
	return names
}

// An unknown room is not found for everybody who may ask, and nobody else
// learns whether it exists.
func TestUnknownRoom(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	none := meet.Room{ID: "no-such-room", Name: "no-such-room"}
	for _, tool := range Catalogue() {
		arguments := testRoom{room: none, identity: "x", request: strings.Repeat("x", 26)}.sensible(tool.Name)
		if arguments["room_id"] == nil {
			continue
		}
		for _, p := range []meet.Principal{meettest.Root, meettest.Ada, meettest.Gus} {
			got := a.call(p, tool.Name, arguments).err
			if got.Code != meet.CodeNotFound || got.Message != "Room not found" {
				t.Errorf("%s as %s: %+v; want not_found: Room not found", tool.Name, p.ID, got)
			}
		}
		if got := a.call(meettest.Zero, tool.Name, arguments).err; got.Code != meet.CodeUnauthenticated {
			t.Errorf("%s as nobody: %+v; want unauthenticated", tool.Name, got)
		}
	}
}

// useTimes are times that a repeated call may move without a change.
var useTimes = regexp.MustCompile(`"(last_used_at|updated_at)":"[^"]*",?`)

// state is all that a tool could have changed, as superadmins see it: rooms,
// codes, people with their tracks, requests, blocks and events.
func (a *agent) state(room string) string {
	a.t.Helper()
	var b strings.Builder
	for tool, arguments := range map[string]map[string]any{
		"list_rooms":        {"scope": "all"},
		"get_room":          {"room_id": room},
		"list_participants": {"room_id": room},
		"list_events":       {"limit": 100},
	} {
		b.Write(useTimes.ReplaceAll(a.must(meettest.Root, tool, arguments).StructuredContent, nil))
		b.WriteByte('\n')
	}
	lines := strings.Split(b.String(), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// The hints are promises: a read-only tool changes nothing, an idempotent one
// nothing more the second time, one that is not destructive removes nobody.
// And every tool that changes something leaves exactly one event, which golden
// shows; others leave none.
func TestHintsAndEvents(t *testing.T) {
	lines := eachTool(t, func(a *agent, s testRoom, tool Tool) string {
		s.person.PublishMicrophone()
		s.person.PublishCamera()
		livekittest.Wait(a.t, "both tracks", func() bool {
			tracks := a.must(meettest.Root, "list_participants", args{"room_id": s.room.ID})
			return len(tracks.get("participants", 0, "tracks").([]any)) >= 2
		})
		arguments := s.sensible(tool.Name)
		if tool.Name == "mute_participant" || tool.Name == "disable_participant_video" {
			arguments["lock"] = true
		}
		before, recorded := a.state(s.room.ID), a.events()
		a.Clock.Advance(time.Second)
		got := a.must(meettest.Ada, tool.Name, arguments)
		after, more := a.state(s.room.ID), a.events()
		if tool.Hints.ReadOnly && before != after {
			a.t.Errorf("it is read-only and changed something:\n%s\nto\n%s", before, after)
		}
		if !tool.Hints.Destructive && !s.person.Connected() {
			a.t.Error("it is not destructive and removed somebody")
		}
		a.Clock.Advance(time.Minute)
		a.call(meettest.Ada, tool.Name, arguments)
		again := a.state(s.room.ID)
		if tool.Hints.Idempotent && after != again {
			a.t.Errorf("it is idempotent and changed something the second time:\n%s\nto\n%s", after, again)
		}
		if !tool.Hints.Idempotent && after == again && tool.Name != "rotate_room_code" { // there the code is gone
			a.t.Error("it is not idempotent and yet changed nothing the second time")
		}
		events := more[:len(more)-len(recorded)]
		if tool.Hints.ReadOnly {
			return ""
		}
		if len(events) != 1 {
			a.t.Fatalf("it leaves %d events: %v; want one", len(events), events)
		}
		text := string(marshal(a.t, events[0]))
		if strings.Contains(text, s.code.Code) || strings.Contains(text, s.request) {
			a.t.Errorf("the event holds a code or a request: %s", text)
		}
		return s.anonymize(text, got)
	})
	var b strings.Builder
	for _, name := range toolNames() {
		if lines[name] != "" {
			b.WriteString(name + "\n  " + lines[name] + "\n")
		}
	}
	toolstest.Golden(t, "../testdata/events.txt", []byte(b.String()))
}

// tellOfComing tells of the people inside, as LiveKit's webhooks do.
func (a *agent) tellOfComing(s testRoom) {
	a.t.Helper()
	people, err := a.Media.Participants(a.t.Context(), s.room.ID)
	if err != nil {
		a.t.Fatal(err)
	}
	for _, p := range people {
		err := a.HandleMediaEvent(a.t.Context(), meet.MediaEvent{ID: p.SID, Kind: meet.MediaParticipantJoined,
			RoomID: s.room.ID, At: p.JoinedAt, Participant: p})
		if err != nil {
			a.t.Fatal(err)
		}
	}
}

// events are those of all rooms, newest first.
func (a *agent) events() []any {
	return a.must(meettest.Root, "list_events", args{"limit": 100}).list("events")
}

// anonymize replaces what differs from run to run.
func (s testRoom) anonymize(text string, got answer) string {
	at := func(field, group string) string { return `"` + field + `":"` + group + `"` } // three letters may be any word
	newCode := meet.FirstGroup(fmt.Sprint(got.get("code", "code")))
	text = strings.NewReplacer(
		s.room.ID, "ROOM", s.room.Name, "NAME", s.identity, "IDENTITY", at("target", s.request[:6]), at("target", "REQUEST"),
		fmt.Sprint(got.get("room", "id")), "NEW_ROOM", fmt.Sprint(got.get("room", "name")), "NEW_NAME",
		fmt.Sprint(got.get("identity")), "NEW_IDENTITY",
		at("target", meet.FirstGroup(s.code.Code)), at("target", "CODE"),
		at("successor", newCode), at("successor", "NEW_CODE"),
	).Replace(text)
	text = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`).ReplaceAllString(text, "TIME")
	return regexp.MustCompile(`"id":"\d+"`).ReplaceAllString(text, `"id":"ID"`)
}

// hostileStrings are what no argument of any tool may be. Empty strings are
// tested apart: for some arguments they mean "left out".
var hostileStrings = map[string]string{
	"control characters": "a\x00b\x1b[2J",
	"bidi characters":    "\u202eevil\u202c",
	"zero-width":         "a\u200bb",
	"too long":           strings.Repeat("a", meet.MaxMessage+1),
	"a megabyte":         strings.Repeat("a", 1<<20),
	"bad utf-8":          "a\xffb",
	"sql":                "'; DROP TABLE rooms; --\x00",
}

// Every argument of every tool gets every hostile value, from somebody who may
// call it. The answer is always an error about an argument; nothing is stored
// and nobody is disturbed.
func TestHostileArguments(t *testing.T) {
	eachTool(t, func(a *agent, s testRoom, tool Tool) string {
		before := a.state(s.room.ID)
		sensible := s.sensible(tool.Name)
		try := func(what, name string, value any) {
			arguments := maps.Clone(sensible)
			arguments[name] = value
			got := a.call(meettest.Ada, tool.Name, arguments)
			switch {
			case !got.IsError:
				a.t.Errorf("%.20s: %s is accepted", name, what)
			case got.err.Code != meet.CodeInvalid && got.err.Code != meet.CodeRateLimited:
				a.t.Errorf("%.20s: %s gives %+v; want invalid", name, what, got.err)
			}
		}
		for _, name := range []string{"no_such_argument", "", "ROOM_ID", "\u202e", strings.Repeat("n", 1<<20)} {
			try("an unknown argument", name, "x")
		}
		var schema struct {
			Properties map[string]struct{ Type string }
			Required   []string
		}
		if err := json.Unmarshal(tool.InputSchema, &schema); err != nil {
			a.t.Fatal(err)
		}
		for name, property := range schema.Properties {
			for typ, value := range map[string]any{
				"string": "x", "boolean": true, "integer": 1, "object": args{}, "array": []any{1}, "number": 1.5,
			} {
				if typ != property.Type {
					try("a wrong type", name, value)
				}
			}
			if property.Type != "string" {
				continue
			}
			for what, value := range hostileStrings {
				try(what, name, value)
			}
			if slices.Contains(schema.Required, name) {
				try("empty", name, "")
				try("blank", name, " \t ")
			}
		}
		if after := a.state(s.room.ID); after != before {
			a.t.Errorf("refused calls changed something:\n%s\nto\n%s", before, after)
		}
		if !s.person.Connected() {
			a.t.Error("refused calls removed somebody")
		}
		if log := a.log.String(); log != "" {
			a.t.Errorf("bad arguments are in the log as failures:\n%.2000s", log)
		}
		return ""
	})
}

// Arguments that are no object at all.
func TestArgumentsMustBeAnObject(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	for _, arguments := range []any{"room_id=x", 5, true, []any{1}, `"{}"`, "[1]", `{"room_id": "x"} {}`} {
		got := a.call(meettest.Ada, "get_room", arguments).err
		if got.Code != meet.CodeInvalid || got.Field != "arguments" {
			t.Errorf("%v: %+v; want invalid arguments", arguments, got)
		}
	}
}
