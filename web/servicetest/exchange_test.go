package servicetest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	lkauth "github.com/livekit/protocol/auth"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	. "roomkey/web/webtest"
)

// admission is a good answer of the exchange.
type admission struct {
	Token      string    `json:"token"`
	LiveKitURL string    `json:"livekit_url"`
	RoomID     string    `json:"room_id"`
	RoomName   string    `json:"room_name"`
	Role       string    `json:"role"`
	Identity   string    `json:"identity"`
	ExpiresAt  time.Time `json:"expires_at"`
	E2EE       bool      `json:"e2ee"`
}

// exchange sends fields as the body of POST /v2/token.
func (s *testServer) exchange(tb testing.TB, fields map[string]any, edits ...Edit) Reply {
	tb.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		tb.Fatalf("encode: %v", err)
	}
	return s.Do(tb, "POST", "/v2/token", string(body), edits...)
}

// redeem is exchange for a code that has to let somebody in.
func (s *testServer) redeem(tb testing.TB, fields map[string]any, edits ...Edit) admission {
	tb.Helper()
	r := s.exchange(tb, fields, edits...)
	if r.Status != http.StatusOK {
		tb.Fatalf("exchange %.200v: status %d, want 200; body %s", fields, r.Status, r.Body)
	}
	r.Unstored(tb, "exchange")
	var a admission
	Strict(tb, "exchange", r.Body, &a)
	return a
}

// codeFor makes a room of Ada's and a code to it.
func (s *testServer) codeFor(
	tb testing.TB, role string, change meet.RoomChange, limits meet.CodeChange,
) (meet.Room, string) {
	tb.Helper()
	room := s.NewRoom(tb, change)
	return room, s.NewCode(tb, room, role, limits).Code
}

// guestCode makes a code that nothing is special about.
func (s *testServer) guestCode(tb testing.TB) string {
	tb.Helper()
	_, code := s.codeFor(tb, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{})
	return code
}

func (s *testServer) disable(tb testing.TB, code string) {
	tb.Helper()
	_, err := s.UpdateCode(tb.Context(), meettest.Ada, code, meet.CodeChange{Enabled: meettest.Of(false)}, false)
	Must(tb, err)
}

// claims reads a join token as LiveKit does.
func claims(tb testing.TB, token string) *lkauth.ClaimGrants {
	tb.Helper()
	v, err := lkauth.ParseAPIToken(token)
	if err != nil {
		tb.Fatalf("parse join token: %v", err)
	}
	_, c, err := v.Verify(livekittest.APISecret)
	if err != nil {
		tb.Fatalf("verify join token: %v", err)
	}
	return c
}

func TestExchange(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, role := range []string{meet.RoleHost, meet.RoleGuest, meet.RoleViewer} {
		for _, e2ee := range []bool{true, false} {
			room, code := s.codeFor(t, role, meet.RoomChange{Settings: meet.SettingsChange{E2EE: &e2ee}}, meet.CodeChange{})
			r := s.exchange(t, map[string]any{"code": code, "user_id": "u-7", "name": "Grace Hopper"})
			var got admission
			Strict(t, role, r.Body, &got)
			if !strings.HasPrefix(got.Identity, "u-7_") {
				t.Errorf("%s: identity %q, want u-7_ and something unique", role, got.Identity)
			}
			expires := s.Clock.Now().Add(meet.TokenLifetime).UTC().Truncate(time.Millisecond)
			want := admission{Token: got.Token, LiveKitURL: meettest.Links.LiveKit, RoomID: room.ID, RoomName: room.Name,
				Role: role, Identity: got.Identity, ExpiresAt: expires, E2EE: e2ee}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: answer (-want +got):\n%s", role, diff)
			}
			c := claims(t, got.Token)
			v := c.Video
			if c.Identity != got.Identity || c.Name != "Grace Hopper" || v.Room != room.ID || !v.RoomJoin ||
				v.RoomAdmin || v.RoomCreate || v.RoomList {
				t.Errorf("%s: the token says %+v, %+v, want to join this one room and no more", role, c, v)
			}
			if got, want := c.Video.GetCanPublish(), role != meet.RoleViewer; got != want {
				t.Errorf("%s: may publish %t, want %t", role, got, want)
			}
			if diff := cmp.Diff(map[string]string{"user_id": "u-7", "role": role}, c.Attributes); diff != "" {
				t.Errorf("%s: attributes (-want +got):\n%s", role, diff)
			}
		}
	}
}

func TestExchangeNeedsTheCodeAlone(t *testing.T) {
	t.Parallel()
	s := setup(t)
	a := s.redeem(t, map[string]any{"code": s.guestCode(t)})
	c := claims(t, a.Token)
	if !strings.HasPrefix(a.Identity, "guest_") || c.Name == "" {
		t.Errorf("without a name: identity %q, name %q, want guest_… and some name", a.Identity, c.Name)
	}
	// A good access token proves nothing here, not even with its own user id.
	asAda := map[string]any{"code": s.guestCode(t), "user_id": meettest.Ada.ID}
	ada := s.redeem(t, asAda, Bearer(s.Token(t, meettest.Ada)))
	if c := claims(t, ada.Token); ada.Role != meet.RoleGuest || c.Attributes["admin"] != "" {
		t.Errorf("with Ada's token: role %q, attributes %v, want a guest", ada.Role, c.Attributes)
	}
	// A header that a browser's cache or an agent sends along does no harm.
	spoken := strings.ToUpper(strings.ReplaceAll(s.guestCode(t), "-", " "))
	s.redeem(t, map[string]any{"code": spoken}, Bearer("bad"), Header("Content-Type", "text/plain"))
}

// uses is how many joins the only code of a room has let in.
func (s *testServer) uses(t *testing.T, room meet.Room) int {
	t.Helper()
	codes, _, err := s.Codes(t.Context(), meettest.Ada, room.ID, meet.CodeFilter{})
	if err != nil || len(codes) != 1 {
		t.Fatalf("Codes gave %d codes, %v, want one", len(codes), err)
	}
	return codes[0].Uses
}
