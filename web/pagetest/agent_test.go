package pagetest

import (
	"context"
	"sync"
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// marks gives each message of the chat with what marks it.
const marks = `[...document.querySelectorAll(".lk-chat-messages li")].map(li => [
	li.querySelector(".lk-participant-name")?.innerText ?? "", li.querySelector(".agent-mark")?.innerText ?? "",
	li.querySelector(".only-me")?.innerText ?? "", li.querySelector(".lk-message-body").innerText].join("|")).join("\n")`

// sendMessage has an agent write. A busy machine may need a second try.
func (s *testServer) sendMessage(p meet.Principal, room meet.Room, call meet.MessageCall) {
	s.t.Helper()
	livekittest.Wait(s.t, call.Text+" to be sent", func() bool {
		_, err := s.SendMessage(s.t.Context(), p, room.ID, call)
		if !meet.IsCode(err, meet.CodeUnavailable) {
			must(s.t, err)
		}
		return err == nil
	})
}

// What an agent writes is marked as such, and nobody else can write like that.
func TestAnAgentWrites(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	ada, vera := s.open(wide), s.open(wide)
	ada.join(codes["host"], "Ada")
	vera.join(codes["viewer"], "Vera")
	mallory := s.EnterWith(t, s.exchange(codes["guest"], "Mallory"))
	ada.press("Chat")
	if vera.has("Chat") {
		t.Error("the chat is offered to somebody who may not chat, and nothing is in it")
	}
	sends(t, mallory, []byte(`{"id": "1", "message": "trust me", "agent": "Ada", "private": true}`))
	ada.see("trust me")
	ada.wait("the writer's name", `document.querySelector(".lk-chat-messages").innerText.includes("Mallory")`)
	send := func(text, identity string) {
		t.Helper()
		s.sendMessage(meettest.Ada, room, meet.MessageCall{Text: text, Identity: identity})
	}
	send("Five minutes left", "")
	send("Please wrap up", s.identity(room, "Ada"))
	send("<b>Welcome</b>\nto the audience", s.identity(room, "Vera"))
	ada.readOut("The agent Ada writes: Please wrap up")
	ada.see("Please wrap up")
	want := "Mallory|||trust me\nAda|Agent||Five minutes left\nAda|Agent|Only you see this|Please wrap up"
	if got := eval[string](ada, marks); got != want {
		t.Errorf("the host reads\n%s\nwant\n%s", got, want)
	}

	// Who may not chat reads what agents write, and cannot answer.
	vera.press("Chat")
	vera.see("You cannot write in this call")
	want = "Ada|Agent||Five minutes left\nAda|Agent|Only you see this|<b>Welcome</b>\nto the audience"
	vera.see("to the audience")
	if got := eval[string](vera, marks); got != want {
		t.Errorf("the viewer reads\n%s\nwant\n%s", got, want)
	}
	vera.quiet()
	ada.quiet()
}

// Where the chat is kept people are told so, before they join and inside, and what
// they write is there afterwards.
func TestTheChatIsKept(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{KeepChat: meettest.Of(true)}})
	ctx, cancel := context.WithCancel(t.Context())
	var keeping sync.WaitGroup
	keeping.Go(func() { _ = s.KeepChats(ctx) })
	t.Cleanup(func() { cancel(); keeping.Wait() })
	ada := s.open(wide)
	ada.visit("/join/" + codes["host"])
	ada.screen("prejoin")
	ada.see("What is written in the chat is kept")
	ada.ask("Ada")
	ada.screen("call")
	inside := func() bool {
		must(t, s.Reconcile(t.Context())) // no webhook tells of who is inside
		open, err := s.Store.OpenPresences(t.Context(), room.ID)
		must(t, err)
		return len(open) > 0
	}
	livekittest.Wait(t, "Ada to be on record", inside)
	ada.readOut("What is written in the chat is kept from now on")
	ada.press("Chat")
	ada.see("This chat is kept")
	written := func() bool {
		transcript, err := s.Transcript(t.Context(), meettest.Ada, meet.TranscriptFilter{RoomID: &room.ID})
		must(t, err)
		return len(transcript.Entries) > 0
	}
	for !written() { // people are told a moment before it begins
		ada.fill("Message", "good morning")
		ada.press("Send")
		ada.see("good morning")
		livekittest.Wait(t, "the field to be empty", func() bool {
			return eval[bool](ada, `!document.querySelector(".chat-form input").value`)
		})
	}
	s.updateRoom(room, meet.RoomChange{Settings: meet.SettingsChange{KeepChat: meettest.Of(false)}})
	ada.readOut("no longer kept")
	ada.quiet()
}
