package web_test

import (
	"net/http"
	"strconv"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// A caller who does too much is told so by every API, and how long to wait; a limit
// that time alone does not lift is a conflict.
func TestLimitsOverHTTP(t *testing.T) {
	t.Parallel()
	log := new(logs)
	limits := meet.Limits{RoomsPerMinute: 2, CodesPerRoom: 4, JoinsPerAddress: 2, JoinsPerUser: 1, ChangesPerUser: 3}
	s := serve(t, meettest.New(t, log.of, func(c *meet.Config) { c.Limits = &limits }), log)
	room := s.NewRoom(t, meet.RoomChange{IsPublic: meettest.Of(true)})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}).Code
	codes := "/v2/room-codes/room/" + room.ID

	full := func(path string) {
		t.Helper()
		if r := s.api(t, meettest.Ada, "POST", path, "{}"); r.status != http.StatusConflict {
			t.Errorf("POST %s: got %d %s, want 409", path, r.status, r.body)
		}
	}
	for _, label := range []string{"a", "b"} {
		if _, err := s.CreateCodes(t.Context(), meettest.Root, room.ID, meet.CodeRequest{Role: meettest.Of(meet.RoleHost), Label: label}); err != nil {
			t.Fatal(err)
		}
	}
	full(codes)
	if _, err := s.CreateCodes(t.Context(), meettest.Root, room.ID, meet.CodeRequest{Role: meettest.Of(meet.RoleHost), Label: "c"}); err != nil {
		t.Fatal(err)
	}
	full(codes + "/role/viewer")

	wait := func(name string, r reply) {
		t.Helper()
		if after, err := strconv.Atoi(r.header.Get("Retry-After")); r.status != http.StatusTooManyRequests || err != nil || after < 1 {
			t.Errorf("%s: got %d %s, Retry-After %q; want 429 and how long to wait", name, r.status, r.body, r.header.Get("Retry-After"))
		}
	}
	for path, body := range map[string]string{ // Ada has made three changes
		codes: "{}", codes + "/role/viewer": "{}", "/v2/room-codes/code": `{"code": "` + code + `", "enabled": true}`,
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
	if r := s.api(t, meettest.Bob, "POST", "/api/room/join", join); r.status != http.StatusOK {
		t.Errorf("join: got %d %s", r.status, r.body)
	}
	wait("join", s.api(t, meettest.Bob, "POST", "/api/room/join", join))
	for range 2 {
		s.redeem(t, map[string]any{"code": code}, from("192.0.2.1"))
	}
	wait("exchange", s.exchange(t, map[string]any{"code": code}, from("192.0.2.1")))
	s.redeem(t, map[string]any{"code": code}, from("2001:db8::1"))
	s.redeem(t, map[string]any{"code": code}, from("2001:db8::2"))
	wait("a third address of one network", s.exchange(t, map[string]any{"code": code}, from("2001:db8::3")))
}
