package livekit_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/livekit"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// fast is five minutes ahead of this machine's clock.
func fast() time.Time { return time.Now().Add(5 * time.Minute) }

// Where this machine's clock is wrong, join tokens have the times of the service's.
func TestJoinTokensHaveTheServicesTime(t *testing.T) {
	t.Parallel()
	lk := connect(t, livekit.Config{URL: "http://127.0.0.1:1", Now: fast})
	expires := fast().Add(10 * time.Minute)
	token, err := lk.Token(meet.Admission{RoomID: "room", Identity: "ada_1"}, meet.Profile{}, expires)
	if err != nil {
		t.Fatal(err)
	}
	c := claims(t, token)
	for name, want := range map[string]time.Time{"nbf": fast(), "iat": fast(), "exp": expires} {
		got := time.Unix(int64(c[name].(float64)), 0)
		if got.Sub(want).Abs() > time.Minute {
			t.Errorf("%s: got %v, want about %v", name, got, want)
		}
	}
	if _, identity, ok := lk.ReadToken(token); !ok || identity != "ada_1" {
		t.Errorf("ReadToken: got %q, %v, want ada_1", identity, ok)
	}
}

// The calls of LiveKit's API have them, too: the LiveKit here, where the clock is right,
// takes nothing from five minutes in its future.
func TestCallsHaveTheServicesTime(t *testing.T) {
	w := setup(t)
	if err := w.Ping(t.Context()); err != nil {
		t.Errorf("ping by the right clock: %v", err)
	}
	if err := connect(t, livekit.Config{URL: w.url, Now: fast}).Ping(t.Context()); !livekit.Refused(err) {
		t.Errorf("ping five minutes ahead: got %v, want that LiveKit refuses it", err)
	}
}

// What LiveKit tells is read by the service's clock.
func TestWebhooksAreReadByTheServicesTime(t *testing.T) {
	t.Parallel()
	const body = `{"event": "room_started", "id": "EV_1", "room": {"name": "room"}}`
	sum := sha256.Sum256([]byte(body))
	read := func(now func() time.Time, secret string) error {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": livekittest.APIKey,
			"nbf": fast().Unix(), "exp": fast().Add(time.Minute).Unix(),
			"sha256": base64.StdEncoding.EncodeToString(sum[:])}).SignedString([]byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/livekit/webhook", strings.NewReader(body))
		r.Header.Set("Authorization", token)
		_, err = connect(t, livekit.Config{URL: "http://127.0.0.1:1", Now: now}).ReadWebhook(r)
		return err
	}
	if err := read(fast, livekittest.APISecret); err != nil {
		t.Errorf("from a LiveKit whose clock is the service's: %v", err)
	}
	for name, err := range map[string]error{
		"from the future":    read(nil, livekittest.APISecret),
		"from the past":      read(func() time.Time { return fast().Add(5 * time.Minute) }, livekittest.APISecret),
		"with another's key": read(fast, "another-secret-of-32-characters--"),
	} {
		if err == nil {
			t.Errorf("a webhook %s was taken", name)
		}
	}
}
