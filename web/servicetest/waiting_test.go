package servicetest

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
	. "roomkey/web/webtest"
)

// Refusals of the page's calls and of the QR code take their time as well.
func TestRefusalsTakeTheirTime(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, ask := range map[string]func() Reply{
		"QR code":    func() Reply { return s.Do(t, "GET", "/join/aaa-aaaa-aaa/qr.svg", "") },
		"calendar":   func() Reply { return s.Do(t, "GET", "/join/aaa-aaaa-aaa/event.ics", "") },
		"invitation": func() Reply { return s.callInvitation(t, map[string]any{"code": "aaa-aaaa-aaa"}) },
		"a room":     func() Reply { return s.callInvitation(t, map[string]any{"room": "no-such-room"}) },
		"join":       func() Reply { return s.callPage(t, "join", map[string]any{"room": "no-such-room"}) },
	} {
		asked := time.Now()
		if r := ask(); r.Status != http.StatusNotFound && r.Status != http.StatusUnauthorized {
			t.Errorf("%s: status %d", name, r.Status)
		}
		if took := time.Since(asked); took < 100*time.Millisecond {
			t.Errorf("%s: the answer took %v, want 100 ms or more", name, took)
		}
	}
}

// guarded makes a room of Ada's in which guests wait, and codes to it.
func (s *testServer) guarded(t *testing.T) (room meet.Room, guest, host string) {
	t.Helper()
	approval := meet.SettingsChange{RequireApproval: meettest.Of(true)}
	room, guest = s.codeFor(t, meet.RoleGuest, meet.RoomChange{Settings: approval}, meet.CodeChange{})
	return room, guest, s.NewCode(t, room, meet.RoleHost, meet.CodeChange{}).Code
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
	w := s.exchange(t, fields).Waits(t, "first call")
	fields["request_id"] = w.RequestID
	if again := s.exchange(t, fields).Waits(t, "second call"); again != w {
		t.Errorf("the second call gives %+v, want %+v", again, w)
	}

	// A call that prefers to wait is answered as soon as there is an answer.
	answered := make(chan Reply, 1)
	go func() { answered <- s.exchange(t, fields, Header("Prefer", "respond-async, wait=20")) }()
	livekittest.Wait(t, "the request to be listed", func() bool {
		roster, err := s.Roster(t.Context(), meettest.Ada, room.ID)
		return err == nil && len(roster.Requests) == 1
	})
	s.answer(t, room, w.RequestID, true)
	select {
	case r := <-answered:
		var a admission
		Strict(t, "approved", r.Body, &a)
		if r.Status != http.StatusOK || a.Token == "" {
			t.Errorf("approved: status %d, body %s; want 200 and a token", r.Status, r.Body)
		}
	case <-time.After(time.Minute):
		t.Fatal("the call is still held")
	}
	s.redeem(t, fields)

	fields["request_id"] = ""
	refused := s.exchange(t, fields).Waits(t, "asking anew")
	s.answer(t, room, refused.RequestID, false)
	fields["request_id"] = refused.RequestID
	s.exchange(t, fields, Header("Prefer", "wait=20")).Refused(t, "refused", 403)
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
			fields["request_id"] = s.exchange(t, fields, Header("Prefer", "wait=20")).Waits(t, "first call").RequestID // at once
			asked := time.Now()
			s.exchange(t, fields, Header("Prefer", prefer)).Waits(t, prefer)
			if took := time.Since(asked); took < want || took > want+15*time.Second { // the longest wait is 25 s
				t.Errorf("held for %v, want %v", took, want)
			}
		})
	}
}

// A server that stops lets nobody wait.
func TestWaitingEndsWithTheServer(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, code, _ := s.guarded(t)
	fields := map[string]any{"code": code}
	fields["request_id"] = s.exchange(t, fields).Waits(t, "first call").RequestID
	server := s.Handler(s.Listen).HTTPServer()
	answered := make(chan Reply, 1)
	body, err := json.Marshal(fields)
	Must(t, err)
	go func() {
		answered <- Hand(server.Handler, "POST", "/v2/token", string(body), Header("Prefer", "wait=20"))
	}()
	if err := server.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	select {
	case r := <-answered:
		r.Waits(t, "at the stop")
	case <-time.After(time.Minute):
		t.Fatal("the call is still held")
	}
}

func (s *testServer) callInvitation(tb testing.TB, fields map[string]any, edits ...Edit) Reply {
	tb.Helper()
	return s.callPage(tb, "invitation", fields, edits...)
}

// callPage makes a call of the join page.
func (s *testServer) callPage(tb testing.TB, path string, fields map[string]any, edits ...Edit) Reply {
	tb.Helper()
	body, err := json.Marshal(fields)
	Must(tb, err)
	return s.Do(tb, "POST", "/page/"+path, string(body), edits...)
}

func TestPageInvitations(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code, host := s.guarded(t)
	viewer := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{}).Code
	ada := Bearer(s.Token(t, meettest.Ada))
	const (
		all      = `"publish":["camera","microphone","screen_share","screen_share_audio"],"chat":true,"e2ee":false,`
		asGuest  = `"role":"guest",` + all + `"waits":true,"admits":false,"hosts":false,`
		asHost   = `"role":"host",` + all + `"waits":false,"admits":true,"hosts":true,`
		asViewer = `"role":"viewer","publish":[],"chat":false,"e2ee":false,"waits":true,"admits":false,"hosts":false,`
	)
	byCode, byName := map[string]any{"code": code}, map[string]any{"room": room.Name}
	for name, c := range map[string]struct {
		fields map[string]any
		edits  []Edit
		want   string
	}{
		"guest's code":               {byCode, nil, asGuest},
		"guest's code, as the admin": {byCode, []Edit{ada}, asGuest}, // with a code it does not matter who asks
		"host's code":                {map[string]any{"code": host}, nil, asHost},
		"viewer's code":              {map[string]any{"code": viewer}, nil, asViewer},
		"name, as its admin":         {byName, []Edit{ada}, asHost},
	} {
		r := s.callInvitation(t, c.fields, c.edits...)
		want := `{"room_name":"` + room.Name + `",` + c.want + `"livekit_inside":true}` + "\n"
		if r.Status != http.StatusOK || r.Body != want {
			t.Errorf("%s: status %d, %s want %s", name, r.Status, r.Body, want)
		}
	}
	s.callInvitation(t, map[string]any{"code": "aaa-aaaa-aaa"}).Refused(t, "unknown code", 404)
	s.callInvitation(t, byName).Refused(t, "name without a token", 401)
	s.callInvitation(t, byName, Bearer("bad")).Refused(t, "name with a bad token", 401)
	s.callInvitation(t, map[string]any{}).Refused(t, "nothing", 400)
	s.callInvitation(t, map[string]any{"room": room.Name, "code": code}).Refused(t, "both", 400)
	s.callInvitation(t, map[string]any{"room": "no-such-room"}, ada).Refused(t, "unknown room", 404)
}

func TestPageJoins(t *testing.T) {
	t.Parallel()
	s := setup(t)
	public := s.NewRoom(t, meet.RoomChange{IsPublic: meettest.Of(true)})
	private := s.NewRoom(t, meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: meettest.Of(true)}})
	var a admission
	r := s.callPage(t, "join", map[string]any{"room": public.Name, "name": "\u202eEve " + strings.Repeat("e", 10_000)})
	Strict(t, "public", r.Body, &a)
	if r.Status != http.StatusOK || a.Role != meet.RoleGuest || len(claims(t, a.Token).Name) != meet.MaxDisplayName {
		t.Errorf("public room: status %d, %+v; want a guest whose name was cut", r.Status, a)
	}
	s.callPage(t, "join", map[string]any{"room": private.Name}).Refused(t, "private room", 401)
	bob := Bearer(s.Token(t, meettest.Bob))
	w := s.callPage(t, "join", map[string]any{"room": private.Name, "name": "Bob"}, bob).Waits(t, "as Bob")
	s.answer(t, private, w.RequestID, true)
	again := map[string]any{"room": private.Name, "name": "Bob", "request_id": w.RequestID}
	r = s.callPage(t, "join", again, bob, Header("Prefer", "wait=20"))
	Strict(t, "approved", r.Body, &a)
	if r.Status != http.StatusOK || !strings.HasPrefix(a.Identity, "bob_") {
		t.Errorf("approved: status %d, %+v; want Bob in", r.Status, a)
	}
	if _, _, err := s.EndRoom(t.Context(), meettest.Ada, private.ID, private.Name); err != nil {
		t.Fatal(err)
	}
	s.callPage(t, "join", map[string]any{"room": private.Name}, bob).Refused(t, "ended room", 410)
}

// nothingTold is what a host who is not inside sees of the room.
const nothingTold = `{"inside":false,"rights":[],"room_locked":false,"locked_for_all":[],"locked":[],"admins":[],` +
	`"roles":[],"requests":[],"version":""}` + "\n"

func TestHostsAnswerOnThePage(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, code, host := s.guarded(t)
	a := s.redeem(t, map[string]any{"code": host, "name": "Ada"})
	livekittest.Join(t, s.Signal(), a.Token)
	guest := s.exchange(t, map[string]any{"code": code, "name": "<b>Eve</b>"}).Waits(t, "guest")

	var list struct {
		Inside       bool     `json:"inside"`
		Rights       []string `json:"rights"`
		RoomLocked   bool     `json:"room_locked"`
		LockedForAll []string `json:"locked_for_all"`
		Locked       []string `json:"locked"`
		Admins       []string `json:"admins"`
		Roles        []string `json:"roles"`
		Requests     []struct {
			RequestID string    `json:"request_id"`
			Name      string    `json:"name"`
			Verified  *bool     `json:"verified"`
			Status    string    `json:"status"`
			CreatedAt time.Time `json:"created_at"`
		} `json:"requests"`
		Version string `json:"version"`
	}
	r := s.callPage(t, "requests", map[string]any{}, Bearer(a.Token))
	Strict(t, "requests", r.Body, &list)
	if r.Status != http.StatusOK || !list.Inside || len(list.Requests) != 1 || !list.RoomLocked {
		t.Fatalf("requests: status %d, %s; want one", r.Status, r.Body)
	}
	got := list.Requests[0]
	if got.RequestID != guest.RequestID || got.Name != "<b>Eve</b>" || got.Verified == nil || *got.Verified {
		t.Fatalf("request: %+v; want the guest's", got)
	}
	fields := map[string]any{"request_id": guest.RequestID}
	s.callPage(t, "requests/answer", fields, Bearer(a.Token)).Refused(t, "no answer", 400)
	fields["approve"] = true
	r = s.callPage(t, "requests/answer", fields, Bearer(a.Token))
	if r.Status != http.StatusOK || !strings.Contains(r.Body, `"status":"approved"`) {
		t.Errorf("answer: status %d, %s", r.Status, r.Body)
	}
	r = s.callPage(t, "requests", map[string]any{"version": list.Version}, Bearer(a.Token), Header("Prefer", "wait=20"))
	if !strings.HasPrefix(r.Body, `{"inside":true,`) || !strings.Contains(r.Body, `"requests":[],`) {
		t.Errorf("requests afterwards: %s; want none, at once", r.Body)
	}
	in := s.redeem(t, map[string]any{"code": code, "request_id": guest.RequestID})
	livekittest.Join(t, s.Signal(), in.Token)
	s.callPage(t, "requests", map[string]any{}, Bearer(in.Token)).Refused(t, "guest", 403)
	r = s.callPage(t, "requests", map[string]any{}, Bearer(s.redeem(t, map[string]any{"code": host}).Token))
	if r.Status != http.StatusOK || r.Body != nothingTold {
		t.Errorf("a host who is not inside: status %d, %q; want nothing told", r.Status, r.Body)
	}
	for name, token := range map[string]string{"access token": s.Token(t, meettest.Ada), "nonsense": "nonsense"} {
		s.callPage(t, "requests", map[string]any{}, Bearer(token)).Refused(t, name, 401)
	}
	s.callPage(t, "requests", map[string]any{}).Refused(t, "no token", 401)
	s.callPage(t, "requests?token="+a.Token, map[string]any{}, Bearer(a.Token)).Refused(t, "token in the URL", 401)
}

func TestPageCallsAreForThePageAlone(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{
		"/page/invitation", "/page/inside", "/page/join", "/page/requests", "/page/requests/answer", "/page/moderate",
		"/page/hand", "/page/invite"} {
		s.Do(t, "POST", path, "{}", Header("Origin", "https://evil.example")).Refused(t, "foreign origin to "+path, 403)
		s.Do(t, "GET", path, "").Refused(t, "GET "+path, 405)
		for _, body := range []string{"", "{", "[]", `{"code":7}`, `{"room":[]}`} {
			r := s.Do(t, "POST", path, body, Bearer(s.Token(t, meettest.Ada)))
			if r.Status < 400 || r.Status >= 500 || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("POST %s %s: status %d, %s", path, body, r.Status, r.Body)
			}
		}
	}
}
