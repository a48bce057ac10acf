package servicetest

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

func TestJoinByName(t *testing.T) {
	t.Parallel()
	s := New(t)
	standard := s.NewRoom(t, meet.RoomChange{})
	webinar := s.NewRoom(t, meet.RoomChange{Mode: Of(meet.Webinar)})
	tests := []struct {
		p      meet.Principal
		room   meet.Room
		userID string
		role   string
		prefix string
	}{
		{Ada, standard, "", "host", "ada_"},
		{Ada, standard, "ada", "host", "ada_"},
		{Ada, standard, "eve", "guest", "eve_"}, // for somebody else: not with her own rights
		{Root, standard, "", "host", "root_"},
		{Bob, standard, "", "guest", "bob_"},
		{Bob, standard, "ada", "guest", "ada_"}, // typing the admin's id gives no rights
		{Gus, standard, "", "guest", "gus_"},
		{Ada, webinar, "", "host", "ada_"},
		{Bob, webinar, "", "viewer", "bob_"},
	}
	for _, tt := range tests {
		a, err := s.Join(t.Context(), tt.p, meet.JoinCall{RoomID: &tt.room.Name, UserID: tt.userID})
		if err != nil || a.Role != tt.role || !strings.HasPrefix(a.Identity, tt.prefix) {
			t.Errorf("%s as %q in a %s room: role %q, identity %q, %v; want %s and %s…",
				tt.p.ID, tt.userID, tt.room.Mode, a.Role, a.Identity, err, tt.role, tt.prefix)
		}
		if got, want := a.ExpiresAt.Sub(s.Clock.Now()), 10*time.Minute; got > want || got < want-time.Second {
			t.Errorf("the token is good for %v; want %v", got, want)
		}
	}
}

func TestJoinAsksForExactlyOneWay(t *testing.T) {
	t.Parallel()
	s := New(t)
	for _, req := range []meet.JoinCall{{}, {RoomID: Of("room"), Code: Of("aaa-aaaa-aaa")}} {
		_, err := s.Join(t.Context(), Ada, req)
		wantCode(t, "join", err, meet.CodeInvalid)
	}
}

// What a person may do follows from role, settings and mode, and the media
// server holds to it.
func TestParticipantsMayDoWhatTheirRoleSays(t *testing.T) {
	t.Parallel()
	s := New(t)
	tests := []struct {
		name          string
		change        meet.RoomChange
		role          string
		mayPublish    []meet.Source
		mayNotPublish []meet.Source
		mayChat       bool
	}{
		{"host", meet.RoomChange{}, "host", []meet.Source{meet.Microphone, meet.Camera}, nil, true},
		{"viewer", meet.RoomChange{}, "viewer", nil, []meet.Source{meet.Microphone, meet.Camera}, false},
		{"no video", meet.RoomChange{Settings: meet.SettingsChange{AllowVideo: Of(false)}}, "guest",
			[]meet.Source{meet.Microphone}, []meet.Source{meet.Camera}, true},
		{"no audio", meet.RoomChange{Settings: meet.SettingsChange{AllowAudio: Of(false)}}, "guest",
			[]meet.Source{meet.Camera}, []meet.Source{meet.Microphone}, true},
		{"no chat", meet.RoomChange{Settings: meet.SettingsChange{AllowChat: Of(false)}}, "host",
			[]meet.Source{meet.Microphone}, nil, false},
		{"nothing", meet.RoomChange{Settings: meet.SettingsChange{AllowChat: Of(false), AllowAudio: Of(false),
			AllowVideo: Of(false)}}, "host", nil, []meet.Source{meet.Microphone, meet.Camera}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			room := s.NewRoom(t, tt.change)
			person := s.EnterByCode(t, s.NewCode(t, room, tt.role, meet.CodeChange{}), "Person")
			// A person who only watches needs somebody to watch.
			witness := s.EnterByCode(t, s.NewCode(t, room, "viewer", meet.CodeChange{}), "Witness")
			for _, source := range tt.mayPublish {
				if err := person.TryPublish(source); err != nil {
					t.Errorf("publishing %s is refused: %v", source, err)
				}
				livekittest.Wait(t, "the witness receives "+string(source),
					func() bool { return witness.Receives(person.Identity(), source) })
			}
			var refused sync.WaitGroup // a client notices a refusal only after ten seconds of silence
			for _, source := range tt.mayNotPublish {
				refused.Go(func() {
					if err := person.TryPublish(source); err == nil {
						t.Errorf("publishing %s is accepted; want a refusal", source)
					}
				})
			}
			refused.Wait()
			person.Send("hello")
			if tt.mayChat {
				witness.WaitMessage("hello")
			}
			roster, err := s.Roster(t.Context(), Ada, room.ID)
			people := roster.Participants
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range people {
				if p.Identity == person.Identity() && len(p.Tracks) != len(tt.mayPublish) {
					t.Errorf("tracks at the server = %+v; want %v", p.Tracks, tt.mayPublish)
				}
			}
			if !tt.mayChat && len(witness.Messages()) > 0 {
				t.Errorf("a message came through: %v", witness.Messages())
			}
		})
	}
}

// A stranger who types somebody's user id must not throw that person out.
func TestTypedUserIDThrowsNobodyOut(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, "guest", meet.CodeChange{})
	ada := s.Enter(t, Ada, room)
	var identities []string
	for range 3 {
		a, err := s.Exchange(t.Context(), "192.0.2.66", meet.JoinCall{Code: &code.Code, Name: "Ada", UserID: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		livekittest.Join(t, s.URL, a.Token)
		identities = append(identities, a.Identity)
	}
	roster, err := s.Roster(t.Context(), Ada, room.ID)
	people := roster.Participants
	if err != nil || len(people) != 4 || !ada.Connected() {
		t.Fatalf("participants = %+v, %v; want Ada and three strangers", people, err)
	}
	for _, p := range people {
		if p.Admin != (p.Identity == ada.Identity()) {
			t.Errorf("%s counts as admin: %v", p.Identity, p.Admin)
		}
	}
	if identities[0] == identities[1] {
		t.Error("two joins got one identity")
	}
}

func TestLimitHolds(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{MaxParticipants: Of(2)})
	code := s.NewCode(t, room, "guest", meet.CodeChange{})
	// Tokens for more seats than there are: the media server has the last word.
	var tokens []string
	for range 4 {
		a, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code})
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, a.Token)
	}
	inside := 0
	for _, token := range tokens {
		if _, err := livekittest.TryJoin(t, s.URL, token); err == nil {
			inside++
		}
	}
	if inside != 2 {
		t.Errorf("%d people got in; want 2", inside)
	}
	for range 12 { // which is no guess
		_, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code})
		wantCode(t, "exchange for a full room", err, meet.CodeConflict)
	}
	_, err := s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &room.ID})
	wantCode(t, "join of a full room", err, meet.CodeConflict)
	codes, _, err := s.Codes(t.Context(), Ada, room.ID, meet.CodeFilter{})
	if err != nil || codes[0].Uses != 4 {
		t.Errorf("uses = %+v, %v; want 4: refusals are not counted", codes, err)
	}
}

// People who guess must not learn from the answer why a code opens nothing.
func TestExchangeIsUniform(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	ended := s.NewRoom(t, meet.RoomChange{})
	endedCode := s.NewCode(t, ended, "guest", meet.CodeChange{})
	if _, _, err := s.EndRoom(t.Context(), Ada, ended.ID, ended.Name); err != nil {
		t.Fatal(err)
	}
	label := func(label string, change meet.CodeChange) meet.RoomCode {
		made, err := s.CreateCodes(t.Context(), Ada, room.ID, meet.CodeRequest{Role: Of("guest"), Label: label,
			Change: change})
		if err != nil {
			t.Fatal(err)
		}
		return made.Codes[0]
	}
	used := label("used", meet.CodeChange{MaxUses: Of(1)})
	if _, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &used.Code}); err != nil {
		t.Fatal(err)
	}
	rotated := label("rotated", meet.CodeChange{})
	if _, _, err := s.RotateCode(t.Context(), Ada, rotated.Code, false); err != nil {
		t.Fatal(err)
	}
	expired := label("expired", meet.CodeChange{ExpiresIn: Of(time.Minute)})
	s.Clock.Advance(time.Minute)
	for what, code := range map[string]string{
		"unknown": "aaa-aaaa-aaa", "malformed": "hello", "empty": "", "disabled": label("disabled",
			meet.CodeChange{Enabled: Of(false)}).Code,
		"expired": expired.Code, "used up": used.Code, "rotated": rotated.Code, "room ended": endedCode.Code,
	} {
		_, err := s.Exchange(t.Context(), "address of "+what, meet.JoinCall{Code: &code})
		var e *meet.Error
		if !errors.As(err, &e) || e.Code != meet.CodeNotFound || e.Message != "This code does not open a room" ||
			e.Field != "" {
			t.Errorf("%s: %+v; want the uniform not_found", what, e)
		}
	}
}

func TestGuessersHaveToWait(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, "guest", meet.CodeChange{})
	for range 10 {
		_, err := s.Exchange(t.Context(), "192.0.2.66", meet.JoinCall{Code: Of("aaa-aaaa-aaa")})
		wantCode(t, "guess", err, meet.CodeNotFound)
		_, err = s.Join(t.Context(), Bob, meet.JoinCall{Code: Of("aaa-aaaa-aaa")})
		wantCode(t, "guess with a token", err, meet.CodeNotFound)
	}
	_, err := s.Exchange(t.Context(), "192.0.2.66", meet.JoinCall{Code: &code.Code})
	wantCode(t, "even a good code after ten guesses", err, meet.CodeRateLimited)
	_, _, err = s.RotateCode(t.Context(), Bob, "aaa-aaaa-aab", false)
	wantCode(t, "guess at another tool", err, meet.CodeRateLimited)
	_, _, err = s.RotateCode(t.Context(), Bob, code.Code, false)
	wantCode(t, "somebody else's code after ten guesses", err, meet.CodeRateLimited)
	for range 10 {
		_, err = s.UpdateCode(t.Context(), Ada, "aaa-aaaa-aab", meet.CodeChange{}, false)
		wantCode(t, "Ada mistypes", err, meet.CodeNotFound)
	}
	_, err = s.UpdateCode(t.Context(), Ada, code.Code, meet.CodeChange{Enabled: Of(true)}, false)
	wantCode(t, "Ada's own code all the same", err, "")
	_, err = s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code})
	wantCode(t, "another address", err, "")
	s.Clock.Advance(time.Minute)
	_, err = s.Exchange(t.Context(), "192.0.2.66", meet.JoinCall{Code: &code.Code})
	wantCode(t, "a minute later", err, "")
}

func TestExchangeCleansWhatPeopleType(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, "guest", meet.CodeChange{})
	a, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code,
		Name: "\u202eEve\x00 " + strings.Repeat("e", 10_000), UserID: strings.Repeat("u", 10_000)})
	if err != nil {
		t.Fatal(err)
	}
	livekittest.Join(t, s.URL, a.Token)
	roster, err := s.Roster(t.Context(), Ada, room.ID)
	people := roster.Participants
	if err != nil || len(people) != 1 {
		t.Fatalf("participants = %+v, %v", people, err)
	}
	if got, want := people[0].Name, "Eve "+strings.Repeat("e", 76); got != want {
		t.Errorf("name = %q; want %q", got, want)
	}
	if got := people[0].UserID; len(got) != meet.MaxUserID {
		t.Errorf("user id has %d characters; want %d", len(got), meet.MaxUserID)
	}
	_, err = s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &room.ID, Name: "\u202eEve"})
	wantCode(t, "an agent's bidi name", err, meet.CodeInvalid)
}
