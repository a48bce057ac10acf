package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/auth"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/tools"
	"roomkey/web/openapitest"
)

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

func (e edge) rest() bool { return e.method != "" }

// outcome is what came of a call.
type outcome struct {
	verdict verdict
	message string // of an error
	status  int    // of a tool's error, the one it says it would have
	header  http.Header
	body    string
}

// askers are the kinds of principals, with or without a token.
var askers = []string{"superadmin", "room's admin", "other user", "guest", "no token", "bad token"}

// scene is a room, and everybody who has to do with it. They are nobody else's
// neighbours: each scene has its own.
type scene struct {
	t      *testing.T
	app    *testApp
	number int32
	tokens map[string]string // by asker; no token is none
	words  map[string]string // by what stands for them in braces
	code   string            // the room's code for guests

	person *livekittest.Person // who is inside; put there when a call names them
}

var scenes atomic.Int32

// newEmptyScene has people and no room.
func newEmptyScene(t *testing.T, a *testApp) *scene {
	t.Helper()
	s := &scene{t: t, app: a, number: scenes.Add(1)}
	stranger, err := auth.NewAuthority([]byte(strings.Repeat("s", auth.MinSecret)), nil)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := stranger.Sign(s.principal("root", meet.Superadmin), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s.tokens = map[string]string{
		"superadmin": a.token(t, s.principal("root", meet.Superadmin)), "room's admin": a.token(t, s.principal("ada", meet.User)),
		"other user": a.token(t, s.principal("bob", meet.User)), "guest": a.token(t, s.principal("gus", meet.Guest)),
		"somebody inside": a.token(t, s.principal("pat", meet.User)), "bad token": forged,
	}
	s.words = map[string]string{"room": s.unique("room"), "identity": "nobody_abcdefghijkl"}
	return s
}

// newScene has a room in the circumstances that places has under the name.
func newScene(t *testing.T, a *testApp, place string) *scene {
	t.Helper()
	s := newEmptyScene(t, a)
	delete(s.words, "identity")
	s.must("room's admin", "create_room", `{"name": "{room}"}`, nil)
	var made struct{ Codes []struct{ Code string } }
	s.must("room's admin", "create_room_codes", `{"room_id": "{room}", "role": "guest"}`, &made)
	s.code = made.Codes[0].Code
	s.words["code"] = s.code
	prepare, ok := places[place]
	if !ok {
		t.Fatalf("there is no place like %s", place)
	}
	prepare(s)
	return s
}

// places are the circumstances of a scene.
var places = map[string]func(*scene){
	"a room":               func(*scene) {},
	"somebody inside":      (*scene).enterWithTracks,
	"a bad cursor":         func(*scene) {},
	"a name that is taken": func(s *scene) { s.words["name"] = s.words["room"] },
	"a bad name":           func(s *scene) { s.words["name"], s.words["room"] = "No_such!", "No_such!" },
	"an unknown room":      func(s *scene) { s.words["room"], s.words["identity"] = "no-such-room", "nobody_abcdefghijkl" },
	"an unknown code":      func(s *scene) { s.words["code"] = "aaa-aaaa-aaa" },
	"what is no code":      func(s *scene) { s.words["code"] = "sesame" },
	"nobody inside":        func(s *scene) { s.words["identity"] = "nobody_abcdefghijkl" },
	"an ended room": func(s *scene) {
		s.enter("room's admin")
		s.words["identity"] = s.person.Identity()
		s.must("room's admin", "end_room", `{"room_id": "{room}", "confirm_name": "{room}"}`, nil)
		s.person.WaitDisconnected()
		s.person = nil
	},
	"a room that asks": func(s *scene) {
		s.must("room's admin", "update_room", `{"room_id": "{room}", "settings": {"require_approval": true}}`, nil)
	},
	"a full room": func(s *scene) {
		s.must("room's admin", "update_room", `{"room_id": "{room}", "max_participants": 1}`, nil)
		s.enter("somebody inside")
	},
	"a disabled code": func(s *scene) {
		s.must("room's admin", "update_room_code", `{"code": "{code}", "enabled": false}`, nil)
	},
	"a replaced code": func(s *scene) { s.must("room's admin", "rotate_room_code", `{"code": "{code}"}`, nil) },
	"a code used up": func(s *scene) {
		s.must("room's admin", "update_room_code", `{"code": "{code}", "max_uses": 1}`, nil)
		s.must("somebody inside", "join_room", `{"code": "{code}"}`, nil)
	},
	"blocked people": func(s *scene) {
		for _, asker := range []string{"other user", "guest"} {
			s.enter(asker)
			s.words["identity"] = s.person.Identity()
			s.must("room's admin", "kick_participant", `{"room_id": "{room}", "identity": "{identity}", "block": true}`, nil)
		}
		s.words["blocked"] = s.principal("bob", meet.User).ID
	},
}

// effects wait for what a successful call does to the person inside, and take
// it back where the next call would find nothing to do.
var effects = map[string]func(*scene){
	"kick":           func(s *scene) { s.person.WaitDisconnected() },
	"mute":           func(s *scene) { s.stopped(meet.Microphone) },
	"mute everybody": func(s *scene) { s.stopped(meet.Microphone) },
	"video off":      func(s *scene) { s.stopped(meet.Camera) },
}

func (s *scene) stopped(source meet.Source) {
	s.t.Helper()
	s.person.WaitMuted(source)
	s.person.SetMuted(source, false)
	livekittest.Wait(s.t, "to be heard and seen again", func() bool { return s.on(source) })
}

// participant is a line of list_participants.
type participant struct {
	Identity string
	Tracks   []struct {
		Source meet.Source
		Muted  bool
	}
	Locked []meet.Source
}

func (s *scene) participants() []participant {
	s.t.Helper()
	var roster struct{ Participants []participant }
	s.must("room's admin", "list_participants", `{"room_id": "{room}"}`, &roster)
	return roster.Participants
}

// on says whether somebody inside publishes the source.
func (s *scene) on(source meet.Source) bool {
	s.t.Helper()
	for _, p := range s.participants() {
		for _, track := range p.Tracks {
			if track.Source == source && !track.Muted {
				return true
			}
		}
	}
	return false
}

func (s *scene) principal(name string, role meet.PrincipalRole) meet.Principal {
	return meet.Principal{ID: s.unique(name), Role: role}
}

// unique makes a name that no other scene has.
func (s *scene) unique(name string) string { return fmt.Sprintf("%s-%d", name, s.number) }

// enter connects somebody for real.
func (s *scene) enter(asker string) {
	s.t.Helper()
	var joined struct {
		Token      string
		LiveKitURL string `json:"livekit_url"`
	}
	s.must(asker, "join_room", `{"room_id": "{room}"}`, &joined)
	s.person = livekittest.Join(s.t, joined.LiveKitURL, joined.Token)
}

// enterWithTracks connects somebody who is heard and seen.
func (s *scene) enterWithTracks() {
	s.t.Helper()
	s.enter("somebody inside")
	s.person.PublishMicrophone()
	s.person.PublishCamera()
	livekittest.Wait(s.t, "to be heard and seen", func() bool { return s.on(meet.Microphone) && s.on(meet.Camera) })
}

// named counts the rooms that calls have named.
var named atomic.Int32

// fill puts into a template what stands in braces there. A name that is not
// settled is a new one each time, and an identity that is not settled is that
// of somebody inside, who is put there if need be.
func (s *scene) fill(template string) string {
	s.t.Helper()
	words := []string{"{name}", fmt.Sprintf("named-%d", named.Add(1))}
	if _, settled := s.words["identity"]; !settled && strings.Contains(template, "{identity}") {
		if s.person == nil || !s.person.Connected() {
			s.enterWithTracks()
		}
		words = append(words, "{identity}", s.person.Identity())
	}
	filled := template
	for word, meant := range s.words {
		filled = strings.ReplaceAll(filled, "{"+word+"}", meant)
	}
	return strings.NewReplacer(words...).Replace(filled)
}

// ask makes a call and reads what came of it.
func (s *scene) ask(e edge, asker string) outcome {
	s.t.Helper()
	token := s.tokens[asker]
	if e.rest() {
		return s.askREST(e, token)
	}
	return s.askMCP(e, token)
}

func (s *scene) askMCP(e edge, token string) outcome {
	s.t.Helper()
	body, header := eras[1].message(1, "tools/call", map[string]any{"name": e.name, "arguments": json.RawMessage(s.fill(e.body))})
	got := s.send(token, http.MethodPost, "/mcp", body, header...)
	content := got.body // of a refusal before MCP is reached
	var read struct {
		Status string
		Error  *meet.ErrorReport
	}
	var err error
	if got.status == http.StatusOK {
		result := readResult(s.t, readResponse(s.t, got.body).Result)
		if read.Error, err = result.failure(); read.Error != nil {
			content = result.Meta[tools.ErrorKey]
		} else {
			content = result.StructuredContent
		}
	}
	if err == nil && read.Error == nil {
		err = json.Unmarshal(content, &read)
	}
	if err != nil {
		s.t.Fatalf("%s: got %s: %v", e.name, got.body, err)
	}
	o := outcome{verdict: yes, status: got.status, header: got.header, body: string(content)}
	switch {
	case read.Error != nil:
		o.verdict, o.message, o.status = read.Error.Code, read.Error.Message, read.Error.Status
		if want := read.Error.Code.Status(); read.Error.Status != want || got.status != http.StatusOK && got.status != want {
			s.t.Errorf("%s: got the status %d of %d for %s, want %d", e.name, read.Error.Status, got.status, read.Error.Code, want)
		}
	case read.Status == "waiting":
		o.verdict = wait
	}
	return o
}

// What the statuses of the HTTP APIs mean. They differ where nothing is wrong
// with the call.
var (
	everyStatus = map[int]verdict{200: yes, 202: wait, 400: bad, 401: who, 403: no, 404: none, 409: held, 410: over, 429: meet.CodeRateLimited}
	roomsStatus = map[int]verdict{500: meet.CodeUnavailable}
	codesStatus = map[int]verdict{500: meet.CodeInternal, 503: meet.CodeUnavailable}
)

func (s *scene) askREST(e edge, token string) outcome {
	s.t.Helper()
	got := s.send(token, e.method, s.fill(e.path), s.fill(e.body))
	o := outcome{verdict: everyStatus[got.status], status: got.status, header: got.header, body: string(got.body)}
	own, word := roomsStatus, roomsError
	if strings.HasPrefix(e.path, "/v2/") {
		own, word = codesStatus, codesError
	}
	if o.verdict == "" {
		o.verdict = own[got.status]
	}
	if got.status >= 400 {
		var err error
		if o.message, err = word(got.status, o.body); err != nil {
			s.t.Errorf("%s: got the error %s, want it in this API's shape: %v", e.name, o.body, err)
		}
	}
	if challenge := got.header.Get("WWW-Authenticate"); (got.status == 401) != strings.HasPrefix(challenge, "Bearer") {
		s.t.Errorf("%s: got %d with WWW-Authenticate %q, want that with 401 alone", e.name, got.status, challenge)
	}
	return o
}

// roomsError reads the only shape that the Rooms API has for errors, and calls
// fields as MCP does.
func roomsError(_ int, body string) (string, error) {
	var e struct {
		Error string `json:"error"`
	}
	err := strictly(body, &e)
	return strings.NewReplacer("roomId", "room_id", "roomName", "room_id").Replace(e.Error), err
}

// codesError reads the only shape that the Room Codes API has for errors.
func codesError(status int, body string) (string, error) {
	var e struct {
		Code    int      `json:"code"`
		Message string   `json:"message"`
		Details []string `json:"details"`
	}
	err := strictly(body, &e)
	if err == nil && (e.Code != status || e.Details == nil) {
		err = fmt.Errorf("code %d with status %d, details %v", e.Code, status, e.Details)
	}
	return e.Message, err
}

// strictly reads JSON that has no other fields than those of into.
func strictly(body string, into any) error {
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("there is more behind it")
	}
	return nil
}

// client is what calls say they come from.
const edgeClient = "edges-test/1.0 (of Roomkey)"

func (s *scene) send(token, method, target, body string, header ...string) answer {
	s.t.Helper()
	got, err := send(s.t.Context(), token, method, s.app.url+target, body, append(header, "User-Agent", edgeClient)...)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, target, err)
	}
	if address, err := url.Parse(s.app.url + target); err == nil && target != "/mcp" {
		openapitest.Check(s.t, method, address, got.status, got.header, got.body)
	}
	return got
}

// must calls a tool that has to succeed, and reads its answer into out unless
// that is nil.
func (s *scene) must(asker, name, arguments string, out any) {
	s.t.Helper()
	s.get(asker, tool(name, arguments), out)
}

// get makes a call that has to succeed, and reads its answer into out unless
// that is nil.
func (s *scene) get(asker string, e edge, out any) {
	s.t.Helper()
	got := s.ask(e, asker)
	if got.verdict != yes {
		s.t.Fatalf("%s as %s: got %s, want %s", e.name, asker, got, yes)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal([]byte(got.body), out); err != nil {
		s.t.Fatalf("%s: got %s: %v", e.name, got.body, err)
	}
}
