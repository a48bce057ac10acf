package pagetest

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"github.com/chromedp/chromedp"
)

// half is the window of each of two people in one picture.
var half = size{640, 480}

// chromiumForPicture opens a Chromium, with a face to show if pictures are taken.
func (s *testServer) chromiumForPicture() *tab {
	s.t.Helper()
	if *pictures == "" {
		return s.open(wide)
	}
	return s.openIn(adasPortrait.camera(s.t), half)
}

// showPortrait has the camera of a Firefox show a portrait, if pictures are taken.
func (tab *tab) showPortrait(p portrait) {
	tab.t.Helper()
	if *pictures == "" {
		return
	}
	tab.screen("prejoin")
	eval[bool](tab, `(async () => {
		const image = new Image();
		image.src = "data:image/jpeg;base64,`+base64.StdEncoding.EncodeToString(p.read(tab.t))+`";
		await image.decode();
		const canvas = Object.assign(document.createElement("canvas"), {width: 640, height: 360});
		const draw = canvas.getContext("2d");
		setInterval(() => draw.drawImage(image, 0, Math.random()), 100);
		const devices = navigator.mediaDevices, real = devices.getUserMedia.bind(devices);
		devices.getUserMedia = async wanted => {
			const stream = await real(wanted);
			if (wanted.video) {
				stream.getVideoTracks().forEach(t => stream.removeTrack(t));
				stream.addTrack(canvas.captureStream(10).getVideoTracks()[0]);
			}
			return stream;
		};
		return true;
	})()`)
	for range 2 { // the camera that is on already is another one
		tab.press("Camera")
	}
	tab.wait("a camera preview", `[...document.querySelectorAll("video")].some(v => v.videoWidth === 640)`)
}

// pictureOf puts what two people see beside each other into a picture, if
// pictures are taken.
func (s *testServer) pictureOf(name string, left, right *tab) {
	s.t.Helper()
	if *pictures == "" {
		return
	}
	right.firefoxDo("resize", map[string]any{"width": half.width, "height": half.height}, nil)
	const gap = 16
	both := image.NewRGBA(image.Rect(0, 0, int(2*half.width)+gap, int(half.height)))
	draw.Draw(both, both.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	for i, tab := range []*tab{left, right} {
		shot, err := png.Decode(bytes.NewReader(tab.screenshot()))
		must(s.t, err)
		at := image.Pt(i*(int(half.width)+gap), 0)
		draw.Draw(both, shot.Bounds().Add(at), shot, image.Point{}, draw.Src)
	}
	savePicture(s.t, name, both)
}

func (tab *tab) screenshot() []byte {
	tab.t.Helper()
	if tab.firefox != nil {
		var encoded string
		tab.firefoxDo("screenshot", nil, &encoded)
		shot, err := base64.StdEncoding.DecodeString(encoded)
		must(tab.t, err)
		return shot
	}
	shot, err := chromedp.Run(tab.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		tab.t.Fatalf("take a picture: %v", err)
	}
	return shot
}
