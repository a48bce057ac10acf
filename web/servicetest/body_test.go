package servicetest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

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

// People's names are cut and cleaned, never refused.
func TestNamesAndUserIDs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	code := s.guestCode(t)
	for given, want := range map[string]string{
		"Ada":                                "Ada",
		"  Grace   Hopper ":                  "Grace   Hopper",
		"<script>alert(1)</script>":          "<script>alert(1)</script>", // a text; who shows it escapes it
		"' OR 1=1; --":                       "' OR 1=1; --",
		"\u202eadA\u202c \u2066x\u2069":      "adA x",
		"A\u200bd\u200ca\u200d\ufeff":        "Ada",
		"A\x00d\x1ba\x7f\r\n":                "Ada",
		"\u3164\u115f\u2800":                 "",
		"\U000e0041\U000e0042tag":            "tag",
		"工藤 👩‍💻 é":                           "工藤 👩💻 é",
		strings.Repeat("a", 200_000):         strings.Repeat("a", meet.MaxDisplayName),
		strings.Repeat("工", 50_000):          strings.Repeat("工", meet.MaxDisplayName),
		strings.Repeat("\u202e", 70_000):     "",
		strings.Repeat("\u200b", 99) + "Ada": "Ada",
	} {
		a := s.redeem(t, map[string]any{"code": code, "name": given})
		got := claims(t, a.Token).Name
		if want == "" && got == "" || want != "" && got != want {
			t.Errorf("name %.40q became %q, want %q, or some name for none", given, got, want)
		}

		a = s.redeem(t, map[string]any{"code": code, "user_id": given})
		userID := claims(t, a.Token).Attributes["user_id"]
		if userID != meet.CleanText(given, meet.MaxUserID) || utf8.RuneCountInString(userID) > meet.MaxUserID {
			t.Errorf("user_id %.40q became %q, want it cleaned and cut", given, userID)
		}
		if len(a.Identity) > 256 {
			t.Errorf("user_id %.40q: an identity of %d bytes, which LiveKit does not take", given, len(a.Identity))
		}
		prefix := userID[:min(len(userID), 240)] + "_"
		if want == "" {
			prefix = "guest_"
		}
		if !strings.HasPrefix(a.Identity, prefix) {
			t.Errorf("user_id %.40q: identity %q, want it to begin so", given, a.Identity)
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
