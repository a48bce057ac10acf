package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/store/postgrestest"
)

// fails runs a command that must end with an exit code, and gives what it says.
func (m *machine) fails(code int, args ...string) string {
	m.t.Helper()
	out, err := command(m.dir, m.env(), args...).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code {
		m.t.Errorf("roomkey %s: got %v, want exit code %d\n%s", args[0], err, code, out)
	}
	return string(out)
}

// What people have goes on working on PostgreSQL and, moved back, on a file: codes
// with their uses, access tokens and those that were taken back, and the list of
// what happened.
func TestMoveToPostgresAndBack(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	m := newMachine(t)
	m.serve()
	ada, eve := m.run("token", "--sub", "ada"), m.run("token", "--sub", "eve")
	m.run("token", "revoke", tokenID(t, m, "eve"))
	var made struct {
		Room  struct{ ID string }
		Codes []struct{ Role, Code string }
	}
	raw, err := programtest.CallAt(t.Context(), m.server.url, ada, "create_room",
		map[string]any{"name": "alpha", "create_codes": true})
	if err == nil {
		err = json.Unmarshal(raw, &made)
	}
	if err != nil || len(made.Codes) == 0 {
		t.Fatalf("create_room: got %s, %v", raw, err)
	}
	code, joins := made.Codes[0].Code, 0
	works := func() {
		t.Helper()
		m.exchange(code)
		joins++
		raw, err := programtest.CallAt(t.Context(), m.server.url, ada, "get_room_codes", map[string]any{"room_id": "alpha"})
		if uses := `"uses":` + strconv.Itoa(joins); err != nil || !strings.Contains(string(raw), uses) {
			t.Errorf("get_room_codes: got %s, %v, want %s", raw, err, uses)
		}
		got, err := programtest.Send(t.Context(), eve, http.MethodGet, m.server.url+"/api/room/list", "")
		if err != nil || got.Status != http.StatusUnauthorized {
			t.Errorf("with a token that was taken back: got %d, %v", got.Status, err)
		}
		events, err := programtest.CallAt(t.Context(), m.server.url, ada, "list_events", map[string]any{"room_id": "alpha"})
		if n := strings.Count(string(events), `"action":"room.created"`); err != nil || n != 1 {
			t.Errorf("list_events: got %s, %v", events, err)
		}
	}
	works()

	file := filepath.Join("data", "roomkey.db")
	there := []string{"move", "--from", file, "--to", url}
	back := []string{"move", "--from", url, "--to", "back/roomkey.db"}
	says := func(text, want string) {
		t.Helper()
		if !strings.Contains(text, want) || strings.Contains(text, postgrestest.Password) {
			t.Errorf("got %q, want %q, and no password", text, want)
		}
	}
	says(m.fails(6, there...), "conflict: Nothing was moved: "+file+": a roomkey is running on it. Stop every roomkey")
	if err := m.server.terminate(); err != nil {
		t.Fatal(err)
	}
	says(m.run(there...), "Put what is in data/secret into auth.secret")
	says(m.fails(6, there...), "it is not empty. Give a new database with --to")

	secret, err := os.ReadFile(filepath.Join(m.dir, "data", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	m.server = startAt(t, m.address, command(m.dir, append(m.env(), "ROOMKEY_DATABASE_URL="+url,
		"ROOMKEY_AUTH_SECRET="+strings.TrimSpace(string(secret))), "serve"))
	works()
	says(m.fails(6, back...), "a roomkey is running on it")
	if err := m.server.terminate(); err != nil {
		t.Fatal(err)
	}
	says(m.run(back...), "with the auth.secret that it had")
	m.server = startAt(t, m.address, command(m.dir, append(m.env(), "ROOMKEY_AUTH_SECRET="+
		strings.TrimSpace(string(secret))), "serve", "--data", "back"))
	works()
}

func tokenID(t *testing.T, m *machine, subject string) string {
	t.Helper()
	var tokens []struct{ ID, Subject string }
	if err := json.Unmarshal([]byte(m.run("token", "list", "--json")), &tokens); err != nil {
		t.Fatal(err)
	}
	for _, token := range tokens {
		if token.Subject == subject {
			return token.ID
		}
	}
	t.Fatalf("no token of %s among %v", subject, tokens)
	return ""
}

func TestMoveSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	const password = "do-not-show-me"
	url := "postgres://u:" + password + "@127.0.0.1:1/db?sslmode=disable"
	for want, c := range map[string]struct {
		code int
		args []string
	}{
		"invalid: --from is missing": {2, []string{"--to", url}},
		"invalid: --to is missing":   {2, []string{"--from", "data/roomkey.db"}},
		"invalid: --to is a URL that does not begin with postgres://": {2,
			[]string{"--from", "data/roomkey.db", "--to", "mysql://u:" + password + "@127.0.0.1/db"}},
		"invalid: --to: the database URL cannot be read": {2,
			[]string{"--from", "data/roomkey.db", "--to", "postgres://u:" + password + "%zz@127.0.0.1/db"}},
		"invalid: --from and --to are the same database":      {2, []string{"--from", url, "--to", url}},
		"not_found: Nothing was moved: ":                      {5, []string{"--from", "data/roomkey.db", "--to", url}},
		"cannot reach the database postgres://127.0.0.1:1/db": {1, []string{"--from", url, "--to", "new/roomkey.db"}},
		"accepts 0 arg(s), received 1":                        {2, []string{url}},
	} {
		got := m.fails(c.code, append([]string{"move"}, c.args...)...)
		if !strings.Contains(got, want) || strings.Contains(got, password) {
			t.Errorf("%q: got %q, want %q, and no password", c.args, got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(m.dir, "data")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a move from a folder that is not there makes it: %v", err)
	}
}
