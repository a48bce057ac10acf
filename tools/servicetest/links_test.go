package servicetest

import (
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// The link of a private room is that of the code for its people; without one, the
// answer says what is missing. That of a public room is its page.
func TestJoinURLs(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	for _, c := range []struct {
		arguments args
		role      int // whose code it is; -1 is the room's page
		warns     bool
	}{
		{args{"create_codes": true}, 1, false}, {args{"create_codes": true, "mode": "webinar"}, 2, false},
		{args{}, -1, true}, {args{"is_public": true, "create_codes": true}, -1, false},
	} {
		made := a.must(meettest.Ada, "create_room", c.arguments)
		room := made.get("room", "name").(string)
		want := meettest.Links.Room(room)
		if c.role >= 0 {
			want = made.get("codes", c.role, "join_url").(string)
		}
		shown := a.must(meettest.Ada, "get_room", args{"room_id": room})
		changed := a.must(meettest.Ada, "update_room", args{"room_id": room})
		for name, answer := range map[string]answer{"create_room": made, "get_room": shown, "update_room": changed} {
			if got := answer.get("room", "join_url"); got != want {
				t.Errorf("%v: join_url of %s is %v, want %s", c.arguments, name, got, want)
			}
		}
		if warns := strings.Contains(string(made.StructuredContent), `"warning"`); warns != c.warns {
			t.Errorf("%v: warns %v, want %v", c.arguments, warns, c.warns)
		}
	}
}

// Where links work on this machine only, the answers with links say so.
func TestLocalLinksAreToldOf(t *testing.T) {
	t.Parallel()
	a := newAgent(t, func(c *meet.Config) { c.Links.Public = "http://127.0.0.1:9090" })
	made := a.must(meettest.Ada, "create_room", args{"create_codes": true})
	room := args{"room_id": made.get("room", "id")}
	for name, arguments := range map[string]args{"create_room": {}, "update_room": room, "create_room_codes": room,
		"rotate_room_code": {"code": made.get("codes", 0, "code")}} {
		got := a.must(meettest.Ada, name, arguments)
		if warning, _ := got.get("warning").(string); !strings.Contains(warning, "this machine only") {
			t.Errorf("%s: warning %q; want that links work here only", name, warning)
		}
	}
}
