package pagetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// Every code that opens nothing leads to the same words.
func TestLinksThatDoNotWork(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, disabled := s.room(meet.RoomChange{})
	s.updateCode(disabled["guest"], meet.CodeChange{Enabled: meettest.Of(false)})
	used, _ := s.room(meet.RoomChange{})
	once := s.NewCode(t, used, "viewer", meet.CodeChange{}).Code
	s.updateCode(once, meet.CodeChange{MaxUses: meettest.Of(1)})
	s.exchange(once, "Bob")
	ended, over := s.room(meet.RoomChange{})
	s.end(ended)
	eve := s.open(wide)
	first := ""
	for what, code := range map[string]string{"made up": "aaa-aaaa-aaa", "disabled": disabled["guest"],
		"used up": once, "ended": over["guest"], "nonsense": "nonsense"} {
		eve.visit("/join/" + code)
		eve.message("link", "The meeting may be over")
		eve.see("This link does not work")
		words := eval[string](eve, "document.body.innerText")
		if first == "" {
			first = words
		}
		if words != first {
			t.Errorf("%s: %q, want the same as for the others: %q", what, words, first)
		}
	}
	eve.quiet("404")
}

func TestTheRoomIsFull(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{MaxParticipants: meettest.Of(1)})
	ada := s.EnterWith(t, s.exchange(codes["host"], "Ada"))
	bob := s.open(wide)
	bob.visit("/join/" + codes["guest"])
	bob.ask("Bob")
	bob.message("full", "The room is full")
	ada.Leave()
	bob.press("Try again")
	bob.ask("Bob")
	bob.screen("call")
	bob.quiet("409")
}

func TestTooManyTries(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for range 10 {
		_, _ = s.Exchange(t.Context(), "127.0.0.1", meet.JoinCall{Code: meettest.Of("aaa-aaaa-aaa")})
	}
	eve := s.open(wide)
	eve.visit("/join/aaa-aaaa-aaa")
	eve.message("busy", "Too many tries")
	eve.see("You can try again in")
	eve.quiet("429")
}

// Rooms by name: public ones are open, others ask for a code, or take an
// access token.
func TestRoomsByName(t *testing.T) {
	t.Parallel()
	s := setup(t)
	public, _ := s.room(meet.RoomChange{IsPublic: meettest.Of(true)})
	private, codes := s.room(meet.RoomChange{})
	bob := s.open(wide)
	bob.visit("/m/" + public.Name)
	bob.ask("Bob")
	bob.screen("call")
	bob.press("Leave")

	bob.visit("/m/" + private.Name)
	bob.screen("code")
	bob.fill("Room code", "nonsense")
	bob.press("Continue")
	bob.see("That is not a room code")
	bob.fill("Room code", "aaa aaaa aaa")
	bob.press("Continue")
	bob.see("This code does not open a room")
	bob.fill("Room code", strings.ToUpper(strings.ReplaceAll(codes["guest"], "-", "")))
	bob.press("Continue")
	bob.screen("prejoin")
	if path := eval[string](bob, "location.pathname"); path != "/join/"+codes["guest"] {
		t.Errorf("the address is %s, want the code's", path)
	}

	ada := s.open(wide)
	ada.visit("/m/" + private.Name)
	ada.press("I have an access token")
	ada.fill("Access token", "bad")
	ada.press("Use access token")
	ada.see("This access token is not valid here")
	token, err := s.auth.Sign(meettest.Ada, time.Hour)
	must(t, err)
	ada.fill("Access token", token)
	ada.press("Use access token")
	ada.screen("prejoin")
	ada.see("Host")
	ada.ask("Ada")
	ada.screen("call")
	if got := s.people(private); len(got) != 1 || !got[0].Admin {
		t.Errorf("inside are %+v, want Ada as the admin", got)
	}
	s.end(private)
	ada.message("ended", "The room has ended")
	ada.visit("/m/" + private.Name)
	ada.message("ended", "The room has ended")
	ada.quiet("401", "410")
	bob.quiet("401", "404")
}

// Cameras and microphones that are not there, or that the browser keeps.
func TestWithoutCamera(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	bob := s.openIn(noCamera, wide)
	bob.visit("/join/" + codes["guest"])
	bob.screen("prejoin")
	bob.wait("to be told", `/No camera|No microphone|does not allow/.test(document.body.innerText)`)
	bob.ask("Bob")
	bob.screen("call")
	livekittest.Wait(t, "Bob inside", func() bool { return len(s.names(room)) == 1 })

	eve := s.openIn(asking, wide)
	eve.forbid("camera", "microphone")
	eve.visit("/join/" + codes["guest"])
	eve.screen("prejoin")
	eve.see("does not allow this page to use your camera and microphone")
	for _, device := range []string{"Camera", "Microphone"} { // they look so, too
		eve.wait(device+" to be off", isOn(device, false))
		eve.see(device + " · not allowed")
	}
	eve.ask("Eve")
	eve.screen("call")
	bob.quiet()
	eve.quiet()
}

// A stranger's name is shown as harmless text, cut.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	ada := s.open(phone)
	ada.join(codes["host"], "Ada")
	const html = `<img src=x onerror=alert(1)>`
	s.EnterWith(t, s.exchange(codes["guest"], html))
	s.EnterWith(t, s.exchange(codes["guest"], "\u202egnp.\u2066evil"))
	s.EnterWith(t, s.exchange(codes["guest"], strings.Repeat("W", 10_000)))
	livekittest.Wait(t, "all inside", func() bool { return len(s.names(room)) == 4 })
	ada.press("People")
	ada.wait("the name as text",
		`document.body.textContent.includes(`+quote(html)+`) && !document.querySelector("img[src=x]")`)
	ada.wait("the name without its turns", `document.body.textContent.includes("gnp.evil")`)
	ada.wait("the long name, cut", fmt.Sprintf(
		`(t => t.includes("W".repeat(40)) && !t.includes("W".repeat(%d)))(document.body.textContent)`,
		meet.MaxDisplayName+1))
	if overflow := eval[int](ada, `document.documentElement.scrollWidth - innerWidth`); overflow > 0 {
		t.Errorf("the page is %d pixels too wide", overflow)
	}
	ada.quiet()
}
