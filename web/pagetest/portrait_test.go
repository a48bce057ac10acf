package pagetest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// portrait is a JPEG file that the camera of a person shows in the pictures.
type portrait string

const (
	adasPortrait   portrait = "testdata/ada.jpg"
	gracesPortrait portrait = "testdata/grace.jpg"
)

func (p portrait) read(t *testing.T) []byte {
	t.Helper()
	image, err := os.ReadFile(string(p))
	must(t, err)
	return image
}

// withMouse has a browser without a screen believe that there is a mouse, so that
// buttons which appear under it are not shown before.
var withMouse = chromedp.Flag("blink-settings",
	"primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4")

// camera gives a browser with a camera that shows the portrait.
func (p portrait) camera(t *testing.T) func() (context.Context, error) {
	t.Helper()
	const name = "Laptop camera.mjpeg" // the browser shows this name
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, name), p.read(t), 0o600))
	return shared(fakeDevices, allowAll, withMouse, chromedp.Flag("use-file-for-fake-video-capture", name),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) { cmd.Dir = dir }))
}
