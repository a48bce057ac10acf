package pagetest

import (
	"testing"
)

// A person with Firefox and one with Chromium see and hear each other in a call
// of a Roomkey as "make run" starts it.
func TestFirefoxAndChromium(t *testing.T) {
	t.Parallel()
	needsBrowser(t)
	needsFirefox(t)
	t.Run("with the defaults", func(t *testing.T) {
		t.Parallel()
		s := serve(t)
		room, codes := s.makeRoom(`{}`)
		s.meet(room, codes, false)
	})
	t.Run("behind a TLS proxy, in an encrypted room", func(t *testing.T) {
		t.Parallel()
		proxy := newTLSProxy(t)
		s := serve(t, "ROOMKEY_PUBLIC_URL="+proxy.url, "ROOMKEY_HTTP_TRUSTED_PROXIES=127.0.0.1")
		room, codes := s.makeRoom(`{"e2ee": true}`)
		proxy.lead(s.testServer)
		s.meet(room, codes, true)
	})
}

// meet has two people go through a whole call: one of Chromium, who hosts, and
// one of Firefox.
func (s *program) meet(room string, codes map[string]string, encrypted bool) {
	s.t.Helper()
	ada := s.chromiumForPicture()
	ada.join(codes["host"], "Ada")
	key := ""
	if encrypted {
		ada.wait("a key in the address", `location.hash.startsWith("#key=")`)
		key = eval[string](ada, "location.hash")
	}
	bob := s.openFirefox(wide)
	bob.visit("/join/" + codes["guest"] + key)
	bob.showPortrait(gracesPortrait)
	bob.ask("Bob")
	bob.screen("call")
	both := func() {
		s.t.Helper()
		ada.watches(1)
		bob.watches(1)
		ada.hears()
		bob.hears()
	}
	both()
	s.pictureOf("firefox-and-chromium", ada, bob)

	ada.press("Chat")
	ada.fill("Message", "good morning")
	ada.press("Send")
	bob.press("Chat")
	bob.see("good morning")
	bob.fill("Message", "hello from a fox")
	bob.press("Send")
	ada.see("hello from a fox")

	bob.reload()
	bob.screen("call")
	both()
	bob.press("Leave")
	bob.message("left", "You left the call")
	ada.readOut("Bob left")
	bob.press("Join again")
	bob.screen("call")
	both()
	s.call(nil, "kick_participant", `{"room_id": `+quote(room)+`, "identity": `+quote(s.identityIn(room, "Bob"))+`}`)
	bob.message("removed", "You were removed from the room")
	ada.watches(0)
	ada.quiet()
	bob.quiet()
}

// hears waits until the sound of everybody else comes, and is no silence.
func (tab *tab) hears() {
	tab.t.Helper()
	if tab.firefox != nil {
		tab.wait("the sound of others", `(async () => {
			const all = await Promise.all(connections.map(c => c.getStats()));
			const heard = all.flatMap(stats => [...stats.values()]).filter(s => s.type === "inbound-rtp" && s.kind === "audio");
			return heard.length > 0 && heard.every(s => s.totalAudioEnergy > 0);
		})()`)
		return
	}
	tab.wait("the sound of others", `(async () => {
		const streams = [...document.querySelectorAll("audio")].map(a => a.srcObject).filter(s => s?.getAudioTracks().length);
		if (!streams.length) return false;
		const context = new AudioContext();
		await context.resume();
		const heard = await Promise.all(streams.map(async stream => {
			const analyser = context.createAnalyser();
			context.createMediaStreamSource(stream).connect(analyser);
			const samples = new Float32Array(analyser.fftSize);
			for (let i = 0; i < 40; i++) {
				await new Promise(r => setTimeout(r, 50));
				analyser.getFloatTimeDomainData(samples);
				if (samples.some(s => Math.abs(s) > 0.001)) return true;
			}
			return false;
		}));
		await context.close();
		return heard.every(h => h);
	})()`)
}
