package pagetest

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// portrait is what somebody's camera shows in the pictures.
type portrait struct {
	wall, skin, hair, shirt color.RGBA
}

var (
	adasPortrait   = portrait{color.RGBA{214, 226, 240, 255}, color.RGBA{236, 196, 164, 255}, color.RGBA{74, 46, 36, 255}, color.RGBA{120, 64, 140, 255}}
	gracesPortrait = portrait{color.RGBA{238, 226, 206, 255}, color.RGBA{196, 146, 112, 255}, color.RGBA{38, 34, 42, 255}, color.RGBA{34, 84, 122, 255}}
)

// camera gives a browser whose camera shows the portrait.
func (p portrait) camera(t *testing.T) func() (context.Context, error) {
	t.Helper()
	const name = "Laptop camera.mjpeg" // which is what the browser calls it
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), p.film(), 0o600); err != nil {
		t.Fatal(err)
	}
	return shared(chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", name), chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) { cmd.Dir = dir }))
}

// film is a second of the portrait, in which the head moves a little.
func (p portrait) film() []byte {
	var film bytes.Buffer
	for i := range 10 {
		_ = jpeg.Encode(&film, p.frame(6*math.Sin(float64(i)*math.Pi/5)), &jpeg.Options{Quality: 85}) // a buffer takes everything
	}
	return film.Bytes()
}

func (p portrait) frame(nod float64) image.Image {
	const width, height = 640, 360
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	inside := func(x, y, cx, cy, rx, ry float64) bool {
		dx, dy := (x-cx)/rx, (y-cy)/ry
		return dx*dx+dy*dy < 1
	}
	for y := range height {
		for x := range width {
			fx, fy := float64(x), float64(y)
			head, middle := 165+nod, width/2+nod/2
			c := p.wall
			if inside(fx, fy, middle, head-12, 86, 104) {
				c = p.hair
			}
			if inside(fx, fy, width/2, 410, 170, 130) {
				c = p.shirt
			}
			if inside(fx, fy, middle, 258, 34, 50) || inside(fx, fy, middle, head+8, 66, 84) {
				c = p.skin
			}
			if inside(fx, fy, middle-26, head, 7, 9) || inside(fx, fy, middle+26, head, 7, 9) ||
				inside(fx, fy, middle, head+44, 24, 9) && fy > head+44 {
				c = p.hair
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}
