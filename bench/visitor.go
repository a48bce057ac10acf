package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// What the script in the join page tells. It looks at every change of the page
// from inside, which is quicker and costs less than asking from here.
const (
	toldForm    = "form"    // the name can be typed, and Join pressed
	toldCall    = "call"    // the call is on the screen
	toldFrame   = "frame"   // a picture of somebody else has been decoded and shown
	toldStopped = "stopped" // the page says why it does not go on
)

//go:embed visitor.js
var visitorScript string

// binding is the function by which the script tells it.
const binding = "roomkeyBench"

// news is one thing that the script has told.
type news struct {
	What          string `json:"what"`
	Text          string `json:"text"`
	Width, Height int
	at            time.Time
}

// visitor is somebody who joins by the join page.
type visitor struct {
	*tab
	news chan news
}

// openVisitor opens a tab for somebody, with nothing in it yet.
func (b *browser) openVisitor(ctx context.Context) (*visitor, error) {
	t, err := b.openTab()
	if err != nil {
		return nil, err
	}
	v := &visitor{tab: t, news: make(chan news, 16)} // more than there are things to tell
	if err = chromedp.Listen(t.ctx, v.hear); err == nil {
		err = v.do(ctx, call(runtime.AddBinding, runtime.AddBindingParams{Name: binding}),
			call(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: visitorScript}))
	}
	if err != nil {
		t.close()
		return nil, fmt.Errorf("prepare a tab: %w", err)
	}
	return v, nil
}

// hear takes in what the script tells.
func (v *visitor) hear(event any) {
	called, ok := event.(*runtime.EventBindingCalled)
	if !ok || called.Name != binding {
		return
	}
	n := news{at: time.Now()}
	if err := json.Unmarshal([]byte(called.Payload), &n); err != nil {
		n.What, n.Text = toldStopped, err.Error()
	}
	select {
	case v.news <- n:
	default: // cannot be: everything is told once
	}
}

// await waits until the page has come so far.
func (v *visitor) await(ctx context.Context, what string) (news, error) {
	for {
		select {
		case n := <-v.news:
			switch n.What {
			case what:
				return n, nil
			case toldStopped:
				return n, fmt.Errorf("the page stopped before %q and says: %.200s", what, n.Text)
			}
		case <-ctx.Done():
			return news{}, fmt.Errorf("no %q: %w", what, context.Cause(ctx))
		case <-v.ctx.Done():
			return news{}, fmt.Errorf("no %q: the tab is gone: %w", what, context.Cause(v.ctx))
		}
	}
}

// visit opens a join link and does not wait for anything.
func (v *visitor) visit(ctx context.Context, url string) error {
	return v.do(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		result, err := cdp.Call(ctx, t, page.Navigate, page.NavigateParams{URL: url})
		if err == nil && result.ErrorText != "" {
			err = errors.New(result.ErrorText)
		}
		return err
	}))
}

// enter opens a join link, fills in the name as soon as it can and joins, by
// keys of the keyboard. It returns when the call is on the screen.
func (v *visitor) enter(ctx context.Context, url, name string) (form, call news, err error) {
	if err = v.visit(ctx, url); err != nil {
		return form, call, err
	}
	if form, err = v.await(ctx, toldForm); err != nil {
		return form, call, err
	}
	if err = v.do(ctx, typeIn(name), chromedp.KeyEvent("\r")); err != nil {
		return form, call, err
	}
	call, err = v.await(ctx, toldCall)
	return form, call, err
}

// looks says what somebody sees, for the report of a round that has failed.
func (v *visitor) looks() string {
	ctx, cancel := context.WithTimeout(v.ctx, 2*time.Second)
	defer cancel()
	seen, err := chromedp.Run(ctx, chromedp.Evaluate[string](`[
		document.querySelector('main')?.dataset.screen ?? 'no screen',
		document.querySelectorAll('video[data-lk-local-participant="true"]').length + ' own pictures',
		document.querySelectorAll('video[data-lk-local-participant="false"]').length + ' of others',
	].join(', ')`))
	if err != nil {
		return err.Error()
	}
	return seen
}

// typeIn types a text at once, as one does who pastes it.
func typeIn(text string) chromedp.Action[chromedp.Void] {
	return call(input.InsertText, input.InsertTextParams{Text: text})
}

// call is a command of the browser's as a step.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}
