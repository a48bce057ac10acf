package servicetest

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// Every link leads to the same page, whether it opens anything or not.
func TestThePageIsTheSameForEveryLink(t *testing.T) {
	t.Parallel()
	s := setup(t)
	code := s.guestCode(t)
	first := s.Do(t, "GET", "/join/"+code, "")
	if first.OK(t, "page"); !strings.Contains(first.Body, "<div id=\"root\">") {
		t.Fatalf("body %.200s; want the page", first.Body)
	}
	for _, path := range []string{"/join/aaa-aaaa-aaa", "/join/nonsense", "/join/" + strings.Repeat("a", 1000),
		"/join/%3Cscript%3E", "/m/standup", "/m/No%20Name", "/m/%22%3E%3Cscript%3E"} {
		if r := s.Do(t, "GET", path, ""); r.Status != first.Status || r.Body != first.Body {
			t.Errorf("GET %s: status %d, another body; want the same page", path, r.Status)
		}
	}
	if strings.Contains(first.Body, code) {
		t.Error("the page holds the code of its link")
	}
}

func TestQRCodes(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{MaxUses: meettest.Of(1)})
	r := s.Do(t, "GET", "/join/"+code+"/qr.svg", "")
	r.OK(t, "a QR code")
	r.Has(t, "a QR code", map[string]string{"Content-Type": "image/svg+xml", "Cache-Control": "no-store"})
	if err := xml.NewDecoder(bytes.NewReader([]byte(r.Body))).Decode(new(struct{})); err != nil {
		t.Errorf("not XML: %v", err)
	}
	bare := strings.ToUpper(strings.ReplaceAll(code, "-", ""))
	if written := s.Do(t, "GET", "/join/"+bare+"/qr.svg", ""); written.Body != r.Body {
		t.Error("the same code written differently gives another drawing")
	}
	if other := s.Do(t, "GET", "/join/"+s.guestCode(t)+"/qr.svg", ""); other.Body == r.Body {
		t.Error("two codes give the same drawing")
	}
	if uses := s.uses(t, room); uses != 0 {
		t.Errorf("drawing the code used it %d times", uses)
	}
	want := s.Do(t, "GET", "/join/aaa-aaaa-aaa/qr.svg", "")
	want.Refused(t, "an unknown code", 404)
	s.disable(t, code)
	shut := s.Do(t, "GET", "/join/"+code+"/qr.svg", "")
	shut.Refused(t, "a disabled code", 404)
	strip := func(s string) string { return regexp.MustCompile(`"request_id":"[^"]*"`).ReplaceAllString(s, "") }
	if strip(shut.Body) != strip(want.Body) {
		t.Errorf("a disabled code is told from an unknown one:\n%s\n%s", shut.Body, want.Body)
	}
}
