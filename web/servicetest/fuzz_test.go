package servicetest

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"roomkey/meet"
	"roomkey/meet/meettest"
	. "roomkey/web/webtest"
)

// FuzzExchange checks that for any body the answer is one of those documented, and
// that somebody who gets in has a clean name.
func FuzzExchange(f *testing.F) {
	// The same codes in every process, so that the seeds stay good.
	random := rand.NewChaCha8([32]byte{})
	s := setupService(f, func(c *meet.Config) { c.Random = random })
	h := s.Handler(s.Listen)
	code := s.guestCode(f)
	for _, seed := range []string{
		`{"code":"` + code + `"}`, `{"code":"` + code + `","name":"Ada","user_id":"u-7"}`,
		`{"code":"` + code + `","name":"\u202e\u0000<b>","user_id":"\ud800"}`, `{"code":"aaa-aaaa-aaa"}`, `{"code":""}`,
		`{"code":null}`, `{"code":7,"name":[]}`, `[]`, `{`, ``, `{"CODE":"` + code + `"}`, `{"code":"` + code + `"} {}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s.Clock.Advance(2 * time.Minute) // past failures are forgotten
		r := Hand(h, "POST", "/v2/token", string(body))
		switch {
		case r.Status == http.StatusOK:
			var a admission
			Strict(t, "admission", r.Body, &a)
			c := claims(t, a.Token)
			if c.Name == "" || c.Name != meet.CleanText(c.Name, meet.MaxDisplayName) || a.Role != meet.RoleGuest {
				t.Errorf("body %q let %q in as %q", body, c.Name, a.Role)
			}
		case slices.Contains([]int{400, 404, 413}, r.Status):
			r.Refused(t, "refused", r.Status)
		default:
			t.Errorf("body %q: status %d, body %s, want 200, 400, 404 or 413", body, r.Status, r.Body)
		}
	})
}

// FuzzRooms checks that for any body the Rooms API gives a documented answer, and
// that a room it makes keeps the rules.
func FuzzRooms(f *testing.F) {
	s := setupService(f, func(c *meet.Config) { c.MediaOnJoin = true })
	h := s.Handler(s.Listen)
	s.NewRoom(f, meet.RoomChange{Name: meettest.Of("daily")})
	for _, seed := range []string{
		`{}`, `{"name":"Daily"}`, `{"name":"a_b"}`, `{"name":"team-standup","isPublic":true,"mode":"standard",` +
			`"maxParticipants":20,"settings":{"allowChat":true,"e2ee":false}}`,
		`{"roomName":"daily"}`, `{"roomId":"daily","name":"\u202e","userId":"\ud800"}`, `{"code":"aaa-aaaa-aaa"}`,
		`{"roomName":"daily","requestId":"x"}`, `{"maxParticipants":1e999}`, `{"maxParticipants":-0.0}`,
		`{"settings":null}`, `{"NAME":"daily","name":"weekly"}`, `[]`, `{`, ``, `null`, `{} {}`,
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, create bool) {
		s.Clock.Advance(2 * time.Minute)
		path := "/api/room/join"
		if create {
			path = "/api/room/create"
		}
		r := Hand(h, "POST", path, string(body), Bearer(s.Token(t, meettest.Ada)))
		if r.Status != http.StatusOK {
			if !slices.Contains([]int{400, 404, 409, 413, 429}, r.Status) {
				t.Errorf("%s with %q: status %d, body %s", path, body, r.Status, r.Body)
			}
			r.Refused(t, path, r.Status)
			return
		}
		room := r.Fields(t)
		if name, err := meet.CheckRoomName(room["name"].(string)); err != nil || name != room["name"] {
			t.Errorf("%s with %q: room %v", path, body, room["name"])
		}
		if create {
			asked := struct {
				IsPublic        bool    `json:"isPublic"`
				Mode            string  `json:"mode"`
				MaxParticipants float64 `json:"maxParticipants"`
				Settings        struct {
					AllowChat *bool `json:"allowChat"`
				} `json:"settings"`
			}{Mode: "standard"}
			_ = json.Unmarshal(body, &asked)
			want := map[string]any{"isPublic": asked.IsPublic, "mode": cmp.Or(asked.Mode, "standard"),
				"maxParticipants": asked.MaxParticipants}
			for field, value := range want {
				if room[field] != value {
					t.Errorf("%q made %s %v, want %v", body, field, room[field], value)
				}
			}
			chat := asked.Settings.AllowChat
			if got := room["settings"].(map[string]any)["allowChat"]; got != (chat == nil || *chat) {
				t.Errorf("%q made allowChat %v", body, got)
			}
		}
		if token, joined := room["token"].(string); joined == create || joined && claims(t, token).Name == "" {
			t.Errorf("%s with %q: token %q", path, body, token)
		}
	})
}

// FuzzRoomCodes checks the same of the Room Codes API.
func FuzzRoomCodes(f *testing.F) {
	random := rand.NewChaCha8([32]byte{1})
	s := setupService(f, func(c *meet.Config) { c.Random = random })
	h := s.Handler(s.Listen)
	code := s.guestCode(f)
	for _, seed := range []string{
		`{"enabled":true}`, `{"enabled":false}`, `{"code":"` + code + `","enabled":false}`, `{"code":"` + code + `"}`,
		`{"code":"aaa-aaaa-aaa","enabled":true}`, `{"enabled":1}`, `{"enabled":null}`, `{"enabled":true,"enabled":false}`,
		`{"Enabled":true}`, `{"code":null,"enabled":true}`, `[]`, `{`, ``, `null`,
	} {
		f.Add([]byte(seed), "/"+code)
		f.Add([]byte(seed), "")
	}
	f.Fuzz(func(t *testing.T, body []byte, tail string) {
		s.Clock.Advance(2 * time.Minute)
		path := "/v2/room-codes/code"
		if tail != "" {
			path += "/" + url.PathEscape(strings.TrimPrefix(tail, "/"))
		}
		r := Hand(h, "POST", path, string(body), Bearer(s.Token(t, meettest.Ada)))
		if r.Status == http.StatusOK {
			var got roomCode
			Strict(t, path, r.Body, &got)
			var asked struct {
				Enabled bool `json:"enabled"`
			}
			_ = json.Unmarshal(body, &asked)
			if got.Code != code || got.Role != meet.RoleGuest || got.Enabled != asked.Enabled {
				t.Errorf("%s with %q: %+v", path, body, got)
			}
			return
		}
		if !slices.Contains([]int{400, 404, 410, 413, 429}, r.Status) {
			t.Errorf("%s with %q: status %d, body %s", path, body, r.Status, r.Body)
		}
		r.Refused(t, path, r.Status)
	})
}
