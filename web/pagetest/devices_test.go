package pagetest

import (
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// slowDevices has camera and microphone start when the test says so.
const slowDevices = `window.streams = [];
	const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
	navigator.mediaDevices.getUserMedia = async (wanted) => {
		if (!window.released) await new Promise(release => window.release = release);
		const stream = await ask(wanted);
		window.streams.push(...stream.getTracks());
		return stream;
	}`

// Who joins while camera and microphone are still starting is in the call at once, and
// seen and heard when they have started. Who has left by then is not.
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
		tab.wait("the devices to be asked for", "window.release")
		tab.ask(name)
		tab.screen("call")
		return tab
	}
	started := `(window.released = true, release(), true)`

	ada := enter("Ada")
	livekittest.Wait(t, "Ada to be inside", func() bool { return len(s.names(room)) == 2 })
	ada.wait("the preview to be given up", `new Promise(r => setTimeout(() => r(true), 3500))`)
	eval[bool](ada, started)
	bob.watches(1)
	bob.hears()
	ada.quiet()

	eve := enter("Eve")
	eve.press("Leave")
	eve.message("left", "You left the call")
	eval[bool](eve, started)
	eve.wait("every device to be off",
		`window.streams.length > 1 && window.streams.every(track => track.readyState === "ended")`)
	eve.quiet()
}
