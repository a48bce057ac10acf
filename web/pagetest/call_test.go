package pagetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// Two people with links see each other.
func TestJoinByLink(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{Name: meettest.Of("daily")})
	ada, bob := s.open(wide), s.open(wide)
	ada.visit("/join/" + codes["host"])
	ada.screen("prejoin")
	ada.see("daily")
	ada.see("Host")
	ada.wait("a camera preview", `[...document.querySelectorAll("video")].some(v => v.videoWidth > 0)`)
	ada.join(codes["host"], "Ada")
	bob.join(strings.ToUpper(strings.ReplaceAll(codes["guest"], "-", "")), "Bob")
	ada.watches(1)
	bob.watches(1)
	if got := s.names(room); !slices.Equal(got, []string{"Ada", "Bob"}) {
		t.Errorf("inside are %v, want Ada and Bob", got)
	}
	ada.readOut("Bob joined")

	bob.press("People")
	for _, who := range []string{"Ada", "Host", "Bob", "Guest"} {
		bob.see(who)
	}
	bob.press("Leave")
	bob.message("left", "You left the call")
	ada.readOut("Bob left")
	ada.watches(0)
	bob.press("Join again")
	bob.screen("call")
	ada.watches(1)
	for _, tab := range []*tab{ada, bob} {
		tab.quiet()
		title := eval[string](tab, "document.title + document.referrer")
		if containsAny(title, []string{codes["guest"], codes["host"]}) {
			t.Errorf("the code is in the title or the referrer: %q", title)
		}
	}
}

// measureTasks begins to measure how long the page is busy at a stretch, and
// longestTask gives the longest such time in milliseconds.
const (
	measureTasks = `(window.longest = 0, new PerformanceObserver(list => {
		for (const e of list.getEntries()) window.longest = Math.max(window.longest, e.duration);
	}).observe({type: "longtask"}), true)`
	longestTask = `new Promise(r => setTimeout(() => r(window.longest), 200))`
)

func TestChat(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	ada, bob := s.open(wide), s.open(wide)
	ada.join(codes["host"], "Ada")
	bob.join(codes["guest"], "Bob")
	ada.watches(1)
	ada.press("Chat")
	const message = `hello <img src=x onerror=alert(1)> https://example.com/a`
	ada.fill("Message", message)
	ada.press("Send")
	bob.readOut("hello")
	bob.press("Chat")
	bob.see(message)
	bob.fill("Message", "good morning")
	bob.press("Send")
	ada.see("good morning")
	link := eval[string](bob,
		`(a => a.href + " " + a.rel + " " + a.target)(document.querySelector(".lk-chat-messages a"))`)
	if link != "https://example.com/a noopener noreferrer _blank" {
		t.Errorf("the link in the chat is %q", link)
	}

	// A message of one long word keeps nobody busy.
	eval[bool](ada, measureTasks)
	bob.fill("Message", strings.Repeat("x", 3900))
	bob.press("Send")
	ada.see(strings.Repeat("x", 3900))
	if longest := eval[float64](ada, longestTask); longest > 2000 {
		t.Errorf("the page was busy for %.0f ms at a stretch", longest)
	}
	ada.quiet()
	bob.quiet()
}

// sharedScreen is a JavaScript expression for a shared screen.
const sharedScreen = `document.querySelector("[data-lk-source=screen_share] video, video[data-lk-source=screen_share]")`

func TestViews(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	ada, bob, carl := s.open(wide), s.open(wide), s.open(wide)
	ada.join(codes["host"], "Ada")
	bob.join(codes["guest"], "Bob")
	carl.join(codes["guest"], "Carl")
	ada.watches(2)
	ada.press("Speaker view")
	ada.wait("the speaker view", `document.querySelector(".lk-focus-layout")`)
	ada.press("Speaker view")
	ada.wait("the grid", `!document.querySelector(".lk-focus-layout") && document.querySelector(".lk-grid-layout")`)
	ada.watches(2)
	bob.press("Share screen")
	carl.wait("a shared screen", sharedScreen+`?.videoWidth > 0`)
	bob.press("Share screen")
	carl.wait("no shared screen", "!"+sharedScreen)
	ada.quiet()
}

// What the role and the room do not allow is not offered.
func TestOnlyWhatIsAllowedIsOffered(t *testing.T) {
	t.Parallel()
	s := setup(t)
	off := meettest.Of(false)
	const mic, camera, screen, chat = "Microphone", "Camera", "Share screen", "Chat"
	for name, c := range map[string]struct {
		settings          meet.SettingsChange
		role              string
		offered, withheld []string
	}{
		"viewer of a webinar": {meet.SettingsChange{}, "viewer", nil, []string{mic, camera, screen, chat}},
		"no video":            {meet.SettingsChange{AllowVideo: off}, "guest", []string{mic, chat}, []string{camera, screen}},
		"no screen share": {meet.SettingsChange{AllowScreenShare: off}, "guest",
			[]string{mic, camera, chat}, []string{screen}},
		"no audio": {meet.SettingsChange{AllowAudio: off}, "guest", []string{camera, screen, chat}, []string{mic}},
		"no chat":  {meet.SettingsChange{AllowChat: off}, "host", []string{mic, camera, screen}, []string{chat}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := *s
			s.t = t
			change := meet.RoomChange{Settings: c.settings}
			if c.role == "viewer" {
				change.Mode = meettest.Of(meet.Webinar)
			}
			_, codes := s.room(change)
			eve := s.open(wide)
			eve.visit("/join/" + codes[c.role])
			eve.screen("prejoin")
			if c.role == "viewer" {
				eve.see("You will watch and listen")
			} else {
				eve.wait("what is offered", control(c.offered[0]))
			}
			for _, name := range c.withheld {
				if eve.has(name) {
					t.Errorf("%s is offered before the call", name)
				}
			}
			eve.ask("Eve")
			eve.screen("call")
			eve.wait("the controls", control("Leave"))
			for _, name := range c.offered {
				eve.wait(name, control(name))
			}
			for _, name := range c.withheld {
				if eve.has(name) {
					t.Errorf("%s is offered in the call", name)
				}
			}
			eve.quiet()
		})
	}
}

// A setting that changes during a call changes the page at once.
func TestScreenSharingIsOfferedWhileItIsAllowed(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	eve := s.open(wide)
	eve.visit("/join/" + codes["guest"])
	eve.ask("Eve")
	eve.screen("call")
	eve.wait("the button", control("Share screen"))
	for _, allowed := range []bool{false, true} {
		s.updateRoom(room, meet.RoomChange{Settings: meet.SettingsChange{AllowScreenShare: &allowed}})
		eve.wait("the button to follow the setting", fmt.Sprintf("!!(%s) === %t", control("Share screen"), allowed))
	}
	eve.quiet()
}
