package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/web"
)

// Refusals of the page's calls and of the QR code take their time as well.
func TestRefusalsTakeTheirTime(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, ask := range map[string]func() reply{
		"QR code":    func() reply { return s.do(t, "GET", "/join/aaa-aaaa-aaa/qr.svg", "") },
		"invitation": func() reply { return s.callInvitation(t, map[string]any{"code": "aaa-aaaa-aaa"}) },
		"a room":     func() reply { return s.callInvitation(t, map[string]any{"room": "no-such-room"}) },
		"join":       func() reply { return s.callPage(t, "join", map[string]any{"room": "no-such-room"}) },
	} {
		asked := time.Now()
		if r := ask(); r.status != http.StatusNotFound && r.status != http.StatusUnauthorized {
			t.Errorf("%s: status %d", name, r.status)
		}
		if took := time.Since(asked); took < 100*time.Millisecond {
			t.Errorf("%s: the answer took %v, want 100 ms or more", name, took)
		}
	}
}

// waiting is the answer to somebody who has to wait.
type waiting struct {
	Status       string `json:"status"`
	RequestID    string `json:"request_id"`
	RetryAfterMS int    `json:"retry_after_ms"`
}

// guarded makes a room of Ada's in which guests wait, and codes to it.
func (s *testServer) guarded(t *testing.T) (room meet.Room, guest, host string) {
	t.Helper()
	approval := meet.SettingsChange{RequireApproval: meettest.Of(true)}
	room, guest = s.codeFor(t, meet.RoleGuest, meet.RoomChange{Settings: approval}, meet.CodeChange{})
	return room, guest, s.NewCode(t, room, meet.RoleHost, meet.CodeChange{}).Code
}

func (r reply) waits(t *testing.T, name string) waiting {
	t.Helper()
	if r.status != http.StatusAccepted {
		t.Fatalf("%s: status %d, want 202; body %s", name, r.status, r.body)
	}
	r.unstored(t, name)
	var w waiting
	strict(t, name, r.body, &w)
	if w.Status != "waiting" || w.RequestID == "" || w.RetryAfterMS <= 0 {
		t.Fatalf("%s: %+v; want status waiting, an id and a time", name, w)
	}
	return w
}

func (s *testServer) answer(t *testing.T, room meet.Room, id string, approve bool) {
	t.Helper()
	if _, err := s.AnswerJoinRequest(t.Context(), meettest.Ada, room.ID, id, approve); err != nil {
		t.Fatalf("AnswerJoinRequest: %v", err)
	}
}

func TestExchangeWaits(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code, _ := s.guarded(t)
	fields := map[string]any{"code": code, "name": "Eve"}
	w := s.exchange(t, fields).waits(t, "first call")
	fields["request_id"] = w.RequestID
	if again := s.exchange(t, fields).waits(t, "second call"); again != w {
		t.Errorf("the second call gives %+v, want %+v", again, w)
	}

	// A call that prefers to wait is answered as soon as there is an answer.
	answered := make(chan reply, 1)
	go func() { answered <- s.exchange(t, fields, header("Prefer", "respond-async, wait=20")) }()
	livekittest.Wait(t, "the request to be listed", func() bool {
		roster, err := s.Roster(t.Context(), meettest.Ada, room.ID)
		return err == nil && len(roster.Requests) == 1
	})
	s.answer(t, room, w.RequestID, true)
	select {
	case r := <-answered:
		var a admission
		strict(t, "approved", r.body, &a)
		if r.status != http.StatusOK || a.Token == "" {
			t.Errorf("approved: status %d, body %s; want 200 and a token", r.status, r.body)
		}
	case <-time.After(time.Minute):
		t.Fatal("the call is still held")
	}
	s.redeem(t, fields)

	fields["request_id"] = ""
	refused := s.exchange(t, fields).waits(t, "asking anew")
	s.answer(t, room, refused.RequestID, false)
	fields["request_id"] = refused.RequestID
	s.exchange(t, fields, header("Prefer", "wait=20")).refused(t, "refused", 403)
}

// A call is held for as long as it prefers, and not at all without.
func TestPreferredWaits(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, code, _ := s.guarded(t)
	for prefer, want := range map[string]time.Duration{
		"": 0, "wait": 0, "wait=0": 0, "wait=-5": 0, "wait=x": 0, "waits=5": 0, "wait=1e3": 0, "wait=99999999999999999999": 0,
		"wait=1": time.Second, `wait="1"`: time.Second, "Wait=1; x=y": time.Second, "x, wait=1": time.Second,
	} {
		t.Run(prefer, func(t *testing.T) {
			t.Parallel()
			fields := map[string]any{"code": code}
			fields["request_id"] = s.exchange(t, fields, header("Prefer", "wait=20")).waits(t, "first call").RequestID // at once
			asked := time.Now()
			s.exchange(t, fields, header("Prefer", prefer)).waits(t, prefer)
			if took := time.Since(asked); took < want || took > want+15*time.Second { // the longest wait is 25 s
				t.Errorf("held for %v, want %v", took, want)
			}
		})
	}
}

// No call is held for so long that the server, or a proxy, cuts it off.
func TestWaitsAreBounded(t *testing.T) {
	t.Parallel()
	s := setup(t)
	if timeout := s.handler(s.listen).HTTPServer().WriteTimeout; web.LongestWait > timeout/2 {
		t.Errorf("calls are held for up to %v, and cut off after %v", web.LongestWait, timeout)
	}
}

// A server that stops lets nobody wait.
func TestWaitingEndsWithTheServer(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, code, _ := s.guarded(t)
	fields := map[string]any{"code": code}
	fields["request_id"] = s.exchange(t, fields).waits(t, "first call").RequestID
	server := s.handler(s.listen).HTTPServer()
	answered := make(chan reply, 1)
	body, err := json.Marshal(fields)
	must(t, err)
	go func() {
		answered <- hand(server.Handler, "POST", "/v2/token", string(body), header("Prefer", "wait=20"))
	}()
	if err := server.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	select {
	case r := <-answered:
		r.waits(t, "at the stop")
	case <-time.After(time.Minute):
		t.Fatal("the call is still held")
	}
}

func (s *testServer) callInvitation(tb testing.TB, fields map[string]any, edits ...edit) reply {
	tb.Helper()
	return s.callPage(tb, "invitation", fields, edits...)
}

// callPage makes a call of the join page.
func (s *testServer) callPage(tb testing.TB, path string, fields map[string]any, edits ...edit) reply {
	tb.Helper()
	body, err := json.Marshal(fields)
	must(tb, err)
	return s.do(tb, "POST", "/page/"+path, string(body), edits...)
}

func TestPageInvitations(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code, host := s.guarded(t)
	viewer := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{}).Code
	ada := bearer(s.token(t, meettest.Ada))
	const (
		all      = `"publish":["camera","microphone","screen_share","screen_share_audio"],"chat":true,"e2ee":false,`
		asGuest  = `"role":"guest",` + all + `"waits":true,"admits":false,`
		asHost   = `"role":"host",` + all + `"waits":false,"admits":true,`
		asViewer = `"role":"viewer","publish":[],"chat":false,"e2ee":false,"waits":true,"admits":false,`
	)
	byCode, byName := map[string]any{"code": code}, map[string]any{"room": room.Name}
	for name, c := range map[string]struct {
		fields map[string]any
		edits  []edit
		want   string
	}{
		"guest's code":               {byCode, nil, asGuest},
		"guest's code, as the admin": {byCode, []edit{ada}, asGuest}, // with a code it does not matter who asks
		"host's code":                {map[string]any{"code": host}, nil, asHost},
		"viewer's code":              {map[string]any{"code": viewer}, nil, asViewer},
		"name, as its admin":         {byName, []edit{ada}, asHost},
	} {
		r := s.callInvitation(t, c.fields, c.edits...)
		want := `{"room_name":"` + room.Name + `",` + c.want + `"livekit_inside":true}` + "\n"
		if r.status != http.StatusOK || r.body != want {
			t.Errorf("%s: status %d, %s want %s", name, r.status, r.body, want)
		}
	}
	s.callInvitation(t, map[string]any{"code": "aaa-aaaa-aaa"}).refused(t, "unknown code", 404)
	s.callInvitation(t, byName).refused(t, "name without a token", 401)
	s.callInvitation(t, byName, bearer("bad")).refused(t, "name with a bad token", 401)
	s.callInvitation(t, map[string]any{}).refused(t, "nothing", 400)
	s.callInvitation(t, map[string]any{"room": room.Name, "code": code}).refused(t, "both", 400)
	s.callInvitation(t, map[string]any{"room": "no-such-room"}, ada).refused(t, "unknown room", 404)
}

func TestPageJoins(t *testing.T) {
	t.Parallel()
	s := setup(t)
	public := s.NewRoom(t, meet.RoomChange{IsPublic: meettest.Of(true)})
	private := s.NewRoom(t, meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: meettest.Of(true)}})
	var a admission
	r := s.callPage(t, "join", map[string]any{"room": public.Name, "name": "\u202eEve " + strings.Repeat("e", 10_000)})
	strict(t, "public", r.body, &a)
	if r.status != http.StatusOK || a.Role != meet.RoleGuest || len(claims(t, a.Token).Name) != meet.MaxDisplayName {
		t.Errorf("public room: status %d, %+v; want a guest whose name was cut", r.status, a)
	}
	s.callPage(t, "join", map[string]any{"room": private.Name}).refused(t, "private room", 401)
	bob := bearer(s.token(t, meettest.Bob))
	w := s.callPage(t, "join", map[string]any{"room": private.Name, "name": "Bob"}, bob).waits(t, "as Bob")
	s.answer(t, private, w.RequestID, true)
	again := map[string]any{"room": private.Name, "name": "Bob", "request_id": w.RequestID}
	r = s.callPage(t, "join", again, bob, header("Prefer", "wait=20"))
	strict(t, "approved", r.body, &a)
	if r.status != http.StatusOK || !strings.HasPrefix(a.Identity, "bob_") {
		t.Errorf("approved: status %d, %+v; want Bob in", r.status, a)
	}
	if _, _, err := s.EndRoom(t.Context(), meettest.Ada, private.ID, private.Name); err != nil {
		t.Fatal(err)
	}
	s.callPage(t, "join", map[string]any{"room": private.Name}, bob).refused(t, "ended room", 410)
}

func TestHostsAnswerOnThePage(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, code, host := s.guarded(t)
	a := s.redeem(t, map[string]any{"code": host, "name": "Ada"})
	livekittest.Join(t, s.signal(), a.Token)
	guest := s.exchange(t, map[string]any{"code": code, "name": "<b>Eve</b>"}).waits(t, "guest")

	var list struct {
		Inside   bool `json:"inside"`
		Requests []struct {
			RequestID string    `json:"request_id"`
			Name      string    `json:"name"`
			Verified  *bool     `json:"verified"`
			Status    string    `json:"status"`
			CreatedAt time.Time `json:"created_at"`
		} `json:"requests"`
		Version string `json:"version"`
	}
	r := s.callPage(t, "requests", map[string]any{}, bearer(a.Token))
	strict(t, "requests", r.body, &list)
	if r.status != http.StatusOK || !list.Inside || len(list.Requests) != 1 {
		t.Fatalf("requests: status %d, %s; want one", r.status, r.body)
	}
	got := list.Requests[0]
	if got.RequestID != guest.RequestID || got.Name != "<b>Eve</b>" || got.Verified == nil || *got.Verified {
		t.Fatalf("request: %+v; want the guest's", got)
	}
	fields := map[string]any{"request_id": guest.RequestID}
	s.callPage(t, "requests/answer", fields, bearer(a.Token)).refused(t, "no answer", 400)
	fields["approve"] = true
	r = s.callPage(t, "requests/answer", fields, bearer(a.Token))
	if r.status != http.StatusOK || !strings.Contains(r.body, `"status":"approved"`) {
		t.Errorf("answer: status %d, %s", r.status, r.body)
	}
	r = s.callPage(t, "requests", map[string]any{"version": list.Version}, bearer(a.Token), header("Prefer", "wait=20"))
	if !strings.HasPrefix(r.body, `{"inside":true,"requests":[],`) {
		t.Errorf("requests afterwards: %s; want none, at once", r.body)
	}
	in := s.redeem(t, map[string]any{"code": code, "request_id": guest.RequestID})
	livekittest.Join(t, s.signal(), in.Token)
	s.callPage(t, "requests", map[string]any{}, bearer(in.Token)).refused(t, "guest", 403)
	r = s.callPage(t, "requests", map[string]any{}, bearer(s.redeem(t, map[string]any{"code": host}).Token))
	if r.status != http.StatusOK || r.body != `{"inside":false,"requests":[],"version":""}`+"\n" {
		t.Errorf("a host who is not inside: status %d, %q; want nothing told", r.status, r.body)
	}
	for name, token := range map[string]string{"access token": s.token(t, meettest.Ada), "nonsense": "nonsense"} {
		s.callPage(t, "requests", map[string]any{}, bearer(token)).refused(t, name, 401)
	}
	s.callPage(t, "requests", map[string]any{}).refused(t, "no token", 401)
	s.callPage(t, "requests?token="+a.Token, map[string]any{}, bearer(a.Token)).refused(t, "token in the URL", 401)
}

func TestPageCallsAreForThePageAlone(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{"/page/invitation", "/page/join", "/page/requests", "/page/requests/answer"} {
		s.do(t, "POST", path, "{}", header("Origin", "https://evil.example")).refused(t, "foreign origin to "+path, 403)
		s.do(t, "GET", path, "").refused(t, "GET "+path, 405)
		for _, body := range []string{"", "{", "[]", `{"code":7}`, `{"room":[]}`} {
			r := s.do(t, "POST", path, body, bearer(s.token(t, meettest.Ada)))
			if r.status < 400 || r.status >= 500 || r.header.Get("Content-Type") != "application/json" {
				t.Errorf("POST %s %s: status %d, %s", path, body, r.status, r.body)
			}
		}
	}
}
