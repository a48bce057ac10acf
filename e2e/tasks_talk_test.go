package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

var tasksToCome = []task{
	{"A meeting on Monday at nine, and a text that I can mail", "create_room", no, func(s *script) {
		start := time.Now().Add(72 * time.Hour).UTC().Truncate(time.Second)
		var out struct {
			made
			Invitation string
		}
		s.call("create_room", arg{
			"name": s.room, "title": "Budget", "starts_at": start, "expires_at": start.Add(time.Hour), "create_codes": true,
		}, &out)
		s.same("the invitation has the title", strings.Contains(out.Invitation, "Budget"), true)
		s.staysOut(http.StatusAccepted, out.code(guest), "Zoe", "")
		s.comes(out.code(host), "Ada")
	}},
	{"We begin now, not on Monday", "update_room", no, func(s *script) {
		m := s.given(arg{"starts_at": time.Now().Add(time.Hour).UTC()})
		s.staysOut(http.StatusAccepted, m.code(guest), "Zoe", "")
		s.call("update_room", arg{"room_id": s.room, "starts_at": time.Now().UTC()}, nil)
		s.comes(m.code(guest), "Zoe")
	}},
	{"Ten more minutes", "update_room", partly, func(s *script) {
		m := s.given(arg{"expires_in_seconds": 600})
		var out struct {
			Room struct {
				ExpiresAt time.Time `json:"expires_at"`
			}
		}
		s.call("update_room", arg{"room_id": s.room, "extend_seconds": 600}, &out)
		s.same("it goes on", out.Room.ExpiresAt.After(time.Now().Add(15*time.Minute)), true)
		s.comes(m.code(guest), "Zoe")
	}},
}

var tasksOfOne = []task{
	{"Zoe may share her screen for ten minutes", "update_participant", no, func(s *script) {
		m := s.given(arg{"settings": arg{"allow_screen_share": false}})
		zoe, yann := s.comes(m.code(guest), "Zoe"), s.comes(m.code(guest), "Yann")
		s.call("update_participant", arg{
			"room_id": s.room, "identity": "Zoe", "allow": arg{"screen_share": true}, "for_seconds": 600,
		}, nil)
		zoe.WaitMayPublish(meet.ScreenShare, true)
		zoe.Publish(meet.ScreenShare)
		yann.WaitReceives(zoe.pass.Identity, meet.ScreenShare, true)
		s.same("Yann may", yann.MayPublish(meet.ScreenShare), false)
	}},
	{"Make Zoe a host for this meeting", "update_participant", no, func(s *script) {
		m := s.given(nil)
		zoe := s.comes(m.code(guest), "Zoe")
		s.call("update_participant", arg{"room_id": s.room, "identity": "Zoe", "role": host}, nil)
		livekittest.Wait(s.t, "Zoe to be a host", func() bool { return zoe.Attributes()["role"] == host })
	}},
	{"Her name is Zoë Meier, she came as Zoe", "update_participant", no, func(s *script) {
		m := s.given(nil)
		s.comes(m.code(guest), "Zoe")
		s.call("update_participant", arg{"room_id": s.room, "identity": "Zoe", "name": "Zoë Meier"}, nil)
		s.waitNames("Zoë Meier")
	}},
	{"Tell me when Zoe comes", "list_events, list_events", partly, func(s *script) {
		m := s.given(nil)
		var out struct {
			Events []eventLine
			After  string
		}
		s.call("list_events", arg{"room_id": s.room, "kind": "participant", "wait_seconds": 1}, &out)
		s.comes(m.code(guest), "Zoe")
		s.call("list_events", arg{
			"room_id": s.room, "kind": "participant", "after": out.After, "wait_seconds": 50,
		}, &out)
		s.same("who has come", out.Events[0].Details["participant_name"], "Zoe")
	}},
}

var tasksTalk = []task{
	{"Tell everybody that five minutes are left", "send_message", no, func(s *script) {
		m := s.given(arg{"settings": arg{"allow_chat": false}}) // people may not write themselves
		zoe, yann := s.comes(m.code(guest), "Zoe"), s.comes(m.code(guest), "Yann")
		s.call("send_message", arg{"room_id": s.room, "text": "Five minutes left"}, nil)
		s.reads(zoe, "Five minutes left")
		s.reads(yann, "Five minutes left")
	}},
	{"Ask Zoe alone to turn her camera on", "send_message", no, func(s *script) {
		m := s.given(nil)
		zoe, yann := s.comes(m.code(guest), "Zoe"), s.comes(m.code(guest), "Yann")
		s.call("send_message", arg{"room_id": s.room, "identity": "Zoe", "text": "Your camera is off"}, nil)
		s.reads(zoe, "Your camera is off")
		s.as(s.user, "send_message", arg{"room_id": s.room, "text": "to all"}, nil)
		s.reads(yann, "to all")
		s.same("Yann reads what is for Zoe", hasRead(yann, "Your camera is off"), false)
	}},
	{"Keep the chat: what did people write?", "create_room, get_transcript", no, func(s *script) {
		var m made
		s.call("create_room", arg{"name": s.room, "create_codes": true, "settings": arg{"keep_chat": true}}, &m)
		s.writes(s.comes(m.code(guest), "Zoe"), "I am for it")
		var out struct{ Entries []entry }
		s.call("get_transcript", arg{"room_id": s.room}, &out)
		s.same("who and how", out.Entries[0].Name+" "+out.Entries[0].Source, "Zoe chat")
	}},
	{"What was written since I went?", "get_transcript", no, func(s *script) {
		m := s.given(arg{"settings": arg{"keep_chat": true}})
		zoe := s.comes(m.code(guest), "Zoe")
		before := s.writes(zoe, "before")
		s.writes(zoe, "after that")
		var out struct{ Entries []entry }
		s.call("get_transcript", arg{"room_id": s.room, "since": before.At.Add(time.Millisecond)}, &out)
		s.same("what", out.Entries[0].Text, "after that")
	}},
	{"The chat of the last meeting, as a text", "list_sessions, get_transcript", no, func(s *script) {
		m := s.given(arg{"settings": arg{"keep_chat": true}})
		for _, name := range []string{"Yann", "Zoe"} { // one meeting after the other
			p := s.comes(m.code(guest), name)
			s.writes(p, "here is "+name)
			p.Leave()
			s.waitNames()
			livekittest.Wait(s.t, "that to be on record", func() bool { return s.left(name) != "" })
		}
		var list struct{ Sessions []struct{ ID string } }
		s.call("list_sessions", arg{"room_id": s.room}, &list)
		var out struct{ Text string }
		s.call("get_transcript", arg{"session_id": list.Sessions[0].ID, "format": "text"}, &out)
		if !strings.HasSuffix(out.Text, "] Zoe: here is Zoe\n") || strings.Contains(out.Text, "Yann") {
			s.t.Errorf("the last meeting: %q", out.Text)
		}
	}},
}

// writes has somebody write a message until it is kept: nobody can see when that
// begins. It is the same message each time, so it is kept once.
func (s *script) writes(p person, text string) (kept entry) {
	s.t.Helper()
	var sent time.Time
	livekittest.Wait(s.t, text+" to be kept", func() bool {
		if time.Since(sent) > time.Second/2 {
			writeMessage(s.t, p, text)
			sent = time.Now()
		}
		var out struct{ Entries []entry }
		s.as(s.user, "get_transcript", arg{"room_id": s.room}, &out)
		for _, e := range out.Entries {
			if e.Text == text {
				kept = e
			}
		}
		return kept.Text != ""
	})
	return kept
}

// writeMessage writes into the chat as the page does. With the same text it is the
// same message.
func writeMessage(t testing.TB, p person, text string) {
	t.Helper()
	body, err := json.Marshal(arg{"id": text, "timestamp": time.Now().UnixMilli(), "message": text})
	if err != nil {
		t.Fatal(err)
	}
	packet := &lksdk.UserDataPacket{Payload: body, Topic: "lk-chat-topic"}
	if err := p.Room().LocalParticipant.PublishDataPacket(packet, lksdk.WithDataPublishReliable(true)); err != nil {
		t.Fatalf("write a message: %v", err)
	}
}

// reads waits until somebody has got a message.
func (s *script) reads(p person, text string) {
	s.t.Helper()
	livekittest.Wait(s.t, "the message "+text, func() bool { return hasRead(p, text) })
}

func hasRead(p person, text string) bool {
	for _, m := range p.Messages() {
		if strings.Contains(m, text) {
			return true
		}
	}
	return false
}
