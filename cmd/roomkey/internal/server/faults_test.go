package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/meet"
)

// holdReadiness holds /readyz to a status, and to name LiveKit where that is
// the part that is missing.
func holdReadiness(t *testing.T, a *testServer, status int) {
	t.Helper()
	got, err := a.send(t.Context(), http.MethodGet, "/readyz", "")
	if err != nil {
		t.Errorf("/readyz: %v", err)
		return
	}
	var parts struct{ Status, Database, LiveKit string }
	if err := json.Unmarshal(got.Body, &parts); err != nil || got.Status != status || parts.Database != "ok" ||
		(parts.LiveKit == "ok") != (status == http.StatusOK) {
		t.Errorf("/readyz: got %d %s, want %d, with only LiveKit missing", got.Status, got.Body, status)
	}
}

// A LiveKit that takes connections and never answers: every call that needs it
// fails in bounded time and leaves everything as it was; others answer.
func TestLiveKitHangs(t *testing.T) { eachDatabase(t, testLiveKitHangs) }

func testLiveKitHangs(t *testing.T, on func(*config.Config)) {
	data, url := t.TempDir(), programtest.StartHangingLiveKit(t)
	// Rooms are made with the LiveKit inside, as long as there is one.
	made := startServer(t, func(c *config.Config) { on(c); c.Data = data })
	must[any](t, made, "create_room", map[string]any{"name": "alpha", "create_codes": true})
	guest := must[struct{ Codes []struct{ Code string } }](t, made, "get_room_codes",
		map[string]any{"room_id": "alpha", "role": "guest"}).Codes[0].Code
	if err := made.stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}

	a := startServer(t, func(c *config.Config) { on(c); foreignLiveKit(url)(c); c.Data = data })
	calls := []struct {
		tool      string
		arguments map[string]any
	}{
		{"create_room", map[string]any{"name": "beta"}},
		{"join_room", map[string]any{"room_id": "alpha"}},
		{"join_room", map[string]any{"code": guest}},
		{"end_room", map[string]any{"room_id": "alpha", "confirm_name": "alpha"}},
		{"list_participants", map[string]any{"room_id": "alpha"}},
		{"update_participant", map[string]any{"room_id": "alpha", "identity": "ada_abcdefghijkl", "role": "host"}},
		{"kick_participant", map[string]any{"room_id": "alpha", "identity": "ada_abcdefghijkl"}},
		{"mute_participant", map[string]any{"room_id": "alpha", "identity": "*"}},
		{"disable_participant_video", map[string]any{"room_id": "alpha", "identity": "ada_abcdefghijkl"}},
		{"update_room_code", map[string]any{"code": guest, "enabled": false, "remove_participants": true}},
	}
	var running sync.WaitGroup
	for _, c := range calls {
		running.Go(func() {
			_, err := programtest.CallAt(t.Context(), a.url, a.owner, c.tool, c.arguments)
			if !meet.IsCode(err, meet.CodeUnavailable) {
				t.Errorf("%s: got %v, want unavailable", c.tool, err)
			}
		})
	}
	running.Go(func() { // a person at the exchange is told as well
		got, err := programtest.Send(context.Background(), "", http.MethodPost, a.url+"/v2/token", `{"code": "`+guest+`"}`)
		if err != nil || got.Status != http.StatusServiceUnavailable {
			t.Errorf("exchange: got %d %s, %v, want 503", got.Status, got.Body, err)
		}
	})
	running.Go(func() {
		_, err := programtest.CallAt(t.Context(), a.url, a.owner, "update_room_code",
			map[string]any{"code": guest, "enabled": true})
		if err != nil {
			t.Errorf("update_room_code without LiveKit's help: got %v, want success", err)
		}
	})
	running.Wait()

	// Each of these waits 2 s for a number it can do without.
	running.Go(func() { holdUntouched(t, a) })
	running.Go(func() {
		raw, err := programtest.CallAt(t.Context(), a.url, a.owner, "list_rooms", nil)
		if list := string(raw); err != nil || strings.Count(list, `"name":"alpha"`) != 1 ||
			strings.Contains(list, "beta") || strings.Contains(list, "num_participants") {
			t.Errorf("list_rooms: got %s, %v, want alpha alone, without num_participants", raw, err)
		}
	})
	running.Go(func() { holdReadiness(t, a, http.StatusServiceUnavailable) })
	running.Wait()
}

// holdUntouched holds the room alpha to what it was like when it was made.
func holdUntouched(t *testing.T, a *testServer) {
	raw, err := programtest.CallAt(t.Context(), a.url, a.owner, "get_room", map[string]any{"room_id": "alpha"})
	if err != nil {
		t.Errorf("get_room: %v", err)
		return
	}
	var got struct {
		Room struct {
			IsActive bool `json:"is_active"`
		}
		NumParticipants *int `json:"num_participants"`
		Codes           []struct {
			Enabled bool
			Uses    int
		}
	}
	err = json.Unmarshal(raw, &got)
	if err != nil || !got.Room.IsActive || got.NumParticipants != nil || len(got.Codes) != 3 {
		t.Errorf("get_room: got %s, %v, want it active, with three codes and without num_participants", raw, err)
	}
	for _, code := range got.Codes {
		if !code.Enabled || code.Uses != 0 {
			t.Errorf("get_room: got %s, want every code enabled and unused", raw)
		}
	}
}

// A LiveKit that comes back is used again, without a restart.
func TestLiveKitComesBack(t *testing.T) {
	t.Parallel()
	lk := programtest.StartGatedLiveKit(t)
	a := startServer(t, lk.Use)
	lk.Close()
	r := a.call(t, programtest.Eras[1], "create_room", map[string]any{"name": "alpha"})
	if got := programtest.Report(t, r); got.Code != meet.CodeUnavailable || got.Status != 503 || !got.Retryable {
		t.Fatalf("create_room: got %+v, want unavailable, 503, to be repeated", got)
	}
	lk.Open()
	must[any](t, a, "create_room", map[string]any{"name": "alpha"})
	holdReadiness(t, a, http.StatusOK)
}

// foreignLiveKit points a program in this process to a LiveKit elsewhere.
func foreignLiveKit(url string) func(*config.Config) {
	return func(c *config.Config) { c.LiveKit.URL, c.LiveKit.APIKey, c.LiveKit.APISecret = url, "key", "secret" }
}
