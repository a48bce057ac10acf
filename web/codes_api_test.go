package web_test

import (
	"encoding/json"
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
func (s *site) codes(t *testing.T, method, path string) codePage {
	t.Helper()
	r := s.api(t, meettest.Ada, method, path, "")
	var page codePage
	strict(t, path, r.body, &page)
	if r.status != http.StatusOK || page.Limit == nil || page.Data == nil || page.Last == nil {
		t.Fatalf("%s %s: status %d, body %.300s; want 200 with limit, data and last", method, path, r.status, r.body)
	}
	r.unstored(t, path)
	return page
}

// code is codes for one code.
func (s *site) code(t *testing.T, path, body string) roomCode {
	t.Helper()
	r := s.api(t, meettest.Ada, "POST", path, body)
	var code roomCode
	strict(t, path, r.body, &code)
	if r.status != http.StatusOK {
		t.Fatalf("POST %s: status %d, body %.300s; want 200", path, r.status, r.body)
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
	if host.RoomID != room.ID || host.Role != "host" || !host.Enabled || host.CreatedAt.IsZero() || !host.UpdatedAt.Equal(host.CreatedAt) {
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
	for name, page := range map[string]codePage{"made again, by name": s.codes(t, "POST", "/v2/room-codes/room/"+strings.ToUpper(room.Name)), "read": s.codes(t, "GET", at)} {
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
		if r := s.exchange(t, map[string]any{"code": written}); (r.status == http.StatusOK) != c.enabled {
			t.Errorf("after %s the exchange answers %d", c.body, r.status)
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
		codes, err := s.CreateCodes(t.Context(), meettest.Ada, room.ID, meet.CodeRequest{Role: meettest.Of(meet.RoleGuest), Label: "no " + strconv.Itoa(i)})
		must(t, err)
		want = append(want, codes[0].Code)
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
	_, err := s.RotateCode(t.Context(), meettest.Ada, old)
	must(t, err)
	at := "/v2/room-codes/room/" + room.ID
	const on = `{"enabled":true}`
	for name, c := range map[string]struct {
		p            meet.Principal
		method, path string
		body         string
		status       int
		message      string
	}{
		"Room not found | 404, create":                   {meettest.Ada, "POST", "/v2/room-codes/room/nowhere", "", 404, "Room not found"},
		"Room not found | 404, create of role":           {meettest.Ada, "POST", "/v2/room-codes/room/nowhere/role/host", "", 404, "Room not found"},
		"Room not found | 404, get":                      {meettest.Ada, "GET", "/v2/room-codes/room/nowhere", "", 404, "Room not found"},
		"Role not found | 404":                           {meettest.Ada, "POST", at + "/role/boss", "", 404, "Role not found"},
		"Role not found | 404, get":                      {meettest.Ada, "GET", at + "?role=boss", "", 404, "Role not found"},
		"Code not found | 404":                           {meettest.Ada, "POST", "/v2/room-codes/code/aaa-aaaa-aaa", on, 404, "Room code not found"},
		"Code not found | 404, in the body":              {meettest.Ada, "POST", "/v2/room-codes/code", `{"code":"aaa-aaaa-aaa","enabled":true}`, 404, "Room code not found"},
		"Authentication Error | 401":                     {meettest.Zero, "POST", at, "", 401, "An access token is needed"},
		"Authentication Error | 401, get":                {meettest.Zero, "GET", at, "", 401, ""},
		"Authentication Error | 401, update":             {meettest.Zero, "POST", "/v2/room-codes/code/" + code, on, 401, ""},
		"somebody else's room, create":                   {meettest.Bob, "POST", at, "", 403, ""},
		"somebody else's room, get":                      {meettest.Bob, "GET", at, "", 403, ""},
		"somebody else's room, role":                     {meettest.Gus, "POST", at + "/role/host", "", 403, ""},
		"somebody else's code":                           {meettest.Bob, "POST", "/v2/room-codes/code/" + code, on, 403, ""},
		"a code that was replaced":                       {meettest.Ada, "POST", "/v2/room-codes/code/" + old, on, 410, "This room code was replaced by a new one"},
		"Invalid query parameter | 400, limit below 10":  {meettest.Ada, "GET", at + "?limit=9", "", 400, "limit must be between 10 and 100"},
		"Invalid query parameter | 400, limit above 100": {meettest.Ada, "GET", at + "?limit=101", "", 400, "limit must be between 10 and 100"},
		"Invalid query parameter | 400, limit a word":    {meettest.Ada, "GET", at + "?limit=ten", "", 400, "limit must be a whole number"},
		"Invalid query parameter | 400, enabled":         {meettest.Ada, "GET", at + "?enabled=yes", "", 400, "enabled must be true or false"},
		"Invalid query parameter | 400, empty enabled":   {meettest.Ada, "GET", at + "?enabled=", "", 400, "enabled must be true or false"},
		"Role not found | 404, get with an empty one":    {meettest.Ada, "GET", at + "?role=", "", 404, "Role not found"},
		"Invalid query parameter | 400, cut escape":      {meettest.Ada, "GET", at + "?enabled=%zz", "", 400, "The query could not be read"},
		"Invalid query parameter | 400, semicolon":       {meettest.Ada, "GET", at + "?enabled=false;limit=10", "", 400, "The query could not be read"},
		"Invalid query parameter | 400, start":           {meettest.Ada, "GET", at + "?start=nonsense", "", 400, "start is not one that a list gave"},
		"Invalid body parameter | 400, another field":    {meettest.Ada, "POST", "/v2/room-codes/code/" + code, `{"enabled":true,"role":"host"}`, 400, "Invalid request body"},
		"Invalid body parameter | 400, in another case":  {meettest.Ada, "POST", "/v2/room-codes/code/" + code, `{"Enabled":true}`, 400, "Invalid request body"},
		"Invalid body parameter | 400, twice":            {meettest.Ada, "POST", "/v2/room-codes/code/" + code, `{"enabled":true,"enabled":false}`, 400, "Invalid request body"},
		"Invalid body parameter | 400, not boolean":      {meettest.Ada, "POST", "/v2/room-codes/code/" + code, `{"enabled":"true"}`, 400, "Invalid request body"},
		"no enabled":         {meettest.Ada, "POST", "/v2/room-codes/code/" + code, `{}`, 400, "enabled is required"},
		"null enabled":       {meettest.Ada, "POST", "/v2/room-codes/code/" + code, `{"enabled":null}`, 400, "enabled is required"},
		"no enabled, listed": {meettest.Ada, "POST", "/v2/room-codes/code", `{"code":"` + code + `"}`, 400, "enabled is required"},
		"no code":            {meettest.Ada, "POST", "/v2/room-codes/code", on, 400, "code is required"},
		"no such code":       {meettest.Ada, "POST", "/v2/room-codes/code/wp1", on, 400, "code must be ten letters a to z, like wpi-srjb-wer"},
		"no body":            {meettest.Ada, "POST", "/v2/room-codes/code/" + code, "", 400, "Invalid request body"},
	} {
		r := s.api(t, c.p, c.method, c.path, c.body)
		r.refusedExchange(t, name, c.status)
		var got codesError
		if _ = json.Unmarshal([]byte(r.body), &got); c.message != "" && got.Message != c.message {
			t.Errorf("%s: message %q, want %q", name, got.Message, c.message)
		}
		// Whoever calls this API need not know MCP's tools.
		if hint := strings.Join(got.Details, " "); hint == "" || regexp.MustCompile(`(list|get|create|update|rotate)_[a-z]+`).MatchString(hint) {
			t.Errorf("%s: details %q, want a hint that names no tool", name, hint)
		}
	}
	for i, role := range []string{"%00", "%2F", "..", "%2e%2e", strings.Repeat("r", 3000), "%ff"} {
		r := s.api(t, meettest.Ada, "POST", at+"/role/"+role, "")
		r.refusedExchange(t, fmt.Sprint("odd role ", i), http.StatusNotFound)
	}
}

// Somebody who guesses codes of others with a token has to wait as well; an
// admin's own codes obey at once all the same.
func TestCodeGuessersHaveToWait(t *testing.T) {
	t.Parallel()
	s := setup(t)
	code := s.guestCode(t)
	for i := range 10 {
		s.api(t, meettest.Ada, "POST", fmt.Sprintf("/v2/room-codes/code/aaa-aaaa-aa%c", 'a'+i), `{"enabled":false}`).refusedExchange(t, "guess", http.StatusNotFound)
	}
	s.api(t, meettest.Ada, "POST", "/v2/room-codes/code/bbb-bbbb-bbb", `{"enabled":false}`).limited(t, "an eleventh guess")
	r := s.api(t, meettest.Ada, "POST", "/api/room/join", `{"code":"bbb-bbbb-bbb"}`)
	if r.refusedRooms(t, "a guess over the Rooms API", http.StatusTooManyRequests, ""); r.header.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
	if got := s.code(t, "/v2/room-codes/code/"+code, `{"enabled":false}`); got.Enabled {
		t.Error("the admin's own code is still enabled")
	}
}
