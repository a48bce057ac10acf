package pagetest

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

var pictures = flag.String("pictures", "", "`folder` to put pictures of the page into")

// picture takes one of what the tab shows.
func (tab *tab) picture(name string) {
	tab.t.Helper()
	shot, err := png.Decode(bytes.NewReader(tab.screenshot()))
	must(tab.t, err)
	savePicture(tab.t, name, shot)
}

// savePicture writes a PNG with the 256 most frequent colours, which is a third as
// long and looks the same.
func savePicture(t *testing.T, name string, shot image.Image) {
	t.Helper()
	bounds := shot.Bounds()
	counts := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(shot.At(x, y)).(color.RGBA) }
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	frequent := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int { return counts[b] - counts[a] })
	var palette color.Palette
	for _, colour := range frequent[:min(len(frequent), 256)] {
		palette = append(palette, colour)
	}
	nearest := map[color.RGBA]uint8{}
	for colour := range counts {
		nearest[colour] = uint8(palette.Index(colour))
	}
	out := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			out.SetColorIndex(x, y, nearest[at(x, y)])
		}
	}
	var encoded bytes.Buffer
	must(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&encoded, out))
	must(t, os.MkdirAll(*pictures, 0o755))
	must(t, os.WriteFile(filepath.Join(*pictures, name+".png"), encoded.Bytes(), 0o644))
}

// TestPictures takes the pictures that no other test has people for. It tests nothing:
// without -pictures there is nothing to do.
func TestPictures(t *testing.T) {
	t.Parallel()
	if *pictures == "" {
		return
	}
	s := setup(t)
	room, codes := s.room(meet.RoomChange{Name: meettest.Of("design-review"), Title: meettest.Of("Design review")})
	grace := s.openIn(gracesPortrait.camera(t), wide)
	grace.join(codes["host"], "Grace Hopper")
	ada := s.openIn(adasPortrait.camera(t), phone)
	ada.dark(true)
	ada.join(codes["guest"], "Ada Lovelace")
	for _, name := range []string{
		"Alan Turing", "Katherine Johnson", "Edsger Dijkstra", "Barbara Liskov", "Claude Shannon"} {
		s.EnterWith(t, s.exchange(codes["guest"], name))
	}
	ada.wait("six others", `document.querySelectorAll(".grid-tiles .tile").length === 6`)
	ada.watches(1)
	ada.picture("six-people-360")

	grace.dark(true)
	grace.sharesSlide()
	ada.see("Grace Hopper: screen")
	ada.press("Chat")
	ada.fill("Message", "The second column reads better.")
	ada.press("Send")
	grace.press("Chat")
	grace.see("reads better")
	grace.watches(1)
	grace.picture("shared-screen-wide")

	s.pictureConsole(room)
}

// TestPicturesOfSignIn takes those of signing in, as TestPictures.
func TestPicturesOfSignIn(t *testing.T) {
	t.Parallel()
	if *pictures == "" {
		return
	}
	s := withProvider(t)
	_, codes := s.room(meet.RoomChange{Title: meettest.Of("Design review"),
		Settings: meet.SettingsChange{RequireSignIn: meettest.Of(true)}})
	consent := s.consentPage("Claude", "https://claude.ai/api/mcp/auth_callback")
	keep := []string{"sign-in-wide", "consent-wide", "consent-signed-in-360", "join-sign-in-wide", "join-signed-in-360"}
	for name, window := range map[string]size{"wide": wide, "360": phone} {
		ada := s.openIn(adasPortrait.camera(t), window)
		ada.dark(name == "360")
		take := func(what string) {
			if what += "-" + name; slices.Contains(keep, what) {
				ada.picture(what)
			}
		}
		ada.visit("/sign-in")
		take("sign-in")
		ada.visit(consent)
		take("consent")
		ada.press("Sign in with Example")
		ada.atProvider()
		ada.wait("the consent page", `document.body?.innerText.includes("You are Ada Lovelace, as Example says.")`)
		take("consent-signed-in")
		ada.visit("/join/" + codes["guest"])
		ada.see("This room lets in only people who have signed in.")
		ada.wait("a camera preview", `[...document.querySelectorAll("video")].some(v => v.videoWidth > 0)`)
		take("join-sign-in")
		ada.press("Sign in with Example")
		ada.atProvider()
		ada.screen("prejoin")
		ada.see("You have signed in as")
		ada.wait("a camera preview", `[...document.querySelectorAll("video")].some(v => v.videoWidth > 0)`)
		take("join-signed-in")
	}
}

// sharesSlide shares a screen with a slide on it.
func (tab *tab) sharesSlide() {
	tab.t.Helper()
	eval[bool](tab, `(() => {
		const canvas = Object.assign(document.createElement("canvas"), {width: 1280, height: 720});
		const draw = canvas.getContext("2d");
		setInterval(() => {
			draw.fillStyle = "#f7f5ef";
			draw.fillRect(0, 0, 1280, 720);
			draw.fillStyle = "#1d3557";
			draw.font = "600 56px sans-serif";
			draw.fillText("Join page, second draft", 90, 130);
			draw.font = "32px sans-serif";
			["One field for the name", "Devices are tried before joining", "Who is inside is shown"].forEach(
				(line, i) => draw.fillText("•  " + line, 90, 240 + 70 * i));
			["#a8dadc", "#457b9d", "#e63946"].forEach((colour, i) => {
				draw.fillStyle = colour;
				draw.fillRect(760 + 140 * i, 620 - 120 * (i + 1), 100, 120 * (i + 1));
			});
		}, 200);
		navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(5);
		return true;
	})()`)
	tab.press("Share screen")
	tab.wait("the slide", `[...document.querySelectorAll("video")].some(v => v.videoWidth === 1280)`)
}

// pictureConsole takes the pictures of the console, with a room that has people in it.
func (s *testServer) pictureConsole(room meet.Room) {
	s.t.Helper()
	for _, name := range []string{"office-hours", "team-standup", "interview-42", "all-hands", "support"} {
		s.NewRoom(s.t, meet.RoomChange{Name: &name})
	}
	starts := s.Clock.Now().Add(26 * time.Hour).Truncate(time.Hour)
	planning, _ := s.room(meet.RoomChange{
		Name: meettest.Of("planning"), Title: meettest.Of("Plans for spring"), StartsAt: &starts})
	s.end(s.NewRoom(s.t, meet.RoomChange{Name: meettest.Of("retrospective")}))
	must(s.t, s.Reconcile(s.t.Context()))
	guest := s.identity(room, "Edsger Dijkstra")
	_, err := s.Mute(s.t.Context(), meettest.Ada, room.ID, meet.MuteCall{Identity: guest, Lock: meettest.Of(true)})
	must(s.t, err)
	owner := s.open(wide)
	owner.dark(false)
	owner.signIn(meettest.Root)
	owner.see(planning.Name)
	owner.wait("who is inside", `document.querySelector("tbody").innerText.includes("7")`)
	owner.picture("console-rooms-wide")
	owner.visit("/console#/rooms/" + room.ID + "/people")
	owner.see("7 people inside")
	owner.see("Microphone locked")
	owner.picture("console-room-wide")
	owner.visit("/console#/events")
	owner.wait("events", rows+" > 10")
	owner.picture("console-events-wide")
}
