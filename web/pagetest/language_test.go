package pagetest

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"roomkey/meet"
)

// speakGerman has the browser ask for German.
func (tab *tab) speakGerman() {
	tab.t.Helper()
	agent := eval[string](tab, "navigator.userAgent")
	tab.run(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetUserAgentOverride,
			emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: "de-AT,en"})
		return err
	}))
}

// The page speaks the language of the browser, where it can.
func TestThePageSpeaksGerman(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	bob := s.open(phone)
	bob.speakGerman()
	bob.visit("/")
	bob.see("Gib deinen Raumcode ein")
	bob.fill("Raumcode", codes["guest"])
	bob.press("Weiter")
	bob.wait("what the call needs", `performance.getEntriesByType("resource").some(e => e.name.includes("/enter-"))`)
	bob.wait("a camera preview", `[...document.querySelectorAll("video")].some(v => v.videoWidth > 0)`)
	const most = 260_000
	const files = `performance.getEntries().filter(e => e.initiatorType !== "fetch")`
	if bytes := eval[int](bob, files+`.reduce((sum, e) => sum + (e.encodedBodySize ?? 0), 0)`); bytes > most {
		t.Errorf("before the call the page weighs %d bytes, want at most %d", bytes, most)
	} else {
		t.Logf("before the call the page weighs %d bytes", bytes)
	}
	bob.fill("Dein Name", "Bob")
	bob.press("Beitreten")
	bob.wait("the call", control("Verlassen"))
	bob.press("Personen")
	bob.see("Du, Gast")
	if language := eval[string](bob, "document.documentElement.lang"); language != "de" {
		t.Errorf("the document says that it is in %q, want de", language)
	}
	bob.quiet()
}
