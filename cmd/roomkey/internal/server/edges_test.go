package server

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/tools"
)

// The edges are the ways into the program: MCP's tools, and the HTTP APIs. What
// each of them does by itself is tested in tools and web; here they are held
// against each other.

// The words of the table below: what may come of a call.
const (
	yes  meet.ErrorCode = "allowed"
	wait meet.ErrorCode = "waiting"
	bad                 = meet.CodeInvalid
	who                 = meet.CodeUnauthenticated
	no                  = meet.CodeForbidden
	none                = meet.CodeNotFound
	held                = meet.CodeConflict // the name, or every seat
	over                = meet.CodeGone
)

// decisions says what every edge decides that offers an action.
var decisions = []struct {
	action string
	target string            // a room or a code; see newTargets
	want   [6]meet.ErrorCode // superadmin, the room's admin, other user, guest, no token, bad token
}{
	{"create", "taken", [6]meet.ErrorCode{held, held, held, no, who, who}},
	{"create", "No_such!", [6]meet.ErrorCode{bad, bad, bad, no, who, who}},
	{"create", "", [6]meet.ErrorCode{yes, yes, yes, no, who, who}},
	{"join by name", "open", [6]meet.ErrorCode{yes, yes, yes, yes, who, who}},
	{"join by name", "asks", [6]meet.ErrorCode{yes, yes, wait, wait, who, who}},
	{"join by name", "full", [6]meet.ErrorCode{yes, yes, held, held, who, who}},
	{"join by name", "ended", [6]meet.ErrorCode{over, over, over, over, who, who}},
	{"join by name", "unknown", [6]meet.ErrorCode{none, none, none, none, who, who}},
	{"join by name", "No_such!", [6]meet.ErrorCode{bad, bad, bad, bad, who, who}},
	{"join by code", "open code", [6]meet.ErrorCode{yes, yes, yes, yes, who, who}},
	{"join by code", "disabled code", [6]meet.ErrorCode{over, over, over, over, who, who}},
	{"join by code", "replaced code", [6]meet.ErrorCode{over, over, over, over, who, who}},
	{"join by code", "aaa-aaaa-aaa", [6]meet.ErrorCode{none, none, none, none, who, who}},
	{"join by code", "sesame", [6]meet.ErrorCode{bad, bad, bad, bad, who, who}},
	{"list", "", [6]meet.ErrorCode{yes, yes, yes, yes, who, who}},
	{"list a page", "", [6]meet.ErrorCode{bad, bad, bad, bad, who, who}},
	{"kick", "open", [6]meet.ErrorCode{none, none, no, no, who, who}},
	{"kick", "unknown", [6]meet.ErrorCode{none, none, none, none, who, who}},
	{"kick everybody", "open", [6]meet.ErrorCode{yes, yes, no, no, who, who}},
	{"mute", "open", [6]meet.ErrorCode{none, none, no, no, who, who}},
	{"mute", "unknown", [6]meet.ErrorCode{none, none, none, none, who, who}},
	{"mute everybody", "ended", [6]meet.ErrorCode{yes, yes, no, no, who, who}},
	{"video off", "open", [6]meet.ErrorCode{none, none, no, no, who, who}},
	{"everybody's video off", "open", [6]meet.ErrorCode{yes, yes, no, no, who, who}},
	{"create codes", "ended", [6]meet.ErrorCode{yes, yes, no, no, who, who}},
	{"create codes", "unknown", [6]meet.ErrorCode{none, none, none, none, who, who}},
	{"create codes", "No_such!", [6]meet.ErrorCode{bad, bad, bad, bad, who, who}},
	{"create a code for a role", "open", [6]meet.ErrorCode{yes, yes, no, no, who, who}},
	{"create a code for an argument that is no role", "open", [6]meet.ErrorCode{bad, bad, no, no, who, who}},
	{"create a code at a path that is no role", "open", [6]meet.ErrorCode{none, none, no, no, who, who}},
	{"get codes", "open", [6]meet.ErrorCode{yes, yes, no, no, who, who}},
	{"get codes", "unknown", [6]meet.ErrorCode{none, none, none, none, who, who}},
	{"disable a code", "disabled code", [6]meet.ErrorCode{yes, yes, no, no, who, who}},
	{"disable a code", "replaced code", [6]meet.ErrorCode{over, over, no, no, who, who}},
	{"disable a code", "aaa-aaaa-aaa", [6]meet.ErrorCode{none, none, none, none, who, who}},
	{"enable a code", "open code", [6]meet.ErrorCode{yes, yes, no, no, who, who}},
	{"enable a code", "sesame", [6]meet.ErrorCode{bad, bad, bad, bad, who, who}},
}

// edge is one way to ask for something: a tool, or a path with a body.
type edge struct {
	name   string
	method string // empty for a tool
	path   string
	body   string // JSON; a tool's arguments
}

func tool(name, arguments string) edge { return edge{name: name, body: arguments} }

func rest(method, path, body string) edge {
	return edge{name: method + " " + path, method: method, path: path, body: body}
}

// edges are the ways to ask for each action. {it} is the room or the code.
var edges = map[string][]edge{
	"create": {tool("create_room", `{"name": "{it}"}`), rest("POST", "/api/room/create", `{"name": "{it}"}`)},
	"join by name": {tool("join_room", `{"room_id": "{it}"}`),
		rest("POST", "/api/room/join", `{"roomName": "{it}"}`), rest("POST", "/api/room/join", `{"roomId": "{it}"}`)},
	"join by code": {tool("join_room", `{"code": "{it}"}`), rest("POST", "/api/room/join", `{"code": "{it}"}`)},
	"list":         {tool("list_rooms", `{}`), rest("GET", "/api/room/list", "")},
	"list a page":  {tool("list_rooms", `{"cursor": "!"}`), rest("GET", "/api/room/list?cursor=!", "")},
	"kick": {tool("kick_participant", `{"room_id": "{it}", "identity": "nobody"}`),
		rest("POST", "/api/room/{it}/kick/nobody", "")},
	"kick everybody": {tool("kick_participant", `{"room_id": "{it}", "identity": "*"}`),
		rest("POST", "/api/room/{it}/kick/*", "")},
	"mute": {tool("mute_participant", `{"room_id": "{it}", "identity": "nobody"}`),
		rest("POST", "/api/room/{it}/mute/nobody", "")},
	"mute everybody": {tool("mute_participant", `{"room_id": "{it}", "identity": "*"}`),
		rest("POST", "/api/room/{it}/mute/*", ""), rest("POST", "/api/room/{it}/mute/%2A", "")},
	"video off": {tool("disable_participant_video", `{"room_id": "{it}", "identity": "nobody"}`),
		rest("POST", "/api/room/{it}/video/nobody/off", "")},
	"everybody's video off": {tool("disable_participant_video", `{"room_id": "{it}", "identity": "*"}`),
		rest("POST", "/api/room/{it}/video/*/off", "")},
	"create codes": {tool("create_room_codes", `{"room_id": "{it}"}`),
		tool("hms-create-room-codes", `{"room_id": "{it}"}`), rest("POST", "/v2/room-codes/room/{it}", "")},
	"create a code for a role": {tool("create_room_codes", `{"room_id": "{it}", "role": "viewer"}`),
		rest("POST", "/v2/room-codes/room/{it}/role/viewer", "")},
	"create a code for an argument that is no role": {
		tool("create_room_codes", `{"room_id": "{it}", "role": "king"}`)},
	"create a code at a path that is no role": {rest("POST", "/v2/room-codes/room/{it}/role/king", "")},
	"get codes": {tool("get_room_codes", `{"room_id": "{it}"}`), tool("hms-get-room-codes", `{"room_id": "{it}"}`),
		rest("GET", "/v2/room-codes/room/{it}", "")},
	"disable a code": updates("false"),
	"enable a code":  updates("true"),
}

func updates(enabled string) []edge {
	return []edge{
		tool("update_room_code", `{"code": "{it}", "enabled": `+enabled+`}`),
		tool("hms-update-room-code", `{"code": "{it}", "body": {"enabled": `+enabled+`}}`),
		rest("POST", "/v2/room-codes/code", `{"code": "{it}", "enabled": `+enabled+`}`),
		rest("POST", "/v2/room-codes/code/{it}", `{"enabled": `+enabled+`}`),
	}
}

// allToolsets switches everything on.
func allToolsets(c *config.Config) { c.Toolsets = tools.Toolsets }

// outcome is what came of a call: its decision, and the words of an error.
type outcome struct {
	decision meet.ErrorCode
	message  string
	header   http.Header
}

// statuses are what the statuses of the HTTP APIs mean.
var statuses = map[int]meet.ErrorCode{200: yes, 202: wait, 400: bad, 401: who, 403: no, 404: none, 409: held,
	410: over, 429: meet.CodeRateLimited, 500: meet.CodeUnavailable, 503: meet.CodeUnavailable}

// ask makes a call about a room or a code with an access token.
func (a *testServer) ask(t *testing.T, e edge, it, token string) outcome {
	t.Helper()
	fill := strings.NewReplacer("{it}", it).Replace
	method, path, body, header := e.method, fill(e.path), fill(e.body), []string{}
	if method == "" {
		method, path = http.MethodPost, "/mcp"
		body, header = programtest.Eras[1].Message(1, "tools/call",
			map[string]any{"name": e.name, "arguments": json.RawMessage(body)})
	}
	got, err := programtest.Send(t.Context(), token, method, a.url+path, body, header...)
	if err != nil {
		t.Fatalf("%s: %v", e.name, err)
	}
	o := outcome{decision: statuses[got.Status], header: got.Header}
	if e.method == "" && got.Status == http.StatusOK {
		result := programtest.ReadResult(t, programtest.ReadResponse(t, got.Body).Result)
		failed, err := result.Failure()
		switch {
		case err != nil:
			t.Fatalf("%s: %v", e.name, err)
		case failed != nil:
			o.decision, o.message = failed.Code, failed.Message
			o.header = http.Header{"Retry-After": {strconv.Itoa(failed.RetryAfter)}}
		case strings.Contains(string(result.StructuredContent), `"status":"waiting"`):
			o.decision = wait
		}
		return o
	}
	var refused struct {
		Message string
		Error   json.RawMessage // a text, or an object with a message
	}
	if err := json.Unmarshal(got.Body, &refused); err == nil && json.Unmarshal(refused.Error, &o.message) != nil {
		_ = json.Unmarshal(refused.Error, &refused)
		o.message = refused.Message
	}
	o.message = strings.NewReplacer("roomId", "room_id", "roomName", "room_id").Replace(o.message)
	return o
}

// newTargets makes the rooms and codes of the table, by what it calls them.
func newTargets(t *testing.T, a *testServer) map[string]string {
	t.Helper()
	ada := a.token(t, meettest.Ada)
	do := func(name, arguments string) string {
		t.Helper()
		var parsed map[string]any
		if err := json.Unmarshal([]byte(arguments), &parsed); err != nil {
			t.Fatal(err)
		}
		raw, err := programtest.CallAt(t.Context(), a.url, ada, name, parsed)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return string(raw)
	}
	read := func(answer string) (made struct {
		Codes      []struct{ Code string }
		Token      string
		LiveKitURL string `json:"livekit_url"`
	}) {
		if err := json.Unmarshal([]byte(answer), &made); err != nil {
			t.Fatal(err)
		}
		return made
	}
	targets := map[string]string{}
	for _, name := range []string{"open", "taken", "ended"} {
		do("create_room", `{"name": "`+name+`"}`)
	}
	do("create_room", `{"name": "asks", "settings": {"require_approval": true}}`)
	do("create_room", `{"name": "full", "max_participants": 1}`)
	joined := read(do("join_room", `{"room_id": "full"}`))
	livekittest.Join(t, joined.LiveKitURL, joined.Token)
	do("end_room", `{"room_id": "ended", "confirm_name": "ended"}`)
	for _, label := range []string{"open code", "disabled code", "replaced code"} {
		made := read(do("create_room_codes", `{"room_id": "open", "role": "guest", "label": "`+label+`"}`))
		targets[label] = made.Codes[0].Code
	}
	do("update_room_code", `{"code": "`+targets["disabled code"]+`", "enabled": false}`)
	do("rotate_room_code", `{"code": "`+targets["replaced code"]+`"}`)
	return targets
}

// Every caller gets the same decision in the same words on every edge, whatever the
// database.
func TestEdgesDecideAlike(t *testing.T) { eachDatabase(t, testEdgesDecideAlike) }

func testEdgesDecideAlike(t *testing.T, on func(*config.Config)) {
	a := startServer(t, func(c *config.Config) { on(c); allToolsets(c); c.Limits.Callers = meet.Limits{} })
	targets := newTargets(t, a)
	tokens := [6]string{a.token(t, meettest.Root), a.token(t, meettest.Ada), a.token(t, meettest.Bob),
		a.token(t, meettest.Gus), "", a.token(t, meettest.Root) + "x"}
	decided := map[string]bool{}
	for _, d := range decisions {
		decided[d.action] = true
		it, made := targets[d.target]
		if !made {
			it = d.target
		}
		for i, token := range tokens {
			message := ""
			for _, e := range edges[d.action] {
				got := a.ask(t, e, it, token)
				if message == "" {
					message = got.message
				}
				if got.decision != d.want[i] || got.message != message {
					t.Errorf("%s of %q as caller %d: got %s (%s), want %s (%s)",
						e.name, d.target, i, got.decision, got.message, d.want[i], message)
				}
			}
		}
	}
	for action := range edges {
		if !decided[action] {
			t.Errorf("there is no decision about: %s", action)
		}
	}
}

// Wrong codes count together, whichever edge they are tried on; and an admin
// who has tried too many still commands the own codes on all of them.
func TestEdgesCountGuessesTogether(t *testing.T) { eachDatabase(t, testEdgesCountGuessesTogether) }

func testEdgesCountGuessesTogether(t *testing.T, on func(*config.Config)) {
	a := startServer(t, func(c *config.Config) { on(c); allToolsets(c) })
	targets := newTargets(t, a)
	guesses := append(append([]edge{}, edges["join by code"]...), edges["disable a code"]...)
	const wrong, allowed = "aaa-aaaa-aaa", 10
	for _, p := range []meet.Principal{meettest.Ada, meettest.Gus} {
		token := a.token(t, p)
		for i := range allowed {
			if got := a.ask(t, guesses[i%len(guesses)], wrong, token); got.decision != none {
				t.Errorf("guess %d of %s: got %s, want %s", i+1, p.ID, got.decision, none)
			}
		}
		for _, e := range guesses {
			got := a.ask(t, e, wrong, token)
			seconds := got.header.Get("Retry-After")
			if got.decision != meet.CodeRateLimited || seconds == "" || seconds == "0" {
				t.Errorf("%s after %d guesses: got %s, to be repeated after %q s, want %s and seconds",
					e.name, allowed, got.decision, seconds, meet.CodeRateLimited)
			}
		}
	}
	for _, e := range guesses { // a guess that is right at last is not told from a wrong one
		if got := a.ask(t, e, targets["open code"], a.token(t, meettest.Gus)); got.decision != meet.CodeRateLimited {
			t.Errorf("%s with a right code: got %s, want %s", e.name, got.decision, meet.CodeRateLimited)
		}
		if got := a.ask(t, e, wrong, a.token(t, meettest.Bob)); got.decision != none {
			t.Errorf("%s as somebody who has not guessed: got %s, want %s", e.name, got.decision, none)
		}
	}
	for _, e := range edges["disable a code"] {
		if got := a.ask(t, e, targets["open code"], a.token(t, meettest.Ada)); got.decision != yes {
			t.Errorf("%s of the own code: got %s, want %s", e.name, got.decision, yes)
		}
	}
}

// A media server that is out of reach is the same refusal in the same words, and
// codes need no media server.
func TestEdgesWithoutLiveKit(t *testing.T) { eachDatabase(t, testEdgesWithoutLiveKit) }

func testEdgesWithoutLiveKit(t *testing.T, on func(*config.Config)) {
	address, lose := meettest.LiveKitToLose(t)
	a := startServer(t, func(c *config.Config) {
		on(c)
		allToolsets(c)
		c.LiveKit.URL, c.LiveKit.APIKey, c.LiveKit.APISecret = address, livekittest.APIKey, livekittest.APISecret
	})
	must[any](t, a, "create_room", map[string]any{"name": "open"})
	lose()
	const unreachable = "The media server cannot be reached"
	want := map[string]string{"list": "", "create codes": "", "get codes": "", "join by name": unreachable,
		"kick": unreachable, "mute": unreachable, "mute everybody": unreachable, "video off": unreachable}
	for action, message := range want {
		decision := map[bool]meet.ErrorCode{true: yes, false: meet.CodeUnavailable}[message == ""]
		for _, e := range edges[action] {
			if got := a.ask(t, e, "open", a.owner); got.decision != decision || got.message != message {
				t.Errorf("%s: got %s (%s), want %s (%s)", e.name, got.decision, got.message, decision, message)
			}
		}
	}
}

// Under disable_destructive no code is disabled on any edge, and a code can
// still be made and enabled.
func TestEdgesUnderACeiling(t *testing.T) {
	t.Parallel()
	a := startServer(t, func(c *config.Config) { allToolsets(c); c.DisableDestructive = true })
	must[any](t, a, "create_room", map[string]any{"name": "open"})
	made := must[struct{ Codes []struct{ Code string } }](t, a, "create_room_codes",
		map[string]any{"room_id": "open", "role": "guest"})
	code, message := made.Codes[0].Code, "No code is switched off by this server"
	for i, off := range edges["disable a code"] {
		if off.name == "update_room_code" {
			continue // is not offered
		}
		if got := a.ask(t, off, code, a.owner); got.decision != no || got.message != message {
			t.Errorf("%s: got %s (%s), want %s", off.name, got.decision, got.message, no)
		}
		if got := a.ask(t, off, code, a.token(t, meettest.Bob)); got.decision != no || got.message == message {
			t.Errorf("%s as another user: got %s (%s), want that it is not theirs", off.name, got.decision, got.message)
		}
		if got := a.ask(t, edges["enable a code"][i], code, a.owner); got.decision != yes {
			t.Errorf("enable by %s: got %s, want %s", off.name, got.decision, yes)
		}
	}
	// The ceiling of a bridge holds too, whatever the server behind it allows.
	open := startServer(t, allToolsets)
	must[any](t, open, "create_room", map[string]any{"name": "open"})
	made = must[struct{ Codes []struct{ Code string } }](t, open, "create_room_codes",
		map[string]any{"room_id": "open", "role": "guest"})
	selection := everything
	selection.DisableDestructive = true
	for enabled, want := range map[string]string{"false": message, "true": `"enabled":true`} {
		line := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"hms-update-room-code",` +
			`"arguments":{"code":"` + made.Codes[0].Code + `","body":{"enabled":` + enabled + `}}}}`
		got := throughThisBridge(t, open.bridgeConfig(selection, open.owner), line)["1"].Result
		if !strings.Contains(string(got), want) {
			t.Errorf("enabled %s through a bridge: got %s, want %s in it", enabled, got, want)
		}
	}
}
