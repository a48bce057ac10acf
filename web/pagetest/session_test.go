package pagetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/meet/meettest/freeport"
)

// A reload leads back in without asking, and mishaps cost no second use of a
// code that is for one.
func TestReload(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, "guest", meet.CodeChange{MaxUses: meettest.Of(1)}).Code
	watcher := s.open(wide)
	watcher.join(s.NewCode(t, room, "host", meet.CodeChange{}).Code, "Ada")
	bob := s.open(wide)
	bob.join(code, "Bob")
	bob.sends(room, "Bob", "Microphone", meet.Microphone)
	bob.press("Microphone") // off
	s.publishes(room, "Bob", meet.Microphone, true)
	watcher.watches(1)
	identity := s.identity(room, "Bob")

	bob.reload()
	bob.screen("call")
	bob.watches(1)
	watcher.watches(1)
	if again := s.identity(room, "Bob"); again != identity {
		t.Errorf("Bob is %s after the reload, want %s as before", again, identity)
	}
	bob.wait("the microphone to be off as before", control("Microphone")+`.getAttribute("aria-pressed") === "false"`)

	// Leaving is no end either, while the token counts: but nobody is taken
	// back in by a reload.
	bob.press("Leave")
	bob.message("left", "You left the call")
	bob.press("Join again")
	bob.screen("call")
	bob.press("Leave")
	bob.message("left", "You left the call")
	bob.reload()
	bob.ask("Bob")
	bob.screen("call")
	if again := s.identity(room, "Bob"); again != identity {
		t.Errorf("Bob is %s in the end, want %s as before", again, identity)
	}

	// Being removed is one.
	s.kick(room, meet.KickCall{Identity: identity})
	bob.message("removed", "You were removed from the room")
	bob.reload()
	bob.message("link", "This link does not work") // it was for one
	bob.quiet("404")
	watcher.quiet()
}

// Two tabs with one link are two participants, also when one was made from
// the other with all it remembers.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	first := s.open(wide)
	first.join(codes["guest"], "Bob")
	memory := eval[map[string]string](first, "({...sessionStorage})")
	second := first.openBeside()
	second.visit("/join/" + codes["guest"])
	second.screen("prejoin")
	for key, value := range memory {
		eval[bool](second, `(sessionStorage.setItem(`+quote(key)+`, `+quote(value)+`), true)`)
	}
	second.visit("/join/" + codes["guest"] + "?") // loads the page anew, with that memory
	second.ask("Bob too")
	second.screen("call")
	livekittest.Wait(t, "both inside", func() bool { return len(s.names(room)) == 2 })
	first.watches(1)
	second.watches(1)
	first.screen("call")
}

// The network is gone for ten seconds: signalling, new connections and media.
func TestTheNetworkIsGone(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	ada, bob := s.open(wide), s.open(wide)
	ada.join(codes["host"], "Ada")
	bob.join(codes["guest"], "Bob")
	ada.watches(1)
	bob.watches(1)
	bob.offline(true)
	s.line.cut()
	bob.see("Connection lost")
	time.Sleep(10 * time.Second) // the promise is about this long
	s.line.mend()
	bob.offline(false)
	bob.watchesWithin(time.Minute, 1)
	ada.watchesWithin(time.Minute, 1)
	bob.screen("call")
	ada.screen("call")
}

// The server is stopped and started again: people in the call come back into it,
// people who waited go on waiting.
func TestTheServerRestarts(t *testing.T) {
	t.Parallel()
	needsBrowser(t)
	port, err := freeport.Find()
	must(t, err)
	udpPort, err := freeport.Find()
	must(t, err)
	lk, err := startLiveKit(port, udpPort)
	must(t, err)
	t.Cleanup(func() { _ = lk.stop() })
	s := setupOn(t, func(links meettest.Option) *meettest.System { return meettest.NewOn(t, lk.url, links) })
	room, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: meettest.Of(true)}})
	ada, bob := s.open(wide), s.open(wide)
	ada.join(codes["host"], "Ada")
	bob.knock(codes["guest"], "Bob")
	ada.wait("the request", control("Let in Bob"))

	s.line.cut()
	must(t, lk.stop())
	ada.see("Coming back")
	failed := ada.signallingTries()
	livekittest.Wait(t, "two more tries to come back", func() bool { return ada.signallingTries() >= failed+2 })
	again, err := startLiveKit(port, udpPort)
	must(t, err)
	t.Cleanup(func() { _ = again.stop() })
	s.line.mend()
	livekittest.Wait(t, "Ada back inside", func() bool { return slices.Equal(s.names(room), []string{"Ada"}) })
	ada.screen("call")
	ada.press("Let in Bob")
	bob.screen("call")
	ada.watches(1)
	bob.watches(1)
}

// The first try to connect fails: the second one costs no other use.
func TestTheFirstTryFails(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, "guest", meet.CodeChange{MaxUses: meettest.Of(1)}).Code
	bob := s.open(wide)
	bob.visit("/join/" + code)
	bob.screen("prejoin")
	eval[bool](bob, `(window.WebSocket = new Proxy(WebSocket, {
		construct(target, [url]) { return new target(url.replace(/:\d+/, ":9")) },
	}), true)`)
	bob.ask("Bob")
	bob.message("websocket", "The connection for the call does not open")
	bob.reload()
	bob.backAs("Bob")
	if codes, _, err := s.Codes(t.Context(), meettest.Ada, room.ID, meet.CodeFilter{}); err != nil || codes[0].Uses != 1 {
		t.Errorf("codes: %+v, %v; want one use", codes, err)
	}
}

// signallingTries counts the WebSockets that Chromium has tried to open.
func (tab *tab) signallingTries() (tries int) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	for _, address := range tab.requests {
		if strings.HasPrefix(address, "ws://") {
			tries++
		}
	}
	return tries
}

// blocks lets no request to addresses of these patterns out, and all others.
func (tab *tab) blocks(patterns ...string) {
	tab.t.Helper()
	blocked := []*network.BlockPattern{}
	for _, pattern := range patterns {
		blocked = append(blocked, &network.BlockPattern{URLPattern: pattern, Block: true})
	}
	tab.run(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: blocked})
		return err
	}))
}

// offline takes the network away from the tab, or gives it back.
func (tab *tab) offline(yes bool) {
	tab.t.Helper()
	loss := map[bool]float64{true: 100}[yes]
	tab.run(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		conditions := &network.Conditions{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1, PacketLoss: loss}
		_, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule,
			network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{conditions}})
		return err
	}))
}
