package pagetest

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// pictured are the looks that -pictures keeps.
var pictured = []string{"before-joining-wide", "waiting-wide", "call-wide", "request-wide", "host-menu-wide",
	"chat-wide"}

// axe is axe-core, which "npm ci" in web/page brings.
const axePath = "../page/node_modules/axe-core/axe.min.js"

// look checks what is on the screen: no serious finding of axe-core, nothing
// wider than the window, in light and in dark; and takes a picture.
func (tab *tab) look(name, axe string) {
	tab.t.Helper()
	for _, dark := range []bool{true, false} {
		tab.dark(dark)
		eval[bool](tab, `new Promise(r => setTimeout(() => r(true), 400))`) // transitions of colours
		if axe != "" {
			eval[bool](tab, `(window.axe || (0, eval)(`+quote(axe)+`), true)`)
			findings := eval[string](tab, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations
				.filter(v => ["serious", "critical"].includes(v.impact))
				.map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 200) + " " + n.failureSummary).join("; ")).join("\n"))`)
			if findings != "" {
				tab.t.Errorf("%s, dark %t: axe-core finds\n%s", name, dark, findings)
			}
		}
		if overflow := eval[int](tab, `document.documentElement.scrollWidth - innerWidth`); overflow > 0 {
			tab.t.Errorf("%s is %d pixels too wide", name, overflow)
		}
	}
	if *pictures != "" && slices.Contains(pictured, name) {
		tab.picture(name)
	}
}

// TestLooks walks through the page at both widths.
func TestLooks(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(axePath)
	if err != nil {
		t.Skip("axe-core is not installed: run npm ci in web/page")
	}
	adasCamera, gracesCamera := adasPortrait.camera(t), gracesPortrait.camera(t)
	for name, window := range map[string]size{"wide": wide, "360": phone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t)
			room, codes := s.room(meet.RoomChange{Name: meettest.Of("team-standup"),
				Settings: meet.SettingsChange{RequireApproval: meettest.Of(true)}})
			look := func(tab *tab, what string) { t.Helper(); tab.look(what+"-"+name, string(axe)) }

			ada := s.openIn(adasCamera, window)
			ada.visit("/m/" + room.Name)
			ada.screen("code")
			look(ada, "code")
			ada.visit("/join/" + codes["host"])
			ada.screen("prejoin")
			ada.wait("a camera preview", `[...document.querySelectorAll("video")].some(v => v.videoWidth > 0)`)
			ada.fill("Your name", "Ada Lovelace")
			look(ada, "before-joining")
			ada.press("Join")
			ada.screen("call")

			grace := s.openIn(gracesCamera, window)
			grace.knock(codes["guest"], "Grace Hopper")
			look(grace, "waiting")
			ada.wait("the request", control("Let in Grace Hopper"))
			look(ada, "request")
			ada.press("Let in Grace Hopper")
			grace.screen("call")
			ada.watches(1)
			grace.watches(1)
			look(grace, "call")
			ada.press("People")
			look(ada, "people")
			ada.press("Grace Hopper")
			ada.wait("the menu", control("Remove Grace Hopper"))
			look(ada, "host-menu")
			ada.press("Remove Grace Hopper")
			look(ada, "host-question")
			ada.confirm("Cancel")
			ada.press("Chat")
			grace.press("Chat")
			grace.fill("Message", "Good morning! The agenda is at https://example.com/agenda")
			grace.press("Send")
			ada.see("Good morning!")
			s.sendMessage(meet.Principal{ID: "claude", Name: "Claude", Role: meet.Superadmin}, room,
				meet.MessageCall{Text: "Five minutes left. Shall I make the room longer?"})
			ada.see("Five minutes left")
			look(ada, "chat")
			ada.press("Settings")
			look(ada, "settings")
			s.kick(room, meet.KickCall{Identity: s.identity(room, "Grace Hopper")})
			grace.message("removed", "You were removed from the room")
			look(grace, "removed")
		})
	}
}

// Everything can be reached and used with the keyboard alone.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	ada := s.open(wide)
	ada.visit("/join/" + codes["host"])
	ada.screen("prejoin")
	ada.wait("the name field to have the focus", `document.activeElement?.name === "name"`)
	ada.run(chromedp.KeyEvent("Ada\r"))
	ada.screen("call")
	ada.wait("the focus to be on the new screen", `document.querySelector("main").contains(document.activeElement)`)
	reached := map[string]bool{}
	for range 30 {
		ada.run(chromedp.KeyEvent("\t"))
		const label = `(e => e && e !== document.body ? e.getAttribute("aria-label") ?? e.innerText : "")`
		if name := eval[string](ada, label+`(document.activeElement)`); name != "" {
			reached[strings.SplitN(name, ",", 2)[0]] = true
			const shown = `(s => s.outlineStyle !== "none" || s.boxShadow !== "none")`
			if !eval[bool](ada, shown+`(getComputedStyle(document.activeElement))`) {
				t.Errorf("%s does not show that it has the focus", name)
			}
		}
	}
	for _, want := range []string{
		"Microphone", "Camera", "Share screen", "Speaker view", "Chat", "People", "Settings", "Leave"} {
		if !reached[want] {
			t.Errorf("%s is not reached by the Tab key: %v", want, reached)
		}
	}
	ada.quiet()
}
