package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
	"roomkey/store/postgrestest"
)

// sharing configures an instance on a database and a LiveKit of several.
func sharing(database string, lk *livekittest.Server) []string {
	return []string{"ROOMKEY_DATABASE_URL=" + database, "ROOMKEY_AUTH_SECRET=" + strings.Repeat("s", 32),
		"LIVEKIT_URL=" + lk.URL(), "LIVEKIT_API_KEY=" + livekittest.APIKey, "LIVEKIT_API_SECRET=" + livekittest.APISecret}
}

// Each instance says which one it is, and the doctor repeats it.
func TestInstancesSayWhichOneAnswers(t *testing.T) {
	t.Parallel()
	database, lk := postgrestest.URL(t), livekittest.StartServer(t, livekittest.ServerOptions{})
	names := map[string]bool{}
	for range 2 {
		dir := t.TempDir()
		p := startServer(t, dir, sharing(database, lk)...)
		resp, err := http.Get(p.url + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		var health struct{ Instance string }
		err = json.NewDecoder(resp.Body).Decode(&health)
		resp.Body.Close()
		name := health.Instance
		if err != nil || name == "" || names[name] {
			t.Errorf("/healthz names the instance %q, %v; want a name of its own", name, err)
		}
		names[name] = true
		if id := resp.Header.Get("X-Request-Id"); !strings.HasPrefix(id, name+"-") {
			t.Errorf("the request id %q does not begin with the instance %q", id, name)
		}
		doctor := command(dir, append(bareEnvironment(dir), sharing(database, lk)...), "doctor", "--url", p.url)
		said, _ := doctor.Output() // that LiveKit tells nothing is another matter
		if !strings.Contains(string(said), "is examined: the instance "+name+"\n") {
			t.Errorf("the doctor does not name the instance %s:\n%s", name, said)
		}
		if log := p.err.String(); !regexp.MustCompile(`msg=serving .*instance=` + name).MatchString(log) {
			t.Errorf("the log does not name the instance %s:\n%s", name, log)
		}
	}
}

// Nobody finds in one LiveKit inside whom another one has, so there is one at most.
func TestASecondLiveKitInsideIsRefused(t *testing.T) {
	t.Parallel()
	shared := []string{"ROOMKEY_DATABASE_URL=" + postgrestest.URL(t), "ROOMKEY_AUTH_SECRET=" + strings.Repeat("s", 32)}
	first := startServer(t, t.TempDir(), shared...)
	refused := func() string {
		t.Helper()
		dir := t.TempDir()
		env := append(bareEnvironment(dir), "ROOMKEY_LISTEN="+programtest.FreeAddress(t))
		cmd := command(dir, append(env, shared...), "serve")
		p, err := start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.kill)
		<-p.exited
		if code := cmd.ProcessState.ExitCode(); code != 6 {
			t.Errorf("a second LiveKit inside ends with %d, want 6", code)
		}
		return p.err.String()
	}
	const words = "conflict: Another roomkey with the LiveKit inside runs on this database. Several roomkeys need one"
	if said := refused(); !strings.Contains(said, words) {
		t.Errorf("a second LiveKit inside is refused with:\n%s", said)
	}
	if err := first.terminate(); err != nil {
		t.Error(err)
	}
	next := startServer(t, t.TempDir(), shared...) // the first one is gone
	next.kill()
	startServer(t, t.TempDir(), shared...) // also after a crash, a little later
}

// Instances that nobody asks cost the database less than two statements a second each.
func TestIdleInstancesAskTheDatabaseLittle(t *testing.T) {
	t.Parallel()
	lk := livekittest.StartServer(t, livekittest.ServerOptions{})
	database, counter := postgrestest.Counted(t, postgrestest.URL(t))
	const instances = 2
	for range instances {
		startServer(t, t.TempDir(), sharing(database, lk)...)
	}
	pass := func(d time.Duration) {
		began := time.Now()
		livekittest.Wait(t, "time to pass", func() bool { return time.Since(began) > d })
	}
	pass(15 * time.Second) // the starts are over
	counter.Take()
	began := time.Now()
	pass(40 * time.Second)
	counts, took := counter.Take(), time.Since(began)
	rate := float64(counts.Statements) / took.Seconds() / instances
	t.Logf("%.2f statements a second of each", rate)
	if rate >= 2 {
		t.Errorf("%.2f statements a second of each idle instance, want fewer than 2: %v", rate, counts.Texts)
	}
}
