package servicetest

import (
	"net/http"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// The HTTP APIs ask for the scope that the same act needs over MCP, and a token for
// some rooms reaches no other.
func TestScopesInTheAPIs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room := s.NewRoom(t, meet.RoomChange{})
	other := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	otherCode := s.NewCode(t, other, meet.RoleGuest, meet.CodeChange{})
	for _, c := range []struct {
		scope              meet.TokenScope
		method, path, body string
	}{
		{meet.ScopeRoomsRead, "GET", "/api/room/list", ""},
		{meet.ScopeRoomsWrite, "POST", "/api/room/create", `{}`},
		{meet.ScopeRoomsWrite, "POST", "/api/room/join", `{"roomId": "` + room.ID + `"}`},
		{meet.ScopeRoomsWrite, "POST", "/api/room/join", `{"code": "` + code.Code + `"}`},
		{meet.ScopeModerate, "POST", "/api/room/" + room.ID + "/kick/ann", ""},
		{meet.ScopeModerate, "POST", "/api/room/" + room.ID + "/mute/ann", ""},
		{meet.ScopeModerate, "POST", "/api/room/" + room.ID + "/video/ann/off", ""},
		{meet.ScopeRoomsWrite, "GET", "/v2/room-codes/room/" + room.ID, ""},
		{meet.ScopeRoomsWrite, "POST", "/v2/room-codes/room/" + room.ID, ""},
		{meet.ScopeRoomsWrite, "POST", "/v2/room-codes/room/" + room.ID + "/role/guest", ""},
		{meet.ScopeRoomsWrite, "POST", "/v2/room-codes/code/" + code.Code, `{"enabled": true}`},
	} {
		for _, scope := range meet.AllTokenScopes {
			p := meettest.Ada
			p.Scopes = meet.LimitedTo(scope)
			r := s.api(t, p, c.method, c.path, c.body)
			refused := r.Status == http.StatusForbidden && strings.Contains(r.Body, "it lacks the scope "+string(c.scope))
			if refused == (scope == c.scope) {
				t.Errorf("%s %s with %s: status %d, %.200s; want it to need %s", c.method, c.path, scope, r.Status, r.Body,
					c.scope)
			}
		}
		path := strings.NewReplacer(room.ID, other.ID, code.Code, otherCode.Code).Replace(c.path)
		body := strings.NewReplacer(room.ID, other.ID, code.Code, otherCode.Code).Replace(c.body)
		p := meettest.Root
		p.Rooms = meet.NewRoomIDs([]string{room.ID})
		r := s.api(t, p, c.method, path, body)
		switch path {
		case "/api/room/list":
			if r.Status != http.StatusOK || !strings.Contains(r.Body, room.ID) || strings.Contains(r.Body, other.ID) {
				t.Errorf("the list of a token for one room: status %d, %.300s", r.Status, r.Body)
			}
		case "/api/room/create":
			r.Refused(t, path, http.StatusForbidden)
		default:
			r.Refused(t, path, http.StatusNotFound)
		}
	}
}
