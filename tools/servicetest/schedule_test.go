package servicetest

import (
	"strings"
	"testing"
	"time"

	"roomkey/meet/meettest"
)

// A meeting next Monday: one call makes it, and gives a text to send to people.
func TestAMeetingNextMonday(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	at := func(d time.Duration) string { return a.Clock.Now().Add(d).Format(time.RFC3339) }
	starts, ends := at(72*time.Hour), at(73*time.Hour)
	made := a.must(meettest.Ada, "create_room", args{
		"title": "Plan für 2027", "starts_at": starts, "expires_at": ends, "create_codes": true,
	})
	room, guest := made.get("room", "name"), made.get("codes", 1, "code").(string)
	written := func(s string) string {
		at, _ := time.Parse(time.RFC3339, s)
		return at.UTC().Format("Monday, 2 January 2006, 15:04 UTC")
	}
	link := meettest.Links.Code(guest)
	want := strings.Join([]string{
		"Plan für 2027", "Starts: " + written(starts), "Ends: " + written(ends), "Join: " + link, "Room code: " + guest,
		"Calendar: " + link + "/event.ics",
	}, "\n")
	if got := made.get("invitation"); got != want {
		t.Errorf("the invitation is\n%v\nwant\n%s", got, want)
	}
	early := a.must(meettest.Bob, "join_room", args{"room_id": room})
	if early.get("status") != "waiting" || early.get("request_id") != nil || !sameTime(early.get("starts_at"), starts) {
		t.Errorf("join_room before the start: %s; want to wait until %s", early.StructuredContent, starts)
	}
	if a.must(meettest.Ada, "join_room", args{"room_id": room}).get("status") != "joined" {
		t.Error("the admin has to wait for the start")
	}
	listed := a.must(meettest.Ada, "list_rooms", args{}).get("rooms", 0).(map[string]any)
	if listed["title"] != "Plan für 2027" || !sameTime(listed["starts_at"], starts) {
		t.Errorf("list_rooms: %v; want title and start", listed)
	}
	moved := a.must(meettest.Ada, "update_room", args{"room_id": room, "starts_at": at(0), "extend_seconds": 600})
	if got := moved.get("changed"); len(got.([]any)) != 2 || moved.get("warning") != nil {
		t.Errorf("moved: %s; want start and end changed", moved.StructuredContent)
	}
	if a.must(meettest.Bob, "join_room", args{"room_id": room}).get("status") != "joined" {
		t.Error("Bob has to wait after the start")
	}
	a.must(meettest.Ada, "update_room", args{"room_id": room, "expires_in_seconds": 0})
	ending := a.must(meettest.Ada, "update_room", args{"room_id": room, "extend_seconds": 600})
	if warning, _ := ending.get("warning").(string); !strings.Contains(warning, "had no end") {
		t.Errorf("extending a room without an end: %s; want a warning", ending.StructuredContent)
	}
}

func sameTime(got any, want string) bool {
	text, _ := got.(string)
	a, errA := time.Parse(time.RFC3339, text)
	b, errB := time.Parse(time.RFC3339, want)
	return errA == nil && errB == nil && a.Truncate(time.Second).Equal(b)
}

// Every tool with a span has its twin, and takes one of them.
func TestTwins(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	made := a.must(meettest.Ada, "create_room", args{"create_codes": true})
	room, code := made.get("room", "id"), made.get("codes", 0, "code")
	later := a.Clock.Now().Add(time.Hour).Format(time.RFC3339)
	for tool, c := range map[string]struct {
		arguments args
		path      []any
	}{
		"create_room":       {args{}, []any{"room", "expires_at"}},
		"update_room":       {args{"room_id": room}, []any{"room", "expires_at"}},
		"create_room_codes": {args{"room_id": room, "label": "press"}, []any{"codes", 0, "expires_at"}},
		"update_room_code":  {args{"code": code}, []any{"code", "expires_at"}},
	} {
		c.arguments["expires_at"] = later
		if got := a.must(meettest.Ada, tool, c.arguments).get(c.path...); !sameTime(got, later) {
			t.Errorf("%s: expires_at %v, want %s", tool, got, later)
		}
		for _, bad := range []any{"2020-01-01T00:00:00Z", "tomorrow", "2030-01-01T10:00:00", "2030-01-01", 5, true} {
			c.arguments["expires_at"] = bad
			a.fails(tool, c.arguments, "expires_at")
		}
		c.arguments["expires_at"], c.arguments["expires_in_seconds"] = later, 60
		a.fails(tool, c.arguments, "expires_at")
	}
}

// fails makes a call of Ada's that is refused as invalid, because of a field.
func (a *agent) fails(tool string, arguments args, field string) {
	a.t.Helper()
	report := a.call(meettest.Ada, tool, arguments).err
	if report.Code != "invalid" || report.Field != field || report.Hint == "" {
		a.t.Errorf("%s %v: %+v; want an error about %s, and what to do", tool, arguments, report, field)
	}
}
