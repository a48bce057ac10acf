package server

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/store"
)

// A call that waits for events ends with its access token, without any event, and
// with the program, which it does not hold up.
func TestWhatEndsACallThatWaits(t *testing.T) {
	t.Parallel()
	a := startServer(t, nil)
	issued, err := a.auth.Issue(meettest.Ada, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	type outcome struct {
		content json.RawMessage
		err     error
	}
	wait := func(token string) <-chan outcome {
		answered := make(chan outcome, 1)
		go func() {
			content, err := programtest.CallAt(t.Context(), a.url, token, "list_events", map[string]any{"wait_seconds": 50})
			answered <- outcome{content, err}
		}()
		livekittest.Wait(t, "the call to wait", func() bool { return a.service.HeldCalls() == 1 })
		return answered
	}
	answered := wait(issued.Token)
	a.revoke(t, issued.ID)
	if got := <-answered; !meet.IsCode(got.err, meet.CodeUnauthenticated) {
		t.Errorf("revoked: %s, %v; want unauthenticated", got.content, got.err)
	}
	answered = wait(a.owner)
	if err := a.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	var page struct {
		Events []any
		After  string
	}
	got := <-answered
	if err := json.Unmarshal(got.content, &page); got.err != nil || err != nil || len(page.Events) > 0 ||
		page.After == "" {
		t.Errorf("at the stop: %s, %v; want no events and where to go on", got.content, got.err)
	}
}

// revoke takes an access token back, as the command does from another process.
func (a *testServer) revoke(t *testing.T, id string) {
	t.Helper()
	tokens, err := store.OpenTokens(t.Context(), filepath.Join(a.data, "roomkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	noEvent := func(meet.TokenRecord) *meet.Event { return nil }
	_, err = tokens.Revoke(t.Context(), id, time.Now(), true, noEvent)
	if err = errors.Join(err, tokens.Close()); err != nil {
		t.Fatal(err)
	}
}
