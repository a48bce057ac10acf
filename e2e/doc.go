// Package e2e tests the whole program: the real roomkey in a process of its own,
// called over MCP and HTTP as agents and people do it, with real participants.
// Each case runs against the LiveKit inside, where people connect through
// Roomkey's own port, and against a foreign livekit-server, where they connect
// past it and only webhooks tell of them. Rules that need no process of their own
// are tested in meet/servicetest.
//
// Some cases have a cluster instead: three roomkeys behind a balancer, with PostgreSQL
// and a LiveKit of two nodes on Redis. TestKilledInRounds kills all of its parts in
// turn while clients work who keep books of what they were answered.
//
// TestTasks has what people ask of agents, each from the first call of a tool to what
// people see; docs/tasks.md is the table of it.
//
// There is nothing here but tests. No test fails because something took long, but
// for what would be waiting for ever. With ROOMKEY_TEST_REACTIONS set to a file
// they write how long it took; bench/ holds that against what is promised.
package e2e
