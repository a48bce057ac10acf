package web_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"roomkey/livekit"
	"roomkey/meet"
	"roomkey/store"
	"roomkey/web"
	. "roomkey/web/webtest"
)

// ada has an access token. The tests that need rooms are in web/servicetest.
var ada = meet.Principal{ID: "ada", Name: "Ada", Role: meet.User}

// nowhere is where nobody listens, as far as a machine has such a place.
const nowhere = "http://127.0.0.1:1"

// setup gives a server without LiveKit: these tests are about what is answered
// before that is asked.
func setup(tb testing.TB, changes ...func(*web.Config)) *Server {
	tb.Helper()
	return setupAt(tb, time.Now, changes...)
}

// setupAt is setup with a clock of the test.
func setupAt(tb testing.TB, now func() time.Time, changes ...func(*web.Config)) *Server {
	tb.Helper()
	log := new(Logs)
	service, enforcer := newService(tb, meet.Links{Public: "https://meet.example.com", LiveKit: "wss://meet.example.com"})
	c := web.Config{Service: service, Enforcer: enforcer, LiveKit: MustURL(nowhere)}
	return New(tb, c, now, log, changes...)
}

// newService makes a service with a database of its own.
func newService(tb testing.TB, links meet.Links) (*meet.Service, *meet.Enforcer) {
	tb.Helper()
	db, err := store.Open(tb.Context(), filepath.Join(tb.TempDir(), "roomkey.db"))
	Must(tb, err)
	tb.Cleanup(func() { _ = db.Close() })
	media := livekit.New(livekit.Config{URL: nowhere, APIKey: "key", APISecret: strings.Repeat("s", 32)})
	return meet.New(meet.Config{Store: db, Media: media, Links: links})
}
