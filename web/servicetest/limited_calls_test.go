package servicetest

import (
	"strconv"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
	. "roomkey/web/webtest"
)

// A caller who does too much is told so by every API, and how long to wait; a limit
// that time alone does not lift is a conflict.
func TestLimitsOverHTTP(t *testing.T) {
	t.Parallel()
	limits := meet.Limits{RoomsPerMinute: 2, CodesPerRoom: 4, JoinsPerAddress: 2, JoinsPerUser: 1, ChangesPerUser: 3}
	s := setupService(t, func(c *meet.Config) { c.Limits = &limits })
	room := s.NewRoom(t, meet.RoomChange{IsPublic: meettest.Of(true)})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}).Code
	codes := "/v2/room-codes/room/" + room.ID

	label := func(labels ...string) {
		for _, label := range labels {
			_, err := s.CreateCodes(t.Context(), meettest.Root, room.ID,
				meet.CodeRequest{Role: meettest.Of(meet.RoleHost), Label: label})
			Must(t, err)
		}
	}
	label("a", "b")
	s.api(t, meettest.Ada, "POST", codes, "{}").Refused(t, "codes of a room that has too many", 409)
	label("c")
	s.api(t, meettest.Ada, "POST", codes+"/role/viewer", "{}").Refused(t, "one more code", 409)

	wait := func(name string, r Reply) {
		t.Helper()
		r.Refused(t, name, 429)
		if after, err := strconv.Atoi(r.Header.Get("Retry-After")); err != nil || after < 1 {
			t.Errorf("%s: Retry-After %q; want how long to wait", name, r.Header.Get("Retry-After"))
		}
	}
	for path, body := range map[string]string{ // Ada has made three changes
		codes: "{}", codes + "/role/viewer": "{}",
		"/v2/room-codes/code":                     `{"code": "` + code + `", "enabled": true}`,
		"/v2/room-codes/code/" + code:             `{"enabled": true}`,
		"/api/room/" + room.ID + "/kick/a_b":      "",
		"/api/room/" + room.ID + "/mute/a_b":      "",
		"/api/room/" + room.ID + "/video/a_b/off": "",
	} {
		wait(path, s.api(t, meettest.Ada, "POST", path, body))
	}
	s.create(t, `{"name": "second"}`)
	wait("create", s.api(t, meettest.Ada, "POST", "/api/room/create", `{"name": "third"}`))
	join := `{"roomId": "` + room.ID + `"}`
	s.api(t, meettest.Bob, "POST", "/api/room/join", join).OK(t, "join")
	wait("join", s.api(t, meettest.Bob, "POST", "/api/room/join", join))
	for range 2 {
		s.redeem(t, map[string]any{"code": code}, From("192.0.2.1"))
	}
	wait("exchange", s.exchange(t, map[string]any{"code": code}, From("192.0.2.1")))
	s.redeem(t, map[string]any{"code": code}, From("2001:db8::1"))
	s.redeem(t, map[string]any{"code": code}, From("2001:db8::2"))
	wait("a third address of one network", s.exchange(t, map[string]any{"code": code}, From("2001:db8::3")))
}
