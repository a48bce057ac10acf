package pagetest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// Browsers start slowly, so all tests of a kind share one. Every tab has a browser
// context of its own, as if it were on another machine.
var (
	// Five pictures a second: to encode the usual twenty takes half of a busy machine.
	fakeDevices = chromedp.Flag("use-fake-device-for-media-stream", "fps=5")
	allowAll    = chromedp.Flag("use-fake-ui-for-media-stream", true)

	withCamera = shared(fakeDevices, allowAll)
	asking     = shared(fakeDevices) // asks whether the page may use camera and microphone
	noCamera   = shared()            // this machine has none
	// It refuses certificates that it does not know.
	strict = shared(fakeDevices, allowAll, chromedp.Flag("ignore-certificate-errors", false))
)

// stops end the browsers.
var stops struct {
	sync.Mutex
	all []func()
}

func TestMain(m *testing.M) {
	status := m.Run()
	for _, stop := range stops.all {
		stop()
	}
	os.Exit(status)
}

// browserPath is where Chromium is, or "".
func browserPath() string {
	return find(os.Getenv("ROOMKEY_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
}

// find gives the path of the first program that there is, or "".
func find(names ...string) string {
	for _, name := range names {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func shared(flags ...chromedp.ExecAllocatorOption) func() (context.Context, error) {
	return sync.OnceValues(func() (context.Context, error) { return startBrowser(flags...) })
}

func startBrowser(flags ...chromedp.ExecAllocatorOption) (context.Context, error) {
	dir, err := os.MkdirTemp("", "roomkey-chromium-")
	if err != nil {
		return nil, err
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(browserPath()), chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.DisableGPU,
		chromedp.NoSandbox, // a container cannot have one
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("auto-select-desktop-capture-source", "Entire screen"),
		// A check of Chromium's own, which on a busy machine ended its network process
		// ("Detected dangling raw_ptr in unretained") and all connections with it.
		// The other two are pages behind the address bar, which Chromium loads for each window.
		chromedp.Flag("disable-features", "PartitionAllocUnretainedDanglingPtr,WebUIOmniboxPopup,WebUIOmniboxAimPopup"),
		chromedp.WSURLReadTimeout(time.Minute),
	}
	for _, name := range []string{"disable-quic", "disable-background-networking", "disable-component-update",
		"disable-sync", "disable-background-timer-throttling", "disable-renderer-backgrounding",
		"disable-backgrounding-occluded-windows", "ignore-certificate-errors"} {
		options = append(options, chromedp.Flag(name, true))
	}
	options = append(options, flags...)
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	stop := func() { cancel(); cancelAllocator(); _ = os.RemoveAll(dir) }
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, fmt.Errorf("start Chromium: %w", err)
	}
	stops.Lock()
	defer stops.Unlock()
	stops.all = append(stops.all, stop)
	return ctx, nil
}

// forbid takes a permission away from every page of a tab's browser context.
func (tab *tab) forbid(names ...string) {
	tab.t.Helper()
	for _, name := range names {
		tab.run(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.CallBrowser(ctx, browser.SetPermission, browser.SetPermissionParams{
				Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingDenied,
				BrowserContextID: chromedp.FromContext(tab.ctx).BrowserContextID,
			})
			return err
		}))
	}
}
