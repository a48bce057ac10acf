package pagetest

import (
	"strings"
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/store"
)

// recordAccess puts forty access tokens and users, and an endpoint of webhooks that takes
// nothing, on record.
func (s *testServer) recordAccess() {
	s.t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	tokens, err := store.OpenTokens(s.t.Context(), s.Path)
	must(s.t, err)
	must(s.t, tokens.Add(s.t.Context(), meet.TokenRecord{ID: "first-token", Subject: "eve", Name: hostile, Role: meet.User,
		IssuedAt: now, ExpiresAt: now.Add(time.Hour), Scope: "rooms:read meeting"}))
	must(s.t, tokens.Close())
	must(s.t, s.Store.AddUser(s.t.Context(), meet.Account{Subject: "https://id.example.com|" + hostile, Name: hostile,
		Role: meet.Guest, Source: "https://id.example.com", PasscodeHash: "secret-hash", CreatedAt: now, LastSeenAt: now}))
	copyRows(s.t, s.Path, "tokens", 39, map[string]string{"id": "'token-' || i", "expires_at": "expires_at + i",
		"revoked_at": "CASE WHEN i = 39 THEN issued_at END"})
	copyRows(s.t, s.Path, "users", 39, map[string]string{"subject": "'user-' || i", "source": "'local'",
		"disabled_at": "CASE WHEN i = 1 THEN created_at END"})
	must(s.t, s.Store.ConfigureWebhooks(s.t.Context(), []meet.WebhookEndpoint{{ID: "we_one",
		URL: "https://hooks.example.com/secret-path", Secret: "whsec_secret", CreatedAt: now}}, now))
	s.room(meet.RoomChange{Name: meettest.Of("told")})
	_, err = s.Store.TakeWebhookEvents(s.t.Context(), now.Add(-time.Hour), 100)
	must(s.t, err)
	due, err := s.Store.DueWebhooks(s.t.Context(), "we_one", now, 1)
	must(s.t, err)
	must(s.t, s.Store.FinishWebhook(s.t.Context(), meet.WebhookAttempt{EndpointID: "we_one", EventID: due[0].EventID,
		RoomID: due[0].RoomID, At: now, State: meet.WebhookPending, NextAt: now.Add(time.Hour), Status: 503,
		Problem: "it answered with 503 " + hostile}))
}

// A superadmin sees access tokens, users and webhooks, page by page, and what to type to
// change them; others see nothing of it.
func listAccess(t *testing.T, s *testServer) { //nolint:thelper // a test
	s.recordAccess()
	root := s.open(size{1280, 900})
	axe := readAxe(t)
	root.signIn(meettest.Root)
	root.press("Access tokens")
	root.wait("a page of access tokens", rows+" === 25")
	root.see("Revoked")
	root.see("rooms:read meeting")
	root.see(hostile)
	root.see("roomkey token revoke token-38")
	root.look("console-tokens-wide", axe)
	root.press("Next page")
	root.wait("the other access tokens", rows+" === 15")
	root.see("roomkey token revoke first-token")

	root.press("Users")
	root.wait("a page of users", rows+" === 25")
	root.see("roomkey user enable user-1")
	root.see("roomkey user disable user-10")
	root.see("'https://id.example.com|<img src=x onerror=\"document.title='\\''taken'\\''\">'")
	root.look("console-users-wide", axe)
	root.press("Next page")
	root.wait("the other users", rows+" === 15")

	root.press("Webhooks")
	// Tests beside this one may have made a room meanwhile.
	root.wait("the events that wait", `/of [1-9]\d* rooms?, since/.test(document.body.innerText)`)
	root.look("console-webhooks-wide", axe)
	root.press("https://hooks.example.com/…")
	root.see("Waits, status 503")
	root.see("it answered with 503 " + hostile)
	root.see("roomkey webhook replay --failed we_one")
	root.resize(size{320, 640})
	root.look("console-webhook-320", axe)
	if text := eval[string](root, "document.documentElement.innerHTML"); strings.Contains(text, "secret-") ||
		strings.Contains(text, "whsec_") {
		t.Errorf("the page shows a secret:\n%s", text)
	}
	if title := eval[string](root, "document.title"); title != "Webhooks · Roomkey console" &&
		title != "https://hooks.example.com/… · Roomkey console" {
		t.Errorf("the title is %q", title)
	}
	root.quiet()

	ada := s.open(wide)
	ada.signIn(meettest.Ada)
	ada.see("Rooms")
	ada.wait("the other places", `document.querySelector("nav").innerText.includes("Health")`)
	ada.visit("/console#/users")
	ada.see("New room")
	if places := eval[string](ada, `document.querySelector("nav").innerText`); strings.Contains(places, "Users") ||
		strings.Contains(places, "Access tokens") || strings.Contains(places, "Webhooks") {
		t.Errorf("a user is offered %q", places)
	}
	ada.quiet()
}
