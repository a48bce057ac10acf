package pagetest

import (
	"strings"
	"testing"

	"roomkey/livekit/livekittest"
)

// forOne makes a room with a guest's code for one use.
func (s *program) forOne() (room, code string) {
	s.t.Helper()
	room, _ = s.makeRoom(`{}`)
	var made struct{ Codes []struct{ Code string } }
	s.call(&made, "create_room_codes", `{"room_id": `+quote(room)+`, "role": "guest", "label": "for one", "max_uses": 1}`)
	return room, made.Codes[0].Code
}

// logs waits for a line of the log with all of the texts.
func (s *program) logs(texts ...string) {
	s.t.Helper()
	livekittest.Wait(s.t, "the log to say "+strings.Join(texts, ", "), func() bool {
		for line := range strings.Lines(s.log.String()) {
			found := 0
			for _, text := range texts {
				if strings.Contains(line, text) {
					found++
				}
			}
			if found == len(texts) {
				return true
			}
		}
		return false
	})
}

// What a browser throws while the call is made is told on the page, on the
// console and in the log, and a link for one leads in all the same afterwards.
func TestTheBrowserThrows(t *testing.T) {
	t.Parallel()
	needsFirefox(t)
	s := serve(t)
	_, code := s.forOne()
	bob := s.openFirefox(wide)
	bob.visit("/join/" + code)
	bob.screen("prejoin")
	// What Firefox does with an ICE server on a port that it blocks.
	eval[bool](bob, `(window.good = RTCPeerConnection, window.RTCPeerConnection = class extends RTCPeerConnection {
		constructor() { super({iceServers: [{urls: ["stun:127.0.0.1:9"]}]}) }
	}, true)`)
	bob.ask("Bob")
	bob.message("browser", "Your browser could not make the call")
	bob.see("uses a port that is blocked")
	bob.see("Firefox 1")
	bob.consoleHas("uses a port that is blocked")
	s.logs("level=WARN", "could not get into the call", "the client ended signalling")
	s.logs("code.use_returned", "details.reason=")

	eval[bool](bob, `(window.RTCPeerConnection = window.good, true)`)
	bob.press("Try again")
	bob.ask("Bob")
	bob.screen("call")
	eve := s.openFirefox(wide)
	eve.visit("/join/" + code)
	eve.message("link", "This link does not work")
}

// Where sound and picture do not get through the page says that, and somebody
// else, or the same person with another browser, can use the link.
func TestSoundAndPictureDoNotGetThrough(t *testing.T) {
	t.Parallel()
	needsBrowser(t)
	needsFirefox(t)
	s := serve(t, "ROOMKEY_LIVEKIT_EMBEDDED_NODE_IP=127.0.0.1") // to which Firefox sends nothing
	_, code := s.forOne()
	bob := s.openFirefox(phone)
	bob.visit("/join/" + code)
	bob.ask("Bob")
	bob.message("nomedia", "Sound and picture do not get through")
	bob.see("neither by UDP nor by TCP")
	bob.see("Your browser is Firefox 1")
	bob.see("tcp 127.0.0.1:")
	bob.consoleHas("no connection for sound and picture")
	s.logs("level=WARN", "could not get into the call")
	s.logs("code.use_returned")
	chromium := s.open(wide)
	chromium.join(code, "Bob")
}

// consoleHas waits for an error on the console with a text.
func (tab *tab) consoleHas(text string) {
	tab.t.Helper()
	livekittest.Wait(tab.t, "the console to say "+text, func() bool {
		tab.mu.Lock()
		defer tab.mu.Unlock()
		return strings.Contains(strings.Join(tab.console, "\n"), text)
	})
}
