package servicetest

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/meet/meettest/offline"
	. "roomkey/web/webtest"
)

// These tests follow the tables of the description of the Rooms API.

// api calls the Rooms API or the Room Codes API as p; as the zero principal,
// without a token.
func (s *testServer) api(tb testing.TB, p meet.Principal, method, path, body string, edits ...Edit) Reply {
	tb.Helper()
	if p != meettest.Zero {
		edits = append([]Edit{Bearer(s.Token(tb, p))}, edits...)
	}
	if body != "" {
		edits = append([]Edit{Header("Content-Type", "application/json")}, edits...)
	}
	return s.Do(tb, method, path, body, edits...)
}

func (s *testServer) create(tb testing.TB, body string) map[string]any {
	tb.Helper()
	return s.api(tb, meettest.Ada, "POST", "/api/room/create", body).Fields(tb)
}

// usual are the settings that are on by default.
var usual = []string{"allowChat", "allowVideo", "allowAudio", "allowScreenShare"}

// settings are all settings; only those named are on.
func settings(on ...string) map[string]any {
	all := map[string]any{}
	rest := []string{"requireApproval", "requireCode", "requireSignIn", "keepChat", "e2ee"}
	for _, name := range slices.Concat(usual, rest) {
		all[name] = slices.Contains(on, name)
	}
	return all
}

// guest makes a room of Ada with Bob inside.
func (s *testServer) guest(tb testing.TB) (meet.Room, *livekittest.Person) {
	tb.Helper()
	room := s.NewRoom(tb, meet.RoomChange{})
	return room, s.Enter(tb, meettest.Bob, room)
}

// TestCheckRoomName of meet has all rules of names; these are how the API tells them.
func TestRoomNameRules(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, want := range map[string]string{
		"a_bc":                  "room name must contain only lowercase letters, numbers, and hyphens",
		"ab":                    "room name must be at least 3 characters",
		strings.Repeat("a", 64): "room name must be at most 63 characters",
	} {
		s.api(t, meettest.Ada, "POST", "/api/room/create", `{"name":"`+name+`"}`).Refused(t, name, 400, want)
	}
	const daily = `{"name":"  Daily-CALL "}`
	if got := s.create(t, daily); got["name"] != "daily-call" {
		t.Errorf("%s made %v", daily, got["name"])
	}
	s.api(t, meettest.Bob, "POST", "/api/room/create", daily).
		Refused(t, "the same name again", 409, "a room with this name already exists")
	made := regexp.MustCompile(`^[a-z]{3}-[a-z]{4}-[a-z]{3}$`)
	for _, body := range []string{`{}`, `{"name":""}`, `{"name":"  "}`, `{"name":null}`} {
		if got := s.create(t, body)["name"].(string); !made.MatchString(got) {
			t.Errorf("%s made %q, want xxx-xxxx-xxx in random letters", body, got)
		}
	}
}

func TestCreateFields(t *testing.T) {
	t.Parallel()
	s := setup(t)
	and := func(name string) map[string]any { return settings(append(usual, name)...) }
	allBut := func(name string) map[string]any {
		all := settings(usual...)
		all[name] = false
		return all
	}
	for row, c := range map[string]struct {
		body  string
		want  any
		wrong string // values of another type, separated by |
	}{
		"name":                {`{"name":"team-standup"}`, "team-standup", `1|true|[]|{}`},
		"isPublic":            {`{"isPublic":true}`, true, `"true"|1|[]`},
		"mode":                {`{"mode":"webinar"}`, "webinar", `1|true|{}`},
		"maxParticipants":     {`{"maxParticipants":20}`, 20.0, `"20"|true|[]`},
		"settings.allowChat":  {`{"settings":{"allowChat":false}}`, allBut("allowChat"), `{"allowChat":"no"}|[]|1|""`},
		"settings.allowVideo": {`{"settings":{"allowVideo":false}}`, allBut("allowVideo"), `{"allowVideo":0}`},
		"settings.allowAudio": {`{"settings":{"allowAudio":false}}`, allBut("allowAudio"), `{"allowAudio":[]}`},
		"settings.allowScreenShare": {`{"settings":{"allowScreenShare":false}}`, allBut("allowScreenShare"),
			`{"allowScreenShare":1}`},
		"settings.requireApproval": {`{"settings":{"requireApproval":true}}`, and("requireApproval"),
			`{"requireApproval":1}`},
		"settings.requireCode":   {`{"settings":{"requireCode":true}}`, and("requireCode"), `{"requireCode":1}`},
		"settings.requireSignIn": {`{"settings":{"requireSignIn":true}}`, and("requireSignIn"), `{"requireSignIn":1}`},
		"settings.keepChat":      {`{"settings":{"keepChat":true}}`, and("keepChat"), `{"keepChat":1}`},
		"settings.e2ee":          {`{"settings":{"e2ee":true}}`, and("e2ee"), `{"e2ee":"yes"}`},
	} {
		t.Run(row, func(t *testing.T) {
			got := s.create(t, c.body)
			field, _, _ := strings.Cut(row, ".")
			want := map[string]any{"id": got["id"], "name": got["name"], "createdBy": "ada", "isActive": true,
				"isPublic": false, "maxParticipants": 0.0, "settings": settings(usual...),
				"livekitHost": meettest.Links.LiveKit, "mode": "standard"}
			want[field] = c.want
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.body, diff)
			}
			for value := range strings.SplitSeq(c.wrong, "|") {
				body := `{"` + field + `":` + value + `}`
				s.api(t, meettest.Ada, "POST", "/api/room/create", body).Refused(t, body, 400, "Invalid request body")
			}
		})
	}
}

// The messages of what is not the caller's fault, and of moderation of nobody.
// Those of bad names, taken names and bad bodies are in the tests of creating.
func TestErrors(t *testing.T) {
	t.Parallel()
	s, broken, mute := setup(t), withoutDatabase(t), setupOn(t, offline.LiveKit)
	room := s.NewRoom(t, meet.RoomChange{})
	for _, c := range []struct {
		server       *testServer
		method, path string
		status       int
		message      string
	}{
		{mute, "POST", "/api/room/create", 500, "Failed to create media room"},
		{broken, "POST", "/api/room/create", 500, "Failed to create room"},
		{broken, "GET", "/api/room/list", 500, "The database cannot be reached"},
		{s, "POST", "/api/room/nowhere/kick/eve", 404, "Room not found"},
		{s, "POST", "/api/room/" + room.ID + "/kick/nobody", 404, "Participant not found"},
	} {
		r := c.server.api(t, meettest.Ada, c.method, c.path, "{}")
		r.Refused(t, c.path, c.status, c.message)
		if strings.Contains(r.Body, "sql") || strings.Contains(r.Body, "127.0.0.1") || strings.Contains(r.Body, "dial") {
			t.Errorf("%s: the answer holds what is for the log: %s", c.path, r.Body)
		}
	}
	named := broken.api(t, meettest.Ada, "POST", "/api/room/create", `{"name":"daily"}`)
	named.Refused(t, "with a name", 500, "Failed to create room")
	if !strings.Contains(mute.Logs.String(), "request failed") {
		t.Error("the log does not say why there is no media room")
	}
}

// Joining by name, by id or by code, and the list, as the description's examples.
func TestJoinExample(t *testing.T) {
	t.Parallel()
	s := setup(t)
	made := s.NewRoom(t, meet.RoomChange{Name: meettest.Of("team-standup"), IsPublic: meettest.Of(true),
		MaxParticipants: meettest.Of(20), ExpiresIn: meettest.Of(time.Hour)})
	code := s.NewCode(t, made, meet.RoleViewer, meet.CodeChange{})
	common := map[string]any{"id": made.ID, "name": "team-standup", "createdBy": "ada", "isActive": true,
		"mode": "standard", "maxParticipants": 20.0, "expiresAt": made.ExpiresAt.Format(time.RFC3339Nano),
		"settings": settings(usual...)}
	with := func(further map[string]any) map[string]any {
		maps.Copy(further, common)
		return further
	}
	for body, role := range map[string]string{
		`{"roomName":"team-standup"}`: meet.RoleGuest, `{"roomId":"` + made.ID + `"}`: meet.RoleGuest,
		`{"code":"` + code.Code + `"}`: meet.RoleViewer,
	} {
		got := s.api(t, meettest.Bob, "POST", "/api/room/join", body).Fields(t)
		c := claims(t, got["token"].(string))
		if c.Video.Room != made.ID || c.Attributes["role"] != role || c.Name != "Bob" {
			t.Errorf("%s: token %+v, %+v; want one for %q as %s, Bob", body, c, c.Video, made.ID, role)
		}
		want := with(map[string]any{
			"token": got["token"], "adminId": "ada", "isPublic": true, "livekitHost": "wss://meet.example.com"})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
		s.EnterWith(t, meet.JoinResult{Token: got["token"].(string)}).Leave()
	}
	for p, relationship := range map[meet.Principal]string{
		meettest.Ada: "creator", meettest.Bob: "participant", meettest.Gus: "public",
	} {
		var rooms []map[string]any
		Must(t, json.Unmarshal([]byte(s.api(t, p, "GET", "/api/room/list", "").Body), &rooms))
		if diff := cmp.Diff([]map[string]any{with(map[string]any{"relationship": relationship})}, rooms); diff != "" {
			t.Errorf("list as %s (-want +got):\n%s", p.ID, diff)
		}
	}
}
