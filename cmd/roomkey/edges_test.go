package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/tools"
)

// The words of the table below: what may come of a call.
const (
	yes  verdict = "allowed"
	wait verdict = "waiting"
	bad          = meet.CodeInvalid
	who          = meet.CodeUnauthenticated
	no           = meet.CodeForbidden
	none         = meet.CodeNotFound
	held         = meet.CodeConflict // the name, or every seat
	over         = meet.CodeGone
)

// verdict is an error's code, or that there was none.
type verdict = meet.ErrorCode

// decisions says what is decided on every edge that offers an action: for
// every kind of principal, in every circumstance (places has those).
var decisions = []struct {
	action string
	place  string
	want   [6]verdict // superadmin, room's admin, other user, guest, no token, bad token
}{
	{"create", "a room", [6]verdict{yes, yes, yes, no, who, who}},
	{"create", "a name that is taken", [6]verdict{held, held, held, no, who, who}},
	{"create", "a bad name", [6]verdict{bad, bad, bad, no, who, who}},

	{"join by name", "a room", [6]verdict{yes, yes, yes, yes, who, who}},
	{"join by name", "a room that asks", [6]verdict{yes, yes, wait, wait, who, who}},
	{"join by name", "a full room", [6]verdict{held, held, held, held, who, who}},
	{"join by name", "an ended room", [6]verdict{over, over, over, over, who, who}},
	{"join by name", "an unknown room", [6]verdict{none, none, none, none, who, who}},
	{"join by name", "a bad name", [6]verdict{bad, bad, bad, bad, who, who}},
	{"join by name", "blocked people", [6]verdict{yes, yes, no, no, who, who}},
	{"join on behalf of a blocked person", "blocked people", [6]verdict{no, no, no, no, who, who}},

	{"join by code", "a room", [6]verdict{yes, yes, yes, yes, who, who}},
	{"join by code", "a room that asks", [6]verdict{yes, yes, wait, wait, who, who}},
	{"join by code", "a full room", [6]verdict{held, held, held, held, who, who}},
	{"join by code", "an ended room", [6]verdict{over, over, over, over, who, who}},
	{"join by code", "an unknown code", [6]verdict{none, none, none, none, who, who}},
	{"join by code", "what is no code", [6]verdict{bad, bad, bad, bad, who, who}},
	{"join by code", "a disabled code", [6]verdict{over, over, over, over, who, who}},
	{"join by code", "a replaced code", [6]verdict{over, over, over, over, who, who}},
	{"join by code", "a code used up", [6]verdict{over, over, over, over, who, who}},
	{"join by code", "blocked people", [6]verdict{yes, yes, no, no, who, who}},

	{"list", "a room", [6]verdict{yes, yes, yes, yes, who, who}},
	{"list a page", "a bad cursor", [6]verdict{bad, bad, bad, bad, who, who}},

	{"kick", "a room", [6]verdict{yes, yes, no, no, who, who}},
	{"kick", "nobody inside", [6]verdict{none, none, no, no, who, who}},
	{"kick", "an ended room", [6]verdict{none, none, no, no, who, who}},
	{"kick", "an unknown room", [6]verdict{none, none, none, none, who, who}},
	{"kick everybody", "a room", [6]verdict{bad, bad, no, no, who, who}},

	{"mute", "a room", [6]verdict{yes, yes, no, no, who, who}},
	{"mute", "nobody inside", [6]verdict{none, none, no, no, who, who}},
	{"mute", "an ended room", [6]verdict{none, none, no, no, who, who}},
	{"mute", "an unknown room", [6]verdict{none, none, none, none, who, who}},
	{"mute everybody", "somebody inside", [6]verdict{yes, yes, no, no, who, who}},
	{"mute everybody", "an ended room", [6]verdict{yes, yes, no, no, who, who}},
	{"mute everybody", "an unknown room", [6]verdict{none, none, none, none, who, who}},

	{"video off", "a room", [6]verdict{yes, yes, no, no, who, who}},
	{"video off", "nobody inside", [6]verdict{none, none, no, no, who, who}},
	{"video off", "an ended room", [6]verdict{none, none, no, no, who, who}},
	{"video off", "an unknown room", [6]verdict{none, none, none, none, who, who}},
	{"everybody's video off", "a room", [6]verdict{bad, bad, no, no, who, who}},

	{"create codes", "a room", [6]verdict{yes, yes, no, no, who, who}},
	{"create codes", "an ended room", [6]verdict{yes, yes, no, no, who, who}},
	{"create codes", "an unknown room", [6]verdict{none, none, none, none, who, who}},
	{"create codes", "a bad name", [6]verdict{bad, bad, bad, bad, who, who}},
	{"create a code for a role", "a room", [6]verdict{yes, yes, no, no, who, who}},
	{"create a code for a role", "an ended room", [6]verdict{yes, yes, no, no, who, who}},
	{"create a code for a role", "an unknown room", [6]verdict{none, none, none, none, who, who}},
	{"create a code for an argument that is no role", "a room", [6]verdict{bad, bad, no, no, who, who}},
	{"create a code at a path that is no role", "a room", [6]verdict{none, none, no, no, who, who}},
	{"get codes", "a room", [6]verdict{yes, yes, no, no, who, who}},
	{"get codes", "an ended room", [6]verdict{yes, yes, no, no, who, who}},
	{"get codes", "an unknown room", [6]verdict{none, none, none, none, who, who}},
	{"get codes", "a bad name", [6]verdict{bad, bad, bad, bad, who, who}},

	{"disable a code", "a room", [6]verdict{yes, yes, no, no, who, who}},
	{"disable a code", "an ended room", [6]verdict{yes, yes, no, no, who, who}},
	{"disable a code", "a disabled code", [6]verdict{yes, yes, no, no, who, who}},
	{"disable a code", "a replaced code", [6]verdict{over, over, no, no, who, who}},
	{"disable a code", "an unknown code", [6]verdict{none, none, none, none, who, who}},
	{"disable a code", "what is no code", [6]verdict{bad, bad, bad, bad, who, who}},
	{"enable a code", "a room", [6]verdict{yes, yes, no, no, who, who}},
	{"enable a code", "a disabled code", [6]verdict{yes, yes, no, no, who, who}},
	{"enable a code", "a replaced code", [6]verdict{over, over, no, no, who, who}},
	{"enable a code", "an unknown code", [6]verdict{none, none, none, none, who, who}},
	{"enable a code", "what is no code", [6]verdict{bad, bad, bad, bad, who, who}},
}

// edges are the ways to ask for each action. What stands in braces is put in
// by the scene.
var edges = map[string][]edge{
	"create": {
		tool("create_room", `{"name": "{name}"}`),
		rest("POST", "/api/room/create", `{"name": "{name}"}`)},
	"join by name": {
		tool("join_room", `{"room_id": "{room}"}`),
		rest("POST", "/api/room/join", `{"roomName": "{room}"}`),
		rest("POST", "/api/room/join", `{"roomId": "{room}"}`)},
	"join on behalf of a blocked person": {
		tool("join_room", `{"room_id": "{room}", "user_id": "{blocked}"}`),
		rest("POST", "/api/room/join", `{"roomName": "{room}", "userId": "{blocked}"}`)},
	"join by code": {
		tool("join_room", `{"code": "{code}"}`),
		rest("POST", "/api/room/join", `{"code": "{code}"}`)},
	"list": {
		tool("list_rooms", `{}`),
		rest("GET", "/api/room/list", "")},
	"list a page": {
		tool("list_rooms", `{"cursor": "!"}`),
		rest("GET", "/api/room/list?cursor=!", "")},
	"kick": {
		tool("kick_participant", `{"room_id": "{room}", "identity": "{identity}"}`),
		rest("POST", "/api/room/{room}/kick/{identity}", "")},
	"kick everybody": {
		tool("kick_participant", `{"room_id": "{room}", "identity": "*"}`),
		rest("POST", "/api/room/{room}/kick/*", "")},
	"mute": {
		tool("mute_participant", `{"room_id": "{room}", "identity": "{identity}"}`),
		rest("POST", "/api/room/{room}/mute/{identity}", "")},
	"mute everybody": {
		tool("mute_participant", `{"room_id": "{room}", "identity": "*"}`),
		rest("POST", "/api/room/{room}/mute/*", "")},
	"video off": {
		tool("disable_participant_video", `{"room_id": "{room}", "identity": "{identity}"}`),
		rest("POST", "/api/room/{room}/video/{identity}/off", "")},
	"everybody's video off": {
		tool("disable_participant_video", `{"room_id": "{room}", "identity": "*"}`),
		rest("POST", "/api/room/{room}/video/*/off", "")},
	"create codes": {
		tool("create_room_codes", `{"room_id": "{room}"}`),
		tool("hms-create-room-codes", `{"room_id": "{room}"}`),
		rest("POST", "/v2/room-codes/room/{room}", "")},
	"create a code for a role": {
		tool("create_room_codes", `{"room_id": "{room}", "role": "viewer"}`),
		rest("POST", "/v2/room-codes/room/{room}/role/viewer", "")},
	"create a code for an argument that is no role": {
		tool("create_room_codes", `{"room_id": "{room}", "role": "king"}`)},
	"create a code at a path that is no role": {
		rest("POST", "/v2/room-codes/room/{room}/role/king", "")},
	"get codes": {
		tool("get_room_codes", `{"room_id": "{room}"}`),
		tool("hms-get-room-codes", `{"room_id": "{room}"}`),
		rest("GET", "/v2/room-codes/room/{room}", "")},
	"disable a code": updates("false"),
	"enable a code":  updates("true"),
}

func updates(enabled string) []edge {
	return []edge{
		tool("update_room_code", `{"code": "{code}", "enabled": `+enabled+`}`),
		tool("hms-update-room-code", `{"code": "{code}", "body": {"enabled": `+enabled+`}}`),
		rest("POST", "/v2/room-codes/code", `{"code": "{code}", "enabled": `+enabled+`}`),
		rest("POST", "/v2/room-codes/code/{code}", `{"enabled": `+enabled+`}`),
	}
}

// allToolsets switches everything on.
func allToolsets(c *config.Config) { c.Toolsets = tools.Toolsets }

// Whoever asks gets the same verdict in the same words on every edge.
func TestEdgesDecideAlike(t *testing.T) {
	t.Parallel()
	a := startApp(t, allToolsets)
	seen := map[string]bool{}
	for _, d := range decisions {
		seen[d.action] = true
		t.Run(d.action+", "+d.place, func(t *testing.T) {
			s := newScene(t, a, d.place)
			for i, asker := range askers {
				message := ""
				for _, e := range edges[d.action] {
					got := s.ask(e, asker)
					if got.verdict != d.want[i] {
						t.Errorf("%s as %s: got %s, want %s", e.name, asker, got, d.want[i])
					}
					if message == "" {
						message = got.message
					}
					if got.message != message {
						t.Errorf("%s as %s: got the message %q, want %q as elsewhere", e.name, asker, got.message, message)
					}
					if effect := effects[d.action]; effect != nil && got.verdict == yes && s.person != nil {
						effect(s)
					}
				}
			}
		})
	}
	for action := range edges {
		if !seen[action] {
			t.Errorf("there is no decision about: %s", action)
		}
	}
}

// Wrong codes count together, whichever edge they are tried on; and an admin
// who has tried too many still commands the own codes on all of them.
func TestEdgesCountGuessesTogether(t *testing.T) {
	t.Parallel()
	a := startApp(t, allToolsets)
	s := newScene(t, a, "an unknown code")
	guesses := append(append([]edge{}, edges["join by code"]...), edges["disable a code"]...)
	const borne = 10
	for i := range borne {
		if got := s.ask(guesses[i%len(guesses)], "room's admin"); got.verdict != none {
			t.Errorf("guess %d: got %s, want %s", i+1, got, none)
		}
	}
	for _, e := range guesses {
		got := s.ask(e, "room's admin")
		if got.verdict != meet.CodeRateLimited {
			t.Errorf("%s after %d guesses: got %s, want %s", e.name, borne, got, meet.CodeRateLimited)
		}
		if seconds := got.header.Get("Retry-After"); e.rest() && (seconds == "" || seconds == "0") {
			t.Errorf("%s after %d guesses: got Retry-After %q, want seconds", e.name, borne, seconds)
		}
		if got := s.ask(e, "other user"); got.verdict != none {
			t.Errorf("%s as somebody who has not guessed: got %s, want %s", e.name, got, none)
		}
	}
	for i := range borne {
		s.ask(guesses[i%len(guesses)], "guest")
	}
	s.words["code"] = s.code
	for _, e := range guesses { // a guess that is right at last is not told from a wrong one
		if got := s.ask(e, "guest"); got.verdict != meet.CodeRateLimited {
			t.Errorf("%s with a right code after %d guesses: got %s, want %s", e.name, borne, got, meet.CodeRateLimited)
		}
	}
	for _, e := range edges["disable a code"] {
		if got := s.ask(e, "room's admin"); got.verdict != yes {
			t.Errorf("%s of the own code after %d guesses: got %s, want %s", e.name, borne, got, yes)
		}
	}
}

// A media server that is out of reach: 503 for MCP and 500 in the Rooms API are
// the same verdict in the same words, and codes need no media server.
func TestEdgesWithoutLiveKit(t *testing.T) {
	t.Parallel()
	address, lose := meettest.LiveKitToLose(t)
	down := func(c *config.Config) {
		allToolsets(c)
		c.LiveKit.URL, c.LiveKit.APIKey, c.LiveKit.APISecret = address, livekittest.APIKey, livekittest.APISecret
	}
	a := startApp(t, down)
	s := newScene(t, a, "a room")
	lose()
	s.words["identity"] = "ada_abcdefghijkl"
	want := map[string]verdict{"list": yes, "create codes": yes, "get codes": yes, "disable a code": yes,
		"join by name": meet.CodeUnavailable, "kick": meet.CodeUnavailable, "mute": meet.CodeUnavailable,
		"mute everybody": meet.CodeUnavailable, "video off": meet.CodeUnavailable}
	for action, want := range want {
		for _, e := range edges[action] {
			got := s.ask(e, "room's admin")
			if got.verdict != want || want != yes && got.message != "The media server cannot be reached" {
				t.Errorf("%s: got %s (%s), want %s", e.name, got, got.message, want)
			}
		}
	}

	s = newEmptyScene(t, startApp(t, down))
	for _, e := range edges["create"] {
		got := s.ask(e, "room's admin")
		if got.verdict != meet.CodeUnavailable || got.message != "Failed to create media room" {
			t.Errorf("%s: got %s (%s), want %s", e.name, got, got.message, meet.CodeUnavailable)
		}
		if status := map[bool]int{true: http.StatusInternalServerError, false: http.StatusServiceUnavailable}[e.rest()]; got.status != status {
			t.Errorf("%s: got status %d, want %d", e.name, got.status, status)
		}
	}
}

func (o outcome) String() string {
	return fmt.Sprintf("%s (%d %.300s)", o.verdict, o.status, strings.TrimSpace(o.body))
}
