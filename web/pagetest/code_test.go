package pagetest

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// A code that was read out on the phone is enough.
func TestACodeIsTyped(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{Name: meettest.Of("daily")})
	bob := s.open(phone)
	bob.visit("/")
	bob.screen("code")
	bob.wait("the field to have the focus", `document.activeElement?.name === "code"`)
	if eval[int](bob, `document.querySelectorAll("input").length`) != 1 {
		t.Error("there is more than one field")
	}
	bob.run(chromedp.KeyEvent("aaa aaaa aaa" + kb.Enter))
	bob.see("This code does not open a room")
	bob.fill("Room code", strings.ToUpper(strings.ReplaceAll(codes["guest"], "-", " ")))
	bob.press("Continue")
	bob.see("Join daily")
	bob.ask("Bob")
	bob.screen("call")
	bob.quiet("404")

	eve := s.open(wide)
	eve.visit("/join")
	eve.screen("code")
	eve.fill("Room code", "  "+s.url+"/join/"+codes["guest"]+" ")
	eve.press("Continue")
	eve.ask("Eve")
	eve.screen("call")
	eve.quiet()
}
