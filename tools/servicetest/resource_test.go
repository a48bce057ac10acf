package servicetest

import (
	"fmt"
	"strings"
	"testing"

	. "roomkey/tools"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

func (a *agent) read(p meet.Principal, old bool, uri string) reply {
	a.t.Helper()
	got := a.ask(p, old, "resources/read", args{"uri": uri})
	isJSON := got.read("contents", 0, "mimeType") == "application/json"
	if got.Error == nil && (got.read("contents", 0, "uri") != uri || !isJSON || got.read("contents", 1) != nil) {
		a.t.Errorf("%s: %s; want one JSON content of that URI", uri, got.Result)
	}
	return got
}

func TestRolesResource(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	const everything = `"publish":["camera","microphone","screen_share","screen_share_audio"],` +
		`"subscribe":true,"chat":true,`
	const want = `{"roles":[` +
		`{"name":"host",` + everything + `"skip_approval":true,"admit":true,` +
		`"moderate":["admit","mute","video","lock","remove","block","end","invite","role","rename"]},` +
		`{"name":"guest",` + everything + `"skip_approval":false,"admit":false,"moderate":[]},` +
		`{"name":"viewer","publish":[],"subscribe":true,"chat":false,"skip_approval":false,"admit":false,"moderate":[]}]}`
	for _, old := range []bool{true, false} {
		if diff := cmp.Diff(want, a.read(meettest.Gus, old, RolesURI).read("contents", 0, "text")); diff != "" {
			t.Errorf("roles (-want +got):\n%s", diff)
		}
	}
}

// The resource is get_room to the letter, for everybody, by name and by id.
func TestRoomResourceIsGetRoom(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	s := a.newTestRoom()
	for _, p := range []meet.Principal{meettest.Root, meettest.Ada, meettest.Bob, meettest.Gus} {
		want := a.must(p, "get_room", args{"room_id": s.room.ID}).Content[0].Text
		for _, ref := range []string{s.room.ID, s.room.Name, strings.ToUpper(s.room.Name), "%20" + s.room.Name} {
			for _, old := range []bool{true, false} {
				got := a.read(p, old, "roomkey://rooms/"+ref)
				if diff := cmp.Diff(want, got.read("contents", 0, "text")); diff != "" {
					t.Errorf("%s as %s (-get_room +resource):\n%s", ref, p.ID, diff)
				}
				if !old && got.read("cacheScope") != "private" {
					t.Errorf("%s as %s: %s; want it to be kept by nobody else", ref, p.ID, got.Result)
				}
			}
		}
	}
}

func TestResourceRefusals(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	for _, tt := range []struct {
		uri     string
		code    int // before 2026-07-28; since then it is always -32602
		message string
	}{
		{"roomkey://rooms/nowhere", -32002, "not_found: Room not found. "},
		{"roomkey://rooms/no%20room%27s", -32602, "invalid: name must be the id or the name of a room. "},
		{"roomkey://rooms/", -32602, "invalid: name must not be empty. "},
		{"roomkey://rooms/" + strings.Repeat("x", 100_000), -32602, "invalid: name must be the id or the name of a room. "},
		{"roomkey://rooms/a,b", -32602, "invalid: name must not be empty. "},
		{"roomkey://rooms/a/b", -32002, NoSuchResource},
		{"roomkey://rooms/%zz", -32002, NoSuchResource},
		{"roomkey://roles/", -32002, NoSuchResource},
		{"ROOMKEY://roles", -32002, NoSuchResource},
		{"file:///etc/passwd", -32002, NoSuchResource},
		{"", -32002, NoSuchResource},
		{"roomkey://rooms/" + strings.Repeat("%20", 1<<15), -32602, "invalid: name must not be empty. "},
	} {
		what := fmt.Sprintf("%.60q", tt.uri)
		got := a.read(meettest.Ada, true, tt.uri)
		wantRefusal(t, what, got, tt.code, tt.message)
		if tt.uri == "" {
			continue // its header would be refused before
		}
		wantRefusal(t, what+" since 2026", a.read(meettest.Ada, false, tt.uri), -32602, tt.message)
		data := got.Error.Data
		isPart := strings.HasPrefix(tt.uri, data.URI) && len(data.URI) <= 200
		if data.Code != "" && (!isPart || data.RequestID != "request-1") {
			t.Errorf("%s: the error's data is %+v", what, data)
		}
	}
	got := a.read(meettest.Zero, true, "roomkey://rooms/nowhere")
	wantRefusal(t, "nobody", got, -32602, "unauthenticated: An access token is needed ")
}

// Resources cannot be watched, in no version.
func TestNoSubscriptions(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	for _, old := range []bool{true, false} {
		for _, method := range []string{"resources/subscribe", "resources/unsubscribe"} {
			if got := a.ask(meettest.Ada, old, method, args{"uri": RolesURI}); got.Error == nil || got.Error.Code != -32601 {
				t.Errorf("%s: %s %+v; want the error -32601", method, got.Result, got.Error)
			}
		}
	}
}
