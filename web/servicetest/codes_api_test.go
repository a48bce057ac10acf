package servicetest

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	"roomkey/meet/meettest"
	. "roomkey/web/webtest"
)

// roomCode and codePage are what 100ms's clients read.
type roomCode struct {
	Code      string    `json:"code"`
	RoomID    string    `json:"room_id"`
	Role      string    `json:"role"`
	Enabled   bool      `json:"enabled"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

type codePage struct {
	Limit *int       `json:"limit"`
	Data  []roomCode `json:"data"`
	Last  *string    `json:"last"`
}

// codes calls the Room Codes API as Ada and reads a page.
func (s *testServer) codes(t *testing.T, method, path string) codePage {
	t.Helper()
	r := s.api(t, meettest.Ada, method, path, "")
	var page codePage
	Strict(t, path, r.Body, &page)
	if r.Status != http.StatusOK || page.Limit == nil || page.Data == nil || page.Last == nil {
		t.Fatalf("%s %s: status %d, body %.300s; want 200 with limit, data and last", method, path, r.Status, r.Body)
	}
	r.Unstored(t, path)
	return page
}

// code is codes for one code.
func (s *testServer) code(t *testing.T, path, body string) roomCode {
	t.Helper()
	r := s.api(t, meettest.Ada, "POST", path, body)
	var code roomCode
	Strict(t, path, r.Body, &code)
	if r.Status != http.StatusOK {
		t.Fatalf("POST %s: status %d, body %.300s; want 200", path, r.Status, r.Body)
	}
	return code
}

func TestRoomCodes(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room := s.NewRoom(t, meet.RoomChange{})
	at := "/v2/room-codes/room/" + room.ID
	if page := s.codes(t, "GET", at); len(page.Data) != 0 || *page.Limit != 20 || *page.Last != "" {
		t.Errorf("before there are any: %+v, want none", page)
	}
	host := s.code(t, at+"/role/host", "")
	if host.RoomID != room.ID || host.Role != "host" || !host.Enabled ||
		host.CreatedAt.IsZero() || !host.UpdatedAt.Equal(host.CreatedAt) {
		t.Errorf("a code for a role: %+v", host)
	}
	s.Clock.Advance(time.Second)
	made := s.codes(t, "POST", at)
	var roles []string
	for _, code := range made.Data {
		roles = append(roles, code.Role)
	}
	if !slices.Equal(roles, []string{"host", "guest", "viewer"}) || made.Data[0] != host {
		t.Errorf("codes for all roles: %+v, want the one of host kept and two made", made.Data)
	}
	for name, page := range map[string]codePage{
		"made again, by name": s.codes(t, "POST", "/v2/room-codes/room/"+strings.ToUpper(room.Name)),
		"read":                s.codes(t, "GET", at),
	} {
		if diff := cmp.Diff(made, page); diff != "" {
			t.Errorf("%s, they differ (-made +got):\n%s", name, diff)
		}
	}
	if got := s.codes(t, "GET", at+"?role=host"); len(got.Data) != 1 || got.Data[0] != host {
		t.Errorf("role=host: %+v, want the one of host", got.Data)
	}
	s.redeem(t, map[string]any{"code": host.Code, "user_id": "u-7"})
}

// Both ways to say which code is meant do the same.
func TestUpdateRoomCode(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, written := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{})
	spoken := url.PathEscape(strings.ToUpper(strings.ReplaceAll(written, "-", " ")))
	for _, c := range []struct {
		path, body string
		enabled    bool
	}{
		{"/v2/room-codes/code", `{"code":"` + written + `","enabled":false}`, false},
		{"/v2/room-codes/code/" + written, `{"enabled":true}`, true},
		{"/v2/room-codes/code/" + spoken, `{"enabled":false}`, false},
		{"/v2/room-codes/code/" + written, `{"enabled":false}`, false},
		{"/v2/room-codes/code", `{"enabled":true,"code":"` + strings.ReplaceAll(written, "-", "") + `"}`, true},
	} {
		s.Clock.Advance(time.Second)
		got := s.code(t, c.path, c.body)
		if got.Code != written || got.RoomID != room.ID || got.Role != "guest" || got.Enabled != c.enabled {
			t.Errorf("POST %s %s: %+v", c.path, c.body, got)
		}
		for filter, there := range map[string]bool{"true": c.enabled, "false": !c.enabled} {
			if page := s.codes(t, "GET", "/v2/room-codes/room/"+room.ID+"?enabled="+filter); (len(page.Data) == 1) != there {
				t.Errorf("after %s, enabled=%s lists %+v", c.body, filter, page.Data)
			}
		}
		if r := s.exchange(t, map[string]any{"code": written}); (r.Status == http.StatusOK) != c.enabled {
			t.Errorf("after %s the exchange answers %d", c.body, r.Status)
		}
	}
}

// Pages follow each other by start and last, whatever their size.
func TestRoomCodePages(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room := s.NewRoom(t, meet.RoomChange{})
	const n = 25
	var want []string
	for i := range n {
		request := meet.CodeRequest{Role: meettest.Of(meet.RoleGuest), Label: "no " + strconv.Itoa(i)}
		made, err := s.CreateCodes(t.Context(), meettest.Ada, room.ID, request)
		Must(t, err)
		want = append(want, made.Codes[0].Code)
		s.Clock.Advance(time.Millisecond)
	}
	for limit, pages := range map[string]int{"": 2, "10": 3, "20": 2, "25": 1, "100": 1} {
		query := url.Values{}
		if limit != "" {
			query.Set("limit", limit)
		}
		var got []string
		count := 0
		for ; count < 5; count++ {
			page := s.codes(t, "GET", "/v2/room-codes/room/"+room.ID+"?"+query.Encode())
			if size := strconv.Itoa(*page.Limit); size != limit && limit != "" || len(page.Data) > *page.Limit {
				t.Errorf("limit=%s: a page of %d with limit %d", limit, len(page.Data), *page.Limit)
			}
			for _, code := range page.Data {
				got = append(got, code.Code)
			}
			if *page.Last == "" {
				break
			}
			query.Set("start", *page.Last)
		}
		if count+1 != pages || !slices.Equal(got, want) {
			t.Errorf("limit=%s: %d codes on %d pages, want %d on %d", limit, len(got), count+1, n, pages)
		}
	}
}

func TestRoomCodeRefusals(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{})
	old := s.guestCode(t)
	_, _, err := s.RotateCode(t.Context(), meettest.Ada, old, false)
	Must(t, err)
	at := "/v2/room-codes/room/" + room.ID
	const (
		one, on     = "/v2/room-codes/code", `{"enabled":true}`
		unknown     = `{"code":"aaa-aaaa-aaa","enabled":true}`
		badLimit    = "limit must be between 10 and 100"
		badEnabled  = "enabled must be true or false"
		badBody     = "Invalid request body"
		notAllowed  = "You are not allowed to create, get, update or rotate room codes"
		noEnabled   = "enabled is required"
		noToken     = "An access token is needed"
		badQuery    = "The query could not be read"
		unknownCode = "Room code not found"
	)
	this := one + "/" + code
	namesTool := regexp.MustCompile(`(list|get|create|update|rotate)_[a-z]+`)
	type call struct{ path, body, message string }
	check := func(p meet.Principal, method string, status int, calls ...call) {
		t.Helper()
		for _, c := range calls {
			r := s.api(t, p, method, c.path, c.body)
			name := method + " " + c.path + " " + c.body
			r.Refused(t, name, status, c.message)
			var got CodesError
			Strict(t, name, r.Body, &got)
			// Callers of this API need not know the tools of MCP.
			if hint := strings.Join(got.Details, " "); hint == "" || namesTool.MatchString(hint) {
				t.Errorf("%s: details %q, want a hint that names no tool", name, hint)
			}
		}
	}
	check(meettest.Ada, "POST", 404,
		call{"/v2/room-codes/room/nowhere", "", "Room not found"},
		call{"/v2/room-codes/room/nowhere/role/host", "", "Room not found"},
		call{at + "/role/boss", "", "Role not found"},
		call{one + "/aaa-aaaa-aaa", on, unknownCode}, call{one, unknown, unknownCode})
	check(meettest.Ada, "GET", 404, call{"/v2/room-codes/room/nowhere", "", "Room not found"},
		call{at + "?role=boss", "", "Role not found"}, call{at + "?role=", "", "Role not found"})
	check(meettest.Zero, "POST", 401, call{at, "", noToken}, call{this, on, noToken})
	check(meettest.Zero, "GET", 401, call{at, "", noToken})
	check(meettest.Bob, "POST", 403, call{at, "", notAllowed}, call{this, on, notAllowed})
	check(meettest.Bob, "GET", 403, call{at, "", notAllowed})
	check(meettest.Gus, "POST", 403, call{at + "/role/host", "", notAllowed})
	check(meettest.Ada, "POST", 410, call{one + "/" + old, on, "This room code was replaced by a new one"},
		call{one, `{"code":"` + old + `","enabled":true}`, "This room code was replaced by a new one"})
	check(meettest.Ada, "GET", 400,
		call{at + "?limit=9", "", badLimit}, call{at + "?limit=101", "", badLimit},
		call{at + "?limit=ten", "", "limit must be a whole number"},
		call{at + "?enabled=yes", "", badEnabled}, call{at + "?enabled=", "", badEnabled},
		call{at + "?enabled=%zz", "", badQuery}, call{at + "?enabled=false;limit=10", "", badQuery},
		call{at + "?start=nonsense", "", "start is not one that this list gave"})
	check(meettest.Ada, "POST", 400,
		call{this, `{"enabled":true,"role":"host"}`, badBody}, call{this, `{"Enabled":true}`, badBody},
		call{this, `{"enabled":true,"enabled":false}`, badBody}, call{this, `{"enabled":"true"}`, badBody},
		call{this, `{}`, noEnabled}, call{this, `{"enabled":null}`, noEnabled}, call{this, "", badBody},
		call{one, `{"code":"` + code + `"}`, noEnabled}, call{one, on, "code is required"},
		call{one, `{"code":"wp1","enabled":true}`, "code must be ten letters a to z, like wpi-srjb-wer"},
		call{one + "/wp1", on, "code must be ten letters a to z, like wpi-srjb-wer"})
	for i, role := range []string{"%00", "%2F", "..", "%2e%2e", strings.Repeat("r", 3000), "%ff"} {
		r := s.api(t, meettest.Ada, "POST", at+"/role/"+role, "")
		r.Refused(t, fmt.Sprint("odd role ", i), 404)
	}
}
