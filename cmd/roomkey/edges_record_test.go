package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// The shapes in which the edges show the same things.
type (
	apiRoom struct {
		ID              string    `json:"id"`
		Name            string    `json:"name"`
		CreatedBy       string    `json:"createdBy"`
		IsActive        bool      `json:"isActive"`
		IsPublic        bool      `json:"isPublic"`
		MaxParticipants int       `json:"maxParticipants"`
		ExpiresAt       time.Time `json:"expiresAt"`
		Settings        struct {
			AllowChat       bool `json:"allowChat"`
			AllowVideo      bool `json:"allowVideo"`
			AllowAudio      bool `json:"allowAudio"`
			RequireApproval bool `json:"requireApproval"`
			E2EE            bool `json:"e2ee"`
		} `json:"settings"`
		LiveKitHost string `json:"livekitHost"`
		Mode        string `json:"mode"`

		AdminID      string `json:"adminId"`      // of join
		Token        string `json:"token"`        // of join
		Relationship string `json:"relationship"` // of list
	}
	toolRoom struct {
		ID              string    `json:"id"`
		Name            string    `json:"name"`
		CreatedBy       string    `json:"created_by"`
		AdminID         string    `json:"admin_id"`
		IsActive        bool      `json:"is_active"`
		IsPublic        bool      `json:"is_public"`
		MaxParticipants int       `json:"max_participants"`
		ExpiresAt       time.Time `json:"expires_at"`
		Settings        struct {
			AllowChat       bool `json:"allow_chat"`
			AllowVideo      bool `json:"allow_video"`
			AllowAudio      bool `json:"allow_audio"`
			RequireApproval bool `json:"require_approval"`
			E2EE            bool `json:"e2ee"`
		} `json:"settings"`
		LiveKitURL string `json:"livekit_url"`
		Mode       string `json:"mode"`
	}
	roomCode struct {
		Code      string    `json:"code"`
		RoomID    string    `json:"room_id"`
		Role      string    `json:"role"`
		Enabled   bool      `json:"enabled"`
		CreatedAt time.Time `json:"created_at"`
		UpdatedAt time.Time `json:"updated_at"`
	}
)

// inToolWords is what get_room has to say about a room of the Rooms API.
func (r apiRoom) inToolWords(admin string) toolRoom {
	room := toolRoom{ID: r.ID, Name: r.Name, CreatedBy: r.CreatedBy, AdminID: admin, IsActive: r.IsActive, IsPublic: r.IsPublic,
		MaxParticipants: r.MaxParticipants, ExpiresAt: r.ExpiresAt, LiveKitURL: r.LiveKitHost, Mode: r.Mode}
	room.Settings.AllowChat, room.Settings.AllowVideo, room.Settings.AllowAudio = r.Settings.AllowChat, r.Settings.AllowVideo, r.Settings.AllowAudio
	room.Settings.RequireApproval, room.Settings.E2EE = r.Settings.RequireApproval, r.Settings.E2EE
	return room
}

// A room is the same room on every edge, wherever it was made or changed.
func TestEdgesShowTheSameRoom(t *testing.T) {
	t.Parallel()
	s := newEmptyScene(t, startApp(t, func(c *config.Config) { allToolsets(c); c.Rooms.ExpiresIn = time.Hour }))
	ada := s.principal("ada", meet.User).ID
	s.words["name"] = s.words["room"]

	var made apiRoom
	s.get("room's admin", rest("POST", "/api/room/create", `{"name": " {name} ", "isPublic": true, "mode": "webinar", "maxParticipants": 7,
		"settings": {"allowChat": false, "allowVideo": true, "allowAudio": true, "requireApproval": false, "e2ee": true}}`), &made)
	want := toolRoom{ID: made.ID, Name: s.words["room"], CreatedBy: ada, AdminID: ada, IsActive: true, IsPublic: true, MaxParticipants: 7,
		ExpiresAt: made.ExpiresAt, LiveKitURL: "ws" + strings.TrimPrefix(s.app.url, "http"), Mode: "webinar"}
	want.Settings.AllowVideo, want.Settings.AllowAudio, want.Settings.E2EE = true, true, true
	if made.ID == "" || made.ExpiresAt.IsZero() {
		t.Errorf("room made: got %+v, want it with an id and an end", made)
	}
	s.holdRoom("made over /api", want)

	s.must("room's admin", "update_room", `{"room_id": "{room}", "mode": "standard", "max_participants": 0, "is_public": false,
		"expires_in_seconds": 0, "settings": {"allow_chat": true, "e2ee": false}}`, nil)
	want.Mode, want.MaxParticipants, want.IsPublic, want.ExpiresAt = "standard", 0, false, time.Time{}
	want.Settings.AllowChat, want.Settings.E2EE = true, false
	s.holdRoom("changed over MCP", want)
	if listed := s.listed("other user"); len(listed) != 0 {
		t.Errorf("list of somebody else after the room was hidden over MCP: got %+v, want nothing", listed)
	}
}

// Each setting that the Rooms API takes is that setting everywhere, and no
// other.
func TestEdgesShowTheSameSettings(t *testing.T) {
	t.Parallel()
	a := startApp(t, allToolsets)
	off := `"allowChat": false, "allowVideo": false, "allowAudio": false, "requireApproval": false, "e2ee": false`
	for theirs, ours := range map[string]string{"allowChat": "allow_chat", "allowVideo": "allow_video", "allowAudio": "allow_audio",
		"requireApproval": "require_approval", "e2ee": "e2ee"} {
		s := newEmptyScene(t, a)
		s.words["name"] = s.words["room"]
		settings := strings.Replace(off, `"`+theirs+`": false`, `"`+theirs+`": true`, 1)
		var made struct{ Settings map[string]bool }
		s.get("room's admin", rest("POST", "/api/room/create", `{"name": "{name}", "settings": {`+settings+`}}`), &made)
		var got struct {
			Room struct{ Settings map[string]bool }
		}
		s.must("room's admin", "get_room", `{"room_id": "{room}"}`, &got)
		for edge, shown := range map[string]struct {
			name     string
			settings map[string]bool
		}{"create": {theirs, made.Settings}, "get_room": {ours, got.Room.Settings}} {
			for setting, on := range shown.settings {
				if on != (setting == shown.name) || len(shown.settings) != 5 {
					t.Errorf("%s with %s alone: got %v, want %s alone to be true of five", edge, theirs, shown.settings, shown.name)
				}
			}
		}
	}
}

// holdRoom holds the room to want as get_room, join and list show it.
func (s *scene) holdRoom(when string, want toolRoom) {
	s.t.Helper()
	var got struct{ Room toolRoom }
	s.must("room's admin", "get_room", `{"room_id": "{room}"}`, &got)
	if diff := cmp.Diff(want, got.Room); diff != "" {
		s.t.Errorf("%s, get_room (-want +got):\n%s", when, diff)
	}
	var joined apiRoom
	s.get("room's admin", rest("POST", "/api/room/join", `{"roomName": "{room}"}`), &joined)
	if diff := cmp.Diff(want, joined.inToolWords(joined.AdminID)); diff != "" || joined.Token == "" {
		s.t.Errorf("%s, join with the token %.10q… (-want +got):\n%s", when, joined.Token, diff)
	}
	listed := s.listed("room's admin")
	if len(listed) != 1 || listed[0].Relationship != "creator" {
		s.t.Fatalf("%s, list: got %+v, want the room as creator's", when, listed)
	}
	listed[0].IsPublic, listed[0].LiveKitHost = want.IsPublic, want.LiveKitURL // which a list does not tell
	if diff := cmp.Diff(want, listed[0].inToolWords(want.AdminID)); diff != "" {
		s.t.Errorf("%s, list (-want +got):\n%s", when, diff)
	}
}

// listed is what the Rooms API lists, after a look at whether list_rooms does.
func (s *scene) listed(asker string) []apiRoom {
	s.t.Helper()
	var listed []apiRoom
	s.get(asker, rest("GET", "/api/room/list", ""), &listed)
	var page struct {
		Rooms []struct{ ID, Relationship string }
	}
	s.must(asker, "list_rooms", `{}`, &page)
	ids := func(n int, room func(i int) (id, relationship string)) (ids []string) {
		for i := range n {
			id, relationship := room(i)
			ids = append(ids, id+" as "+relationship)
		}
		return ids
	}
	if diff := cmp.Diff(ids(len(page.Rooms), func(i int) (string, string) { return page.Rooms[i].ID, page.Rooms[i].Relationship }),
		ids(len(listed), func(i int) (string, string) { return listed[i].ID, listed[i].Relationship })); diff != "" {
		s.t.Errorf("lists of %s (-list_rooms +/api/room/list):\n%s", asker, diff)
	}
	return listed
}

// codes reads the room's codes on every edge and holds them to be the same.
func (s *scene) codes(when string) []roomCode {
	s.t.Helper()
	var own struct{ Codes []roomCode }
	s.must("room's admin", "get_room_codes", `{"room_id": "{room}"}`, &own)
	for _, e := range []edge{tool("hms-get-room-codes", `{"room_id": "{room}"}`), rest("GET", "/v2/room-codes/room/{room}", "")} {
		var theirs struct{ Data []roomCode }
		s.get("room's admin", e, &theirs)
		if diff := cmp.Diff(own.Codes, theirs.Data); diff != "" {
			s.t.Errorf("%s, codes (-get_room_codes +%s):\n%s", when, e.name, diff)
		}
	}
	return own.Codes
}

// opens says whether the exchange gives a token for the scene's code; if not,
// it holds its answer to the uniform one.
func (s *scene) opens() bool {
	s.t.Helper()
	got := s.ask(rest("POST", "/v2/token", `{"code": "{code}"}`), "no token")
	if got.verdict != yes && (got.verdict != none || got.message != "This code does not open a room") {
		s.t.Errorf("exchange: got %s, want a token or the uniform 404", got)
	}
	return got.verdict == yes
}

// A code is the same code on every edge, wherever it was made, disabled or
// enabled.
func TestEdgesShowTheSameCodes(t *testing.T) {
	t.Parallel()
	s := newScene(t, startApp(t, allToolsets), "a room")
	made := s.codes("one made over MCP")
	if len(made) != 1 || made[0].Code != s.code {
		t.Fatalf("codes: got %+v, want %s alone", made, s.code)
	}
	for _, e := range edges["create codes"] { // each adds what is missing, which is nothing from the second on
		s.get("room's admin", e, nil)
		now := s.codes("after " + e.name)
		roles := map[string]bool{}
		for _, code := range now {
			roles[code.Role] = true
		}
		if len(now) != 3 || len(roles) != 3 || !slices.Contains(now, made[0]) {
			t.Errorf("codes after %s: got %+v, want one per role and %s as before", e.name, now, s.code)
		}
	}
	for _, e := range edges["create a code for a role"] {
		s.get("room's admin", e, nil)
		if now := s.codes("after " + e.name); len(now) != 3 {
			t.Errorf("codes after %s: got %+v, want three as before", e.name, now)
		}
	}
	for i := range edges["disable a code"] {
		// What one edge disables, the next one enables.
		off, on := edges["disable a code"][i], edges["enable a code"][(i+1)%len(edges["enable a code"])]
		for _, step := range []struct {
			edge
			enabled bool
		}{{off, false}, {on, true}} {
			before := s.named(s.codes("before " + step.name))
			s.get("room's admin", step.edge, nil)
			after := s.named(s.codes("after " + step.name))
			if after.Enabled != step.enabled || after.UpdatedAt.Before(before.UpdatedAt) || s.opens() != step.enabled {
				t.Errorf("the code after %s: got %+v, want enabled %t, also for the exchange", step.name, after, step.enabled)
			}
		}
	}
}

// named finds the scene's code.
func (s *scene) named(codes []roomCode) roomCode {
	s.t.Helper()
	i := slices.IndexFunc(codes, func(c roomCode) bool { return c.Code == s.code })
	if i < 0 {
		s.t.Fatalf("%s is not among %+v", s.code, codes)
	}
	return codes[i]
}

// What a moderator does on one edge, the others know.
func TestEdgesModerateTheSamePeople(t *testing.T) {
	t.Parallel()
	s := newScene(t, startApp(t, allToolsets), "a room")
	s.enterWithTracks()
	s.words["identity"] = s.person.Identity()

	// muted and dark over /api: everybody and list_participants see it
	s.get("room's admin", rest("POST", "/api/room/{room}/mute/{identity}", ""), nil)
	s.get("room's admin", rest("POST", "/api/room/{room}/video/{identity}/off", ""), nil)
	s.person.WaitMuted(meet.Microphone)
	s.person.WaitMuted(meet.Camera)
	if s.on(meet.Microphone) || s.on(meet.Camera) {
		t.Errorf("participants after mute and video off over /api: got %+v, want both tracks muted", s.participants())
	}

	// locked over MCP: whoever joins anew over /api or with a code gets no microphone
	s.must("room's admin", "mute_participant", `{"room_id": "{room}", "identity": "{identity}", "lock": true}`, nil)
	if sources := s.mayPublish(); slices.Contains(sources, "microphone") || !slices.Contains(sources, "camera") {
		t.Errorf("sources of a token of /api while the microphone is locked over MCP: got %q, want the camera and no microphone", sources)
	}
	s.must("room's admin", "mute_participant", `{"room_id": "{room}", "identity": "{identity}", "lock": false}`, nil)
	if sources := s.mayPublish(); !slices.Contains(sources, "microphone") {
		t.Errorf("sources of a token of /api after the lock: got %q, want the microphone", sources)
	}

	// kicked over /api: gone from list_participants, and the token is dead
	var again struct{ Token string }
	s.get("somebody inside", rest("POST", "/api/room/join", `{"roomName": "{room}"}`), &again)
	other := livekittest.Join(t, s.app.url, again.Token)
	s.words["identity"] = other.Identity()
	s.get("room's admin", rest("POST", "/api/room/{room}/kick/{identity}", ""), nil)
	other.WaitDisconnected()
	livekittest.Wait(t, "one participant to be left", func() bool {
		people := s.participants()
		return len(people) == 1 && people[0].Identity == s.person.Identity()
	})
	if _, err := livekittest.TryJoin(t, s.app.url, again.Token); err == nil {
		t.Error("the token of somebody kicked over /api: got in with it, want it dead")
	}
	if got := s.ask(rest("POST", "/api/room/{room}/kick/{identity}", ""), "room's admin"); got.verdict != none || got.message != "Participant not found" {
		t.Errorf("kick of who was kicked: got %s, want Participant not found", got)
	}

	// who waits over /api is let in over MCP
	s.must("room's admin", "update_room", `{"room_id": "{room}", "settings": {"require_approval": true}}`, nil)
	var waiting struct{ RequestID string }
	got := s.ask(rest("POST", "/api/room/join", `{"roomName": "{room}"}`), "guest")
	if err := json.Unmarshal([]byte(got.body), &waiting); err != nil || got.verdict != wait || got.header.Get("Retry-After") == "" {
		t.Fatalf("join where approval is asked for: got %s (%v), want it waiting, with Retry-After", got, err)
	}
	s.words["request"] = waiting.RequestID
	s.must("room's admin", "answer_join_request", `{"room_id": "{room}", "request_id": "{request}", "approve": true}`, nil)
	s.get("guest", rest("POST", "/api/room/join", `{"roomName": "{room}", "requestId": "{request}"}`), nil)
	s.must("guest", "join_room", `{"room_id": "{room}", "request_id": "{request}"}`, nil)
}

// mayPublish are the sources in a token that the Rooms API gives to who is
// inside already.
func (s *scene) mayPublish() []string {
	s.t.Helper()
	var joined struct{ Token string }
	s.get("somebody inside", rest("POST", "/api/room/join", `{"roomName": "{room}"}`), &joined)
	var claims struct {
		jwt.RegisteredClaims
		Video struct{ CanPublishSources []string }
	}
	if _, _, err := jwt.NewParser().ParseUnverified(joined.Token, &claims); err != nil {
		s.t.Fatalf("join token: %v", err)
	}
	return claims.Video.CanPublishSources
}
