package livekit_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"

	"roomkey/livekit"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// offline is an adapter for what needs no server.
func offline(t *testing.T) *livekit.Server {
	t.Helper()
	t.Parallel()
	return connect(t, livekit.Config{URL: "http://127.0.0.1:1"})
}

// claims reads a token as it is on the wire, where absent is not false.
func claims(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token has %d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(payload, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// The claims are what LiveKit and every client rely on, so each change of them
// has to be seen: go test ./livekit -update.
func TestTokenClaimsGolden(t *testing.T) {
	lk := offline(t)
	on := meet.DefaultSettings()
	settings := []struct {
		name string
		meet.Settings
	}{
		{"all on", on},
		{"chat off", meet.Settings{AllowVideo: true, AllowAudio: true, AllowScreenShare: true}},
		{"video off", meet.Settings{AllowChat: true, AllowAudio: true, AllowScreenShare: true}},
		{"audio off", meet.Settings{AllowChat: true, AllowVideo: true, AllowScreenShare: true}},
		{"all off", meet.Settings{}},
	}
	golden := make(map[string]any)
	add := func(name, role string, admin bool, grants meet.Grants) {
		t.Helper()
		admission := meet.Admission{Identity: "ada_x7", RoomID: "0190-room", UserID: "ada"}
		token, err := lk.Token(admission, meet.Profile{Name: "Ada L.", Role: role, Admin: admin, Grants: grants},
			time.Now().Add(time.Hour))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c := claims(t, token)
		for _, moment := range []string{"iat", "nbf", "exp"} {
			delete(c, moment)
		}
		golden[name] = c
	}
	for _, role := range meet.BuiltinRoles() {
		for _, s := range settings {
			add(role.Name+", "+s.name, role.Name, false, role.Grants(s.Settings))
		}
	}
	add("host who is admin, all on", meet.RoleHost, true, meet.BuiltinRoles()[0].Grants(on))
	add("zero grants", "", false, meet.Grants{})
	add("a source LiveKit does not know", "odd", false,
		meet.Grants{Publish: []meet.Source{meet.UnknownSource, "", "everything"}})

	got, err := json.MarshalIndent(golden, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const file = "testdata/token_claims.json"
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the claims are not those of %s; if that is meant, run go test ./livekit -update "+
			"and look at the difference\n%s", file, got)
	}
}

// What the golden file must never hold, however it is updated.
func TestTokensLeaveNothingToADefault(t *testing.T) {
	lk := offline(t)
	for _, grants := range []meet.Grants{{}, {Subscribe: true}, allowAll, {Publish: []meet.Source{"everything"}}} {
		token, err := lk.Token(meet.Admission{Identity: "a", RoomID: "r"}, meet.Profile{Grants: grants},
			time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		video := claims(t, token)["video"].(map[string]any)
		for _, grant := range []string{"canPublish", "canSubscribe", "canPublishData", "canUpdateOwnMetadata",
			"canSubscribeMetrics", "canManageAgentSession"} {
			if _, explicit := video[grant].(bool); !explicit {
				t.Errorf("grants %+v: %s is %v, want it written out", grants, grant, video[grant])
			}
		}
		if sources, _ := video["canPublishSources"].([]any); video["canPublish"] == true && len(sources) == 0 {
			t.Errorf("grants %+v: canPublish without sources allows all of them", grants)
		}
		for _, never := range []string{"roomAdmin", "roomCreate", "roomList", "roomRecord", "hidden", "recorder",
			"agent", "ingressAdmin", "destinationRoom"} {
			if _, there := video[never]; there {
				t.Errorf("grants %+v: a join token has %s", grants, never)
			}
		}
	}
}

func TestTokenExpiry(t *testing.T) {
	lk := offline(t)
	join := meet.Admission{Identity: "a", RoomID: "r"}
	want := time.Now().Add(90 * time.Second)
	token, err := lk.Token(join, meet.Profile{}, want)
	if err != nil {
		t.Fatal(err)
	}
	v, err := auth.ParseAPIToken(token)
	if err != nil {
		t.Fatal(err)
	}
	registered, _, err := v.Verify(livekittest.APISecret)
	if err != nil {
		t.Fatalf("the token is not signed with our secret: %v", err)
	}
	if off := registered.ExpiresAt.Sub(want).Abs(); off > time.Second {
		t.Errorf("expires %v, want %v", registered.ExpiresAt, want)
	}
	for _, late := range []time.Time{time.Now(), time.Now().Add(-time.Hour), {}} {
		if token, err := lk.Token(join, meet.Profile{}, late); err == nil || token != "" {
			t.Errorf("Token that expires %v = %q, want an error", late, token)
		}
	}
	for _, bad := range []meet.Admission{{Identity: "a"}, {RoomID: "r"}} {
		if token, err := lk.Token(bad, meet.Profile{}, want); err == nil || token != "" {
			t.Errorf("Token for %+v = %q, want an error", bad, token)
		}
	}
}
