package servicetest

import (
	"fmt"
	"strings"
	"testing"

	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// An agent writes to everybody inside or to one of them, and what is on record is
// that it did, not what it wrote.
func TestSendMessage(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{Settings: meet.SettingsChange{AllowChat: Of(false)}})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	eve, bob := s.EnterByCode(t, code, "Eve"), s.EnterByCode(t, code, "Bob")
	got := func(p *livekittest.Person) <-chan string {
		texts := make(chan string, 10)
		err := p.Room().RegisterTextStreamHandler("lk.chat", func(r *lksdk.TextStreamReader, _ string) {
			texts <- r.ReadAll()
		})
		if err != nil {
			t.Fatal(err)
		}
		return texts
	}
	toEve, toBob := got(eve), got(bob)
	livekittest.Wait(t, "LiveKit to send data to both", func() bool {
		people, err := s.Media.Participants(t.Context(), room.ID)
		return err == nil && len(people) == 2 && people[0].Active && people[1].Active
	})
	m, err := s.SendMessage(t.Context(), Ada, room.Name, meet.MessageCall{Text: " to you\r\nalone ", Identity: "eve"})
	if err != nil || m.To != eve.Identity() || m.Text != "to you\nalone" || m.From != "Ada" || m.ID == "" {
		t.Fatalf("SendMessage: %+v, %v", m, err)
	}
	if text := <-toEve; text != "to you\nalone" { // the SDK may finish the next one before
		t.Errorf("Eve reads %q, want what is for her", text)
	}
	m, err = s.SendMessage(t.Context(), Root, room.ID, meet.MessageCall{Text: "all", Identity: meet.Everyone})
	if err != nil || m.To != "" {
		t.Fatalf("SendMessage: %+v, %v", m, err)
	}
	for name, texts := range map[string]<-chan string{"Eve": toEve, "Bob": toBob} {
		if text := <-texts; text != "all" {
			t.Errorf("%s reads %q, want what is for all", name, text)
		}
	}
	events, _, err := s.Events(t.Context(), Ada, meet.EventFilter{RoomID: &room.ID, Kind: "message"})
	if err != nil || len(events) != 2 {
		t.Fatalf("Events: %v, %v; want two", events, err)
	}
	if e := events[1]; e.Action != meet.MessageSent || e.Target != eve.Identity() || e.Actor != Ada.ID ||
		e.Details["characters"] != "12" || strings.Contains(fmt.Sprint(events), "alone") {
		t.Errorf("the event about a message is %+v", e)
	}

	// Reconciliation leaves the participant who writes alone, and nobody sees them.
	if err := s.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	roster, err := s.Roster(t.Context(), Ada, room.ID)
	if err != nil || len(roster.Participants) != 2 {
		t.Errorf("Roster: %+v, %v; want Eve and Bob", roster.Participants, err)
	}
	if _, err := s.SendMessage(t.Context(), Ada, room.ID, meet.MessageCall{Text: "still"}); err != nil {
		t.Errorf("after reconciliation: %v", err)
	}
	eve.Leave()
	bob.Leave()
	livekittest.Wait(t, "the room to be empty", func() bool {
		people, err := s.Media.Participants(t.Context(), room.ID)
		return err == nil && len(people) == 0
	})
	_, err = s.SendMessage(t.Context(), Ada, room.ID, meet.MessageCall{Text: "anybody?"})
	wantCode(t, "to an empty room", err, meet.CodeConflict)
}

func TestMessagesThatAreNotSent(t *testing.T) {
	t.Parallel()
	s := New(t, func(c *meet.Config) { c.Limits.MessagesPerRoom = 2 })
	room := s.NewRoom(t, meet.RoomChange{})
	secret := s.NewRoom(t, meet.RoomChange{Settings: meet.SettingsChange{E2EE: Of(true)}})
	over := s.NewRoom(t, meet.RoomChange{})
	if _, _, err := s.EndRoom(t.Context(), Ada, over.ID, over.Name); err != nil {
		t.Fatal(err)
	}
	s.Enter(t, Ada, room)
	s.Enter(t, Ada, secret)
	for what, c := range map[string]struct {
		room meet.Room
		call meet.MessageCall
		want meet.ErrorCode
	}{
		"empty":         {room, meet.MessageCall{Text: " \n"}, meet.CodeInvalid},
		"too long":      {room, meet.MessageCall{Text: strings.Repeat("x", meet.MaxMessage+1)}, meet.CodeInvalid},
		"control":       {room, meet.MessageCall{Text: "a\x1b[31mb"}, meet.CodeInvalid},
		"bidi":          {room, meet.MessageCall{Text: "a\u202eb"}, meet.CodeInvalid},
		"blank whom":    {room, meet.MessageCall{Text: "x", Identity: " "}, meet.CodeInvalid},
		"to nobody":     {room, meet.MessageCall{Text: "x", Identity: "zoe"}, meet.CodeNotFound},
		"encrypted":     {secret, meet.MessageCall{Text: "x"}, meet.CodeConflict},
		"room is over":  {over, meet.MessageCall{Text: "x"}, meet.CodeGone},
		"no such room":  {meet.Room{ID: "none"}, meet.MessageCall{Text: "x"}, meet.CodeNotFound},
		"nobody inside": {s.NewRoom(t, meet.RoomChange{}), meet.MessageCall{Text: "x"}, meet.CodeConflict},
	} {
		_, err := s.SendMessage(t.Context(), Root, c.room.ID, c.call)
		wantCode(t, what, err, c.want)
	}
	for _, p := range []meet.Principal{Bob, Gus} {
		_, err := s.SendMessage(t.Context(), p, room.ID, meet.MessageCall{Text: "x"})
		wantCode(t, "by "+p.ID, err, meet.CodeForbidden)
	}
	_, err := s.SendMessage(t.Context(), Anon, room.ID, meet.MessageCall{Text: "x"})
	wantCode(t, "by nobody", err, meet.CodeUnauthenticated)
	for i, want := range []meet.ErrorCode{"", "", meet.CodeRateLimited} {
		_, err := s.SendMessage(t.Context(), Ada, room.ID, meet.MessageCall{Text: "x"})
		wantCode(t, fmt.Sprint("message ", i), err, want)
	}
}
