package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
)

// machine is a folder with a data folder, an address, and the roomkey there.
type machine struct {
	t            *testing.T
	dir, address string
	server       *process
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	return &machine{t: t, dir: t.TempDir(), address: programtest.FreeAddress(t)}
}

func (m *machine) env() []string { return append(bareEnvironment(m.dir), "ROOMKEY_LISTEN="+m.address) }

// serve starts the server, ready, and kills it after the test.
func (m *machine) serve() {
	m.t.Helper()
	m.server = startAt(m.t, m.address, command(m.dir, m.env(), "serve"))
}

// run runs a command that must succeed and gives its output.
func (m *machine) run(args ...string) string {
	m.t.Helper()
	cmd := command(m.dir, m.env(), args...)
	var out, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		m.t.Fatalf("roomkey %s: %v\n%s", args[0], err, stderr.String())
	}
	return strings.TrimSpace(out.String())
}

// exchange gives a join token for a code.
func (m *machine) exchange(code string) string {
	m.t.Helper()
	got, err := programtest.Send(m.t.Context(), "", http.MethodPost, m.server.url+"/v2/token", `{"code": "`+code+`"}`)
	var answer struct{ Token string }
	if err == nil {
		err = json.Unmarshal(got.Body, &answer)
	}
	if err != nil || answer.Token == "" {
		m.t.Fatalf("exchange: got %d %s, %v, want a token", got.Status, got.Body, err)
	}
	return answer.Token
}

// A rotation disturbs nobody: neither who is inside, nor who has a join token
// that they have not shown yet, nor who calls with an access token; not while
// the server runs on, and not when it is started again.
func TestRotationDisturbsNobody(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.serve()
	ada := m.run("token", "--sub", "ada")
	var made struct{ Codes []struct{ Role, Code string } }
	raw, err := programtest.CallAt(t.Context(), m.server.url, ada, "create_room",
		map[string]any{"name": "alpha", "create_codes": true})
	if err == nil {
		err = json.Unmarshal(raw, &made)
	}
	if err != nil || len(made.Codes) == 0 {
		t.Fatalf("create_room: got %s, %v", raw, err)
	}
	code := made.Codes[0].Code
	inside := livekittest.Join(t, m.server.url, m.exchange(code))
	before, kept := m.exchange(code), m.exchange(code)

	m.run("secret", "rotate")
	bob := m.run("token", "--sub", "bob")
	holds := func(when string) {
		t.Helper()
		for name, token := range map[string]string{"old": ada, "new": bob} {
			if !programtest.Eventually(func() bool {
				_, err := programtest.CallAt(t.Context(), m.server.url, token, "list_rooms", nil)
				return err == nil
			}) {
				t.Errorf("%s: an access token of the %s secret is refused", when, name)
			}
		}
		if said := m.run("doctor"); strings.Contains(said, "FAIL") {
			t.Errorf("%s: the doctor says\n%s", when, said)
		}
	}
	holds("after the rotation")
	first := livekittest.Join(t, m.server.url, before)
	livekittest.Wait(t, "to see who came with a token of before", func() bool { return inside.Sees(first.Identity()) })
	inside.Resume()

	m.server.kill()
	m.serve()
	holds("after the restart")
	livekittest.Wait(t, "to be back after the restart", inside.Connected)
	second := livekittest.Join(t, m.server.url, kept)
	third := livekittest.Join(t, m.server.url, m.exchange(code))
	for _, person := range []*livekittest.Person{second, third} {
		livekittest.Wait(t, "to see somebody who came after the restart",
			func() bool { return inside.Sees(person.Identity()) })
	}

	// Without a time to keep the old one, and after a restart, it opens nothing.
	leaked := m.exchange(code)
	m.run("secret", "rotate", "--keep", "0s")
	m.server.kill()
	m.serve()
	if _, err := livekittest.TryJoin(t, m.server.url, leaked); err == nil {
		t.Error("a join token of a secret that counts no more opens the room")
	}
	for name, c := range map[string]struct {
		token string
		want  int
	}{"signed with the last secret": {bob, 401}, "signed with the one before": {ada, 401}} {
		got, err := programtest.Send(t.Context(), c.token, http.MethodGet, m.server.url+"/api/room/list", "")
		if err != nil || got.Status != c.want {
			t.Errorf("an access token %s: got status %d, %v, want %d", name, got.Status, err, c.want)
		}
	}
	livekittest.Join(t, m.server.url, m.exchange(code))
}
