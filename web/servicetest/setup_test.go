// Package servicetest tests the HTTP edge together with the service, its database
// and LiveKit. What needs none of them is tested in package web.
package servicetest

import (
	"context"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/web"
	. "roomkey/web/webtest"
)

// testServer is a web server on real parts.
type testServer struct {
	*meettest.System
	*Server
}

func setup(tb testing.TB, changes ...func(*web.Config)) *testServer {
	tb.Helper()
	return setupService(tb, func(*meet.Config) {}, changes...)
}

// setupService is setup with another configuration of the service.
func setupService(tb testing.TB, option meettest.Option, changes ...func(*web.Config)) *testServer {
	tb.Helper()
	log := new(Logs)
	return serve(tb, meettest.New(tb, logTo(log), option), log, changes...)
}

// setupOn is setup with the LiveKit at url.
func setupOn(tb testing.TB, url string) *testServer {
	tb.Helper()
	log := new(Logs)
	return serve(tb, meettest.NewOn(tb, url, logTo(log)), log)
}

func serve(tb testing.TB, system *meettest.System, log *Logs, changes ...func(*web.Config)) *testServer {
	tb.Helper()
	c := web.Config{
		Service: system.Service, Enforcer: system.Enforcer,
		Ready:       map[string]func(context.Context) error{"database": system.Store.Ping, "livekit": system.Media.Ping},
		LiveKit:     MustURL(system.URL),
		ReadWebhook: system.Media.ReadWebhook,
	}
	return &testServer{System: system, Server: New(tb, c, system.Clock.Now, log, changes...)}
}

func logTo(log *Logs) meettest.Option { return func(c *meet.Config) { c.Log = log.Logger() } }
