package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"roomkey/bench/load"
)

// pageScript runs in each page and gives the times of its parts.
//
//go:embed page.js
var pageScript string

// pageParts are the parts on the way to the first frame, each from the end of
// the one before. The first one is the call of create_room.
var pageParts = []struct{ mark, name string }{
	{"created", "create_room"},
	{"document", "document"},
	{"form", "script and invitation"},
	{"exchange", "exchange"},
	{"signalling", "signalling"},
	{"ice", "ICE and DTLS"},
	{"frame", "first frame"},
}

// measurePage takes the time from the call of create_room to the first frame of
// somebody else that a guest's browser has decoded and shown. Host and guest
// are two tabs of one running Chromium that open their links at the same
// moment, join at once and have nothing cached.
func measurePage(ctx context.Context, l *lab) ([]row, error) {
	result := row{name: "create_room to first frame in Chromium", format: "%.2f s", target: target{atMost: 1}}
	chromium := findChromium()
	if chromium == "" {
		result.note = "there is no Chromium: install it, or name it in ROOMKEY_CHROMIUM"
		return []row{result}, nil
	}
	browser, stop, err := startChromium(ctx, chromium)
	if err != nil {
		return nil, err
	}
	defer stop()
	var programs []*roomkey
	for _, program := range l.programs() {
		r, err := l.startRoomkey(ctx, program, l.folder("page"))
		if err != nil {
			return nil, err
		}
		defer r.stop()
		programs = append(programs, r)
	}
	all := make([]map[string][]float64, len(programs)) // by part, of each program
	for round := range pick(l, 11, 3) {
		for i, r := range programs {
			parts, err := meetOnce(ctx, browser, r, fmt.Sprintf("bench-page-%d", round))
			if err != nil {
				return nil, fmt.Errorf("round %d: %w", round, err)
			}
			if round == 0 { // the server compresses its files when they are first sent
				all[i] = map[string][]float64{}
				continue
			}
			for part, seconds := range parts {
				all[i][part] = append(all[i][part], seconds)
			}
		}
	}
	for i, parts := range all {
		result.values = append(result.values, load.Median(parts["all"]))
		result.note += strings.Repeat("; before: ", i) + describeParts(parts)
	}
	return []row{result}, nil
}

// describeParts gives the median of each part and how many rounds there were.
func describeParts(parts map[string][]float64) string {
	var described []string
	for _, part := range pageParts {
		described = append(described, fmt.Sprintf("%s %.0f", part.name, 1000*load.Median(parts[part.mark])))
	}
	return fmt.Sprintf("median of %d; ms: %s", len(parts["all"]), strings.Join(described, ", "))
}

// meetOnce makes a room, lets a host and a guest join it and gives the seconds
// that the guest's parts took, and "all" of them.
func meetOnce(ctx context.Context, browser context.Context, r *roomkey, name string) (map[string]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	host, closeHost, err := openPage(browser)
	if err != nil {
		return nil, err
	}
	defer closeHost()
	guest, closeGuest, err := openPage(browser)
	if err != nil {
		return nil, err
	}
	defer closeGuest()
	defer context.AfterFunc(ctx, func() { closeHost(); closeGuest() })()

	started := time.Now()
	made, err := r.createRoom(ctx, name)
	if err != nil {
		return nil, err
	}
	created := time.Now()
	hosts := make(chan error, 1)
	go func() {
		_, err := visit(host, r.joinURL(made.codes["host"]))
		hosts <- err
	}()
	marks, err := visit(guest, r.joinURL(made.codes["guest"]))
	if err := errors.Join(err, <-hosts); err != nil {
		return nil, err
	}
	marks["created"] = unixMillis(created)
	parts := map[string]float64{"all": (marks["frame"] - unixMillis(started)) / 1000}
	before := unixMillis(started)
	for _, part := range pageParts {
		if marks[part.mark] == 0 {
			return nil, fmt.Errorf("the page did not tell the end of: %s", part.name)
		}
		parts[part.mark] = (marks[part.mark] - before) / 1000
		before = marks[part.mark]
	}
	return parts, r.endRoom(ctx, made.id, name)
}

// unixMillis gives a time as browsers have it.
func unixMillis(t time.Time) float64 { return float64(t.UnixMicro()) / 1000 }

// visit opens a join link and gives the times of the page's parts, when
// somebody else has been seen.
func visit(tab context.Context, url string) (map[string]float64, error) {
	if err := chromedp.Do(tab, chromedp.Navigate(url)); err != nil {
		return nil, err
	}
	return chromedp.Run(tab, chromedp.Evaluate[map[string]float64]("roomkeyBench", chromedp.EvalAwaitPromise))
}

// openPage opens an empty tab of somebody who was never here before.
func openPage(browser context.Context) (context.Context, context.CancelFunc, error) {
	tab, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	err := chromedp.Do(tab, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument,
			page.AddScriptToEvaluateOnNewDocumentParams{Source: pageScript})
		return err
	}))
	if err != nil {
		closeTab()
	}
	return tab, closeTab, err
}

// joinURL is the join link of a code at the server that is measured.
func (r *roomkey) joinURL(code string) string { return "http://" + r.endpoint.Addr + "/join/" + code }

// endRoom ends a room, so that nothing of it is left in the next round.
func (r *roomkey) endRoom(ctx context.Context, id, name string) error {
	args := fmt.Sprintf(`{"room_id":%q,"confirm_name":%q}`, id, name)
	_, err := load.Do(ctx, r.endpoint, load.CallTool("end_room", load.Fixed(args)))
	return err
}

// findChromium gives the path of the browser, or "".
func findChromium() string {
	for _, name := range []string{os.Getenv("ROOMKEY_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	return ""
}

// startChromium starts a browser with a camera and a microphone that nobody has
// to allow.
func startChromium(ctx context.Context, path string) (context.Context, context.CancelFunc, error) {
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.WSURLReadTimeout(time.Minute),
		// A check of Chromium's own, which on a busy machine ended its network process, and
		// two pages behind the address bar, which Chromium loads for each window.
		chromedp.Flag("disable-features", "PartitionAllocUnretainedDanglingPtr,WebUIOmniboxPopup,WebUIOmniboxAimPopup"),
	}
	for _, flag := range []string{
		"headless", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking",
		"disable-component-update", "disable-sync", "disable-renderer-backgrounding",
		"disable-background-timer-throttling", "disable-backgrounding-occluded-windows",
		"use-fake-ui-for-media-stream", "use-fake-device-for-media-stream",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(ctx, options...)
	browser, stopBrowser := chromedp.NewContext(allocator)
	stop := func() { stopBrowser(); stopAllocator() }
	if err := chromedp.Do(browser); err != nil {
		stop()
		return nil, nil, fmt.Errorf("start %s: %w", path, err)
	}
	return browser, stop, nil
}
