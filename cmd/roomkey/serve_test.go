package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// What the banner says to paste works from any folder, and no token is in it.
func TestBanner(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "it's; $HOME")
	file := filepath.Join(t.TempDir(), "my config.yaml")
	if err := os.WriteFile(file, []byte("auth:\n  secret: "+testSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	a := startApp(t, func(c *config.Config) { c.Data, c.Auth.Secret = folder, testSecret })
	c := config.Default()
	c.Data = folder
	var b bytes.Buffer
	banner(&b, a.app, c, "roomkey", file)
	if strings.Contains(b.String(), "eyJ") || strings.Contains(b.String(), testSecret) {
		t.Errorf("banner: got %s, want no token and no secret in it", b.String())
	}
	paste := func(command string) string {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir, cmd.Env = t.TempDir(), bareEnvironment(t.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v: %s", command, err, out)
		}
		return string(out)
	}
	call := regexp.MustCompile(`(?m)^ +(roomkey call .*)$`).FindStringSubmatch(b.String())
	claude := regexp.MustCompile(`(?m)^ +claude mcp add --transport http roomkey (\S+) --header "Authorization: Bearer \$\((.*)\)"$`).FindStringSubmatch(b.String())
	if call == nil || claude == nil {
		t.Fatalf("banner: got %s, want a line for Claude Code and one with roomkey call", b.String())
	}
	connect := regexp.MustCompile(`(?m)^ +(roomkey connect .*)$`).FindStringSubmatch(b.String())
	if connect == nil {
		t.Fatalf("banner: got %s, want a line with roomkey connect", b.String())
	}
	if got := paste(connect[1]); !strings.Contains(got, `"url": "`+a.url+`/mcp"`) {
		t.Errorf("roomkey connect: got %s, want settings with %s/mcp", got, a.url)
	}
	if got := paste(call[1]); !strings.Contains(got, `"name": "hello"`) || !strings.Contains(got, `"created_by": "me"`) {
		t.Errorf("roomkey call: got %s, want the room hello of me", got)
	}
	if want := a.url + "/mcp"; claude[1] != want {
		t.Errorf("address for Claude Code: got %s, want %s", claude[1], want)
	}
	if p, err := a.auth.Verify(strings.TrimSpace(paste(claude[2]))); err != nil || p.ID != "me" || p.Role != meet.User {
		t.Errorf("token for Claude Code: got %+v, %v, want one of the user me", p, err)
	}
}

// The parts fit together: real people come in by a code, through our own
// port, under limits that can be changed while they are inside.
func TestRealPeople(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	must[any](t, a, "create_room", map[string]any{"name": "stage", "max_participants": 1})
	code := must[struct{ Codes []struct{ Code string } }](t, a, "create_room_codes", map[string]any{"room_id": "stage", "role": "viewer"}).Codes[0].Code
	type ticket struct {
		Token      string
		LiveKitURL string `json:"livekit_url"`
		Identity   string
	}
	redeem := func(name string) (got ticket, status int) {
		t.Helper()
		r, err := send(t.Context(), "", "POST", a.url+"/v2/token", `{"code": "`+strings.ToUpper(code)+`", "name": "`+name+`", "user_id": "u-`+name+`"}`)
		if err == nil {
			err = json.Unmarshal(r.body, &got)
		}
		if err != nil {
			t.Fatalf("exchange: %s, %v", r.body, err)
		}
		return got, r.status
	}
	first, _ := redeem("ada")
	ada := livekittest.Join(t, first.LiveKitURL, first.Token)
	if ada.Identity() != first.Identity {
		t.Errorf("identity: got %q, want %q", ada.Identity(), first.Identity)
	}
	if _, status := redeem("bob"); status != 409 {
		t.Errorf("exchange for a full room: got %d, want 409", status)
	}
	must[any](t, a, "update_room", map[string]any{"room_id": "stage", "max_participants": 2})
	second, _ := redeem("bob")
	bob := livekittest.Join(t, second.LiveKitURL, second.Token)
	people := must[struct {
		Participants []struct {
			Identity, Name, Role string
			UserID               string `json:"user_id"`
		}
	}](t, a, "list_participants", map[string]any{"room_id": "stage"}).Participants
	if len(people) != 2 || people[0].Role != "viewer" || !strings.HasPrefix(people[0].UserID, "u-") {
		t.Errorf("participants: got %+v, want two viewers", people)
	}
	must[any](t, a, "kick_participant", map[string]any{"room_id": "stage", "identity": bob.Identity()})
	if got := bob.WaitDisconnected(); got != "PARTICIPANT_REMOVED" {
		t.Errorf("bob: disconnected by %s, want PARTICIPANT_REMOVED", got)
	}
	removed := must[struct{ Removed []string }](t, a, "end_room", map[string]any{"room_id": "stage", "confirm_name": "stage"}).Removed
	if len(removed) != 1 || removed[0] != ada.Identity() {
		t.Errorf("removed by end_room: got %v, want %s alone", removed, ada.Identity())
	}
	if got := ada.WaitDisconnected(); got != "ROOM_DELETED" {
		t.Errorf("ada: disconnected by %s, want ROOM_DELETED", got)
	}
	if _, err := livekittest.TryJoin(t, first.LiveKitURL, first.Token); err == nil {
		t.Error("a token of an ended room: got in, want it refused")
	}
}
