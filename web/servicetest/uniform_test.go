package servicetest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	"roomkey/meet/meettest"
	. "roomkey/web/webtest"
)

// Every code that opens nothing gets the same answer from the exchange, and from
// the page's invitation, to the header, and not faster than others: a guesser
// learns nothing.
func TestCodesThatOpenNothingAreAlike(t *testing.T) {
	t.Parallel()
	s := setupService(t, func(c *meet.Config) { c.Roles = meet.BuiltinRoles()[:2] }) // without viewer
	shut := s.shutCodes(t)
	s.Clock.Advance(2 * time.Minute)
	requestID := regexp.MustCompile(`"request_id":"[^"]*"`)
	for network, ask := range map[string]func(testing.TB, map[string]any, ...Edit) Reply{
		"192.0.2": s.exchange, "198.51.100": s.callInvitation,
	} {
		var first Reply
		callers := 0
		for name, code := range shut {
			name = network + ", " + name
			callers++
			asked := time.Now()
			r := ask(t, map[string]any{"code": code}, From(fmt.Sprintf("%s.%d", network, callers)))
			if took := time.Since(asked); took < 100*time.Millisecond {
				t.Errorf("%s: the answer took %v, want 100 ms or more", name, took)
			}
			r.Refused(t, name, 404)
			r.Header.Del("Date")
			r.Header.Del("Content-Length") // the request id is a number that grows
			r.Header.Del("X-Request-Id")
			r.Body = requestID.ReplaceAllString(r.Body, "")
			if first.Path == "" {
				first = r
			}
			if diff := cmp.Diff(first, r, cmp.AllowUnexported(Reply{})); diff != "" {
				t.Errorf("%s is answered differently from another one (-other +this):\n%s", name, diff)
			}
		}
	}
}

// shutCodes gives codes that open nothing two minutes later, by the reason.
func (s *testServer) shutCodes(t *testing.T) map[string]string {
	t.Helper()
	shut := map[string]string{
		"unknown": "aaa-aaaa-aaa", "empty": "", "too short": "wpi-srjb-we", "too long": "wpi-srjb-wera",
		"digits": "wp1-srjb-wer", "words": "let me in please", "SQL": "' OR 1=1 --", "NUL": "wpi-srjb-wer\x00",
		"huge": strings.Repeat("a", 100_000), "other letters": "wpí-srjb-wer",
		"a link":   "https://meet.example.com/join/wpi-srjb-wer",
		"disabled": s.guestCode(t), "rotated away": s.guestCode(t),
	}
	ctx, minute := t.Context(), meettest.Of(time.Minute)
	s.disable(t, shut["disabled"])
	_, _, err := s.RotateCode(ctx, meettest.Ada, shut["rotated away"], false)
	Must(t, err)
	_, shut["expired"] = s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{ExpiresIn: minute})
	_, shut["used up"] = s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{MaxUses: meettest.Of(1)})
	s.redeem(t, map[string]any{"code": shut["used up"]})
	room, ended := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{})
	_, _, err = s.EndRoom(ctx, meettest.Ada, room.ID, room.Name)
	Must(t, err)
	shut["room ended"] = ended
	_, shut["room expired"] = s.codeFor(t, meet.RoleGuest, meet.RoomChange{ExpiresIn: minute}, meet.CodeChange{})

	// The same server as it was before its operator took a role away.
	before, _ := meet.New(meet.Config{Store: s.Store, Media: s.Media, Now: s.Clock.Now})
	request := meet.CodeRequest{Role: meettest.Of(meet.RoleViewer)}
	made, err := before.CreateCodes(ctx, meettest.Ada, s.NewRoom(t, meet.RoomChange{}).ID, request)
	Must(t, err)
	shut["role gone"] = made.Codes[0].Code
	return shut
}
