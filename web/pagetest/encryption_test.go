package pagetest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// framesOf is a JavaScript expression for the number of frames that videos show
// until there are so many, or the time is over.
func framesOf(videos string, enough int, within time.Duration) string {
	return fmt.Sprintf(`new Promise(done => {
		let n = 0;
		for (const v of %s) {
			const next = () => v.requestVideoFrameCallback(() => ++n === %d ? done(n) : next());
			next();
		}
		setTimeout(() => done(n), %d);
	})`, videos, enough, within.Milliseconds())
}

// The first host makes the key. People with it see each other; somebody with
// another one does not; the server never hears of it.
func TestEndToEndEncryption(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{E2EE: meettest.Of(true)}})
	ada := s.open(wide)
	ada.join(codes["host"], "Ada")
	ada.wait("a key in the address", `/^#key=[\w-]{43}$/.test(location.hash)`)
	key := eval[string](ada, "location.hash")
	ada.wait("the link to share",
		`[...document.querySelectorAll("input")].some(i => i.value.endsWith(`+quote("/m/"+room.Name+key)+`))`)
	if eval[bool](ada, `document.querySelector("main").innerHTML.includes(`+quote(codes["host"])+`)`) {
		t.Error("the link to share holds the host's code")
	}

	bob := s.open(wide)
	bob.visit("/join/" + codes["guest"] + key)
	bob.screen("prejoin")
	bob.see("End-to-end encrypted")
	bob.ask("Bob")
	bob.screen("call")
	ada.watches(1)
	bob.watches(1)
	if n := eval[int](bob, framesOf(remoteVideos, 3, 15*time.Second)); n < 3 {
		t.Errorf("Bob sees %d frames of Ada, want that they go on coming", n)
	}
	ada.press("Chat")
	ada.fill("Message", "between us")
	ada.press("Send")
	bob.press("Chat")
	bob.see("between us")

	eve := s.open(wide)
	other := "#key=" + strings.Repeat("A", 43)
	eve.visit("/join/" + codes["guest"] + other)
	eve.ask("Eve")
	eve.screen("call")
	eve.readOut("cannot be decrypted")
	if n := eval[int](eve, framesOf(remoteVideos, 1, 2*time.Second)); n > 0 {
		t.Errorf("Eve sees %d frames with another key", n)
	}
	bob.watches(1) // and the others still see each other, not Eve

	// Nothing that went over the network had the key in it.
	secret := regexp.MustCompile(regexp.QuoteMeta(strings.TrimPrefix(key, "#key=")))
	for _, tab := range []*tab{ada, bob} {
		tab.mu.Lock()
		for _, request := range tab.requests {
			if u, _, _ := strings.Cut(request, "#"); secret.MatchString(u) {
				t.Errorf("the key went over the network: %s", request)
			}
		}
		tab.mu.Unlock()
	}
	ada.quiet()
	bob.quiet()
}

func TestLinksWithoutTheKey(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{E2EE: meettest.Of(true)}})
	bob := s.open(phone)
	bob.visit("/join/" + codes["guest"])
	bob.message("nokey", "Ask the host for the whole link")

	ada := s.open(wide)
	ada.join(codes["host"], "Ada")
	ada.wait("a key in the address", `location.hash.startsWith("#key=")`)
	bob.fill("The whole link", "no key in here")
	bob.press("Use this key")
	bob.see("There is no key in it")
	bob.fill("The whole link", s.url+"/m/x"+eval[string](ada, "location.hash"))
	bob.press("Use this key")
	bob.ask("Bob")
	bob.screen("call")
	ada.watches(1)
	bob.watches(1)

	// A second host without the key does not make another one, and gets in with
	// the key though their link was for one join.
	carl := s.open(wide)
	once := s.NewCode(t, room, "host", meet.CodeChange{}).Code
	s.updateCode(once, meet.CodeChange{MaxUses: meettest.Of(2)})
	carl.visit("/join/" + once)
	carl.ask("Carl")
	carl.message("nokey", "Ask the host for the whole link")
	if hash := eval[string](carl, "location.hash"); hash != "" {
		t.Errorf("another key was made: %s", hash)
	}
	carl.fill("The whole link", eval[string](ada, "location.hash"))
	carl.press("Use this key")
	carl.backAs("Carl")
	carl.watches(2)
	ada.quiet()
	bob.quiet()
	carl.quiet()
}
