package main

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// withSecret makes a process sign and verify with testSecret, and ownerToken
// is a token it takes.
const withSecret = "ROOMKEY_AUTH_SECRET=" + programtest.Secret

func ownerToken(t *testing.T) string {
	t.Helper()
	authority, err := auth.NewAuthority([]byte(programtest.Secret), nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := authority.Sign(tokens.Owner, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// refused says whether nobody takes connections at the URL any more.
func refused(url string) bool {
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err == nil {
		c.Close()
	}
	return err != nil
}

// A running call is answered after SIGTERM, new ones are refused, and nothing
// that idles holds the end up.
func TestTerminateWhileACallRuns(t *testing.T) {
	t.Parallel()
	lk, dir, token := programtest.StartGatedLiveKit(t), t.TempDir(), ownerToken(t)
	p := startServer(t, dir, append(lk.Env(), withSecret)...)

	idle := &http.Client{Transport: &http.Transport{}} // keeps its connection
	resp, err := idle.Get(p.url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	silent, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	body, header := programtest.Eras[1].Message("s", "subscriptions/listen",
		map[string]any{"notifications": map[string]any{"toolsListChanged": true}})
	if _, err := programtest.Send(t.Context(), token, http.MethodPost, p.url+"/mcp", body, header...); err != nil {
		t.Errorf("the listen stream: got %v, want its end", err)
	}

	lk.Close()
	created := make(chan error, 1)
	go func() {
		_, err := programtest.CallAt(t.Context(), p.url, token, "create_room", map[string]any{"name": "last-minute"})
		created <- err
	}()
	lk.Await(t)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if !programtest.Eventually(func() bool { return refused(p.url) }) {
		t.Errorf("new connections: still taken %v after SIGTERM", programtest.Patience)
	}
	select {
	case err := <-created:
		t.Fatalf("the running call: answered before LiveKit was: %v", err)
	default:
	}
	lk.Open()
	if err := <-created; err != nil {
		t.Errorf("the running call: got %v, want success", err)
	}
	if err := p.stopped(); err != nil {
		t.Error(err)
	}
	if strings.Contains(p.err.String(), "level=WARN") || strings.Contains(p.err.String(), "level=ERROR") {
		t.Errorf("log: got %s, want nothing to worry about", p.err.Tail())
	}

	again := startServer(t, dir, append(lk.Env(), withSecret)...)
	_, err = programtest.CallAt(t.Context(), again.url, token, "get_room", map[string]any{"room_id": "last-minute"})
	if err != nil {
		t.Errorf("the room after a restart: got %v, want it", err)
	}
}

// The same over stdio, with a server of its own and on a bridge to another.
func TestTerminateStdioWhileACallRuns(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"own server", "bridge"} {
		t.Run(name, func(t *testing.T) {
			lk, dir := programtest.StartGatedLiveKit(t), t.TempDir()
			if name == "bridge" {
				startServer(t, dir, lk.Env()...)
			}
			stdio := startStdio(t, dir, lk.Env()...)
			stdio.must(t, "list_rooms", "{}")
			lk.Close()
			stdio.send(t, "create_room", "{}")
			lk.Await(t)
			if err := stdio.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			stopping := func() bool { return strings.Contains(stdio.err.String(), "stopping") }
			if name == "own server" && !programtest.Eventually(stopping) {
				t.Fatal("the program does not notice SIGTERM")
			}
			lk.Open()
			if r := stdio.receive(t); r.IsError || !strings.Contains(string(r.StructuredContent), `"is_active":true`) {
				t.Errorf("the running call: got %+v, want its room", r)
			}
			if err := stdio.stopped(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A call that waits for a LiveKit that does not answer gets its error, and
// even then the program ends in time.
func TestTerminateWhileLiveKitHangs(t *testing.T) {
	t.Parallel()
	token := ownerToken(t)
	lk := programtest.StartGatedLiveKit(t)
	p := startServer(t, t.TempDir(), append(lk.Env(), withSecret)...)
	lk.Close()
	created := make(chan error, 1)
	go func() {
		_, err := programtest.CallAt(t.Context(), p.url, token, "create_room", nil)
		created <- err
	}()
	lk.Await(t)
	if err := p.terminate(); err != nil {
		t.Error(err)
	}
	err := <-created
	if !meet.IsCode(err, meet.CodeUnavailable) || !strings.Contains(err.Error(), "Failed to create media room") {
		t.Errorf("the running call: got %v, want unavailable: Failed to create media room", err)
	}
}

// People inside do not hold the end up either.
func TestTerminateWithParticipants(t *testing.T) {
	t.Parallel()
	token := ownerToken(t)
	p := startServer(t, t.TempDir(), withSecret)
	if _, err := programtest.CallAt(t.Context(), p.url, token, "create_room", map[string]any{"name": "stay"}); err != nil {
		t.Fatal(err)
	}
	raw, err := programtest.CallAt(t.Context(), p.url, token, "join_room", map[string]any{"room_id": "stay"})
	if err != nil {
		t.Fatal(err)
	}
	var joined struct {
		Token      string `json:"token"`
		LiveKitURL string `json:"livekit_url"`
	}
	if err := json.Unmarshal(raw, &joined); err != nil {
		t.Fatal(err)
	}
	if want := "ws" + strings.TrimPrefix(p.url, "http"); joined.LiveKitURL != want {
		t.Errorf("livekit_url: got %q, want our own address %q", joined.LiveKitURL, want)
	}
	person := livekittest.Join(t, joined.LiveKitURL, joined.Token)
	if err := p.terminate(); err != nil {
		t.Error(err)
	}
	if !refused(p.url) {
		t.Error("the address: still taken after the end")
	}
	if !programtest.Eventually(func() bool { return !person.Connected() }) {
		t.Error("the participant: still connected after the end")
	}
}
