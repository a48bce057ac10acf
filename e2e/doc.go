// Package e2e tests the whole program: the real roomkey in a process of its
// own, called over MCP and HTTP as agents and people do it, with real
// participants. Each case runs against the LiveKit inside, where people connect
// through Roomkey's own port, and against a foreign livekit-server as it comes,
// where they connect past it and only webhooks tell of them.
//
// There is nothing here but tests. With -v, or with ROOMKEY_TEST_TABLE set to a
// file, they end with a table of what was seen and how long it took. No test
// fails because something took long, but for what would be waiting for ever:
// bench/ holds reaction times against what is promised (ROOMKEY_TEST_REACTIONS).
package e2e
