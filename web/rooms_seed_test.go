package web_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// The description that the Rooms API is built to is made of tables. Each of
// their rows is a case here, named after it.

// api calls the Rooms API or the Room Codes API with a token of p's, or without
// one for the zero principal.
func (s *site) api(tb testing.TB, p meet.Principal, method, path, body string, edits ...edit) reply {
	tb.Helper()
	if p != meettest.Zero {
		edits = append([]edit{bearer(s.token(tb, p))}, edits...)
	}
	if body != "" {
		edits = append([]edit{header("Content-Type", "application/json")}, edits...)
	}
	return s.do(tb, method, path, body, edits...)
}

// fields decodes an answer that has to be 200.
func (r reply) fields(tb testing.TB) (fields map[string]any) {
	tb.Helper()
	if err := json.Unmarshal([]byte(r.body), &fields); err != nil || r.status != http.StatusOK {
		tb.Fatalf("status %d, body %.300s, want 200 and an object", r.status, r.body)
	}
	r.unstored(tb, "answer")
	return fields
}

func (s *site) create(tb testing.TB, body string) map[string]any {
	tb.Helper()
	return s.api(tb, meettest.Ada, "POST", "/api/room/create", body).fields(tb)
}

// settings are all settings, off but for those named.
func settings(on ...string) map[string]any {
	all := map[string]any{}
	for _, name := range []string{"allowChat", "allowVideo", "allowAudio", "allowScreenShare", "requireApproval", "e2ee"} {
		all[name] = slices.Contains(on, name)
	}
	return all
}

// guest makes a room of Ada's with Bob inside, who publishes.
func (s *site) guest(tb testing.TB) (meet.Room, *livekittest.Person) {
	tb.Helper()
	room := s.NewRoom(tb, meet.RoomChange{})
	return room, s.Enter(tb, meettest.Bob, room)
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, bob := s.guest(t)
	for _, row := range []string{
		"/api/room/create | POST | Create a new room",
		"/api/room/join | POST | Join a room and get a LiveKit token",
		"/api/room/list | GET | List available rooms",
		"/api/room/:roomId/mute/:identity | POST | Mute a participant (admin)",
		"/api/room/:roomId/video/:identity/off | POST | Disable participant video (admin)",
		"/api/room/:roomId/kick/:identity | POST | Kick a participant (admin)", // the last, for it ends the scene
	} {
		t.Run(row, func(t *testing.T) {
			cells := strings.Split(row, " | ")
			path := strings.NewReplacer(":roomId", room.ID, ":identity", bob.Identity()).Replace(cells[0])
			body := map[string]string{"/api/room/create": `{}`, "/api/room/join": `{"roomName":"` + room.Name + `"}`}[path]
			s.api(t, meettest.Zero, cells[1], path, body).refusedRooms(t, "without a token", http.StatusUnauthorized, "An access token is needed")
			if r := s.api(t, meettest.Ada, cells[1], path, body); r.status != http.StatusOK {
				t.Errorf("status %d, body %s, want 200", r.status, r.body)
			}
		})
	}
	bob.WaitDisconnected()
}

func TestRoomNameRules(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const characters, short, long = "room name must contain only lowercase letters, numbers, and hyphens",
		"room name must be at least 3 characters", "room name must be at most 63 characters"
	long63 := strings.Repeat("a", 63)
	for row, c := range map[string]struct {
		good map[string]string // name sent to name made
		bad  []string
		want string
	}{
		"Allowed characters | Lowercase letters (a-z), digits (0-9), and hyphens (-)": {good: map[string]string{"team-standup": "team-standup", "a1-b2": "a1-b2", "007": "007"}},
		"Minimum length | 3 characters":                                               {good: map[string]string{"abc": "abc"}, bad: []string{"ab", "a", "-", "é", " ab "}, want: short},
		"Maximum length | 63 characters":                                              {good: map[string]string{long63: long63}, bad: []string{long63 + "a", strings.Repeat("a", 10_000)}, want: long},
		"No special characters | #, @, _, ., /, \\, <, >, &, %, +, =, ;, :, ', \", ?, !, spaces, etc. are not allowed": {
			bad: []string{"a#bc", "a@bc", "a_bc", "a.bc", "a/bc", `a\bc`, "a<bc", "a>bc", "a&bc", "a%bc", "a+bc", "a=bc", "a;bc", "a:bc", "a'bc", `a"bc`, "a?bc", "a!bc", "a bc", "añbc", "a\u200bbc", "a\x00bc", "房间房间"}, want: characters},
		"No leading/trailing hyphens | -room and room- are invalid":                 {bad: []string{"-room", "room-", "-room-"}, want: characters},
		"No consecutive hyphens | room--name is invalid":                            {bad: []string{"room--name", "a---b"}, want: characters},
		"Lowercase only | Uppercase letters are rejected; input is auto-lowercased": {good: map[string]string{"Daily-CALL": "daily-call", "Padded-Name  ": "padded-name"}, bad: []string{"ÄPFEL", "KELVIN-\u212a"}, want: characters},
		"Unique | Each room name must be unique":                                    {good: map[string]string{"only-once": "only-once"}},
	} {
		t.Run(row, func(t *testing.T) {
			for sent, made := range c.good {
				body, _ := json.Marshal(map[string]any{"name": sent})
				if got := s.create(t, string(body)); got["name"] != made {
					t.Errorf("%q made %v, want %q", sent, got["name"], made)
				}
				s.api(t, meettest.Bob, "POST", "/api/room/create", string(body)).refusedRooms(t, sent+" again", http.StatusConflict, "a room with this name already exists")
			}
			for _, name := range c.bad {
				body, _ := json.Marshal(map[string]any{"name": name})
				s.api(t, meettest.Ada, "POST", "/api/room/create", string(body)).refusedRooms(t, name, http.StatusBadRequest, c.want)
			}
		})
	}
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
	allowed := settings("allowChat", "allowVideo", "allowAudio", "allowScreenShare")
	for row, c := range map[string]struct {
		body  string
		field string
		want  any
		kinds []string // values of the wrong type
	}{
		"name | string | No | URL-safe room name (auto-generated if omitted)":                {`{"name":"team-standup"}`, "name", "team-standup", []string{"1", "true", "[]", "{}"}},
		"isPublic | boolean | No | Whether the room appears in public listings":              {`{"isPublic":true}`, "isPublic", true, []string{`"true"`, "1", "[]"}},
		"mode | string | No | Room mode (e.g. \"standard\")":                                 {`{"mode":"webinar"}`, "mode", "webinar", []string{"1", "true", "{}"}},
		"maxParticipants | number | No | Maximum number of participants":                     {`{"maxParticipants":20}`, "maxParticipants", 20.0, []string{`"20"`, "true", "[]"}},
		"settings.allowChat | boolean | No | Whether text chat is enabled":                   {`{"settings":{"allowChat":false}}`, "settings", settings("allowVideo", "allowAudio", "allowScreenShare"), []string{`{"allowChat":"no"}`, "[]", "1", `""`}},
		"settings.allowVideo | boolean | No | Whether video is enabled":                      {`{"settings":{"allowVideo":false}}`, "settings", settings("allowChat", "allowAudio", "allowScreenShare"), []string{`{"allowVideo":0}`}},
		"settings.allowAudio | boolean | No | Whether audio is enabled":                      {`{"settings":{"allowAudio":false}}`, "settings", settings("allowChat", "allowVideo", "allowScreenShare"), []string{`{"allowAudio":[]}`}},
		"settings.requireApproval | boolean | No | Whether participants need admin approval": {`{"settings":{"requireApproval":true}}`, "settings", settings("allowChat", "allowVideo", "allowAudio", "allowScreenShare", "requireApproval"), []string{`{"requireApproval":1}`}},
		"settings.e2ee | boolean | No | Whether end-to-end encryption is enabled":            {`{"settings":{"e2ee":true}}`, "settings", settings("allowChat", "allowVideo", "allowAudio", "allowScreenShare", "e2ee"), []string{`{"e2ee":"yes"}`}},
	} {
		t.Run(row, func(t *testing.T) {
			got := s.create(t, c.body)
			if diff := cmp.Diff(c.want, got[c.field]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.body, diff)
			}
			want := map[string]any{"id": got["id"], "name": got["name"], "createdBy": "ada", "isActive": true, "isPublic": false, "maxParticipants": 0.0,
				"settings": allowed, "livekitHost": meettest.Links.LiveKit, "mode": "standard"}
			want[c.field] = c.want
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: the other fields (-want +got):\n%s", c.body, diff)
			}
			field, _, _ := strings.Cut(strings.Fields(row)[0], ".")
			for _, value := range c.kinds {
				s.api(t, meettest.Ada, "POST", "/api/room/create", `{"`+field+`":`+value+`}`).refusedRooms(t, value, http.StatusBadRequest, "Invalid request body")
			}
		})
	}
}

// The example of the description, field by field.
func TestCreateExample(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := s.create(t, `{"name": "team-standup", "isPublic": true, "mode": "standard",
		"settings": {"allowChat": true, "allowVideo": true, "allowAudio": true, "requireApproval": false, "e2ee": false}}`)
	id := got["id"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("id is %q, want a UUID", id)
	}
	if diff := cmp.Diff(map[string]any{"id": id, "name": "team-standup", "createdBy": "ada", "isActive": true, "isPublic": true, "maxParticipants": 0.0,
		"settings": settings("allowChat", "allowVideo", "allowAudio", "allowScreenShare"), "livekitHost": "wss://meet.example.com", "mode": "standard"}, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestPermissionsMatrix(t *testing.T) {
	t.Parallel()
	s := setup(t)
	columns := []struct {
		name string
		p    meet.Principal
	}{{"Room Admin", meettest.Ada}, {"Super Admin", meettest.Root}, {"Regular User", meettest.Bob}, {"Guest", meettest.Gus}}
	calls := map[string]func(p meet.Principal) reply{
		"Create room": func(p meet.Principal) reply { return s.api(t, p, "POST", "/api/room/create", `{}`) },
		"Join room": func(p meet.Principal) reply {
			return s.api(t, p, "POST", "/api/room/join", `{"roomId":"`+s.NewRoom(t, meet.RoomChange{}).ID+`"}`)
		},
		"List rooms": func(p meet.Principal) reply { return s.api(t, p, "GET", "/api/room/list", "") },
		"Kick":       func(p meet.Principal) reply { return s.moderate(t, p, "kick", "") },
		"Mute":       func(p meet.Principal) reply { return s.moderate(t, p, "mute", "") },
		"Video off":  func(p meet.Principal) reply { return s.moderate(t, p, "video", "/off") },
	}
	for _, row := range []string{
		"Create room | Yes | Yes | Yes | No",
		"Join room | Yes | Yes | Yes | Yes",
		"List rooms | Yes | Yes | Yes | Yes",
		"Kick | Yes | Yes | No | No",
		"Mute | Yes | Yes | No | No",
		"Video off | Yes | Yes | No | No",
	} {
		t.Run(row, func(t *testing.T) {
			cells := strings.Split(row, " | ")
			for i, column := range columns {
				r := calls[cells[0]](column.p)
				if cells[i+1] == "No" {
					r.refusedRooms(t, column.name, http.StatusForbidden, "")
				} else if r.status != http.StatusOK {
					t.Errorf("%s: status %d, body %s, want 200", column.name, r.status, r.body)
				}
			}
			calls[cells[0]](meettest.Zero).refusedRooms(t, "no token", http.StatusUnauthorized, "")
		})
	}
}

// moderate does something to Bob in a room of Ada's.
func (s *site) moderate(t *testing.T, p meet.Principal, verb, tail string) reply {
	t.Helper()
	room, bob := s.guest(t)
	r := s.api(t, p, "POST", "/api/room/"+room.Name+"/"+verb+"/"+bob.Identity()+tail, "")
	if r.status == http.StatusOK && r.body != `{"status":"success"}`+"\n" {
		t.Errorf("%s: body %s, want the status alone", verb, r.body)
	}
	if r.status != http.StatusOK && !bob.Connected() {
		t.Errorf("%s: refused, and yet somebody is out", verb)
	}
	return r
}

func TestCreateErrors(t *testing.T) {
	t.Parallel()
	s := setup(t)
	create := func(body string) func(*testing.T) reply {
		return func(t *testing.T) reply { return s.api(t, meettest.Ada, "POST", "/api/room/create", body) }
	}
	for row, call := range map[string]func(*testing.T) reply{
		`400 | "Invalid request body" | Malformed JSON`: create(`{"name": "team-`),
		`400 | "room name must contain only lowercase letters, numbers, and hyphens" | Name contains special characters (#, @, _, etc.)`: create(`{"name":"team_standup"}`),
		`400 | "room name must be at least 3 characters" | Name too short`:                                                               create(`{"name":"ab"}`),
		`400 | "room name must be at most 63 characters" | Name too long`:                                                                create(`{"name":"` + strings.Repeat("a", 64) + `"}`),
		`409 | "a room with this name already exists" | Duplicate name`: func(t *testing.T) reply {
			s.create(t, `{"name":"taken"}`)
			return create(`{"name":"taken"}`)(t)
		},
		`500 | "Failed to create media room" | LiveKit server error`: func(t *testing.T) reply {
			log := new(logs)
			site := serve(t, meettest.NewOn(t, down, log.of), log)
			return site.api(t, meettest.Ada, "POST", "/api/room/create", `{"name":"no-media"}`)
		},
		`500 | "Failed to create room" | Database error`: func(t *testing.T) reply {
			broken := setup(t)
			must(t, broken.Store.Close())
			return broken.api(t, meettest.Ada, "POST", "/api/room/create", `{"name":"no-database"}`)
		},
	} {
		t.Run(row, func(t *testing.T) { call(t).row(t, row) })
	}
}

// row checks a refusal against a row: status | "message" | description.
func (r reply) row(t *testing.T, row string) {
	t.Helper()
	cells := strings.Split(row, " | ")
	status := map[string]int{"400": 400, "401": 401, "403": 403, "404": 404, "409": 409, "500": 500}[cells[0]]
	message, _, _ := strings.Cut(strings.TrimPrefix(cells[1], `"`), `"`)
	if !strings.HasPrefix(cells[1], `"`) {
		message = ""
	}
	r.refusedRooms(t, row, status, message)
	if strings.Contains(r.body, "sql") || strings.Contains(r.body, "127.0.0.1") || strings.Contains(r.body, "dial") {
		t.Errorf("the answer holds what is for the log: %s", r.body)
	}
}

func TestGeneralErrors(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, bob := s.guest(t)
	for row, call := range map[string]func(*testing.T) reply{
		"400 | Bad request (missing/invalid data)": func(t *testing.T) reply { return s.api(t, meettest.Ada, "POST", "/api/room/join", `{}`) },
		"401 | Not authenticated": func(t *testing.T) reply {
			return s.api(t, meettest.Zero, "GET", "/api/room/list", "", bearer("bad"))
		},
		"403 | Not authorized (non-admin trying admin action)": func(t *testing.T) reply {
			return s.api(t, meettest.Gus, "POST", "/api/room/"+room.ID+"/kick/"+bob.Identity(), "")
		},
		"404 | Room not found": func(t *testing.T) reply {
			return s.api(t, meettest.Ada, "POST", "/api/room/join", `{"roomName":"nowhere"}`)
		},
		"409 | Conflict (duplicate resource)": func(t *testing.T) reply {
			return s.api(t, meettest.Bob, "POST", "/api/room/create", `{"name":"`+room.Name+`"}`)
		},
		"500 | Internal server error": func(t *testing.T) reply {
			broken := setup(t)
			must(t, broken.Store.Close())
			return broken.api(t, meettest.Ada, "GET", "/api/room/list", "")
		},
	} {
		t.Run(row, func(t *testing.T) { call(t).row(t, row) })
	}
	s.api(t, meettest.Ada, "POST", "/api/room/join", `{"roomName":"nowhere"}`).refusedRooms(t, "unknown room", http.StatusNotFound, "Room not found")
	s.api(t, meettest.Ada, "POST", "/api/room/nowhere/kick/"+bob.Identity(), "").refusedRooms(t, "unknown room", http.StatusNotFound, "Room not found")
	s.api(t, meettest.Ada, "POST", "/api/room/"+room.ID+"/kick/nobody", "").refusedRooms(t, "unknown person", http.StatusNotFound, "Participant not found")
}

// What the description says of joining and of lists.
func TestJoinExample(t *testing.T) {
	t.Parallel()
	s := setup(t)
	made := s.NewRoom(t, meet.RoomChange{Name: meettest.Of("team-standup"), IsPublic: meettest.Of(true), MaxParticipants: meettest.Of(20),
		ExpiresIn: meettest.Of(time.Hour)})
	code := s.NewCode(t, made, meet.RoleViewer, meet.CodeChange{})
	expires := made.ExpiresAt.Format(time.RFC3339Nano)
	for body, role := range map[string]string{`{"roomName":"team-standup"}`: meet.RoleGuest, `{"roomId":"` + made.ID + `"}`: meet.RoleGuest, `{"code":"` + code.Code + `"}`: meet.RoleViewer} {
		got := s.api(t, meettest.Bob, "POST", "/api/room/join", body).fields(t)
		c := claims(t, got["token"].(string))
		if c.Video.Room != made.ID || c.Attributes["role"] != role || c.Name != "Bob" {
			t.Errorf("%s: token for room %q as %q, %q; want %q as %s, Bob", body, c.Video.Room, c.Attributes["role"], c.Name, made.ID, role)
		}
		if diff := cmp.Diff(map[string]any{"id": made.ID, "name": "team-standup", "token": got["token"], "createdBy": "ada", "adminId": "ada", "isActive": true,
			"isPublic": true, "maxParticipants": 20.0, "expiresAt": expires, "settings": settings("allowChat", "allowVideo", "allowAudio", "allowScreenShare"),
			"livekitHost": "wss://meet.example.com", "mode": "standard"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
		s.EnterWith(t, meet.JoinResult{Token: got["token"].(string)}).Leave()
	}
	for p, relationship := range map[meet.Principal]string{meettest.Ada: "creator", meettest.Bob: "participant", meettest.Gus: "public"} {
		r := s.api(t, p, "GET", "/api/room/list", "")
		var rooms []map[string]any
		if err := json.Unmarshal([]byte(r.body), &rooms); err != nil || len(rooms) != 1 {
			t.Fatalf("list as %s: %.300s, want one room", p.ID, r.body)
		}
		if diff := cmp.Diff(map[string]any{"id": made.ID, "name": "team-standup", "createdBy": "ada", "isActive": true, "maxParticipants": 20.0, "expiresAt": expires,
			"settings": settings("allowChat", "allowVideo", "allowAudio", "allowScreenShare"), "mode": "standard", "relationship": relationship}, rooms[0]); diff != "" {
			t.Errorf("list as %s (-want +got):\n%s", p.ID, diff)
		}
	}
}
