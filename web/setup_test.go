package web_test

import (
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/meet/meettest/offline"
	"roomkey/web"
	. "roomkey/web/webtest"
)

// ada has an access token. The tests that need rooms are in web/servicetest.
var ada = meet.Principal{ID: "ada", Name: "Ada", Role: meet.User}

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
	links := meet.Links{Public: "https://meet.example.com", LiveKit: "wss://meet.example.com"}
	service, enforcer, _ := offline.New(tb, meet.Config{Links: links})
	c := web.Config{Service: service, Enforcer: enforcer, LiveKit: MustURL(offline.LiveKit)}
	return New(tb, c, now, log, changes...)
}
