package pagetest

import (
	"regexp"
	"testing"

	"roomkey/livekit/livekittest"
)

// What docs/first-meeting.md tells: from the link that "make run" prints to the end
// of a meeting, without another command.
func TestTheFirstFiveMinutes(t *testing.T) {
	t.Parallel()
	needsBrowser(t)
	s := serveWith(t, []string{"--console"})
	link := regexp.MustCompile(`(?m)^` + s.url + `(/console#token=\S+)$`)
	livekittest.Wait(t, "the link to the console", func() bool { return link.MatchString(s.log.String()) })
	owner, guest := s.open(wide), s.open(phone)
	owner.visit(link.FindStringSubmatch(s.log.String())[1])
	owner.press("New room")
	owner.fill("Name", "standup")
	owner.press("Create room")
	owner.wait("a code for each role", rows+" === 3")
	const linkOfGuest = `[...document.querySelectorAll("tbody tr")].find(e => e.innerText.includes("guest"))` +
		`?.querySelector("a[href*='/join/']")?.pathname ?? ""`
	owner.wait("the guest's link", `(`+linkOfGuest+`) !== ""`)
	guest.visit(eval[string](owner, linkOfGuest))
	guest.ask("Bob")
	guest.screen("call")
	guest.wait("the microphone to be on", isOn("Microphone", true))
	owner.press("People")
	owner.see("1 person inside")
	owner.press("Actions for Bob")
	owner.press("Mute Bob")
	guest.see("The host muted you.")
	owner.press("End for everyone")
	owner.fill("Name of the room", "standup")
	owner.pressInDialog("End for everyone")
	guest.message("ended", "The room has ended")
	owner.see("Open again")
}
