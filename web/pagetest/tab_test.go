package pagetest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for something on a page, with a machine
// that has other things to do.
const patience = 90 * time.Second

// tab is a person with a browser: Chromium, or Firefox where that is set.
// Methods that cannot do what they promise fail the test.
type tab struct {
	t      *testing.T
	ctx    context.Context // of Chromium
	server *testServer

	firefox *firefox
	page    int // of Firefox

	mu       sync.Mutex
	console  []string // errors and warnings
	said     []string // everything else on the console
	requests []string // addresses
}

// size is that of the window, in CSS pixels.
type size struct{ width, height int64 }

var (
	wide  = size{1280, 800}
	phone = size{360, 740}
)

// open gives a person with an empty browser, camera and microphone.
func (s *testServer) open(window size) *tab {
	s.t.Helper()
	return s.openIn(withCamera, window)
}

func (s *testServer) openIn(browser func() (context.Context, error), window size) *tab {
	s.t.Helper()
	parent, err := browser()
	must(s.t, err)
	return s.newTab(parent, window, chromedp.WithNewBrowserContext())
}

// openBeside gives the same person another tab.
func (tab *tab) openBeside() *tab {
	tab.t.Helper()
	same := chromedp.FromContext(tab.ctx).BrowserContextID
	return tab.server.newTab(tab.ctx, wide, chromedp.WithExistingBrowserContext(same))
}

func (s *testServer) newTab(parent context.Context, window size, options ...chromedp.ContextOption) *tab {
	s.t.Helper()
	tab := &tab{t: s.t, server: s}
	var cancel context.CancelFunc
	tab.ctx, cancel = chromedp.NewContext(parent, append(options, chromedp.WithListener(tab.hear))...)
	s.t.Cleanup(cancel)
	tab.run(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
		return err
	}))
	tab.resize(window)
	return tab
}

// hear keeps what the console and the network say.
func (tab *tab) hear(event any) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			tab.console = append(tab.console, string(e.Type)+": "+words(e.Args))
		} else {
			tab.said = append(tab.said, words(e.Args))
		}
	case *runtime.EventExceptionThrown:
		tab.console = append(tab.console, "exception: "+e.ExceptionDetails.Text+" "+describe(e.ExceptionDetails.Exception))
	case *log.EventEntryAdded:
		if containsAny(e.Entry.Text, []string{"GL Driver Message", "VideoFrame was garbage collected"}) {
			return // Chromium's notes on how fast WebGL draws, and on frames that a camera leaves when it stops
		}
		if e.Entry.Level == "error" || e.Entry.Level == "warning" { // its URL is the browser's word
			tab.console = append(tab.console, string(e.Entry.Level)+": "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventWebSocketCreated:
		tab.requests = append(tab.requests, e.URL)
	case *network.EventRequestWillBeSent:
		tab.requests = append(tab.requests, e.Request.URL)
	}
}

func words(args []*runtime.RemoteObject) string {
	var all []string
	for _, a := range args {
		all = append(all, describe(a))
	}
	return strings.Join(all, " ")
}

func describe(o *runtime.RemoteObject) string {
	if o == nil {
		return ""
	}
	return string(o.Value) + o.Description
}

// quiet checks that the console has no errors beside those that hold one of
// the allowed texts, and that no request went to another host.
func (tab *tab) quiet(allowed ...string) {
	tab.t.Helper()
	tab.mu.Lock()
	defer tab.mu.Unlock()
	if tab.firefox != nil { // of LiveKit's client, about a click before Firefox has started the sound
		allowed = append(allowed, "auto-resume audio context")
	}
	for _, line := range tab.console {
		if !containsAny(line, allowed) {
			tab.t.Errorf("the console says %s", line)
		}
	}
	for _, line := range append(tab.console, tab.said...) {
		if secret := secretIn.FindString(line); secret != "" {
			tab.t.Errorf("the console holds %.12s…: %.300s", secret, line)
		}
	}
	home := mustURL(tab.server.url).Host
	for _, request := range tab.requests {
		u, err := url.Parse(request)
		if err == nil && (u.Scheme == "blob" || u.Scheme == "data" || u.Host == home) {
			continue
		}
		tab.t.Errorf("a request went to %s", request)
	}
}

// secretIn finds tokens, codes, ids of join requests and keys.
var secretIn = regexp.MustCompile(`eyJ[\w-]{10}|\b[a-z]{3}-[a-z]{4}-[a-z]{3}\b|\b[a-z]{26}\b|key=[\w-]{40}`)

func containsAny(s string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// run does what only Chromium can.
func (tab *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	if tab.firefox != nil {
		tab.t.Fatal("a test wants of Firefox what only Chromium can")
	}
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	// The tab belongs to its first context, which must not have a deadline.
	if err := chromedp.Do(tab.ctx); err != nil {
		tab.t.Fatalf("open a tab: %v", err)
	}
	if err := chromedp.Do(ctx, actions...); err != nil {
		tab.t.Fatalf("browser: %v\n%s", err, tab.state())
	}
}

func (tab *tab) resize(to size) {
	tab.t.Helper()
	if to == phone {
		tab.run(chromedp.EmulateViewport(to.width, to.height,
			chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2)))
		return
	}
	tab.run(chromedp.EmulateViewport(to.width, to.height))
}

// dark has the page in dark colours, or in light ones.
func (tab *tab) dark(dark bool) {
	tab.t.Helper()
	scheme := map[bool]string{true: "dark", false: "light"}[dark]
	tab.run(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	}))
}

func (tab *tab) visit(path string) {
	tab.t.Helper()
	if tab.firefox != nil {
		tab.firefoxDo("visit", map[string]any{"url": tab.server.url + path}, nil)
		return
	}
	tab.run(chromedp.Navigate(tab.server.url + path))
}

// reload loads the page anew.
func (tab *tab) reload() {
	tab.t.Helper()
	if tab.firefox != nil {
		tab.firefoxDo("reload", nil, nil)
		return
	}
	tab.run(chromedp.Reload())
}

// eval gives what a JavaScript expression, or the promise that it is, comes to.
func eval[T any](tab *tab, expression string) T {
	tab.t.Helper()
	value, err := tryEval[T](tab, patience, expression)
	if err != nil {
		tab.t.Fatalf("evaluate %.300s: %v", expression, err)
	}
	return value
}

func tryEval[T any](tab *tab, within time.Duration, expression string) (value T, err error) {
	if tab.firefox != nil {
		err = tab.tryFirefox(within, "evaluate", map[string]any{"expression": expression}, &value)
		return value, err
	}
	ctx, cancel := context.WithTimeout(tab.ctx, within)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// wait waits until what an expression promises is true. A page that is being left says nothing.
func (tab *tab) wait(what, expression string) {
	tab.t.Helper()
	tab.waitFor(patience, what, expression)
}

func (tab *tab) waitFor(d time.Duration, what, expression string) {
	tab.t.Helper()
	for deadline := time.Now().Add(d); ; time.Sleep(50 * time.Millisecond) {
		is, err := tryEval[bool](tab, patience, "(async () => !!await ("+expression+"))()")
		if is {
			return
		}
		if time.Now().After(deadline) {
			tab.t.Fatalf("waited %v for %s (%v)\n%s", d, what, err, tab.state())
		}
	}
}

// state is what a person would report.
func (tab *tab) state() string {
	text, err := tryEval[string](tab, 5*time.Second,
		`[location.pathname, document.querySelector("main")?.outerHTML.slice(0, 200), document.body.innerText.slice(0, 1500),
			JSON.stringify(`+videoStates+`)].join("\n")`)
	return fmt.Sprintf("the page: %s (%v)\n%s", text, err, tab.seen())
}

// seen is what a developer would add.
func (tab *tab) seen() string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return fmt.Sprintf("the console: %q\nrequests: %q", tab.console, tab.requests[max(0, len(tab.requests)-8):])
}

// screen waits for a screen of the page.
func (tab *tab) screen(name string) {
	tab.t.Helper()
	tab.wait("the screen "+name, `document.querySelector("main")?.dataset.screen === `+quote(name))
}

// message waits for a message that takes the whole page, and for a text in it.
func (tab *tab) message(name, text string) {
	tab.t.Helper()
	tab.wait("the message "+name, `document.querySelector("main")?.dataset.message === `+quote(name))
	tab.see(text)
}

// see waits for a text on the page.
func (tab *tab) see(text string) {
	tab.t.Helper()
	tab.wait("the text "+quote(text), `document.body.innerText.includes(`+quote(text)+`)`)
}

// readOut waits for a text in a live region, which is read out to those who do
// not see it.
func (tab *tab) readOut(text string) {
	tab.t.Helper()
	tab.wait("to be read out: "+text, `[...document.querySelectorAll("[aria-live],[role=status],[role=alert],[role=log]")]
		.some(e => e.textContent.includes(`+quote(text)+`))`)
}

// control is a JavaScript expression for the button or field of that name, as
// a screen reader would find it.
func control(name string) string {
	return `[...document.querySelectorAll("button,a,input,select,summary,textarea")].find(e => e.checkVisibility() &&
		(e.getAttribute("aria-label") || e.labels?.[0]?.innerText || e.innerText).trim().startsWith(` + quote(name) + `))`
}

// has says whether there is such a button or field now.
func (tab *tab) has(name string) bool {
	tab.t.Helper()
	return eval[bool](tab, "!!("+control(name)+")")
}

// press waits for a button and presses it.
func (tab *tab) press(name string) {
	tab.t.Helper()
	tab.wait("the button "+name, `(e => e && !e.disabled)(`+control(name)+`)`)
	eval[bool](tab, `(`+control(name)+`.click(), true)`)
}

// fill waits for a field and types into it.
func (tab *tab) fill(name, value string) {
	tab.t.Helper()
	tab.wait("the field "+name, control(name))
	eval[bool](tab, `(e => {
		e.focus();
		e.select?.();
		document.execCommand("delete");
		document.execCommand("insertText", false, `+quote(value)+`);
		return true;
	})(`+control(name)+`)`)
}

// join goes through the door by a code, under a name, and waits to be inside.
func (tab *tab) join(code, name string) {
	tab.t.Helper()
	tab.visit("/join/" + code)
	tab.ask(name)
	tab.screen("call")
}

// backAs waits until the tab is in the call again, or gives the name if the page
// asks for it.
func (tab *tab) backAs(name string) {
	tab.t.Helper()
	const screen = `document.querySelector("main")?.dataset.screen`
	tab.wait("to be in, or asked for the name", `["call", "prejoin"].includes(`+screen+`)`)
	if eval[string](tab, screen) == "prejoin" {
		tab.ask(name)
	}
	tab.screen("call")
}

// knock goes to the door by a code, under a name, and waits to be let in.
func (tab *tab) knock(code, name string) {
	tab.t.Helper()
	tab.visit("/join/" + code)
	tab.ask(name)
	tab.screen("waiting")
}

// ask fills in the name and presses Join.
func (tab *tab) ask(name string) {
	tab.t.Helper()
	tab.screen("prejoin")
	tab.fill("Your name", name)
	tab.press("Join")
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}
