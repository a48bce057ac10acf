package pagetest

import (
	"strings"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// Somebody who comes early is told when the room starts, in their own time, and is
// in the call when it does, also after a reload. A host goes in before.
func TestTheStartIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := setup(t)
	starts := s.Clock.Now().Add(30 * time.Hour)
	room, codes := s.room(meet.RoomChange{StartsAt: &starts, Title: meettest.Of("Plan <b>für</b> 2027")})
	bob, ada := s.open(phone), s.open(wide)
	bob.visit("/join/" + codes["guest"])
	bob.see("Join Plan <b>für</b> 2027")
	local := eval[string](bob, `new Intl.DateTimeFormat("en", {weekday: "long", day: "numeric", month: "long",
		year: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short"}).format(new Date(`+
		quote(starts.UTC().Format(time.RFC3339))+`))`)
	bob.see("It starts on " + local)
	bob.ask("Bob")
	bob.screen("waiting")
	bob.see("Plan <b>für</b> 2027 starts on " + local)
	bob.wait("the calendar's link", `document.querySelector('a[href="/join/`+codes["guest"]+`/event.ics"]') !== null`)
	livekittest.Wait(t, "the call to be held", func() bool { return s.Waiters(room.ID) == 1 })
	bob.reload()
	bob.screen("waiting")
	bob.see("starts on " + local)

	ada.visit("/join/" + codes["host"])
	ada.see("You can go in before")
	ada.ask("Ada")
	ada.screen("call")
	if got := s.names(room); len(got) != 1 {
		t.Errorf("inside are %v before the start, want Ada alone", got)
	}
	s.updateRoom(room, meet.RoomChange{StartsAt: meettest.Of(s.Clock.Now())})
	bob.screen("call")
	ada.watches(1)
	bob.watches(1)
	ada.quiet()
	bob.quiet()
}

// Who is not let in reads why.
func TestRefusalsHaveTheirReasons(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	eve, ann := s.open(wide), s.open(wide)
	eve.join(codes["guest"], "Eve")
	s.kick(room, meet.KickCall{Identity: s.identity(room, "Eve"), Block: true})
	eve.message("removed", "You were removed from the room")
	ann.visit("/join/" + codes["guest"])
	ann.ask("Ann")
	ann.message("closed", "This link lets nobody in any more")
	if text := eval[string](ann, "document.body.innerText"); strings.Contains(text, "refused") {
		t.Errorf("Ann, whom nobody has refused, reads %q", text)
	}

	closed, _ := s.room(meet.RoomChange{Settings: meet.SettingsChange{RequireCode: meettest.Of(true)}})
	ann.visit("/m/" + closed.Name)
	ann.screen("code")
	ann.press("I have an access token")
	token, err := s.auth.Sign(meettest.Bob, time.Hour)
	must(t, err)
	ann.fill("Access token", token)
	ann.press("Use access token")
	ann.see("This room lets in only people with a room code.")
	ann.quiet("401", "403")
	eve.quiet("403")
}
