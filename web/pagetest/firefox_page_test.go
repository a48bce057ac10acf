package pagetest

import (
	"strconv"
	"testing"
)

// click presses a button by hand, in Firefox: some things may only follow that.
func (tab *tab) click(name string) {
	tab.t.Helper()
	tab.wait("the button "+name, `(e => e && !e.disabled)(`+control(name)+`)`)
	tab.firefoxDo("click", map[string]any{"expression": control(name)}, nil)
}

// screenOfCanvas gives Firefox a screen to share.
const screenOfCanvas = `(navigator.mediaDevices.getDisplayMedia = async () => {
	const canvas = Object.assign(document.createElement("canvas"), {width: 640, height: 360});
	const draw = canvas.getContext("2d");
	setInterval(() => {
		draw.fillStyle = "hsl(" + Math.floor(Math.random() * 360) + ", 50%, 50%)";
		draw.fillRect(0, 0, 640, 360);
	}, 100);
	return canvas.captureStream(10);
}, true)`

// The rest of the page in Firefox: the preview, the waiting room
// from both sides, the views, a shared screen, and not a word on the console.
func TestThePageInFirefox(t *testing.T) {
	t.Parallel()
	needsFirefox(t)
	s := serve(t)
	room, codes := s.makeRoom(`{"require_approval": true}`)
	ada := s.openFirefox(wide)
	ada.visit("/m/" + room)
	ada.screen("code")
	ada.fill("Room code", codes["host"])
	ada.press("Continue")
	ada.screen("prejoin")
	ada.wait("a camera preview", `[...document.querySelectorAll("video")].some(v => v.videoWidth > 0)`)
	ada.ask("Ada")
	ada.screen("call")

	bob := s.openFirefox(phone)
	bob.knock(codes["guest"], "Bob")
	ada.readOut("Bob wants to join")
	ada.press("Let in Bob")
	bob.screen("call")
	ada.watches(1)
	bob.watches(1)
	ada.hears()

	ada.press("Settings")
	ada.see("There is nothing to choose") // the fake devices of Firefox are in no list
	ada.press("Speaker view")
	ada.wait("the speaker view", `document.querySelector(".lk-focus-layout")`)
	ada.press("Speaker view")
	ada.wait("the grid", `document.querySelector(".lk-grid-layout")`)
	ada.press("Microphone")
	ada.wait("the microphone to be off", control("Microphone")+`.getAttribute("aria-pressed") === "false"`)
	ada.press("Camera")
	bob.watches(0)
	ada.press("Camera")
	bob.watches(1)
	ada.click("Share screen") // this Firefox has no window to show
	ada.see("Your screen could not be shared")
	eval[bool](ada, screenOfCanvas)
	ada.click("Share screen")
	bob.wait("a shared screen", sharedScreen+`?.videoWidth > 0`)
	ada.click("Share screen")
	bob.wait("no shared screen", "!"+sharedScreen)
	ada.choose("Bob", "Mute Bob")
	bob.readOut("The host muted you")
	bob.wait("the microphone to be off", isOn("Microphone", false))
	ada.choose("Bob", "Remove Bob")
	ada.confirm("Remove Bob")
	bob.message("removed", "You were removed from the room")
	ada.quiet("NotFoundError") // which LiveKit's button leaves to the console
	bob.quiet()

	eve := s.openFirefox(wide)
	eve.visit("/join/" + codes["guest"] + "/qr.svg")
	eve.wait("a QR code", `document.documentElement.tagName === "svg"`)
	eve.visit("/docs/api")
	eve.wait("all operations", `document.querySelectorAll(".opblock").length === `+strconv.Itoa(len(operations(t))))
	eve.quiet("favicon.ico") // of the picture, whose policy allows nothing else
}
