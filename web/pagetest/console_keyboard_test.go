package pagetest

import (
	"context"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// reach goes on by the Tab key until a button, link or field of that name has the focus.
// What can be done next is seldom more than forty stops away.
func (tab *tab) reach(name string) {
	tab.t.Helper()
	tab.wait("the control "+name, control(name))
	for range 60 {
		if eval[bool](tab, `document.activeElement === `+control(name)) {
			return
		}
		tab.run(chromedp.KeyEvent(kb.Tab))
	}
	tab.t.Fatalf("%q is not reached by the Tab key; the focus is on %s", name,
		eval[string](tab, "document.activeElement.outerHTML"))
}

// hit goes to a button or link and presses it, by the keyboard.
func (tab *tab) hit(name string) {
	tab.t.Helper()
	tab.reach(name)
	tab.run(chromedp.KeyEvent(kb.Enter))
}

// write goes to a field and types into it, by the keyboard.
func (tab *tab) write(name, value string) {
	tab.t.Helper()
	tab.reach(name)
	tab.run(chromedp.KeyEvent(value))
}

// english are words that no German text has.
var english = regexp.MustCompile(`(?i)\b(the|and|of|is|are|this|for|with|everyone|nobody|page|rooms?|people|state|` +
	`role|mute|lock|remove|close|search|created|ends|ended|loading|since|last|actions)\b`)

// speaksGerman checks that nothing on the page is English, seen or read out, and that
// axe-core finds nothing at all.
func (tab *tab) speaksGerman(what, axe string) {
	tab.t.Helper()
	said := eval[string](tab, `[document.title, document.body.innerText, ...[...document.querySelectorAll("[aria-label]")]
		.map(e => e.getAttribute("aria-label")), ...[...document.querySelectorAll("caption,option,[alt]")]
		.map(e => e.alt || e.textContent)].join("\n")`)
	if left := english.FindAllString(said, -1); left != nil {
		tab.t.Errorf("%s: English words are left: %q, in\n%s", what, left, said)
	}
	if axe == "" {
		return
	}
	eval[bool](tab, `(window.axe || (0, eval)(`+quote(axe)+`), true)`)
	if found := eval[string](tab, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations
		.map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 200)).join("; ")).join("\n"))`); found != "" {
		tab.t.Errorf("%s: axe-core finds\n%s", what, found)
	}
}

// A room is made, run and ended by the keyboard alone, in German, while somebody else
// runs it too: each sees what the other does.
func TestConsoleByKeyboard(t *testing.T) {
	t.Parallel()
	s := setup(t)
	axe := readAxe(t)
	ada := s.open(wide)
	agent := eval[string](ada, "navigator.userAgent")
	ada.run(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetUserAgentOverride,
			emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: "de-AT,en"})
		return err
	}))
	ada.visit("/console")
	ada.see("Die Konsole braucht einen Link zum Anmelden.")
	ada.speaksGerman("signed out", axe)
	ada.signIn(meettest.Ada)
	ada.see("Es gibt keine solchen Räume.")
	if language := eval[string](ada, "document.documentElement.lang"); language != "de" {
		t.Errorf("the document says that it is in %q, want de", language)
	}
	ada.speaksGerman("no rooms", axe)

	ada.hit("Neuer Raum")
	ada.speaksGerman("a new room", axe)
	ada.write("Name", "montag")
	ada.hit("Raum anlegen")
	ada.see("Der Raum montag ist offen.")
	ada.wait("a code for each role", rows+" === 3")
	ada.speaksGerman("codes", axe)
	room, err := s.Room(t.Context(), meettest.Ada, "montag")
	must(t, err)
	var guest meet.RoomCode
	for _, code := range room.Codes {
		if code.Role == "guest" {
			guest = code
		}
	}
	ada.hit("Aktionen für " + guest.Code)
	ada.wait("the QR code", `document.querySelector("img.qr")?.naturalWidth > 0`)
	ada.speaksGerman("a code", axe)
	ada.run(chromedp.KeyEvent(kb.Escape))
	ada.wait("no dialog", `!document.querySelector("dialog[open]")`)
	ada.wait("the focus on the button that opened it",
		`document.activeElement.getAttribute("aria-label") === `+quote("Aktionen für "+guest.Code))

	ada.hit("Räume")
	ada.hit("montag")
	ada.see("Niemand ist im Raum.")
	root := s.open(wide)
	root.signIn(meettest.Root)
	root.press("montag")
	root.see("Nobody is inside.")
	bob := s.EnterByCode(t, guest, "Bob")
	bob.PublishMicrophone()
	must(t, s.Reconcile(t.Context()))
	root.see("Bob")
	ada.hit("Aktionen für Bob")
	ada.speaksGerman("a person", axe)
	ada.hit("Bob stummschalten")
	ada.readOut("Bob ist stumm.")
	bob.WaitMuted(meet.Microphone)
	root.see("Microphone (off)")
	root.press("Actions for Bob")
	root.press("Lock Bob")
	bob.WaitMayPublish(meet.Microphone, false)
	ada.see("Mikrofon gesperrt")
	ada.speaksGerman("people", axe)
	for _, tab := range []string{"Sitzungen", "Chat", "Ereignisse"} {
		ada.hit(tab)
		ada.wait("the list", `!document.body.innerText.includes("Wird geladen")`)
	}
	ada.hit("Zustand")
	ada.see("bereit")
	ada.hit("Räume")
	ada.hit("montag")

	ada.hit("Für alle beenden")
	ada.speaksGerman("the question about the end", axe)
	ada.write("Name des Raums", "montag")
	ada.run(chromedp.KeyEvent(kb.Enter))
	ada.see("Wieder öffnen")
	bob.WaitDisconnected()
	root.see("Open again")
	root.quiet()
	ada.quiet()
}
