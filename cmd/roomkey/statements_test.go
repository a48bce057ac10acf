package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/store/postgrestest"
)

// maxIdleStatements is what an instance may ask of the database in a second in which
// nobody asks anything of it.
const maxIdleStatements = 2

// burstOfIdle is what it may ask at once in a second: what is done every two, five
// and ten seconds may fall together.
const burstOfIdle = 10

// tokenLookups is how often in a second an access token in use is looked up.
const tokenLookups = 2

// What calls ask of a PostgreSQL, where every statement is work for the one that all
// share, and every round trip is a wait.
func TestWhatCallsAskOfPostgres(t *testing.T) {
	t.Parallel()
	url, counter := postgrestest.Counted(t, postgrestest.URL(t))
	m := newMachine(t)
	env := append(m.env(), "ROOMKEY_DATABASE_URL="+url, "ROOMKEY_AUTH_SECRET="+strings.Repeat("secret", 8),
		"ROOMKEY_LIMITS_ROOMS_PER_MINUTE=0", "ROOMKEY_LIMITS_CHANGES_PER_USER=0", "ROOMKEY_LIMITS_JOINS_PER_CODE=0",
		"ROOMKEY_LIMITS_JOINS_PER_ADDRESS=0")
	m.server = startAt(t, m.address, command(m.dir, env, "serve"))
	token, err := command(m.dir, env, "token", "--sub", "ada").Output()
	if err != nil {
		t.Fatal(err)
	}
	var made struct{ Codes []struct{ Role, Code string } }
	call := func(tool string, args map[string]any) json.RawMessage {
		t.Helper()
		raw, err := programtest.CallAt(t.Context(), m.server.url, strings.TrimSpace(string(token)), tool, args)
		if err != nil {
			t.Fatalf("%s: %v", tool, err)
		}
		return raw
	}
	create := func(i int) { call("create_room", map[string]any{"name": fmt.Sprint("room-", i), "create_codes": true}) }
	codes := func(i int) json.RawMessage {
		return call("get_room_codes", map[string]any{"room_id": fmt.Sprint("room-", i)})
	}
	create(1000)
	if err := json.Unmarshal(codes(1000), &made); err != nil {
		t.Fatal(err)
	}
	var identities []string
	exchange := func(int) {
		var claims struct{ Sub string }
		parts := strings.Split(m.exchange(made.Codes[1].Code), ".")
		raw, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err == nil {
			err = json.Unmarshal(raw, &claims)
		}
		if err != nil {
			t.Fatal(err)
		}
		identities = append(identities, claims.Sub)
	}
	const warm, n = 10, 50
	for _, c := range []struct {
		name                   string
		statements, roundTrips int
		do                     func(i int)
	}{
		{"create_room", 7, 3, create},
		{"get_room_codes of one room", 2, 2, func(int) { codes(1000) }},
		{"get_room_codes", 2, 2, func(i int) { codes(i) }},
		{"exchange", 6, 3, exchange},
		{"kick_participant, with a block", 16, 14, func(i int) {
			call("kick_participant", map[string]any{"room_id": "room-1000", "identity": identities[i], "block": true})
		}},
		{"nothing", 0, 1, func(int) { time.Sleep(100 * time.Millisecond) }},
	} {
		for i := range warm {
			c.do(i)
		}
		counter.Take()
		started := time.Now()
		for i := range n {
			c.do(warm + i)
		}
		got, took := counter.Take(), time.Since(started)
		t.Logf("%s: %.2f statements, %.2f of transactions, %.2f round trips in %v", c.name,
			float64(got.Statements)/n, float64(got.Control)/n, float64(got.RoundTrips)/n, took/n)
		idle := int((maxIdleStatements+tokenLookups)*took.Seconds()) + burstOfIdle
		if got.Statements > c.statements*n+idle || got.RoundTrips > c.roundTrips*n+idle {
			t.Errorf("%s: %d statements, %d round trips in %d calls: %v", c.name, got.Statements, got.RoundTrips, n,
				got.Texts)
		}
	}
}
