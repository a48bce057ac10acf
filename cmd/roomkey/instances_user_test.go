package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
	"roomkey/store/postgrestest"
)

// A user who is disabled by a command beside one instance has nothing left at another
// one: no access token, no call that is held open, no connection.
func TestUserDisabledBesideAnotherInstance(t *testing.T) {
	t.Parallel()
	address, database := programtest.FreeAddress(t), postgrestest.URL(t)
	hooks := livekittest.StartWebhooks(t, "http://"+address+"/livekit/webhook")
	lk := livekittest.StartServer(t, livekittest.ServerOptions{Webhooks: []string{hooks.URL()}})
	here, there := t.TempDir(), t.TempDir()
	roomkey := func(dir string, arguments ...string) string {
		t.Helper()
		out, err := command(dir, append(bareEnvironment(dir), sharing(database, lk)...), arguments...).Output()
		if err != nil {
			t.Fatalf("roomkey %s: %v", strings.Join(arguments, " "), err)
		}
		return strings.TrimSpace(string(out))
	}
	startAt(t, address, command(here, append(bareEnvironment(here), sharing(database, lk)...), "serve"))
	two := startServer(t, there, sharing(database, lk)...)
	roomkey(here, "user", "add", "ada")
	token := roomkey(here, "token", "--sub", "ada")
	asAda := func(arguments ...string) string {
		t.Helper()
		return roomkey(there, append(append([]string{"call"}, arguments...), "--url", two.url, "--token", token)...)
	}
	asAda("create_room", "name=team-daily")
	var joined struct {
		URL   string `json:"livekit_url"`
		Token string `json:"token"`
	}
	if err := json.Unmarshal([]byte(asAda("join_room", "room_id=team-daily")), &joined); err != nil {
		t.Fatal(err)
	}
	person := livekittest.Join(t, joined.URL, joined.Token)
	livekittest.Wait(t, "Ada to be on record", func() bool {
		return strings.Contains(asAda("list_events", "room_id=team-daily"), "participant.joined")
	})
	held := make(chan programtest.Answer, 1)
	go func() {
		got, err := programtest.Send(t.Context(), token, http.MethodPost, two.url+"/mcp", programtest.RPC("tools/call",
			`{"name": "list_events", "arguments": {"room_id": "team-daily", "kind": "code", "wait_seconds": 50}}`))
		if err != nil {
			t.Errorf("the held call: %v", err)
		}
		held <- got
	}()

	roomkey(here, "user", "disable", "ada")
	livekittest.Wait(t, "her token to be refused", func() bool {
		got, err := programtest.Send(t.Context(), token, http.MethodPost, two.url+"/api/room/create", `{}`)
		return err == nil && got.Status == http.StatusUnauthorized
	})
	person.WaitDisconnected()
	if got := <-held; !strings.Contains(string(got.Body), "unauthenticated") {
		t.Errorf("the held call: %d %s; want it ended as unauthenticated", got.Status, got.Body)
	}
}
