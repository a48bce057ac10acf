package servicetest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	lkauth "github.com/livekit/protocol/auth"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/meet/meettest/offline"
	"roomkey/web"
	. "roomkey/web/webtest"
)

// Real participants meet through our port: one in front of the proxy, one
// behind it.
func TestSignallingThroughOurPort(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{})
	admitted := s.redeem(t, map[string]any{"code": code, "name": "Grace"})
	grace := livekittest.Join(t, s.Signal(), admitted.Token)
	other := livekittest.Join(t, s.URL, s.redeem(t, map[string]any{"code": code}).Token)
	if got := grace.Identity(); got != admitted.Identity {
		t.Errorf("identity %q, want %q as the exchange said", got, admitted.Identity)
	}
	livekittest.Wait(t, "the two to see each other", func() bool {
		return grace.Sees(other.Identity()) && other.Sees(grace.Identity())
	})
	grace.PublishMicrophone()
	livekittest.Wait(t, "the other one to hear her", func() bool {
		return other.Receives(grace.Identity(), meet.Microphone)
	})

	if _, _, err := s.EndRoom(t.Context(), meettest.Ada, room.ID, room.Name); err != nil {
		t.Fatalf("EndRoom: %v", err)
	}
	grace.WaitDisconnected()
	if _, err := livekittest.TryJoin(t, s.Signal(), admitted.Token); err == nil {
		t.Error("a token let somebody into a room that has ended")
	}
}

// LiveKit has lost its rooms, as after a restart: somebody who comes with a good
// token finds theirs.
func TestSignallingAfterLiveKitForgot(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{MaxUses: meettest.Of(1)})
	token := s.redeem(t, map[string]any{"code": code}).Token
	if _, err := s.Media.DeleteRoom(t.Context(), room.ID); err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(3 * time.Second) // what is known of the media room is old by then
	if got := livekittest.SignallingStatus(t, s.URL, token); got != http.StatusNotFound {
		t.Fatalf("LiveKit itself says %d, want 404: it has forgotten the room", got)
	}
	livekittest.Join(t, s.Signal(), token)

	forged := s.join(t, livekittest.APIKey, strings.Repeat("o", 32), "no-such-room")
	if got := livekittest.SignallingStatus(t, s.Origin, forged); got != http.StatusUnauthorized {
		t.Errorf("a forged token: %d, want 401", got)
	}
}

// Any page may signal, because a join token is what counts; CORS is LiveKit's.
func TestSignallingTakesAnyPage(t *testing.T) {
	t.Parallel()
	s := setup(t)
	token := s.redeem(t, map[string]any{"code": s.guestCode(t)}).Token
	r := s.Do(t, "GET", "/rtc/validate?access_token="+token, "", Origins("https://elsewhere.example.org"))
	if r.Status != http.StatusOK || r.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("status %d, header %v, want 200 and an Access-Control-Allow-Origin", r.Status, r.Header)
	}
	// For what it does not know, LiveKit sets a header that we set too.
	if got := s.Do(t, "GET", "/rtc/nothing", "").Header.Values("X-Content-Type-Options"); len(got) != 1 {
		t.Errorf("X-Content-Type-Options is %q, want it once", got)
	}
}

func TestSignallingRefusesBadTokens(t *testing.T) {
	t.Parallel()
	s := setup(t)
	good := s.redeem(t, map[string]any{"code": s.guestCode(t)}).Token
	for name, token := range map[string]string{
		"no token":       "bad",
		"an access one":  s.Token(t, meettest.Root),
		"cut":            good[:len(good)-1],
		"changed":        good[:len(good)-4] + "AAAA",
		"another secret": s.join(t, livekittest.APIKey, strings.Repeat("o", 32), "any"),
		"another key":    s.join(t, "other", livekittest.APISecret, "any"),
	} {
		for _, path := range []string{"/rtc", "/rtc/validate", "/rtc/v1", "/rtc/v1/validate"} {
			for how, r := range map[string]Reply{
				"in the URL":  s.Do(t, "GET", path+"?access_token="+token, ""),
				"in a header": s.Do(t, "GET", path, "", Bearer(token)),
			} {
				name := fmt.Sprintf("%s %s of %s", name, how, path)
				if want := "The join token is not valid or has expired"; r.Status != http.StatusUnauthorized || r.Body != want {
					t.Errorf("%s: status %d, body %q, want 401 and %q", name, r.Status, r.Body, want)
				}
				h := r.Header
				if !strings.HasPrefix(h.Get("Content-Type"), "text/plain") || h.Get("X-Request-Id") == "" {
					t.Errorf("%s: header %v, want plain text and a request id", name, h)
				}
			}
		}
		if _, err := livekittest.TryJoin(t, s.Signal(), token); err == nil {
			t.Errorf("%s: somebody got in", name)
		}
	}
}

// join is a token that opens every door of LiveKit, if key and secret are right.
func (s *testServer) join(t *testing.T, key, secret, room string) string {
	t.Helper()
	grant := &lkauth.VideoGrant{RoomCreate: true, RoomList: true, RoomAdmin: true, RoomJoin: true, Room: room}
	token, err := lkauth.NewAccessToken(key, secret).SetIdentity("eve").SetVideoGrant(grant).SetValidFor(time.Hour).ToJWT()
	Must(t, err)
	return token
}

// Signalling is all that is reached of LiveKit: never its API, even with a
// token that would open it.
func TestNothingElseOfLiveKitIsReached(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const call = "twirp/livekit.RoomService/ListRooms"
	ask := func(s *testServer, method, target string) Reply {
		return s.Raw(t, method+" "+target+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"+
			"Content-Type: application/json\r\nX-Http-Method-Override: POST\r\nX-Original-Url: /"+call+
			"\r\nX-Rewrite-Url: /"+call+"\r\n"+
			"Authorization: Bearer "+s.join(t, livekittest.APIKey, livekittest.APISecret, "")+"\r\nContent-Length: 2\r\n\r\n{}")
	}
	s.NewRoom(t, meet.RoomChange{})
	at := strings.TrimPrefix(s.URL, "http://")
	direct := ask(&testServer{Server: &Server{Listen: netip.MustParseAddrPort(at)}}, "POST", "/"+call)
	if r := direct; r.Status != http.StatusOK || !strings.Contains(r.Body, `"rooms"`) {
		t.Fatalf("straight to LiveKit: status %d, body %.200s, want 200: the test would prove nothing", r.Status, r.Body)
	}
	for _, method := range []string{"POST", "GET", "OPTIONS", "PUT", "CONNECT"} {
		for _, target := range []string{
			"/", "//", "/rtc/../", "/rtc/%2e%2e/", "/rtc/%2E%2E%2f", "/rtc/..%2f", "/rtc/..;/", "/rtc/./../", "/rtc//",
			"/rtc/", "/rtc/..\\", "/rtc%2f..%2f", "/rtc?/../", "/rtc/validate/../../", "http://localhost/",
			"http://localhost/rtc/../", "/rtc/#/../../", "/%72tc/%2e%2e/", "/rtc/%252e%252e/",
		} {
			if target += call; strings.HasSuffix(target, "%2f"+call) {
				target = strings.ReplaceAll(target, call, strings.ReplaceAll(call, "/", "%2f"))
			}
			if r := ask(s, method, target); r.Status == http.StatusOK || strings.Contains(r.Body, `"rooms"`) {
				t.Errorf("%s %s: status %d, body %.200s, want no answer of LiveKit's API", method, target, r.Status, r.Body)
			}
		}
	}
}

func TestSignallingWithoutLiveKit(t *testing.T) {
	t.Parallel()
	s := setup(t, func(c *web.Config) { c.LiveKit = MustURL(offline.LiveKit) })
	for _, path := range []string{"/rtc", "/rtc/validate?access_token=eyJsecret", "/rtc/v1"} {
		r := s.Do(t, "GET", path, "")
		r.Refused(t, path, 503)
		for _, leak := range []string{"127.0.0.1", "dial", "refused", "eyJ"} {
			if strings.Contains(r.Body+s.Logs.String(), leak) {
				t.Errorf("%s: the answer or the log holds %q: %s", path, leak, r.Body)
			}
		}
	}
	if log := s.Logs.String(); !strings.Contains(log, "signalling failed") {
		t.Errorf("the log does not say that signalling failed:\n%s", log)
	}
}

// Clients of a foreign LiveKit connect to it, not to us.
func TestNoSignallingWithAForeignLiveKit(t *testing.T) {
	t.Parallel()
	s := setup(t, func(c *web.Config) { c.LiveKit = nil })
	for _, path := range []string{"/rtc", "/rtc/", "/rtc/validate", "/rtc/v1"} {
		s.Do(t, "GET", path, "").Refused(t, path, 404)
	}
}

// With publish=x, LiveKit would make a second connection as identity#x, which nobody
// mutes or kicks. Compression would let a short message become a long one.
func TestSignallingDropsPublishAndCompression(t *testing.T) {
	t.Parallel()
	asked := make(chan *http.Request, 1)
	behind := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r }))
	t.Cleanup(behind.Close)
	s := setup(t, func(c *web.Config) { c.LiveKit = MustURL(behind.URL) })
	for _, query := range []string{
		"publish=x&access_token=abc", "access_token=abc&publish=&publish=y", "access_token=abc&%70ublish=x"} {
		s.Do(t, "GET", "/rtc?"+query, "", Header("Sec-WebSocket-Extensions", "permessage-deflate"))
		got := <-asked
		if values := got.URL.Query(); values.Has("publish") || values.Get("access_token") != "abc" {
			t.Errorf("%s reaches LiveKit as %v", query, values)
		}
		if extensions := got.Header.Get("Sec-Websocket-Extensions"); extensions != "" {
			t.Errorf("%s reaches LiveKit", extensions)
		}
	}
}

// A dead token is refused with the reason, also when it has expired: a client that
// takes "removed" for "expired" asks for another token and is inside again.
func TestSignallingTellsRemovedFromExpired(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{})
	kicked, blocked := s.redeem(t, map[string]any{"code": code}), s.redeem(t, map[string]any{"code": code})
	disabled := s.guestCode(t)
	byCode, inTime := s.redeem(t, map[string]any{"code": disabled}), s.redeem(t, map[string]any{"code": s.guestCode(t)})
	over := s.redeem(t, map[string]any{"code": s.guestCode(t)})
	reopened := s.redeem(t, map[string]any{"code": s.guestCode(t)})
	kick := func(p admission, block bool) {
		livekittest.Join(t, s.Signal(), p.Token)
		_, err := s.Kick(t.Context(), meettest.Ada, room.ID, meet.KickCall{Identity: p.Identity, Block: block})
		Must(t, err)
	}
	kick(kicked, false)
	kick(blocked, true)
	_, err := s.UpdateCode(t.Context(), meettest.Ada, disabled, meet.CodeChange{Enabled: meettest.Of(false)}, true)
	Must(t, err)
	for _, a := range []admission{over, reopened} {
		ended, err := s.Room(t.Context(), meettest.Ada, a.RoomID)
		Must(t, err)
		_, _, err = s.EndRoom(t.Context(), meettest.Ada, ended.ID, ended.Name)
		Must(t, err)
	}
	s.Clock.Advance(time.Second)
	_, err = s.UpdateRoom(t.Context(), meettest.Ada, reopened.RoomID, meet.RoomChange{}, true)
	Must(t, err)

	const removed, ended = "You were removed from the room", "The requested room does not exist any more: it has ended"
	for name, c := range map[string]struct {
		of     admission
		status int
		body   string
	}{
		"kicked": {kicked, http.StatusForbidden, removed}, "blocked": {blocked, http.StatusForbidden, removed},
		"code disabled": {byCode, http.StatusForbidden, removed}, "room ended": {over, http.StatusNotFound, ended},
		"room reopened": {reopened, http.StatusNotFound, ended}, "inside": {inTime, 0, ""},
	} {
		for when, token := range map[string]string{"in time": c.of.Token, "expired": s.expired(t, c.of)} {
			status, body := c.status, c.body
			if c.status == 0 { // in good order
				status, body = http.StatusOK, "success"
				if when == "expired" {
					status, body = http.StatusUnauthorized, "The join token is not valid or has expired"
				}
			}
			for _, path := range []string{"/rtc/validate", "/rtc/v1/validate"} {
				if status == http.StatusOK && path == "/rtc/v1/validate" {
					continue // wants more than a token
				}
				r := s.Do(t, "GET", path+"?access_token="+token, "", Origins("https://elsewhere.example.org"))
				if r.Status != status || r.Body != body {
					t.Errorf("%s, %s, %s: status %d, body %q, want %d and %q", name, when, path, r.Status, r.Body, status, body)
				}
				if r.Header.Get("Access-Control-Allow-Origin") == "" {
					t.Errorf("%s, %s, %s: a page from elsewhere may not read the answer", name, when, path)
				}
			}
			if c.status != 0 {
				if got := livekittest.SignallingStatus(t, s.Origin, token); got != status {
					t.Errorf("%s, %s: the WebSocket is answered %d, want %d", name, when, got, status)
				}
			}
		}
	}
}

// expired makes a token like that of an admission, but one that has expired.
func (s *testServer) expired(t *testing.T, a admission) string {
	t.Helper()
	claims := jwt.MapClaims{"iss": livekittest.APIKey, "sub": a.Identity, "nbf": time.Now().Add(-2 * time.Hour).Unix(),
		"exp": time.Now().Add(-time.Hour).Unix(), "video": map[string]any{"roomJoin": true, "room": a.RoomID}}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(livekittest.APISecret))
	Must(t, err)
	return token
}

// Connections that are open are counted, and one that ends makes room.
func TestSignallingConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	s := setupService(t, func(c *meet.Config) { c.Connections = meet.ConnectionLimits{PerCode: 1} })
	code := s.guestCode(t)
	first := livekittest.Join(t, s.Signal(), s.redeem(t, map[string]any{"code": code}).Token)
	token := s.redeem(t, map[string]any{"code": code}).Token
	if got := livekittest.SignallingStatus(t, s.Origin, token); got != http.StatusTooManyRequests {
		t.Errorf("a second connection by the code: %d, want 429", got)
	}
	r := s.Do(t, "GET", "/rtc/validate?access_token="+token, "", Origins("https://elsewhere.example.org"))
	if r.Status != http.StatusTooManyRequests || r.Header.Get("Retry-After") == "" ||
		!strings.Contains(r.Body, "too many connections") || r.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("asked why: status %d, body %q, header %v", r.Status, r.Body, r.Header)
	}
	first.Leave()
	livekittest.Wait(t, "the place to be free", func() bool {
		return livekittest.SignallingStatus(t, s.Origin, token) == http.StatusSwitchingProtocols
	})
}
