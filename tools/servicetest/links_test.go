package servicetest

import (
	"strconv"
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
		{args{"is_public": true, "create_codes": true, "settings": args{"require_code": true}}, 1, false},
	} {
		made := a.must(meettest.Ada, "create_room", c.arguments)
		room := made.get("room", "name").(string)
		want := meettest.Links.Room(room)
		if c.role >= 0 {
			want = made.get("codes", c.role, "join_url").(string)
		}
		shown := a.must(meettest.Ada, "get_room", args{"room_id": room})
		changed := a.must(meettest.Ada, "update_room", args{"room_id": room})
		listed := a.must(meettest.Ada, "list_rooms", args{"query": room})
		for name, got := range map[string]any{
			"create_room": made.get("room", "join_url"), "get_room": shown.get("room", "join_url"),
			"update_room": changed.get("room", "join_url"), "list_rooms": listed.get("rooms", 0, "join_url"),
		} {
			if got != want {
				t.Errorf("%v: join_url of %s is %v, want %s", c.arguments, name, got, want)
			}
		}
		for name, answer := range map[string]answer{"create_room": made, "update_room": changed} {
			if text := answer.get("invitation").(string); !strings.Contains(text, "Join: "+want) {
				t.Errorf("%v: the invitation of %s is %q, want the link %s in it", c.arguments, name, text, want)
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

// The codes of rooms are only in the lists of those who administer them, and only
// those that let people in.
func TestJoinURLsInLists(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	made := a.must(meettest.Ada, "create_room", args{"create_codes": true})
	room, code := made.get("room", "name").(string), made.get("codes", 1, "code").(string)
	a.must(meettest.Bob, "join_room", args{"code": code}) // so the room is in Bob's list
	page, link := meettest.Links.Room(room), meettest.Links.Code(code)
	for p, want := range map[meet.Principal]string{meettest.Ada: link, meettest.Bob: page, meettest.Root: link} {
		arguments := args{"query": room}
		if p.Role == meet.Superadmin {
			arguments["scope"] = "all"
		}
		if got := a.must(p, "list_rooms", arguments).get("rooms", 0, "join_url"); got != want {
			t.Errorf("%s: join_url %v, want %s", p.ID, got, want)
		}
	}
	a.must(meettest.Ada, "update_room_code", args{"code": code, "enabled": false})
	if got := a.must(meettest.Ada, "list_rooms", args{"query": room}).get("rooms", 0, "join_url"); got != page {
		t.Errorf("with the code disabled: join_url %v, want %s", got, page)
	}
	a.must(meettest.Ada, "create_room_codes", args{"room_id": room, "people": manyPeople(120)})
	a.must(meettest.Ada, "update_room_code", args{"code": code, "enabled": true})
	for _, shown := range []any{a.must(meettest.Ada, "get_room", args{"room_id": room}).get("room", "join_url"),
		a.must(meettest.Ada, "list_rooms", args{"query": room}).get("rooms", 0, "join_url")} {
		if shown != link {
			t.Errorf("beside codes of 120 people: join_url %v, want %s", shown, link)
		}
	}
}

func manyPeople(n int) []any {
	people := make([]any, n)
	for i := range people {
		people[i] = args{"name": "Person " + strconv.Itoa(i)}
	}
	return people
}
