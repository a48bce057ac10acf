package servicetest

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// allEvents are a room's events, the oldest first, as "action target".
func allEvents(t *testing.T, s *System, room meet.Room) (lines []string, text string) {
	t.Helper()
	events, _, err := s.Events(t.Context(), Ada, meet.EventFilter{RoomID: &room.ID, Limit: Of(100)})
	wantCode(t, "events", err, "")
	for _, e := range events {
		lines = append([]string{string(e.Action) + " " + e.Target}, lines...)
	}
	b, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	return lines, string(b)
}

// The media server names second connections with a #: no identity of ours has one.
func TestUserIDsWithAHash(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	_, bob := enterByCode(t, s, s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}).Code, "bob#1234")
	users := s.Enter(t, meet.Principal{ID: "https://idp/users#42", Role: meet.User}, room)
	people, err := s.Media.Participants(t.Context(), room.ID)
	wantCode(t, "participants", err, "")
	for _, person := range people {
		handle(t, s, meet.MediaEvent{ID: person.SID, Kind: meet.MediaParticipantJoined, RoomID: room.ID,
			Participant: person})
		if strings.Contains(person.Identity, "#") {
			t.Errorf("identity %q holds a #", person.Identity)
		}
	}
	if n := countEvents(t, s, room, meet.Removed); n != 0 || !bob.Connected() || !users.Connected() {
		t.Errorf("%d were removed for what they are called", n)
	}
}

// A person who types somebody's user id and is blocked, or locked, does that to
// nobody else: not to who came by another code, and not to whom an admin brings.
func TestTypedUserIDsHurtNobody(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	guests := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	viewers := s.NewCode(t, room, meet.RoleHost, meet.CodeChange{})
	_, bob := enterByCode(t, s, guests.Code, "bob")
	vouched, err := s.Join(t.Context(), Ada, meet.JoinCall{RoomID: &room.ID, UserID: "bob"})
	wantCode(t, "join", err, "")
	brought := s.EnterWith(t, vouched)
	_, mallory := enterByCode(t, s, viewers.Code, "bob")
	_, err = s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: mallory.Identity(), Lock: Of(true)})
	wantCode(t, "lock", err, "")
	if a, err := exchange(t, s, guests.Code, "bob"); err != nil || len(lockedOf(t, s, a.Identity)) != 0 {
		t.Errorf("bob by another code: locked %v, %v; want nothing", lockedOf(t, s, a.Identity), err)
	}
	if a, err := exchange(t, s, viewers.Code, "bob"); err != nil || len(lockedOf(t, s, a.Identity)) != 1 {
		t.Errorf("mallory again: locked %v, %v; want the microphone", lockedOf(t, s, a.Identity), err)
	}
	_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: mallory.Identity(), Block: true})
	wantCode(t, "kick", err, "")
	mallory.WaitDisconnected()
	for range 2 {
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
	}
	if !bob.Connected() || !brought.Connected() {
		t.Errorf("connected: bob %v, who the admin brought %v; want both", bob.Connected(), brought.Connected())
	}
	_, err = s.Join(t.Context(), Ada, meet.JoinCall{RoomID: &room.ID, UserID: "bob"})
	wantCode(t, "the admin brings bob again", err, "")
}

// Who has proven who they are stays locked whatever name they give.
func TestLocksFollowTheSubject(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	gus := s.Enter(t, Gus, room)
	_, err := s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: gus.Identity(), Lock: Of(true)})
	wantCode(t, "lock", err, "")
	a, err := s.Join(t.Context(), Gus, meet.JoinCall{RoomID: &room.ID, UserID: "somebody-else"})
	wantCode(t, "join", err, "")
	if len(lockedOf(t, s, a.Identity)) != 1 {
		t.Errorf("gus under another name: locked %v; want the microphone", lockedOf(t, s, a.Identity))
	}
	gus.Leave()
	neverInside := meet.MuteCall{Identity: a.Identity, Lock: Of(false)}
	done, err := s.Mute(t.Context(), Ada, room.ID, neverInside)
	if err != nil || len(done.Unlocked) != 2 {
		t.Errorf("unlock = %+v, %v; want both of gus's", done, err)
	}
}

// A host who was kicked answers nobody any more, though the media server may
// not have heard of it.
func TestKickedHostsAnswerNobody(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	a, host := enterByCode(t, s, s.NewCode(t, room, meet.RoleHost, meet.CodeChange{}).Code, "")
	_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: host.Identity()})
	wantCode(t, "kick", err, "")
	s.EnterWith(t, a) // past us
	waiting, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, Name: "Eve"})
	wantCode(t, "ask", err, "")
	_, err = s.AnswerAsHost(t.Context(), a.Token, waiting.RequestID, true)
	wantCode(t, "answer", err, meet.CodeForbidden)
	list, err := s.HostView(t.Context(), a.Token, "", 0)
	if err != nil || list.Inside || len(list.Requests) != 0 {
		t.Errorf("requests = %+v, %v; want nothing told", list, err)
	}
}

// However a code gets into what people type, it is not on record.
func TestNoCodeOnRecord(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}).Code
	bare := strings.ReplaceAll(code, "-", "")
	label := meet.CodeRequest{Role: Of(meet.RoleHost), Label: "like " + code}
	_, err := s.CreateCodes(t.Context(), Ada, room.ID, label)
	wantCode(t, "create a code", err, "")
	for _, written := range []string{code, bare, strings.ToUpper(code), code[:3] + " " + code[4:8] + " " + code[9:]} {
		a, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code, Name: "I am " + written, UserID: written})
		wantCode(t, "exchange", err, "")
		person := s.EnterWith(t, a)
		_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: person.Identity(), Reason: "leaked " + code})
		wantCode(t, "kick", err, "")
	}
	_, text := allEvents(t, s, room)
	// Its four letters may be part of a word by chance, so they count by themselves and
	// beside others of the code.
	for _, secret := range []string{code, bare, bare[:7], bare[3:], `\b` + code[4:8] + `\b`} {
		if regexp.MustCompile(`(?i)` + secret).MatchString(text) {
			t.Errorf("the events hold %s of the code %s: %s", secret, code, text)
		}
	}
}

// A room that was found to be over by somebody else than the sweeper leaves the
// same line, once.
func TestExpiryIsOnRecordOnce(t *testing.T) {
	t.Parallel()
	for name, find := range map[string]func(*System, meet.Room) error{
		"another room of that name": func(s *System, room meet.Room) error {
			_, _, err := s.CreateRoom(t.Context(), Bob, meet.RoomChange{Name: &room.Name}, false)
			return err
		},
		"a change": func(s *System, room meet.Room) error {
			_, err := s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{IsPublic: Of(true)}, false)
			return err
		},
		"reopening": func(s *System, room meet.Room) error {
			_, err := s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{}, true)
			return err
		},
		"another room that takes its name": func(s *System, room meet.Room) error {
			other := s.NewRoom(t, meet.RoomChange{})
			_, err := s.UpdateRoom(t.Context(), Ada, other.ID, meet.RoomChange{Name: &room.Name}, false)
			return err
		},
	} {
		s := New(t)
		room := s.NewRoom(t, meet.RoomChange{Name: Of("daily"), ExpiresIn: Of(time.Minute)})
		s.Clock.Advance(time.Minute)
		wantCode(t, name, find(s, room), "")
		wantCode(t, "sweep", s.Sweep(t.Context()), "")
		if n := countEvents(t, s, room, meet.RoomHasExpired); n != 1 {
			t.Errorf("%s: %d lines of the expiry; want one", name, n)
		}
	}
}

// People who are inside stay when the limit is lowered, also before
// anybody has told of their coming.
func TestALowerLimitPutsNobodyOut(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	ada, bob, gus := s.Enter(t, Ada, room), s.Enter(t, Bob, room), s.Enter(t, Gus, room)
	_, err := s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{MaxParticipants: Of(1)}, false)
	wantCode(t, "update", err, "")
	wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
	if n := countEvents(t, s, room, meet.Removed); n != 0 || !ada.Connected() || !bob.Connected() || !gus.Connected() {
		t.Errorf("%d were removed", n)
	}
}

// A media room that LiveKit made by itself has no limit: the enforcer removes
// people who are too many there, but never an admin.
func TestTooManyInAMediaRoomWithoutALimit(t *testing.T) {
	t.Parallel()
	s := NewOn(t, livekittest.StartServer(t, livekittest.ServerOptions{}).URL())
	room := s.NewRoom(t, meet.RoomChange{MaxParticipants: Of(1)})
	tokens := []meet.JoinResult{s.Admit(t, Bob, room), s.Admit(t, Ada, room), s.Admit(t, Gus, room)}
	_, err := s.Media.DeleteRoom(t.Context(), room.ID)
	wantCode(t, "delete the media room", err, "")
	bob, ada, gus := s.EnterWith(t, tokens[0]), s.EnterWith(t, tokens[1]), s.EnterWith(t, tokens[2])
	livekittest.Wait(t, "somebody to be removed", func() bool {
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
		return countEvents(t, s, room, meet.Removed) > 0
	})
	gus.WaitDisconnected()
	if n := countEvents(t, s, room, meet.Removed); n != 1 || !bob.Connected() || !ada.Connected() {
		t.Errorf("%d were removed; want only who came last and is no admin", n)
	}
}

// The people of a leaked code can be removed after it was rotated.
func TestRemoveByARotatedCode(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	a, eve := enterByCode(t, s, code.Code, "")
	rotated, _, err := s.RotateCode(t.Context(), Ada, code.Code, false)
	wantCode(t, "rotate", err, "")
	_, carol := enterByCode(t, s, rotated.Code, "")
	_, err = s.UpdateCode(t.Context(), Ada, code.Code, meet.CodeChange{Enabled: Of(true)}, false)
	wantCode(t, "enabling the old one", err, meet.CodeGone)
	updated, err := s.UpdateCode(t.Context(), Ada, code.Code, meet.CodeChange{}, true)
	isEve := len(updated.Removed) == 1 && updated.Removed[0] == eve.Identity()
	if err != nil || !isEve || !isTokenDead(t, s, a.Token) || !carol.Connected() {
		t.Errorf("removed %v, %v; want eve alone, and her token dead", updated.Removed, err)
	}
	if _, err := exchange(t, s, code.Code, ""); !meet.IsCode(err, meet.CodeNotFound) {
		t.Errorf("the old code: %v; want that it opens nothing", err)
	}
}

// The trail tells the story in order: nobody seems to be inside who was removed,
// and who is removed once more was never inside again.
func TestTheTrailEndsWithTheRemoval(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	a, eve := enterByCode(t, s, s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}).Code, "")
	id := eve.Identity()
	tell := func(kind meet.MediaEventKind, event, sid string) {
		t.Helper()
		handle(t, s, mediaEvent(s, kind, event, room.ID, "RM_1", id, sid))
	}
	sid := eve.Room().LocalParticipant.SID()
	tell(meet.MediaParticipantJoined, "1", sid)
	_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: id})
	wantCode(t, "kick", err, "")
	tell(meet.MediaParticipantLeft, "2", sid)
	s.EnterWith(t, a) // past us
	tell(meet.MediaParticipantJoined, "3", "PA_2")
	tell(meet.MediaParticipantLeft, "4", "PA_2")
	lines, _ := allEvents(t, s, room)
	want := []string{"room.created ", "code.created ", "participant.admitted " + id, "participant.joined " + id,
		"participant.kicked " + id, "participant.left " + id, "participant.removed " + id}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("events:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// What the media server does not take is not handed out.
func TestIdentitiesFitTheMediaServer(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	long := strings.Repeat("👩", meet.MaxUserID)
	a, err := s.Join(t.Context(), Ada,
		meet.JoinCall{RoomID: &room.ID, UserID: long, Name: strings.Repeat("👩", meet.MaxDisplayName)})
	wantCode(t, "join", err, "")
	s.EnterWith(t, a)
}

// lockedOf is what is taken from who was let in by an identity.
func lockedOf(t *testing.T, s *System, identity string) []meet.Source {
	t.Helper()
	join, _, err := s.Store.Admission(t.Context(), identity)
	if err != nil {
		t.Fatalf("Join(%s): %v", identity, err)
	}
	return join.Locked
}

// On a media server that lets everybody name their tracks as they like, a person who
// speaks under the name of a camera is removed when that is noticed.
func TestPretendersArePutOut(t *testing.T) {
	t.Parallel()
	foreign := livekittest.StartServer(t, livekittest.ServerOptions{})
	s := NewOn(t, foreign.URL())
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}).Code
	_, honest := enterByCode(t, s, code, "honest")
	_, liar := enterByCode(t, s, code, "liar")
	_, err := s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: liar.Identity(), Lock: Of(true)})
	wantCode(t, "lock", err, "")
	honest.PublishMicrophone()
	honest.PublishCamera()
	liar.ClaimSource(meet.Camera)
	liar.PublishMicrophone() // and calls it a camera
	honestTrack := meet.MediaEvent{ID: "1", Kind: meet.MediaTrackPublished, RoomID: room.ID, Participant: meet.Participant{
		Identity: honest.Identity(), SID: "PA_x", Tracks: []meet.Track{{ID: "TR_x", Source: meet.Microphone, Audio: true}}}}
	handle(t, s, honestTrack)
	livekittest.Wait(t, "the liar to be removed", func() bool {
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
		return countEvents(t, s, room, meet.Removed) == 1
	})
	liar.WaitDisconnected()
	if !honest.Connected() {
		t.Error("who publishes what it is was removed as well")
	}
}

// It is noticed at once where the media server tells of tracks.
func TestPretendersAreToldOf(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	liar := s.Enter(t, Bob, room)
	tell := func(id, identity string, source meet.Source) {
		t.Helper()
		handle(t, s, meet.MediaEvent{ID: id, Kind: meet.MediaTrackPublished, RoomID: room.ID,
			Participant: meet.Participant{Identity: identity,
				Tracks: []meet.Track{{ID: "TR_x", Source: source, Audio: true}}}})
	}
	tell("1", liar.Identity(), meet.ScreenShareAudio)
	tell("2", "recorder", meet.Camera)
	if n := countEvents(t, s, room, meet.Removed); n != 0 || !liar.Connected() {
		t.Fatalf("%d were removed for an honest track", n)
	}
	tell("3", liar.Identity(), meet.Camera)
	liar.WaitDisconnected()
	if n := countEvents(t, s, room, meet.Removed); n != 1 {
		t.Errorf("%d events of the removal; want one", n)
	}
}
