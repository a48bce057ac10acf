package pagetest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// firefoxDriver is the program that drives Firefox, in its folder.
const (
	firefoxFolder = "firefox"
	firefoxDriver = "driver.mjs"
)

// firefox is a running Firefox with its driver, which all tests share; every
// page has a browser context of its own.
type firefox struct {
	stdin io.WriteCloser

	mu      sync.Mutex
	last    int
	answers map[int]chan firefoxLine
	tabs    map[int]*tab
	err     error // why it has ended
}

// firefoxLine is what the driver says: an answer, or news of a page.
type firefoxLine struct {
	Ready   string          `json:"ready"`
	ID      int             `json:"id"`
	Value   json.RawMessage `json:"value"`
	Error   string          `json:"error"`
	Page    int             `json:"page"`
	Console *string         `json:"console"`
	Level   string          `json:"level"`
	Request string          `json:"request"`
}

// firefoxPath is where Firefox is, or "".
func firefoxPath() string { return find(os.Getenv("ROOMKEY_FIREFOX"), "firefox-esr", "firefox") }

// needsFirefox skips a test where Firefox or what drives it is missing.
func needsFirefox(t *testing.T) {
	t.Helper()
	if firefoxPath() == "" {
		t.Skip("there is no Firefox on this machine: install firefox-esr, or name it in ROOMKEY_FIREFOX")
	}
	if find("node") == "" {
		t.Skip("there is no Node on this machine, which drives Firefox")
	}
	if _, err := os.Stat(firefoxFolder + "/node_modules/puppeteer-core"); err != nil {
		t.Skip("puppeteer-core, which drives Firefox, is not installed: run npm ci in web/pagetest/firefox")
	}
}

var sharedFirefox = sync.OnceValues(startFirefox)

func startFirefox() (*firefox, error) {
	cmd := exec.Command("node", firefoxDriver, firefoxPath())
	cmd.Dir, cmd.Stderr = firefoxFolder, os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	f := &firefox{stdin: stdin, answers: map[int]chan firefoxLine{}, tabs: map[int]*tab{}}
	ready, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		f.read(stdout, ready)
		err := cmd.Wait()
		f.end(fmt.Errorf("Firefox has ended: %w", errors.Join(err, io.EOF)))
	}()
	stops.Lock()
	stops.all = append(stops.all, func() { _ = stdin.Close(); <-done })
	stops.Unlock()
	select {
	case <-ready:
		return f, nil
	case <-done:
		return nil, fmt.Errorf("start Firefox: %w", f.err)
	}
}

// read takes in what the driver says until it ends.
func (f *firefox) read(from io.Reader, ready chan<- struct{}) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 64<<20) // a screenshot is one line
	for lines.Scan() {
		var line firefoxLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			continue
		}
		f.mu.Lock()
		answer, tab := f.answers[line.ID], f.tabs[line.Page]
		delete(f.answers, line.ID)
		f.mu.Unlock()
		switch {
		case line.Ready != "":
			close(ready)
		case answer != nil:
			answer <- line
		case tab != nil:
			tab.hearFirefox(line)
		}
	}
}

func (f *firefox) end(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
	for _, answer := range f.answers {
		close(answer)
	}
	clear(f.answers)
}

// do has the driver do something and gives its answer.
func (f *firefox) do(ctx context.Context, what string, options map[string]any) (json.RawMessage, error) {
	answer := make(chan firefoxLine, 1)
	command := map[string]any{"do": what}
	for name, value := range options {
		command[name] = value
	}
	f.mu.Lock()
	f.last++
	command["id"] = f.last
	line, err := json.Marshal(command)
	if err == nil {
		err = f.err
	}
	if err == nil {
		f.answers[f.last] = answer
		_, err = f.stdin.Write(append(line, '\n'))
	}
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case line, ok := <-answer:
		switch {
		case !ok:
			return nil, f.err
		case line.Error != "":
			return nil, errors.New(line.Error)
		}
		return line.Value, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%s in Firefox: %w", what, context.Cause(ctx))
	}
}

// openFirefox gives a person with Firefox, a camera and a microphone.
func (s *testServer) openFirefox(window size) *tab {
	s.t.Helper()
	needsFirefox(s.t)
	f, err := sharedFirefox()
	must(s.t, err)
	tab := &tab{t: s.t, server: s, firefox: f}
	tab.firefoxDo("open", map[string]any{"width": window.width, "height": window.height}, &tab.page)
	f.mu.Lock()
	f.tabs[tab.page] = tab
	f.mu.Unlock()
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_, _ = f.do(ctx, "close", map[string]any{"page": tab.page})
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.tabs, tab.page)
	})
	return tab
}

// firefoxDo has the driver do something with the tab's page; value, unless nil,
// is filled from the answer.
func (tab *tab) firefoxDo(what string, options map[string]any, value any) {
	tab.t.Helper()
	if err := tab.tryFirefox(patience, what, options, value); err != nil {
		tab.t.Fatalf("Firefox, %s %.300v: %v\n%s", what, options, err, tab.seen())
	}
}

func (tab *tab) tryFirefox(within time.Duration, what string, options map[string]any, value any) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	if options == nil {
		options = map[string]any{}
	}
	if tab.page != 0 {
		options["page"] = tab.page
	}
	answer, err := tab.firefox.do(ctx, what, options)
	if err != nil || value == nil || len(answer) == 0 {
		return err
	}
	return json.Unmarshal(answer, value)
}

// hearFirefox keeps what the console and the network say.
func (tab *tab) hearFirefox(line firefoxLine) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	switch {
	case line.Console == nil:
		tab.requests = append(tab.requests, line.Request)
	case line.Level == "error" || line.Level == "warn" || line.Level == "warning":
		tab.console = append(tab.console, line.Level+": "+*line.Console)
	default:
		tab.said = append(tab.said, *line.Console)
	}
}
