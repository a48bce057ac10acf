package pagetest

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// These tests are about people who came by another client than the page, and
// send what they like.

// writes sends a message to the chat as the page does, without encryption.
func writes(t *testing.T, p *livekittest.Person, id, message string) {
	t.Helper()
	payload, err := json.Marshal(map[string]any{"id": id, "timestamp": time.Now().UnixMilli(), "message": message})
	must(t, err)
	sends(t, p, payload)
}

func sends(t *testing.T, p *livekittest.Person, payload []byte) {
	t.Helper()
	packet := &lksdk.UserDataPacket{Payload: payload, Topic: "lk-chat-topic"}
	if err := p.Room().LocalParticipant.PublishDataPacket(packet, lksdk.WithDataPublishReliable(true)); err != nil {
		t.Fatalf("send a message: %v", err)
	}
}

// before has a script run in every document of the tab before all others.
func (tab *tab) before(script string) {
	tab.t.Helper()
	tab.run(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument,
			page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	}))
}

// Somebody writes before the pages know that they are there: LiveKit tells of
// who publishes nothing some seconds late.
func TestAMessageOfSomebodyNotYetKnown(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	ada := s.open(wide)
	ada.join(codes["host"], "Ada")
	ada.press("Chat")
	mallory := s.EnterWith(t, s.exchange(codes["guest"], "Mallory"))
	for _, payload := range []string{`null`, `[]`, `{"message": {}}`, "\xff\xfe", ``,
		`{"id": {"toString": 1}, "timestamp": "x", "message": "odd"}`} {
		sends(t, mallory, []byte(payload))
	}
	writes(t, mallory, "1", "hello from nowhere")
	ada.see("hello from nowhere")
	ada.screen("call")
	ada.wait("the writer's name", `document.querySelector(".lk-chat-messages").innerText.includes("Mallory")`)
	ada.quiet()
}

// Three times as many messages as the page keeps: it keeps the newest, loses nobody
// else's, and goes on answering. The server lets fifty pass each second.
func TestAFloodOfMessages(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	ada := s.open(wide)
	ada.join(codes["host"], "Ada")
	ada.press("Chat")
	bob := s.EnterWith(t, s.exchange(codes["guest"], "Bob"))
	mallory := s.EnterWith(t, s.exchange(codes["guest"], "Mallory"))
	writes(t, bob, "b", "a quiet word")
	ada.see("a quiet word")
	eval[bool](ada, measureTasks)
	const many = 1500
	for i := range many {
		writes(t, mallory, strconv.Itoa(i), fmt.Sprint("message ", i))
	}
	ada.see(fmt.Sprint("message ", many-1))
	type seen struct {
		Messages int
		First    string
	}
	got := eval[seen](ada, `(all => ({Messages: all.length, First: all[0].innerText}))(
		[...document.querySelectorAll(".lk-chat-messages li")])`)
	if got.Messages != 500 || !strings.Contains(got.First, "a quiet word") {
		t.Errorf("the chat holds %d messages, the first is %q; want 500, and Bob's among them", got.Messages, got.First)
	}
	if longest := eval[float64](ada, longestTask); longest > 10_000 {
		t.Errorf("the page was busy for %.0f ms at a stretch", longest)
	}
	ada.press("People")
	ada.wait("the people", `document.querySelector("[data-panel=people]")`)
	ada.quiet()
}

// brokenChat lets the drawing of every message throw.
const brokenChat = `Object.defineProperty(Intl.DateTimeFormat.prototype, "format", {
	get() { throw new Error("a fault for the test") },
})`

// Whatever throws in the call ends it: devices go off, and there is a button.
func TestAFaultInTheCall(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	ada := s.open(wide)
	ada.before(`window.streams = [];
		const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
		if (ask) navigator.mediaDevices.getUserMedia = async (wanted) => {
			const stream = await ask(wanted);
			window.streams.push(...stream.getTracks());
			return stream;
		}`)
	ada.join(codes["host"], "Ada")
	s.publishes(room, "Ada", meet.Microphone, false)
	s.publishes(room, "Ada", meet.Camera, false)
	mallory := s.EnterWith(t, s.exchange(codes["guest"], "Mallory"))
	ada.press("Chat")
	eval[bool](ada, "("+brokenChat+", true)")
	writes(t, mallory, "1", "anything")
	ada.message("broken", "Something went wrong")
	ada.see("Your camera and microphone are off")
	ada.wait("every device to be off",
		`window.streams.length > 1 && window.streams.every(track => track.readyState === "ended")`)
	livekittest.Wait(t, "Ada to be out of the room", func() bool { return len(s.names(room)) == 1 })
	ada.reload() // does not lead into the same fault
	ada.screen("prejoin")
	ada.visit("/join/" + codes["host"])
	ada.ask("Ada")
	ada.screen("call")
	ada.press("Chat")
	eval[bool](ada, "("+brokenChat+", true)")
	writes(t, mallory, "2", "anything")
	ada.message("broken", "Something went wrong")
	ada.press("Leave")
	ada.message("left", "You left the call")
	ada.quiet("a fault for the test")
}

// A part of the page that cannot be loaded is such a fault, too. Nobody is in the call
// by then, and joining again uses up nothing.
func TestTheCallCannotBeLoaded(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"CallScreen-*.js", "CallScreen-*.css", "enter-*.js"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			s := setup(t)
			room, _ := s.room(meet.RoomChange{})
			code := s.NewCode(t, room, "guest", meet.CodeChange{MaxUses: meettest.Of(1)}).Code
			ada := s.open(wide)
			ada.blocks("*://*:*/*" + part)
			ada.visit("/join/" + code)
			ada.screen("prejoin")
			ada.fill("Your name", "Ada")
			ada.press("Join")
			ada.message("broken", "Something went wrong")
			events, err := s.Store.Events(t.Context(), meet.EventQuery{RoomID: room.ID, Limit: 100})
			connected := func(e meet.Event) bool { return e.Action == meet.Joined }
			if err != nil || slices.ContainsFunc(events, connected) {
				t.Errorf("connected before the page could show the call: %v (error %v)", events, err)
			}
			ada.blocks()
			ada.press("Join again")
			ada.screen("call")
			name, _, _ := strings.Cut(part, "-")
			ada.quiet(name, "ERR_BLOCKED_BY_CLIENT", "Failed to fetch dynamically imported module")
		})
	}
}

// A picture of a link is not worth the call.
func TestTheQRCodeCannotBeLoaded(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	ada := s.open(wide)
	ada.blocks("*://*:*/*QRCode-*.js")
	ada.join(codes["host"], "Ada")
	ada.press("Share link")
	ada.press("Invite as Guest")
	livekittest.Wait(t, "React to say that the QR code failed", func() bool {
		ada.mu.Lock()
		defer ada.mu.Unlock()
		return strings.Contains(strings.Join(ada.console, "\n"), "dynamically imported module")
	})
	ada.see("Code to read out")
	ada.screen("call")
	ada.quiet("QRCode", "ERR_BLOCKED_BY_CLIENT", "Failed to fetch dynamically imported module")
}

// Sound, picture and chat without encryption are not played and not shown in an
// encrypted room, whatever their sender says of them, and what the page sends
// is encrypted to the end.
func TestPlainMediaInAnEncryptedRoom(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{E2EE: meettest.Of(true)}})
	ada, bob := s.open(wide), s.open(wide)
	ada.join(codes["host"], "Ada")
	ada.wait("a key in the address", `location.hash.startsWith("#key=")`)
	key := eval[string](ada, "location.hash")
	bob.visit("/join/" + codes["guest"] + key)
	bob.ask("Bob")
	bob.screen("call")
	ada.watches(1)

	mallory := s.EnterWith(t, s.exchange(codes["guest"], "Mallory"))
	mallory.PublishMicrophone()
	mallory.PublishCamera()
	ada.readOut("What Mallory sends is not encrypted")
	ada.see("Not shown: what they send is not encrypted")
	writes(t, mallory, "1", "a plain message")
	ada.readOut("Mallory wrote a message that is not encrypted")
	bob.press("Chat")
	bob.fill("Message", "a secret message")
	bob.press("Send")
	ada.press("Chat")
	ada.see("a secret message")
	if eval[bool](ada, `document.querySelector(".lk-chat-messages").innerText.includes("plain")`) {
		t.Error("a message without encryption is shown")
	}
	const playing = `[...document.querySelectorAll("main audio")]
		.filter(a => a.srcObject?.getTracks().some(track => track.readyState === "live")).length`
	if n := eval[int](ada, playing); n != 1 {
		t.Errorf("Ada's page plays the sound of %d people, want Bob's alone", n)
	}
	ada.watches(1)

	// One who says that it is encrypted, and has a plain track beside it.
	trudy := s.EnterWith(t, s.exchange(codes["guest"], "Trudy"))
	trudy.Claim(func(r *livekit.AddTrackRequest) { r.Encryption = livekit.Encryption_GCM })
	trudy.PublishCamera()
	trudy.Claim(nil)
	trudy.PublishMicrophone()
	ada.readOut("What Trudy sends is not encrypted")
	videos := `[...document.querySelectorAll("main video")].filter(v =>
		v.closest("[data-identity='` + trudy.Identity() + `']"))`
	if n := eval[int](ada, framesOf(videos, 1, 3*time.Second)); n > 0 {
		t.Errorf("Ada sees %d frames of somebody who sends them without encryption", n)
	}

	// Encryption is switched off while they are inside: for them it stays.
	s.updateRoom(room, meet.RoomChange{Settings: meet.SettingsChange{E2EE: meettest.Of(false)}})
	ada.fill("Message", "still a secret")
	ada.press("Send")
	bob.see("still a secret")
	ada.press("Camera")
	ada.wait("the camera to be off", isOn("Camera", false))
	ada.press("Camera")
	ada.wait("the camera to be on", isOn("Camera", true))
	for _, tab := range []*tab{ada, bob} {
		tab.reload()
		tab.screen("call")
	}
	ada.watches(1)
	bob.watches(1)
	if got := mallory.Messages(); len(got) > 0 {
		t.Errorf("the pages sent messages without encryption: %q", got)
	}
	for _, p := range mallory.Room().GetRemoteParticipants() {
		for _, track := range p.TrackPublications() {
			if (p.Name() == "Ada" || p.Name() == "Bob") && track.TrackInfo().GetEncryption() != livekit.Encryption_GCM {
				t.Errorf("%s publishes %s without encryption", p.Name(), track.Source())
			}
		}
	}
	ada.quiet()
	bob.quiet()
}

// A link with a key into a room that is not encrypted any more says so before
// anything is sent.
func TestAKeyForARoomThatIsNotEncrypted(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	bob := s.open(wide)
	bob.visit("/join/" + codes["guest"] + "#key=" + strings.Repeat("A", 43))
	bob.message("plain", "This room is not encrypted")
	for _, request := range bob.requests {
		if strings.Contains(request, "/v2/token") || strings.HasPrefix(request, "ws") {
			t.Errorf("a request went out before: %s", request)
		}
	}
	if eval[bool](bob, `!!document.querySelector("video")`) {
		t.Error("the camera is on")
	}
	bob.press("Join without encryption")
	bob.ask("Bob")
	bob.screen("call")
	s.publishes(room, "Bob", meet.Camera, false)
	bob.reload()
	bob.screen("call")
	bob.quiet()

	// Switched off while somebody types their name.
	secret, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{E2EE: meettest.Of(true)}})
	eve := s.open(wide)
	eve.visit("/join/" + codes["guest"] + "#key=" + strings.Repeat("A", 43))
	eve.screen("prejoin")
	s.updateRoom(secret, meet.RoomChange{Settings: meet.SettingsChange{E2EE: meettest.Of(false)}})
	eve.ask("Eve")
	eve.message("plain", "This room is not encrypted")
	if names := s.names(secret); len(names) > 0 {
		t.Errorf("inside are %v, want nobody", names)
	}
	eve.quiet()
}

// The page asks the address that it came from, by whatever name.
func TestEveryNameOfThisMachine(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, port, err := net.SplitHostPort(mustURL(s.url).Host)
	must(t, err)
	room, codes := s.room(meet.RoomChange{})
	var tabs []*tab
	for _, name := range []string{"localhost", "127.0.0.1", "[::1]"} {
		here := *s
		here.url = "http://" + name + ":" + port
		if name == "[::1]" && !s.alsoOnIPv6(port) {
			t.Log("this machine has no ::1")
			continue
		}
		tab := here.open(wide)
		tab.join(codes["guest"], "Somebody at "+name)
		tabs = append(tabs, tab)
	}
	livekittest.Wait(t, "all inside", func() bool { return len(s.names(room)) == len(tabs) })
	for _, tab := range tabs {
		tab.watches(len(tabs) - 1)
		tab.reload()
		tab.screen("call")
		tab.quiet()
	}
}
