package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// chromiumVariable names the browser to be used, and chromiumNames are those
// that are looked for without it.
const chromiumVariable = "ROOMKEY_CHROMIUM"

var chromiumNames = []string{"chromium", "chromium-browser", "google-chrome"}

// chromiumFlags keep the browser to what is measured, and give it a camera and
// a microphone that nobody has to allow.
var chromiumFlags = []string{
	"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
	"disable-component-update", "disable-sync", "use-fake-ui-for-media-stream", "use-fake-device-for-media-stream",
}

// findChromium gives the path of the browser.
func findChromium() (string, error) {
	names := chromiumNames
	if name := os.Getenv(chromiumVariable); name != "" {
		names = []string{name}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no browser: none of %q is a program; install Chromium or point %s at it", names, chromiumVariable)
}

// browser is a running Chromium.
type browser struct {
	ctx  context.Context // chromedp's, which is how it knows the browser
	stop func()
}

func startBrowser(ctx context.Context) (*browser, error) {
	path, err := findChromium()
	if err != nil {
		return nil, err
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path)}
	for _, flag := range chromiumFlags {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, stopAllocator := chromedp.NewExecAllocator(ctx, options...)
	ctx, stopBrowser := chromedp.NewContext(ctx, chromedp.WithErrorf(ignore))
	b := &browser{ctx: ctx, stop: func() { stopBrowser(); stopAllocator() }}
	if err := chromedp.Do(ctx); err != nil {
		b.stop()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return b, nil
}

// ignore is for what chromedp says when a tab goes away in the middle of an
// event. What matters comes back as an error.
func ignore(string, ...any) {}

// tab is an empty tab in a browser context of its own, as somebody has who was
// never here before: nothing is cached or remembered.
type tab struct {
	ctx   context.Context // chromedp's
	close func()
}

func (b *browser) openTab() (*tab, error) {
	ctx, closeTab := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	if err := chromedp.Do(ctx); err != nil {
		closeTab()
		return nil, fmt.Errorf("open a tab: %w", err)
	}
	return &tab{ctx: ctx, close: closeTab}, nil
}

// do carries out steps in the tab, at most until ctx ends.
func (t *tab) do(ctx context.Context, steps ...chromedp.Action[chromedp.Void]) error {
	within, cancel := context.WithCancel(t.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	err := chromedp.Do(within, steps...)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx) // says more than that it was cancelled
	}
	return err
}
