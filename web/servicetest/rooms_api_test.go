package servicetest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	. "roomkey/web/webtest"
)

// list reads a list of rooms and where it goes on.
func (s *testServer) list(t *testing.T, p meet.Principal, path string) (names []string, next string) {
	t.Helper()
	r := s.api(t, p, "GET", path, "")
	var rooms []struct{ Name string }
	if err := json.Unmarshal([]byte(r.Body), &rooms); err != nil || r.Status != http.StatusOK || rooms == nil {
		t.Fatalf("GET %s: status %d, body %.300s", path, r.Status, r.Body)
	}
	for _, room := range rooms {
		names = append(names, room.Name)
	}
	if link := r.Header.Get("Link"); link != "" {
		target, rest, ok := strings.Cut(strings.TrimPrefix(link, "<"), ">")
		if !ok || rest != `; rel="next"` {
			t.Errorf("GET %s: Link %q, want one to the next page", path, link)
		}
		next = target
	}
	return names, next
}

// A list is whole unless it is asked for in pages, and pages follow each other.
func TestRoomLists(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.Service, s.Enforcer = meet.New(meet.Config{ // without media rooms for a hundred rooms
		Store: s.Store, Media: s.Media, MediaOnJoin: true, Limits: &meet.Limits{}, Now: s.Clock.Now})
	const n = meet.MaxPage + 7
	for i := range n {
		s.NewRoom(t, meet.RoomChange{Name: meettest.Of("room-" + strconv.Itoa(i))})
		s.Clock.Advance(time.Millisecond)
	}
	whole, next := s.list(t, meettest.Ada, "/api/room/list")
	if len(whole) != n || next != "" || whole[0] != "room-"+strconv.Itoa(n-1) {
		t.Errorf("%d rooms beginning with %.60v, next %q; want %d, the newest first, and no more", len(whole), whole, next, n)
	}
	var paged []string
	for path, pages := "/api/room/list?limit=25", 0; path != ""; pages++ {
		names, next := s.list(t, meettest.Ada, path)
		if len(names) > 25 || pages > 5 {
			t.Fatalf("page %d has %d rooms", pages, len(names))
		}
		paged, path = append(paged, names...), next
	}
	if strings.Join(paged, " ") != strings.Join(whole, " ") {
		t.Errorf("pages give %v, the whole list %v", paged, whole)
	}
	for _, query := range []string{"limit=0", "limit=101", "limit=-1", "limit=ten", "limit=", "limit=1e2",
		"limit=99999999999999999999", "cursor=nonsense", "cursor=%00"} {
		s.api(t, meettest.Ada, "GET", "/api/room/list?"+query, "").Refused(t, query, 400)
	}
	if names, _ := s.list(t, meettest.Bob, "/api/room/list"); names != nil {
		t.Errorf("Bob sees %v, want nothing: the rooms are not public", names)
	}
	if names, _ := s.list(t, meettest.Root, "/api/room/list"); len(names) != n {
		t.Errorf("a superadmin sees %d rooms, want all %d", len(names), n)
	}
}

// Somebody who has to be let in goes on with the request's id.
func TestJoinWaits(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room := s.NewRoom(t, meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: meettest.Of(true)}})
	r := s.api(t, meettest.Bob, "POST", "/api/room/join", `{"roomName":"`+room.Name+`","name":"Bobby"}`)
	var waiting struct{ Status, RequestID string }
	Strict(t, "waiting", r.Body, &waiting)
	if r.Status != http.StatusAccepted || waiting.Status != "waiting" || waiting.RequestID == "" ||
		r.Header.Get("Retry-After") != "2" {
		t.Fatalf("status %d, body %s, header %v; want 202 and a requestId", r.Status, r.Body, r.Header)
	}
	again := `{"roomId":"` + room.ID + `","requestId":"` + waiting.RequestID + `"}`
	if r := s.api(t, meettest.Bob, "POST", "/api/room/join", again); r.Status != http.StatusAccepted {
		t.Errorf("nobody has answered: status %d, want 202", r.Status)
	}
	answered := make(chan Reply)
	go func() {
		answered <- s.api(t, meettest.Bob, "POST", "/api/room/join", again, Header("Prefer", "wait=20"))
	}()
	_, err := s.AnswerJoinRequest(t.Context(), meettest.Ada, room.ID, waiting.RequestID, true)
	Must(t, err)
	if got := (<-answered).Fields(t); claims(t, got["token"].(string)).Name != "Bobby" {
		t.Errorf("let in as %q, want the name that the host saw", claims(t, got["token"].(string)).Name)
	}
	s.api(t, meettest.Gus, "POST", "/api/room/join", again).Refused(t, "somebody else's request", 404)
	bad := `{"roomId":"` + room.ID + `","requestId":"no"}`
	s.api(t, meettest.Bob, "POST", "/api/room/join", bad).Refused(t, "no request's id", 400)
}

func TestJoinRefusals(t *testing.T) {
	t.Parallel()
	s := setup(t)
	full, code := s.codeFor(t, meet.RoleGuest, meet.RoomChange{MaxParticipants: meettest.Of(1)}, meet.CodeChange{})
	s.Enter(t, meettest.Ada, full)
	s.exchange(t, map[string]any{"code": code}).Refused(t, "exchange for a full room", 409)
	over := s.NewRoom(t, meet.RoomChange{})
	_, _, err := s.EndRoom(t.Context(), meettest.Ada, over.ID, over.Name)
	Must(t, err)
	off := s.guestCode(t)
	s.disable(t, off)
	const (
		one    = "exactly one of roomName, roomId and code must be given"
		hidden = "name must not contain control, zero-width or text-direction characters"
		longID = "userId must be at most 128 characters"

		longName = "name must be at most 80 characters"
	)
	toFull := `{"roomName":"` + full.Name + `"`
	for name, c := range map[string]struct {
		body    string
		status  int
		message string
	}{
		"nothing":            {`{}`, 400, one},
		"nulls":              {`{"roomName":null,"roomId":null,"code":null}`, 400, one},
		"two":                {`{"roomName":"a","roomId":"b"}`, 400, one},
		"room and code":      {`{"roomName":"` + full.Name + `","code":"` + code + `"}`, 400, one},
		"empty name":         {`{"roomName":""}`, 400, "roomName must not be empty"},
		"no room's id":       {`{"roomId":"../etc/passwd"}`, 400, "roomId must be the id or the name of a room"},
		"no room's name":     {`{"roomName":"../etc/passwd"}`, 400, "roomName must be the id or the name of a room"},
		"others left empty":  {`{"roomName":"` + over.Name + `","roomId":"","code":""}`, 410, "The room has ended"},
		"all left empty":     {`{"roomName":"","roomId":"","code":""}`, 400, one},
		"unknown id":         {`{"roomId":"01a20612-3101-7380-b1e5-8b2a4d690a31"}`, 404, "Room not found"},
		"unknown code":       {`{"code":"aaa-aaaa-aaa"}`, 404, "Room code not found"},
		"no code":            {`{"code":"wp1"}`, 400, "code must be ten letters a to z, like wpi-srjb-wer"},
		"disabled code":      {`{"code":"` + off + `"}`, 410, "This room code is disabled"},
		"ended room":         {`{"roomName":"` + over.Name + `"}`, 410, "The room has ended"},
		"full room":          {`{"roomName":"` + full.Name + `"}`, 409, "The room is full"},
		"long display name":  {toFull + `,"name":"` + strings.Repeat("x", 81) + `"}`, 400, longName},
		"hidden in the name": {toFull + `,"name":"\u202eeve"}`, 400, hidden},
		"long user id":       {toFull + `,"userId":"` + strings.Repeat("x", 129) + `"}`, 400, longID},
		"wrong type":         {`{"roomName":["daily"]}`, 400, "Invalid request body"},
	} {
		s.api(t, meettest.Bob, "POST", "/api/room/join", c.body).Refused(t, name, c.status, c.message)
	}
}

func TestCreateNumbers(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for number, want := range map[string]float64{"0": 0, "20": 20, "20.0": 20, "2e1": 20, "100000": 100000, "null": 0} {
		if got := s.create(t, `{"maxParticipants":`+number+`}`)["maxParticipants"]; got != want {
			t.Errorf("maxParticipants %s made %v, want %v", number, got, want)
		}
	}
	for _, number := range []string{"-1", "100001", "1e9", "1e300", "-1e300", "9223372036854775808"} {
		s.api(t, meettest.Ada, "POST", "/api/room/create", `{"maxParticipants":`+number+`}`).
			Refused(t, number, 400, "maxParticipants must be between 0 and 100000")
	}
	s.api(t, meettest.Ada, "POST", "/api/room/create", `{"maxParticipants":1.5}`).
		Refused(t, "1.5", 400, "maxParticipants must be a whole number")
	s.api(t, meettest.Ada, "POST", "/api/room/create", `{"mode":"party"}`).
		Refused(t, "party", 400, "mode must be standard or webinar")
}

// Identities may hold whatever people choose as their user id: in a path they
// are percent-encoded.
func TestOddIdentities(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room := s.NewRoom(t, meet.RoomChange{})
	for _, userID := range []string{"a/b", "..", "../../list", "a b", "a%2Fb", "a?b#c", "äöü-房间-🙂", "a;b=c,d",
		`"quoted"`, "%00", "+"} {
		a, err := s.Join(t.Context(), meettest.Ada, meet.JoinCall{RoomID: &room.ID, UserID: userID})
		Must(t, err)
		person := s.EnterWith(t, a)
		person.PublishMicrophone()
		person.PublishCamera()
		s.waitTracks(t, room, 2)
		identity := url.PathEscape(person.Identity())
		for _, tail := range []string{"/mute/" + identity, "/video/" + identity + "/off", "/kick/" + identity} {
			path := "/api/room/" + room.ID + tail
			if r := s.api(t, meettest.Ada, "POST", path, ""); r.Body != `{"status":"success"}`+"\n" {
				t.Errorf("POST %s: status %d, body %s, want the status alone", path, r.Status, r.Body)
			}
			switch {
			case strings.Contains(path, "/mute/"):
				person.WaitMuted(meet.Microphone)
			case strings.Contains(path, "/video/"):
				person.WaitMuted(meet.Camera)
			}
		}
		person.WaitDisconnected()
	}
	if roster, err := s.Roster(t.Context(), meettest.Ada, room.ID); err != nil || len(roster.Blocks) != 0 {
		t.Errorf("%+v, %v; want nobody blocked: this call of kick does not", roster, err)
	}
	for _, identity := range []string{"%00", "%ff", "%0a", "%e2%80%ae", "..%2f..", "%2e%2e", "%2F", "%20",
		strings.Repeat("a", 5000), "%25"} {
		for _, path := range []string{"/kick/" + identity, "/mute/" + identity, "/video/" + identity + "/off"} {
			r := s.api(t, meettest.Ada, "POST", "/api/room/"+room.ID+path, "")
			if r.Status != http.StatusBadRequest && r.Status != http.StatusNotFound {
				t.Errorf("POST %.80s: status %d, want 400 or 404", path, r.Status)
			}
			r.Refused(t, path, r.Status)
		}
	}
}

// waitTracks waits until LiveKit knows so many tracks of a room: one that
// carries nothing yet cannot be muted.
func (s *testServer) waitTracks(t *testing.T, room meet.Room, n int) {
	t.Helper()
	livekittest.Wait(t, "tracks to be published", func() bool {
		roster, err := s.Roster(t.Context(), meettest.Ada, room.ID)
		tracks := 0
		for _, person := range roster.Participants {
			tracks += len(person.Tracks)
		}
		return err == nil && tracks == n
	})
}

// Fields come in the order of the description's examples.
func TestOrderOfFields(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const settings = "settings allowChat allowVideo allowAudio allowScreenShare requireApproval requireCode " +
		"requireSignIn keepChat e2ee"
	made := s.api(t, meettest.Ada, "POST", "/api/room/create", `{"name":"daily"}`)
	_, err := s.UpdateRoom(t.Context(), meettest.Ada, "daily", meet.RoomChange{ExpiresIn: meettest.Of(time.Hour)}, false)
	Must(t, err)
	joined := s.api(t, meettest.Ada, "POST", "/api/room/join", `{"roomName":"daily"}`)
	listed := s.api(t, meettest.Ada, "GET", "/api/room/list", "")
	for want, r := range map[string]Reply{
		"id name createdBy isActive isPublic maxParticipants SETTINGS livekitHost mode":                         made,
		"id name token createdBy adminId isActive isPublic maxParticipants expiresAt SETTINGS livekitHost mode": joined,
		"id name createdBy isActive maxParticipants expiresAt SETTINGS mode relationship":                       listed,
	} {
		want = strings.Replace(want, "SETTINGS", settings, 1)
		var got []string
		for _, name := range regexp.MustCompile(`"(\w+)":`).FindAllStringSubmatch(r.Body, -1) {
			got = append(got, name[1])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("fields %v, want %s", got, want)
		}
	}
}
