package pagetest

import (
	"testing"

	"roomkey/meet"
)

// slowDevices has camera and microphone start when the test says so.
const slowDevices = `window.streams = [];
	window.waiting = [];
	const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
	navigator.mediaDevices.getUserMedia = async (wanted) => {
		if (!window.started) await new Promise(start => window.waiting.push(start));
		const stream = await ask(wanted);
		window.streams.push(...stream.getTracks());
		return stream;
	}`

// startDevices has those start that were asked for.
const startDevices = `(window.started = true, window.waiting.forEach(start => start()), true)`

// Who joins while camera and microphone are still starting is in the call at once, and
// seen and heard when they have started: once, whatever they press meanwhile. Of who has
// left or was removed by then everything is off.
func TestDevicesThatStartSlowly(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	bob := s.open(wide)
	bob.join(codes["host"], "Bob")
	enter := func(name string) *tab {
		tab := s.open(wide)
		tab.before(slowDevices)
		tab.visit("/join/" + codes["guest"])
		tab.screen("prejoin")
		tab.wait("the preview to ask for devices", "window.waiting.length === 1")
		tab.ask(name)
		tab.screen("call")
		tab.wait("the call to ask for each device", "window.waiting.length === 3")
		return tab
	}
	live := func(tab *tab, want string) {
		t.Helper()
		tab.wait("devices that are on: "+want,
			`window.streams.length > 3 && window.streams.filter(track => track.readyState === "live").map(track => track.kind)
				.sort().join() === "`+want+`"`)
	}

	eve := enter("Eve")
	eve.press("Leave")
	eve.message("left", "You left the call")
	eval[bool](eve, startDevices)
	live(eve, "")
	eve.quiet()

	carl := enter("Carl")
	s.kick(room, meet.KickCall{Identity: s.identity(room, "Carl")})
	carl.message("removed", "You were removed from the room")
	eval[bool](carl, startDevices)
	live(carl, "")
	carl.quiet()

	ada := enter("Ada")
	ada.press("Camera")
	eval[bool](ada, startDevices)
	bob.watches(1)
	bob.hears()
	live(ada, "audio,video")
	ada.press("Camera")
	bob.watches(0)
	ada.quiet()
}
