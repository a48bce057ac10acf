package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// Every code that opens nothing is answered alike, to the header, and not
// faster than others: a guesser learns nothing.
func TestCodesThatOpenNothingAreAlike(t *testing.T) {
	t.Parallel()
	log := new(logs)
	roles := meet.BuiltinRoles()[:2] // without viewer
	s := serve(t, meettest.New(t, log.of, func(c *meet.Config) { c.Roles = roles }), log)
	shut := s.shutCodes(t)
	s.Clock.Advance(2 * time.Minute)

	var first reply
	replies := make(map[string]reply, len(shut))
	for name, code := range shut {
		asked := time.Now()
		r := s.exchange(t, map[string]any{"code": code, "name": "Eve"}, from(fmt.Sprintf("192.0.2.%d", len(replies))))
		if took := time.Since(asked); took < 100*time.Millisecond {
			t.Errorf("%s: the answer took %v, want 100 ms or more", name, took)
		}
		r.refusedExchange(t, name, http.StatusNotFound)
		r.header.Del("Date")
		r.header.Del("X-Request-Id")
		replies[name], first = r, r
	}
	for name, r := range replies {
		if diff := cmp.Diff(first, r, cmp.AllowUnexported(reply{})); diff != "" {
			t.Errorf("%s is answered differently from another one (-other +this):\n%s", name, diff)
		}
	}
}

// shutCodes gives codes that open nothing two minutes later, by the reason.
func (s *site) shutCodes(t *testing.T) map[string]string {
	t.Helper()
	shut := map[string]string{
		"unknown": "aaa-aaaa-aaa", "empty": "", "too short": "wpi-srjb-we", "too long": "wpi-srjb-wera", "digits": "wp1-srjb-wer", "words": "let me in please",
		"SQL": "' OR 1=1 --", "NUL": "wpi-srjb-wer\x00", "huge": strings.Repeat("a", 100_000), "other letters": "wpí-srjb-wer", "a link": "https://meet.example.com/join/wpi-srjb-wer",
		"disabled": s.guestCode(t), "rotated away": s.guestCode(t),
	}
	ctx, minute := t.Context(), meettest.Of(time.Minute)
	_, _, err := s.UpdateCode(ctx, meettest.Ada, shut["disabled"], meet.CodeChange{Enabled: meettest.Of(false)}, false)
	must(t, err)
	_, err = s.RotateCode(ctx, meettest.Ada, shut["rotated away"])
	must(t, err)
	_, shut["expired"] = s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{ExpiresIn: minute})
	_, shut["used up"] = s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{MaxUses: meettest.Of(1)})
	s.redeem(t, map[string]any{"code": shut["used up"]})
	room, ended := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{})
	_, _, err = s.EndRoom(ctx, meettest.Ada, room.ID, room.Name)
	must(t, err)
	shut["room ended"] = ended
	_, shut["room expired"] = s.codeFor(t, meet.RoleGuest, meet.RoomChange{ExpiresIn: minute}, meet.CodeChange{})

	// The same server as it was before its operator took a role away.
	before, _ := meet.New(meet.Config{Store: s.Store, Media: s.Media, Now: s.Clock.Now})
	codes, err := before.CreateCodes(ctx, meettest.Ada, s.NewRoom(t, meet.RoomChange{}).ID, meet.CodeRequest{Role: meettest.Of(meet.RoleViewer)})
	must(t, err)
	shut["role gone"] = codes[0].Code
	return shut
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Only those who hold a good code learn that the room is full.
func TestFullRooms(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code := s.codeFor(t, meet.RoleGuest, meet.RoomChange{MaxParticipants: meettest.Of(1)}, meet.CodeChange{})
	inside := livekittest.Join(t, s.URL, s.redeem(t, map[string]any{"code": code}).Token)
	for range 12 { // no failure: it does not count against the caller
		s.exchange(t, map[string]any{"code": code}).refusedExchange(t, "full", http.StatusConflict)
	}
	if uses := s.uses(t, room); uses != 1 {
		t.Errorf("the code counts %d uses, want 1", uses)
	}
	inside.Leave()
	livekittest.Wait(t, "room for another one", func() bool {
		return s.exchange(t, map[string]any{"code": code}).status == http.StatusOK
	})
}

func TestOneUseIsOneUse(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{MaxUses: meettest.Of(1)})
	const n = 30
	replies := make([]reply, n)
	together(n, func(i int) {
		replies[i] = s.exchange(t, map[string]any{"code": code}, from(fmt.Sprintf("192.0.2.%d", i)))
	})
	in := 0
	for i, r := range replies {
		if r.status == http.StatusOK {
			in++
			continue
		}
		r.refusedExchange(t, fmt.Sprint("call ", i), http.StatusNotFound)
	}
	if uses := s.uses(t, room); in != 1 || uses != 1 {
		t.Errorf("%d got in and %d uses were counted, want 1 and 1", in, uses)
	}
}
