package pagetest

import (
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// choose opens the menu of a person and chooses something that can be done now.
func (tab *tab) choose(person, item string) {
	tab.t.Helper()
	tab.press(person)
	tab.wait(item+" to be possible", `(e => e && e.getAttribute("aria-disabled") !== "true")(`+control(item)+`)`)
	tab.press(item)
}

// confirm presses the button of the dialog that asks.
func (tab *tab) confirm(name string) {
	tab.t.Helper()
	tab.wait("the question", `document.querySelector("dialog[open]")`)
	tab.press(name)
}

// sends waits until LiveKit has the sound or picture of a device, and the page knows
// that. Before, LiveKit's client ignores that the server mutes it.
func (tab *tab) sends(room meet.Room, name, device string, source meet.Source) {
	tab.t.Helper()
	tab.server.publishes(room, name, source, false)
	tab.wait(device+" to be on", isOn(device, true))
}

// isOn says of a device's button whether it is on.
func isOn(device string, on bool) string {
	want := map[bool]string{true: "true", false: "false"}[on]
	return control(device) + `?.getAttribute("aria-pressed") === ` + quote(want)
}

// Two hosts moderate by clicking, and the others' pages show it.
func TestHostsModerate(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	ada, hal, bob := s.open(wide), s.open(wide), s.open(wide)
	ada.join(codes["host"], "Ada")
	hal.join(codes["host"], "Hal")
	bob.join(codes["guest"], "Bob")
	bob.sends(room, "Bob", "Microphone", meet.Microphone)
	bob.sends(room, "Bob", "Camera", meet.Camera)
	ada.press("People")
	hal.press("People")

	ada.choose("Bob", "Mute Bob")
	bob.readOut("The host muted you")
	bob.wait("the microphone to be off", isOn("Microphone", false))
	ada.choose("Bob", "Turn off Bob's camera")
	bob.readOut("The host turned your camera off")
	bob.press("Share screen")
	hal.wait("a shared screen", sharedScreen+`?.videoWidth > 0`)
	hal.choose("Bob", "Stop Bob's screen share")
	bob.readOut("The host stopped your screen share")
	hal.wait("no shared screen", "!"+sharedScreen)

	hal.choose("Bob", "Lock Bob")
	bob.wait("nothing to turn on", "!"+control("Microphone")+" && !"+control("Camera"))
	ada.wait("the lock to be seen", `document.querySelector("[aria-label='Locked by a host']")`)
	ada.choose("Bob", "Unlock Bob")
	bob.press("Microphone")
	bob.sends(room, "Bob", "Microphone", meet.Microphone)
	hal.sends(room, "Hal", "Microphone", meet.Microphone)
	ada.press("Mute everyone")
	bob.wait("the microphone to be off", isOn("Microphone", false))
	hal.wait("the microphone to be off", isOn("Microphone", false))
	ada.wait("the microphone to be on", isOn("Microphone", true))

	ada.choose("Bob", "Make Bob a host")
	bob.press("People")
	bob.choose("Hal", "Take host rights from Hal")
	hal.wait("nothing of a host", "!"+control("Mute everyone"))
	ada.choose("Hal", "Make Hal a host")
	hal.wait("what a host may do", control("Mute everyone"))
	ada.choose("Bob", "Take host rights from Bob")
	bob.wait("nothing of a host", "!"+control("Mute everyone"))

	ada.choose("Bob", "Rename Bob")
	ada.wait("the question", `document.querySelector("dialog[open]")`)
	ada.fill("New name", "Robert")
	ada.press("Rename Bob")
	bob.readOut("A host changed your name to Robert")
	hal.choose("Robert", "Rename Robert")
	hal.wait("the present name in the field", control("New name")+`?.value === "Robert"`)
	hal.fill("New name", "Bob")
	hal.press("Rename Robert")
	bob.readOut("A host changed your name to Bob")

	ada.press("Lock the room")
	hal.see("The room is locked")
	carl := s.open(wide)
	carl.knock(codes["guest"], "Carl")
	ada.wait("the request", control("Let in Carl"))
	hal.press("Unlock the room")
	carl.screen("call")

	ada.choose("Bob", "Remove Bob")
	ada.confirm("Cancel")
	ada.wait("the question to be gone", `!document.querySelector("dialog")`)
	if !bob.has("Leave") {
		t.Error("Bob is out, though the question was answered with no")
	}
	ada.choose("Bob", "Remove Bob")
	ada.confirm("Remove Bob")
	bob.message("removed", "You were removed from the room")

	var both sync.WaitGroup
	for _, host := range []*tab{ada, hal} {
		host.choose("Carl", "Block Carl")
	}
	for _, host := range []*tab{ada, hal} {
		both.Go(func() { host.confirm("Block Carl") })
	}
	both.Wait()
	carl.message("removed", "You were removed from the room")
	carl.visit("/join/" + codes["guest"])
	carl.ask("Carl")
	carl.message("closed", "This link lets nobody in any more")

	hal.press("End for everyone")
	hal.confirm("End for everyone")
	ada.message("ended", "The room has ended")
	hal.message("ended", "The room has ended")
	ada.quiet("404")
	hal.quiet("404", "403")
	bob.quiet("403")
}

// A guest sees nothing of a host, and is refused what a host may.
func TestGuestsDoNotModerate(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	ada, bob := s.open(phone), s.open(phone)
	ada.join(codes["host"], "Ada")
	bob.visit("/join/" + codes["guest"])
	bob.see("In the room now: Ada.")
	bob.ask("Bob")
	bob.screen("call")
	ada.watches(1)
	ada.wait("the menu of Bob", `document.querySelector("[aria-haspopup=menu]")`)
	bob.press("People")
	bob.see("Ada")
	for _, name := range []string{"Mute everyone", "Lock the room", "End for everyone"} {
		if bob.has(name) {
			t.Errorf("a guest is offered: %s", name)
		}
	}
	if eval[bool](bob, `!!document.querySelector("[aria-haspopup]")`) {
		t.Error("a guest is offered a menu")
	}
	for _, action := range []meet.HostAction{meet.HostMuteAll, meet.HostLockRoom, meet.HostEndForAll} {
		status := eval[int](bob, `fetch("/page/moderate", {method: "POST", body: JSON.stringify({action: `+
			quote(string(action))+`}), headers: {Authorization: "Bearer " +
			JSON.parse(sessionStorage.getItem("roomkey.call")).token}}).then(r => r.status)`)
		if status != 403 {
			t.Errorf("%s by a guest: status %d, want 403", action, status)
		}
	}
	bob.quiet("403")
}

// The menu is used with the keyboard alone.
func TestKeyboardInTheMenu(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	ada := s.open(wide)
	ada.join(codes["host"], "Ada")
	bob := s.EnterByCode(t, meet.RoomCode{Code: codes["guest"]}, "Bob")
	bob.PublishMicrophone()
	s.publishes(room, "Bob", meet.Microphone, false)
	ada.press("People")
	ada.wait("the person in the list", `document.querySelector(".person-button")`)
	eval[bool](ada, `(document.querySelector(".person-button").focus(), true)`)
	ada.run(chromedp.KeyEvent(kb.Enter))
	focused := func(name string) {
		t.Helper()
		ada.wait("the focus on "+name, `document.activeElement?.innerText.trim() === `+quote(name))
	}
	focused("Mute Bob")
	ada.run(chromedp.KeyEvent(kb.ArrowUp))
	focused("Block Bob")
	ada.run(chromedp.KeyEvent(kb.ArrowDown))
	focused("Mute Bob")
	ada.run(chromedp.KeyEvent(kb.Escape))
	focused("Bob")
	ada.run(chromedp.KeyEvent(kb.Enter))
	focused("Mute Bob")
	ada.wait("Bob to be heard of", `document.activeElement.getAttribute("aria-disabled") === "false"`)
	ada.run(chromedp.KeyEvent(kb.Enter))
	bob.WaitMuted(meet.Microphone)
	focused("Bob")
	ada.quiet()
}

// A host hands out a link, a QR code and a code to read out, for each role.
func TestHostsInvite(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	ada := s.open(wide)
	ada.join(codes["host"], "Ada")
	ada.press("Share link")
	ada.press("Invite as Guest")
	ada.see(codes["guest"])
	ada.wait("the QR code", `document.querySelector("svg.qr-code path + path")?.getAttribute("d").length > 500`)
	link := eval[string](ada, control("Link to send")+`.value`)
	if link != s.url+"/join/"+codes["guest"] {
		t.Errorf("the link is %q, want that of the guests", link)
	}
	ada.press("Invite as Viewer")
	ada.see(codes["viewer"])
	ada.quiet()
}

// In an encrypted room the link has the key, and the server does not learn it.
func TestHostsInviteIntoEncryptedRooms(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{E2EE: meettest.Of(true)}})
	ada, bob := s.open(wide), s.open(phone)
	ada.join(codes["host"], "Ada")
	ada.wait("a key in the address", `location.hash.startsWith("#key=")`)
	ada.press("Invite as Guest")
	ada.wait("the link", control("Link to send")+`?.value.endsWith(location.hash)`)
	bob.visit(strings.TrimPrefix(eval[string](ada, control("Link to send")+`.value`), s.url))
	bob.ask("Bob")
	bob.screen("call")
	ada.watches(1)
	bob.watches(1)
	ada.quiet()
	bob.quiet()
}

// A hand is raised, everybody sees it, and a host lowers it.
func TestHands(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	ada, bob := s.open(wide), s.open(phone)
	ada.join(codes["host"], "Ada")
	bob.join(codes["guest"], "Bob")
	ada.watches(1)
	const up = `document.querySelector("main [aria-label='Hand raised']")`
	bob.press("Raise your hand")
	ada.readOut("Bob raised a hand")
	ada.wait("the hand", up)
	bob.wait("the button to be pressed", control("Raise your hand")+`.getAttribute("aria-pressed") === "true"`)
	ada.choose("Bob", "Lower Bob's hand")
	bob.wait("the button not to be pressed", control("Raise your hand")+`.getAttribute("aria-pressed") === "false"`)
	ada.wait("no hand", "!"+up)
	bob.press("Raise your hand")
	ada.wait("the hand", up)
	bob.press("Raise your hand")
	ada.wait("no hand", "!"+up)
	ada.quiet()
	bob.quiet()
}
