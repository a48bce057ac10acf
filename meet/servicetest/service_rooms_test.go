package servicetest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// wantCode fails the test unless err is of the given code; "" is no error.
func wantCode(t *testing.T, what string, err error, want meet.ErrorCode) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: %v; want success", what, err)
	case want != "" && !meet.IsCode(err, want):
		t.Errorf("%s: %v; want %s", what, err, want)
	}
}

func TestCreateRoom(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, codes, err := s.CreateRoom(t.Context(), Ada, meet.RoomChange{Name: Of(" Team-Standup "), Mode: Of(meet.Webinar),
		ExpiresIn: Of(time.Hour), Settings: meet.SettingsChange{AllowChat: Of(false)}}, true)
	wantCode(t, "create", err, "")
	now := s.Clock.Now().UTC().Truncate(time.Millisecond)
	want := meet.Room{ID: room.ID, Name: "team-standup", CreatedBy: "ada", AdminID: "ada", State: meet.RoomActive,
		Mode:      meet.Webinar,
		Settings:  meet.Settings{AllowVideo: true, AllowAudio: true, AllowScreenShare: true},
		ExpiresAt: now.Add(time.Hour), Opening: 1, CreatedAt: now, UpdatedAt: now}
	if diff := cmp.Diff(want, room); diff != "" {
		t.Errorf("room differs (-want +got):\n%s", diff)
	}
	if len(codes) != 3 || codes[0].Role != "host" || codes[1].Role != "guest" || codes[2].Role != "viewer" {
		t.Errorf("codes = %+v; want one each for host, guest and viewer", codes)
	}
	details, err := s.Room(t.Context(), Ada, "team-standup")
	wantCode(t, "show", err, "")
	if diff := cmp.Diff(want, details.Room); diff != "" {
		t.Errorf("stored room differs (-want +got):\n%s", diff)
	}
	if len(details.Codes) != 3 || details.Participants == nil || *details.Participants != 0 {
		t.Errorf("details = %+v; want three codes and nobody inside", details)
	}
}

// A generated name that is taken is drawn again: the source gives the same
// letters twice, then others.
func TestGeneratedNameIsDrawnAgain(t *testing.T) {
	t.Parallel()
	source := strings.NewReader(strings.Repeat("i", 16) + strings.Repeat("\x00", 10) + // first room: id, name
		strings.Repeat("j", 16) + strings.Repeat("\x00", 10) + strings.Repeat("\x01",
		10)) // second: id, the same name, another
	s := New(t, func(c *meet.Config) { c.Random = source })
	if got := s.NewRoom(t, meet.RoomChange{}).Name; got != "aaa-aaaa-aaa" {
		t.Fatalf("first name = %q", got)
	}
	if got := s.NewRoom(t, meet.RoomChange{}).Name; got != "bbb-bbbb-bbb" {
		t.Errorf("second name = %q; want bbb-bbbb-bbb, drawn after aaa-aaaa-aaa was found taken", got)
	}
}

// Somebody else's create for a taken name must not be noticed inside.
func TestDuplicateCreateDisturbsNobody(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{Name: Of("taken")})
	person := s.Enter(t, Ada, room)
	person.PublishMicrophone()
	for _, p := range []meet.Principal{Bob, Ada, Root} {
		_, _, err := s.CreateRoom(t.Context(), p, meet.RoomChange{Name: Of("TAKEN")}, true)
		wantCode(t, "create as "+p.ID, err, meet.CodeConflict)
		if got := meet.AsError(err).Message; got != "a room with this name already exists" {
			t.Errorf("message = %q", got)
		}
	}
	roster, err := s.Roster(t.Context(), Ada, room.ID)
	people := roster.Participants
	if err != nil || len(people) != 1 || !person.Connected() {
		t.Errorf("participants = %+v, %v; want Ada still inside", people, err)
	}
	rooms, _, err := s.Rooms(t.Context(), Root, meet.RoomFilter{Scope: meet.ScopeAll})
	if err != nil || len(rooms) != 1 {
		t.Errorf("there are %d rooms, %v; want one", len(rooms), err)
	}
}

// What somebody may see at all depends on who they are.
func TestVisibleRooms(t *testing.T) {
	t.Parallel()
	s := New(t)
	s.NewRoom(t, meet.RoomChange{Name: Of("private")})
	s.NewRoom(t, meet.RoomChange{Name: Of("open"), IsPublic: Of(true)})
	s.Admit(t, Gus, s.NewRoom(t, meet.RoomChange{Name: Of("joined")}))
	for p, want := range map[meet.Principal][]string{Root: {"joined", "open", "private"},
		Ada: {"joined", "open", "private"}, Bob: {"open"}, Gus: {"joined", "open"}} {
		rooms, _, err := s.Rooms(t.Context(), p, meet.RoomFilter{Scope: meet.ScopeVisible, Bare: true})
		var names []string
		for _, room := range rooms {
			if names = append(names, room.Name); room.Participants != nil {
				t.Errorf("as %s: %s was counted", p.ID, room.Name)
			}
		}
		if slices.Sort(names); err != nil || !slices.Equal(names, want) {
			t.Errorf("as %s: %v, %v; want %v", p.ID, names, err, want)
		}
	}
	_, _, err := s.Rooms(t.Context(), Anon, meet.RoomFilter{Scope: meet.ScopeVisible})
	wantCode(t, "without a token", err, meet.CodeUnauthenticated)
}

// A list goes on from page to page until it has as many as it is to have.
func TestRoomsUpTo(t *testing.T) {
	t.Parallel()
	s := New(t, func(c *meet.Config) { c.MediaOnJoin = true })
	const n = meet.MaxPage + 3
	for range n {
		s.NewRoom(t, meet.RoomChange{})
		s.Clock.Advance(time.Millisecond)
	}
	for most, c := range map[int]struct {
		rooms int
		more  bool
	}{2: {2, true}, meet.MaxPage: {meet.MaxPage, true}, n - 1: {n - 1, true}, n: {n, false}, n + 1: {n, false}} {
		rooms, next, err := s.RoomsUpTo(t.Context(), Ada, meet.RoomFilter{Bare: true}, most)
		if err != nil || len(rooms) != c.rooms || (next != "") != c.more {
			t.Errorf("up to %d: %d rooms, next %q, %v; want %d", most, len(rooms), next, err, c.rooms)
		}
		if rest, _, err := s.RoomsUpTo(t.Context(), Ada, meet.RoomFilter{Cursor: next}, n); c.more &&
			(err != nil || len(rooms)+len(rest) != n) {
			t.Errorf("up to %d, and then %d more, %v; want %d in all", most, len(rest), err, n)
		}
	}
}

func TestNameIsFreeAgainAfterTheEnd(t *testing.T) {
	t.Parallel()
	s := New(t)
	first := s.NewRoom(t, meet.RoomChange{Name: Of("daily"), ExpiresIn: Of(time.Minute)})
	s.Clock.Advance(time.Minute)
	second := s.NewRoom(t, meet.RoomChange{Name: Of("daily")}) // nobody has swept yet
	if first.ID == second.ID {
		t.Fatal("both rooms have one id")
	}
	_, err := s.UpdateRoom(t.Context(), Ada, first.ID, meet.RoomChange{}, true)
	wantCode(t, "reopening the first while the second has its name", err, meet.CodeConflict)
	_, _, err = s.EndRoom(t.Context(), Ada, "daily", "daily")
	wantCode(t, "end", err, "")
	reopened, err := s.UpdateRoom(t.Context(), Ada, first.ID, meet.RoomChange{}, true)
	wantCode(t, "reopening the first", err, "")
	if !s.IsActive(reopened.Room) || !reopened.ExpiresAt.IsZero() {
		t.Errorf("reopened = %+v; want an active room that does not expire at once", reopened)
	}
	if details, err := s.Room(t.Context(), Ada, "daily"); err != nil || details.ID != first.ID {
		t.Errorf("daily is %s, %v; want the active room %s", details.ID, err, first.ID)
	}
}

// A media server that is down, or never answers, leaves no room behind.
func TestNoMediaServerAtCreate(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-released:
		}
	}))
	t.Cleanup(hangs.Close)
	t.Cleanup(func() { close(released) })
	down := httptest.NewServer(nil)
	down.Close()
	for _, url := range []string{down.URL, hangs.URL} {
		s := NewOn(t, url)
		_, _, err := s.CreateRoom(t.Context(), Ada, meet.RoomChange{Name: Of("standup")}, true)
		wantCode(t, "create", err, meet.CodeUnavailable)
		if got := meet.AsError(err); got.Message != "Failed to create media room" || !got.Retryable() {
			t.Errorf("error = %+v", got)
		}
		rooms, _, err := s.Rooms(t.Context(), Ada, meet.RoomFilter{})
		if err != nil || len(rooms) != 0 {
			t.Errorf("rooms = %+v, %v; want none left behind", rooms, err)
		}
	}
}

// With MediaOnJoin a create makes no media room, but needs a media server that
// answers; listings never do.
func TestMediaServerDownAfterCreate(t *testing.T) {
	t.Parallel()
	address, lose := LiveKitToLose(t)
	s := NewOn(t, address, func(c *meet.Config) { c.MediaOnJoin = true })
	room := s.NewRoom(t, meet.RoomChange{Name: Of("standup")})
	code := s.NewCode(t, room, "guest", meet.CodeChange{MaxUses: Of(1)})
	lose()
	create := func() error {
		_, _, err := s.CreateRoom(t.Context(), Ada, meet.RoomChange{Name: Of("another"), ExpiresIn: Of(time.Second)}, false)
		return err
	}
	s.Clock.Advance(time.Second)
	if err := create(); !meet.IsCode(err, meet.CodeUnavailable) ||
		meet.AsError(err).Message != "Failed to create media room" {
		t.Errorf("create = %v; want the media server known to be down", err)
	}
	rooms, _, err := s.Rooms(t.Context(), Ada, meet.RoomFilter{})
	if err != nil || len(rooms) != 1 || rooms[0].Participants != nil {
		t.Errorf("rooms = %+v, %v; want one, with no number of participants made up", rooms, err)
	}
	_, err = s.Join(t.Context(), Ada, meet.JoinCall{RoomID: &room.ID})
	wantCode(t, "join", err, meet.CodeUnavailable)
	_, err = s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code})
	wantCode(t, "exchange", err, meet.CodeUnavailable)
	codes, _, err := s.Codes(t.Context(), Ada, room.ID, meet.CodeFilter{})
	if err != nil || codes[0].Uses != 0 {
		t.Errorf("codes = %+v, %v; want the use not counted", codes, err)
	}
	_, _, err = s.EndRoom(t.Context(), Ada, room.ID, room.Name)
	wantCode(t, "end", err, meet.CodeUnavailable)
	if details, err := s.Room(t.Context(), Ada, room.ID); err != nil || !s.IsActive(details.Room) {
		t.Errorf("room = %+v, %v; want it active as before", details.Room, err)
	}
}

// Reopening says which codes let people in again.
func TestReopeningGivesTheCodesThatWork(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	works := s.NewCode(t, room, "guest", meet.CodeChange{})
	stopped := s.NewCode(t, room, "viewer", meet.CodeChange{})
	s.NewCode(t, room, "host", meet.CodeChange{ExpiresIn: Of(time.Hour)})
	_, err := s.UpdateCode(t.Context(), Ada, stopped.Code, meet.CodeChange{Enabled: Of(false)}, false)
	wantCode(t, "disable", err, "")
	_, _, err = s.EndRoom(t.Context(), Ada, room.ID, room.Name)
	wantCode(t, "end", err, "")
	s.Clock.Advance(time.Hour)
	got, err := s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{}, true)
	if err != nil || !got.Reopened || len(got.Codes) != 1 || got.Codes[0].Code != works.Code {
		t.Errorf("reopened = %+v, %v; want the code for guests alone", got, err)
	}
	if diff := cmp.Diff([]string{"is_active"}, got.Changed); diff != "" {
		t.Errorf("what changed (-want +got):\n%s", diff)
	}
}

func TestUpdateRoom(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{Name: Of("before"), ExpiresIn: Of(time.Hour), MaxParticipants: Of(5)})
	s.Clock.Advance(time.Minute)
	got, err := s.UpdateRoom(t.Context(), Ada, "before", meet.RoomChange{Name: Of("after"), IsPublic: Of(true),
		Settings: meet.SettingsChange{E2EE: Of(true)}}, false)
	wantCode(t, "update", err, "")
	want := room
	want.Name, want.IsPublic, want.Settings.E2EE, want.UpdatedAt = "after", true, true, room.UpdatedAt.Add(time.Minute)
	wantUpdated := meet.UpdatedRoom{Room: want, Changed: []string{"is_public", "name", "settings.e2ee"}}
	if diff := cmp.Diff(wantUpdated, got); diff != "" {
		t.Errorf("updated room differs (-want +got):\n%s", diff)
	}
	again, err := s.UpdateRoom(t.Context(), Ada, "after", meet.RoomChange{IsPublic: Of(true)}, true)
	if diff := cmp.Diff([]string{}, again.Changed); err != nil || diff != "" || again.Reopened {
		t.Errorf("the second time (%v) something changed (-want +got):\n%s", err, diff)
	}
	_, err = s.UpdateRoom(t.Context(), Ada, "before", meet.RoomChange{}, false)
	wantCode(t, "update by the old name", err, meet.CodeNotFound)

	s.NewRoom(t, meet.RoomChange{Name: Of("taken")})
	for name, change := range map[string]meet.RoomChange{
		"taken":    {Name: Of("taken")},
		"bad name": {Name: Of("?")}, "empty name": {Name: Of("")},
		"bad mode":       {Mode: Of(meet.Mode("party"))},
		"negative limit": {MaxParticipants: Of(-1)}, "huge limit": {MaxParticipants: Of(1 << 40)},
		"negative expiry": {ExpiresIn: Of(-time.Second)}, "huge expiry": {ExpiresIn: Of(meet.MaxLifetime + 1)},
	} {
		change.IsPublic = Of(false) // must not be applied either
		_, err := s.UpdateRoom(t.Context(), Ada, "after", change, false)
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	details, err := s.Room(t.Context(), Ada, "after")
	if diff := cmp.Diff(want, details.Room); err != nil || diff != "" {
		t.Errorf("refused updates left something behind (%v):\n%s", err, diff)
	}
	for _, ref := range []string{"", "No_such!", strings.Repeat("a", 64)} {
		_, err := s.UpdateRoom(t.Context(), Ada, ref, meet.RoomChange{}, false)
		wantCode(t, "update of the room "+ref, err, meet.CodeInvalid)
	}
	_, err = s.UpdateRoom(t.Context(), Ada, "after", meet.RoomChange{ExpiresIn: Of(meet.MaxLifetime)}, false)
	wantCode(t, "the longest life", err, "")
}

func TestEndRoomPutsEveryoneOut(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{Name: Of("allhands")})
	code := s.NewCode(t, room, "guest", meet.CodeChange{})
	ada, guest := s.Enter(t, Ada, room), s.EnterByCode(t, code, "Guest")

	_, _, err := s.EndRoom(t.Context(), Ada, "allhands", "all-hands")
	wantCode(t, "end with a wrong name", err, meet.CodeInvalid)
	if !ada.Connected() || !guest.Connected() {
		t.Fatal("somebody was removed although the name was wrong")
	}
	ended, removed, err := s.EndRoom(t.Context(), Ada, room.ID, " AllHands ")
	wantCode(t, "end", err, "")
	if s.IsActive(ended) || ended.EndedBy != "ada" || len(removed) != 2 {
		t.Errorf("ended = %+v, removed = %v; want it ended by ada and two removed", ended, removed)
	}
	ada.WaitDisconnected()
	guest.WaitDisconnected()
	_, err = s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code})
	wantCode(t, "exchange after the end", err, meet.CodeNotFound)
	_, err = s.Join(t.Context(), Bob, meet.JoinCall{Code: &code.Code})
	wantCode(t, "join by code after the end", err, meet.CodeGone)
	_, err = s.Join(t.Context(), Ada, meet.JoinCall{RoomID: &room.ID})
	wantCode(t, "join after the end", err, meet.CodeGone)
	_, removed, err = s.EndRoom(t.Context(), Ada, room.ID, "allhands")
	if err != nil || len(removed) != 0 {
		t.Errorf("ending again removes %v, %v; want nothing more to happen", removed, err)
	}

	_, err = s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{}, true)
	wantCode(t, "reopen", err, "")
	s.EnterByCode(t, code, "Back again")
}

func TestSweepEndsRoomsWhoseTimeHasCome(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{ExpiresIn: Of(time.Hour)})
	stays := s.NewRoom(t, meet.RoomChange{})
	person, other := s.Enter(t, Ada, room), s.Enter(t, Ada, stays)
	s.Clock.Advance(time.Hour - time.Millisecond)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	if !person.Connected() {
		t.Fatal("removed too early")
	}
	s.Clock.Advance(time.Millisecond)
	_, err := s.Join(t.Context(), Ada, meet.JoinCall{RoomID: &room.ID})
	wantCode(t, "join of an expired room that is not swept yet", err, meet.CodeGone)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	person.WaitDisconnected()
	if !other.Connected() {
		t.Error("somebody in another room was removed")
	}
	if details, err := s.Room(t.Context(), Ada, room.ID); err != nil || details.State != meet.RoomExpired {
		t.Errorf("state = %q, %v; want expired", details.State, err)
	}
}
