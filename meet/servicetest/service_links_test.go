package servicetest

import (
	"testing"

	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// Links are taken where a code or a room is asked for, as people paste them.
func TestPastedLinks(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	toRoom, toCode := Links.Room(room.Name), Links.Code(code.Code)
	for _, ref := range []string{toRoom, " <" + toRoom + "/?from=mail#key=abc>.", "meet.example.com/m/" + room.Name,
		"roomkey://rooms/" + room.Name, toCode, Links.Room(room.ID)} {
		if got, err := s.Room(t.Context(), Ada, ref); err != nil || got.ID != room.ID {
			t.Errorf("the room of %q: %v; want it", ref, err)
		}
		if _, err := s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &ref}); err != nil {
			t.Errorf("join by %q as a room: %v", ref, err)
		}
	}
	for _, written := range []string{toCode, "\n" + toCode + "#key=abc", "https://elsewhere.example/join/" + code.Code} {
		a, err := s.Join(t.Context(), Bob, meet.JoinCall{Code: &written})
		if err != nil || a.JoinURL != toCode {
			t.Errorf("join by %q: %+v, %v; want to come by the code", written, a, err)
		}
		_, err = exchange(t, s, written, "")
		wantCode(t, "exchange "+written, err, "")
		_, err = s.UpdateCode(t.Context(), Ada, written, meet.CodeChange{MaxUses: Of(100)}, false)
		wantCode(t, "update "+written, err, "")
	}
	if _, err := s.Join(t.Context(), Bob, meet.JoinCall{Code: &toRoom}); err != nil {
		t.Errorf("the room's link as a code: %v", err)
	}
	_, err := exchange(t, s, toRoom, "")
	wantCode(t, "the room's link at the exchange", err, meet.CodeNotFound)
	for _, ref := range []string{"https://meet.example.com/m/", "https://meet.example.com/", "a/b",
		"/join/" + code.Code + "/x"} {
		_, err := s.Room(t.Context(), Ada, ref)
		wantCode(t, "the room of "+ref, err, meet.CodeInvalid)
	}
	_, err = s.Room(t.Context(), Bob, toCode)
	wantCode(t, "a stranger with a code's link", err, "")
	_, _, err = s.EndRoom(t.Context(), Bob, toCode, room.Name)
	wantCode(t, "an admin's action by a code's link", err, meet.CodeForbidden)
}

// A code's link in place of a room is no way around the guard against guessing.
func TestLinksCountAsGuesses(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	for range 10 {
		_, err := s.Room(t.Context(), Bob, Links.Code("aaa-aaaa-aaa"))
		wantCode(t, "a wrong code", err, meet.CodeNotFound)
	}
	for _, written := range []string{"aaa-aaaa-aaa", code.Code} {
		_, err := s.Room(t.Context(), Bob, Links.Code(written))
		wantCode(t, "after ten wrong ones", err, meet.CodeRateLimited)
	}
}

func TestLinksThatWorkOnlyHere(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]bool{"http://127.0.0.1:9090": true, "http://localhost": true,
		"http://[::1]:9090": true, "https://meet.example.com": false, "http://192.0.2.1": false, "": false} {
		if got := (meet.Links{Public: base}).OnlyHere(); got != want {
			t.Errorf("OnlyHere of %q = %v, want %v", base, got, want)
		}
	}
}
