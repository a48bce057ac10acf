package servicetest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
	. "roomkey/web/webtest"
)

func TestBodiesThatAreNoExchange(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{})
	open := fmt.Sprintf(`{"code":%q`, code)
	good := open + "}"
	for _, body := range []string{
		"", " ", "{", "}", "{}", "[]", "[" + good + "]", "null", "true", "7", `"` + code + `"`, code, "code=" + code,
		"\x00", "\xff\xfe", "\ufeff" + good, "<code>", `{"code":}`, `{"code":null}`, `{"code":7}`, `{"code":true}`,
		`{"code":["` + code + `"]}`, `{"code":` + good + `}`, `{"code":"` + code, `{'code':'` + code + `'}`,
		open + `,"name":7}`, open + `,"name":["Ada"]}`, open + `,"name":{}}`, open + `,"name":false}`,
		open + `,"user_id":7}`, open + `,"user_id":[]}`, open + `,}`, good + good, good + "x", good + "]", "// x\n" + good,
		`{"x":` + strings.Repeat("[", 100_000),
		open + `,"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}",
	} {
		name := fmt.Sprintf("body %.60q", body)
		r := s.Do(t, "POST", "/v2/token", body)
		r.Refused(t, name, 400)
		for _, leak := range []string{"json:", "unmarshal", "Go ", "struct", "offset", code} {
			if strings.Contains(r.Body, leak) {
				t.Errorf("%s: the answer holds %q: %s", name, leak, r.Body)
			}
		}
	}
	if uses := s.uses(t, room); uses != 0 {
		t.Errorf("the code counts %d uses, want 0", uses)
	}
	s.redeem(t, map[string]any{"code": code}) // and none of them counted as a guess
}

// Fields that other clients send are ignored.
func TestFurtherFields(t *testing.T) {
	t.Parallel()
	s := setup(t)
	code := s.guestCode(t)
	for _, rest := range []string{`,"role":"host","admin":true,"room_id":"x"`, `,"name":null,"user_id":null`,
		`,"subject":7,"sdk":{"v":[1,2]}`, `,"name":"A","name":"B"`} {
		r := s.Do(t, "POST", "/v2/token", fmt.Sprintf(`{"code":%q%s}`, code, rest))
		var a admission
		Strict(t, rest, r.Body, &a)
		if r.Status != http.StatusOK || a.Role != meet.RoleGuest {
			t.Errorf("with %s: status %d, role %q, want 200 and guest", rest, r.Status, a.Role)
		}
	}
}

// A name made of markup reaches other participants as it is, and JSON with it can
// be put into a page.
func TestAnswersHoldNoMarkup(t *testing.T) {
	t.Parallel()
	s := setup(t)
	r := s.exchange(t, map[string]any{"code": s.guestCode(t), "user_id": "<img src=x onerror=alert(1)>&\u2028"})
	if r.Status != http.StatusOK || strings.ContainsAny(r.Body, "<>&\u2028") {
		t.Errorf("status %d, body %s, want 200 and markup escaped", r.Status, r.Body)
	}
	r = Hand(s.Handler(s.Listen), "POST", "/mcp", "", Host("<script>alert(1)</script>"), Bearer(s.Token(t, meettest.Ada)))
	r.Refused(t, "a host made of markup", 403)
	if strings.ContainsAny(r.Body, "<>") {
		t.Errorf("the answer repeats it: %s", r.Body)
	}
}
