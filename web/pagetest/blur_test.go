package pagetest

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// edgesOf is a JavaScript function that says how sharp the picture of a video is: how
// many of ten thousand pixels are much brighter or darker than the one two beside them.
const edgesOf = `(video => {
	const canvas = Object.assign(document.createElement("canvas"), {width: video.videoWidth, height: video.videoHeight});
	const draw = canvas.getContext("2d");
	draw.drawImage(video, 0, 0);
	const pixels = draw.getImageData(0, 0, canvas.width, canvas.height).data;
	let edges = 0;
	for (let i = 8; i < pixels.length; i += 4) if (Math.abs(pixels[i] - pixels[i - 8]) > 40) edges++;
	return Math.round(edges * 40000 / pixels.length);
})`

// sharp is from how many edges on a picture is that of the fake camera as it is.
const sharp = 20

// watchEdges has a page note the edges of every frame of others from now on.
func (tab *tab) watchEdges() {
	tab.t.Helper()
	eval[bool](tab, `(window.edges = [], setInterval(() => {
		for (const video of `+remoteVideos+`) {
			if (video.watched) continue;
			video.watched = true;
			const next = () => video.requestVideoFrameCallback(() => {
				if (video.videoWidth) edges.push(`+edgesOf+`(video));
				next();
			});
			next();
		}
	}, 10), true)`)
}

// seesOnly waits for frames of others from now on, and wants all of them to be
// blurred, or waits until they are not.
func (tab *tab) seesOnly(blurred bool, what string) {
	tab.t.Helper()
	if !blurred {
		tab.wait("the camera as it is: "+what, fmt.Sprintf(`edges.at(-1) >= %d`, sharp))
		tab.t.Logf("%s: edges %v", what, eval[[]int](tab, `edges.splice(0)`))
		return
	}
	tab.wait("frames of others: "+what, `edges.length >= 5`)
	got := eval[[]int](tab, `edges.splice(0)`)
	tab.t.Logf("%s: edges %v", what, got)
	for i, edges := range got {
		if edges >= sharp {
			tab.t.Fatalf("%s: frame %d of others has %d edges, want it to be blurred: %v", what, i, edges, got)
		}
	}
}

const blurSwitch = "Blur my background"

// openWithSmallCamera opens a page whose camera has few pixels. Where no graphics card
// draws, blurring many would take the processors from the call, and from other tests.
func (s *testServer) openWithSmallCamera() *tab {
	s.t.Helper()
	tab := s.open(wide)
	tab.before(`const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
		if (ask) navigator.mediaDevices.getUserMedia = (wanted) =>
			ask({...wanted, video: wanted.video && {...wanted.video, width: 320, height: 180}})`)
	return tab
}

// switchBlur switches it in a call.
func (tab *tab) switchBlur() {
	tab.t.Helper()
	tab.press("Settings")
	tab.press(blurSwitch)
	tab.press("Settings")
}

func (tab *tab) forgetEdges() {
	tab.t.Helper()
	eval[int](tab, `edges.length = 0`)
}

// blurFiles are the files that were asked for to blur something.
func (tab *tab) blurFiles() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	var files []string
	for _, request := range tab.requests {
		u, err := url.Parse(request)
		if err == nil && containsAny(u.Path, []string{"/blurring-", "/selfie_segmenter-", "/tasks-vision-"}) {
			files = append(files, u.Path)
		}
	}
	return files
}

// Nobody else ever sees what a person has blurred before they joined: not at first,
// not when the camera comes back, not after a reload. It is loaded once it is wanted.
func TestBlur(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	bob := s.open(wide)
	bob.join(codes["guest"], "Bob")
	bob.watchEdges()
	ada := s.openWithSmallCamera()
	ada.visit("/join/" + codes["host"])
	ada.screen("prejoin")
	const preview = `document.querySelector("main[data-screen=prejoin] video")`
	ada.wait("a sharp preview", fmt.Sprintf(`%[1]s?.videoWidth && %[2]s(%[1]s) >= %[3]d`, preview, edgesOf, sharp))
	if files := ada.blurFiles(); len(files) > 0 {
		t.Errorf("before anybody wants to blur anything the page loads %v", files)
	}
	ada.press(blurSwitch)
	ada.wait("a blurred preview", fmt.Sprintf(`%[1]s?.videoWidth && %[2]s(%[1]s) < %[3]d`, preview, edgesOf, sharp))
	if files := strings.Join(ada.blurFiles(), " "); !strings.Contains(files, "_internal.wasm") {
		t.Errorf("to blur a camera the page loads %s, want the program among it", files)
	}
	ada.ask("Ada")
	ada.screen("call")
	bob.seesOnly(true, "joined blurred")

	ada.switchBlur()
	bob.seesOnly(false, "switched off")
	ada.switchBlur()
	const self = `[...document.querySelectorAll("video")].find(v => v.dataset.lkLocalParticipant === "true")`
	ada.wait("a blurred picture of herself", fmt.Sprintf(`%s(%s) < %d`, edgesOf, self, sharp))
	// What was sent before is still on its way, and may be as coarse as to have few edges.
	bob.wait("blurred pictures", fmt.Sprintf(`edges.length > 4 && edges.slice(-4).every(n => n < %d)`, sharp))
	bob.forgetEdges()
	bob.seesOnly(true, "switched on")

	off := func() {
		ada.press("Camera")
		bob.watches(0)
		bob.forgetEdges()
	}
	off()
	ada.press("Camera")
	bob.seesOnly(true, "off and on again")
	off()
	ada.switchBlur()
	ada.press("Camera")
	bob.seesOnly(false, "switched off while the camera was off")
	off()
	ada.switchBlur()
	ada.press("Camera")
	bob.seesOnly(true, "switched on while the camera was off")

	ada.reload()
	bob.watches(0)
	bob.forgetEdges()
	ada.screen("call")
	bob.seesOnly(true, "after a reload")
	ada.quiet()
	bob.quiet()
}

// holdProgram has a page wait for the program that blurs until it is released.
const holdProgram = `(window.fetch = (fetch => async (what, ...rest) => {
	if (String(what).endsWith(".wasm") && !window.released) await new Promise(release => window.release = release);
	return fetch(what, ...rest);
})(window.fetch), true)`

// Who joins an encrypted room before their camera can be blurred is in at once, and
// seen once it is.
func TestBlurIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{E2EE: meettest.Of(true)}})
	bob := s.open(wide)
	bob.join(codes["host"], "Bob")
	bob.wait("a key in the address", `location.hash.startsWith("#key=")`)
	bob.watchEdges()
	ada := s.openWithSmallCamera()
	ada.visit("/join/" + codes["guest"] + eval[string](bob, "location.hash"))
	ada.screen("prejoin")
	ada.wait("a camera preview", `document.querySelector("video")?.videoWidth > 0`)
	eval[bool](ada, holdProgram)
	ada.press(blurSwitch)
	ada.wait("the program to be asked for", `window.release`)
	ada.ask("Ada")
	ada.screen("call")
	ada.hears()
	bob.hears()
	bob.watches(0)
	eval[bool](ada, `(window.released = true, release(), true)`)
	bob.watches(1)
	bob.seesOnly(true, "joined while it was loaded")
	ada.quiet()
	bob.quiet()
}

// A camera that cannot be blurred stays off, and says so, until blur is switched off.
func TestBlurFails(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	bob, ada := s.open(wide), s.openWithSmallCamera()
	bob.join(codes["guest"], "Bob")
	bob.watchEdges()
	ada.visit("/join/" + codes["host"])
	ada.screen("prejoin")
	ada.wait("a camera preview", `document.querySelector("video")?.videoWidth > 0`)
	const fail = `(window.fetch = (fetch => (what, ...rest) =>
		String(what).endsWith(".wasm") ? Promise.reject(new TypeError("no such file"))
			: fetch(what, ...rest))(window.fetch), true)`
	eval[bool](ada, fail)
	ada.press(blurSwitch)
	const why = "Your background could not be blurred, so your camera stays off."
	ada.readOut(why)
	ada.press(blurSwitch)
	ada.wait("a camera without blur", `document.querySelector("video")?.videoWidth > 0`)
	ada.press(blurSwitch)
	ada.readOut(why)
	ada.ask("Ada")
	ada.screen("call")
	bob.hears()
	for range 2 {
		ada.press("Camera")
		ada.readOut(why)
		ada.wait("the camera to be off", isOn("Camera", false))
		ada.press("Dismiss")
	}
	if n := eval[int](bob, `edges.length`); n > 0 {
		t.Errorf("Bob sees %d frames of a camera that could not be blurred", n)
	}
	ada.switchBlur()
	ada.press("Camera")
	bob.seesOnly(false, "switched off since it failed")
	ada.switchBlur()
	ada.readOut(why)
	ada.wait("the camera to be off", isOn("Camera", false))
	bob.watches(0)
}

// Firefox and Safari have no streams of frames on a page: there it goes by a canvas.
func TestBlurByCanvas(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	bob, ada := s.open(wide), s.openWithSmallCamera()
	bob.join(codes["host"], "Bob")
	bob.watchEdges()
	ada.visit("/join/" + codes["guest"])
	ada.screen("prejoin")
	eval[bool](ada, `delete window.MediaStreamTrackGenerator && delete window.MediaStreamTrackProcessor`)
	ada.press(blurSwitch)
	ada.wait("the program", `performance.getEntriesByType("resource").some(e => e.name.endsWith(".wasm"))`)
	ada.wait("a preview", `document.querySelector("video")?.videoWidth > 0`)
	ada.ask("Ada")
	ada.screen("call")
	bob.seesOnly(true, "joined blurred")
	ada.press("Camera")
	bob.watches(0)
	bob.forgetEdges()
	ada.press("Camera")
	bob.seesOnly(true, "off and on again")
	ada.quiet("worker-src") // it does without a clock of its own
	bob.quiet()
}

// Where the browser cannot blur, it is not offered.
func TestBlurIsNotOffered(t *testing.T) {
	t.Parallel()
	needsFirefox(t)
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	ada := s.openFirefox(wide)
	ada.visit("/join/" + codes["guest"])
	ada.screen("prejoin")
	ada.wait("a camera preview", `document.querySelector("video")?.videoWidth > 0`)
	able := eval[bool](ada, `!!document.createElement("canvas").getContext("webgl2")`)
	if has := ada.has(blurSwitch); has != able {
		t.Errorf("Firefox draws by WebGL: %t, and blur is offered: %t", able, has)
	}
	ada.quiet("WebGL") // which it says by itself
}
