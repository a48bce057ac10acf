package servicetest

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	. "roomkey/web/webtest"
)

// scheduled makes a room of Ada's that starts after a while, and codes to it.
func (s *testServer) scheduled(
	t *testing.T, in time.Duration, change meet.RoomChange,
) (room meet.Room, guest, host string) {
	t.Helper()
	change.StartsAt = meettest.Of(s.Clock.Now().Add(in))
	room, guest = s.codeFor(t, meet.RoleGuest, change, meet.CodeChange{MaxUses: meettest.Of(1)})
	return room, guest, s.NewCode(t, room, meet.RoleHost, meet.CodeChange{}).Code
}

// unused checks that a code has let nobody in.
func (s *testServer) unused(t *testing.T, room meet.Room, code string) {
	t.Helper()
	codes, _, err := s.Codes(t.Context(), meettest.Ada, room.ID, meet.CodeFilter{})
	Must(t, err)
	for _, c := range codes {
		if c.Code == code && c.Uses != 0 {
			t.Errorf("the code was used %d times", c.Uses)
		}
	}
}

// early is the answer to somebody who has to wait for the start.
type early struct {
	Status       string    `json:"status"`
	StartsAt     time.Time `json:"starts_at"`
	RetryAfterMS int       `json:"retry_after_ms"`
}

func (s *testServer) isEarly(t *testing.T, what string, r Reply, room meet.Room, retry int) {
	t.Helper()
	var got early
	Strict(t, what, r.Body, &got)
	want := early{"waiting", room.StartsAt, retry}
	if r.Status != http.StatusAccepted || got != want {
		t.Errorf("%s: status %d, %+v; want 202, %+v", what, r.Status, got, want)
	}
}

// Everybody is told when the room starts, in the words of the API they use, and a
// call that prefers to wait ends with the start.
func TestBeforeTheStart(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, guest, host := s.scheduled(t, time.Hour, meet.RoomChange{
		IsPublic: meettest.Of(true), Title: meettest.Of("Ünsere Woche"),
	})
	fields := map[string]any{"code": guest, "name": "Eve"}
	s.isEarly(t, "exchange", s.exchange(t, fields), room, 30_000)
	s.isEarly(t, "held for a second", s.exchange(t, fields, Header("Prefer", "wait=1")), room, 30_000)
	s.isEarly(t, "the room's page", s.callPage(t, "join", map[string]any{"room": room.Name}), room, 30_000)
	r := s.api(t, meettest.Bob, "POST", "/api/room/join", `{"roomName":"`+room.Name+`"}`)
	starts := room.StartsAt.Format(time.RFC3339Nano)
	if want := `{"status":"waiting","startsAt":"` + starts + `"}` + "\n"; r.Status != 202 || r.Body != want {
		t.Errorf("Rooms API: status %d, %s want 202, %s", r.Status, r.Body, want)
	}
	r.Has(t, "Rooms API", map[string]string{"Retry-After": "30"})
	if r = s.api(t, meettest.Ada, "GET", "/api/room/list", ""); !strings.Contains(r.Body, `"title":"Ünsere Woche"`) ||
		!strings.Contains(r.Body, `"startsAt":"`+starts+`"`) {
		t.Errorf("list: %s; want title and start", r.Body)
	}
	for name, c := range map[string]struct{ code, want string }{
		"guest": {guest, `"title":"Ünsere Woche","starts_at":"` + starts + `","role":"guest"`},
		"host":  {host, `"title":"Ünsere Woche","starts_at":"` + starts + `","early":true,"role":"host"`},
	} {
		if r := s.callInvitation(t, map[string]any{"code": c.code}); !strings.Contains(r.Body, c.want) {
			t.Errorf("invitation of a %s: %s; want %s in it", name, r.Body, c.want)
		}
	}
	s.redeem(t, map[string]any{"code": host})

	answered := make(chan Reply, 1)
	go func() { answered <- s.exchange(t, fields, Header("Prefer", "wait=25")) }()
	livekittest.Wait(t, "the call to be held", func() bool { return s.Waiters(room.ID) == 1 })
	s.unused(t, room, guest)
	now := meet.RoomChange{StartsAt: meettest.Of(s.Clock.Now())}
	_, err := s.UpdateRoom(t.Context(), meettest.Ada, room.ID, now, false)
	Must(t, err)
	select {
	case r := <-answered:
		if r.Status != http.StatusOK {
			t.Errorf("at the start: status %d, %s; want a token", r.Status, r.Body)
		}
	case <-time.After(time.Minute):
		t.Fatal("the call is still held")
	}
	r = s.callInvitation(t, map[string]any{"code": host})
	if strings.Contains(r.Body, "starts_at") || !strings.Contains(r.Body, "title") {
		t.Errorf("invitation after the start: %s; want a title, and no start", r.Body)
	}
}

// The title of a private room is told to nobody who only knows its name.
func TestTitlesOfPrivateRoomsAreNotTold(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room := s.NewRoom(t, meet.RoomChange{Title: meettest.Of("Layoffs")})
	byName := map[string]any{"room": room.Name}
	for p, told := range map[meet.Principal]bool{meettest.Ada: true, meettest.Bob: false, meettest.Gus: false} {
		r := s.callInvitation(t, byName, Bearer(s.Token(t, p)))
		if r.Status != http.StatusOK || strings.Contains(r.Body, "Layoffs") != told {
			t.Errorf("%s: status %d, %s; want the title told %t", p.ID, r.Status, r.Body, told)
		}
	}
}

// The entry for calendars has what people need, uses nothing up, and tells of a bad
// code what the exchange tells.
func TestCalendarEntries(t *testing.T) {
	t.Parallel()
	s := setup(t)
	title := "Plan; A, B \\ C: " + strings.Repeat("ü", 80)
	room, code, _ := s.scheduled(t, time.Hour, meet.RoomChange{
		Title: &title, ExpiresAt: meettest.Of(s.Clock.Now().Add(2 * time.Hour)),
	})
	path := "/join/" + code + "/event.ics"
	read := func() *ics.VEvent {
		t.Helper()
		r := s.Do(t, "GET", path, "")
		r.OK(t, "a calendar entry")
		r.Has(t, "a calendar entry", map[string]string{
			"Content-Type": "text/calendar; charset=utf-8", "Cache-Control": "no-store",
			"Content-Disposition": `attachment; filename="` + room.Name + `.ics"`,
		})
		for line := range strings.SplitSeq(strings.TrimSuffix(r.Body, "\r\n"), "\r\n") {
			if len(line) > 75 || strings.Contains(line, "\n") {
				t.Errorf("the line %q is longer than 75 bytes, or two", line)
			}
		}
		calendar, err := ics.ParseCalendar(strings.NewReader(r.Body))
		Must(t, err)
		if len(calendar.Events()) != 1 {
			t.Fatalf("%s: want one entry", r.Body)
		}
		return calendar.Events()[0]
	}
	first := read()
	starts, _ := first.GetStartAt()
	ends, _ := first.GetEndAt()
	if !starts.Equal(room.StartsAt.Truncate(time.Second)) || !ends.Equal(room.ExpiresAt.Truncate(time.Second)) {
		t.Errorf("from %v to %v, want %v to %v", starts, ends, room.StartsAt, room.ExpiresAt)
	}
	text := func(event *ics.VEvent, property ics.ComponentProperty) string {
		return event.GetProperty(property).Value
	}
	link := meettest.Links.Code(code)
	if text(first, ics.ComponentPropertySummary) != title || text(first, ics.ComponentPropertyUrl) != link ||
		text(first, ics.ComponentPropertyLocation) != link {
		t.Errorf("got %+v; want the title and the link %s", first, link)
	}
	s.unused(t, room, code)
	s.Clock.Advance(time.Minute)
	_, err := s.UpdateRoom(t.Context(), meettest.Ada, room.ID, meet.RoomChange{
		StartsAt: meettest.Of(room.StartsAt.Add(time.Minute)), ExpiresIn: new(time.Duration),
	}, false)
	Must(t, err)
	moved := read()
	if text(moved, ics.ComponentPropertyUniqueId) != text(first, ics.ComponentPropertyUniqueId) ||
		text(first, ics.ComponentPropertySequence) != "0" || text(moved, ics.ComponentPropertySequence) != "60" {
		t.Errorf("moved: %+v; want the same entry, newer", moved)
	}
	if moved.GetProperty(ics.ComponentPropertyDtEnd) != nil {
		t.Error("a room without an end has one in the calendar")
	}
	s.Do(t, "GET", "/join/"+s.guestCode(t)+"/event.ics", "").Refused(t, "a room without a time", 404)
	unknown := s.Do(t, "GET", "/join/aaa-aaaa-aaa/event.ics", "")
	unknown.Refused(t, "an unknown code", 404)
	s.disable(t, code)
	shut := s.Do(t, "GET", path, "")
	shut.Refused(t, "a disabled code", 404)
	if a, b := withoutRequestID(shut.Body), withoutRequestID(unknown.Body); a != b {
		t.Errorf("a disabled code is told from an unknown one:\n%s\n%s", a, b)
	}
}

func withoutRequestID(body string) string {
	return regexp.MustCompile(`"request_id":"[^"]*"`).ReplaceAllString(body, "")
}

// A person who is not let in is told why in a header, whatever the shape of the body.
func TestReasonsOfRefusals(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code, _ := s.guarded(t)
	fields := map[string]any{"code": code, "name": "Eve", "user_id": "eve"}
	ask := func() string { return s.exchange(t, fields).Waits(t, "ask").RequestID }
	refused := func(name string, r Reply, reason string) {
		t.Helper()
		r.Refused(t, name, 403)
		r.Has(t, name, map[string]string{"Roomkey-Reason": reason})
	}
	fields["request_id"] = ask()
	s.answer(t, room, fields["request_id"].(string), false)
	refused("refused", s.exchange(t, fields), "refused")

	delete(fields, "request_id")
	fields["request_id"] = ask()
	s.answer(t, room, fields["request_id"].(string), true)
	in := s.redeem(t, fields)
	livekittest.Join(t, s.Signal(), in.Token)
	_, err := s.Kick(t.Context(), meettest.Ada, room.ID, meet.KickCall{Identity: in.Identity, Block: true})
	Must(t, err)
	delete(fields, "request_id")
	refused("blocked", s.exchange(t, fields), "blocked")
	fields["user_id"] = "ann"
	refused("who came the same way", s.exchange(t, fields), "way_blocked")

	closed := s.NewRoom(t, meet.RoomChange{Settings: meet.SettingsChange{RequireCode: meettest.Of(true)}})
	bob := Bearer(s.Token(t, meettest.Bob))
	refused("no code", s.callInvitation(t, map[string]any{"room": closed.Name}, bob), "code_required")
	refused("no code", s.api(t, meettest.Bob, "POST", "/api/room/join", `{"roomName":"`+closed.Name+`"}`), "code_required")
	foreign := s.callInvitation(t, map[string]any{"code": code}, Origins("https://evil.com"))
	refused("a foreign page", foreign, "")
}
