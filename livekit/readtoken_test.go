package livekit_test

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/livekit/protocol/auth"

	"roomkey/livekit"
	"roomkey/meet"
)

func TestReadToken(t *testing.T) {
	t.Parallel()
	const key, secret = "key", "a-secret-that-is-long-enough-to-be-one"
	s := livekit.New(livekit.Config{URL: "http://127.0.0.1:1", APIKey: key, APISecret: secret})
	ours, err := s.Token(meet.Admission{RoomID: "room", Identity: "ada_x"}, meet.Profile{Role: "host"},
		time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	join := &auth.VideoGrant{RoomJoin: true, Room: "room"}
	sign := func(key, secret string, grant *auth.VideoGrant) string {
		token, err := auth.NewAccessToken(key, secret).SetIdentity("ada_x").SetVideoGrant(grant).
			SetValidFor(time.Minute).ToJWT()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	claims := func(change func(jwt.MapClaims)) jwt.MapClaims {
		c := jwt.MapClaims{"iss": key, "sub": "ada_x", "exp": time.Now().Add(-time.Hour).Unix(),
			"video": map[string]any{"roomJoin": true, "room": "room"}}
		change(c)
		return c
	}
	raw := func(method jwt.SigningMethod, with any, change func(jwt.MapClaims)) string {
		token, err := jwt.NewWithClaims(method, claims(change)).SignedString(with)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	as := func(jwt.MapClaims) {}
	later := func(c jwt.MapClaims) { c["nbf"] = time.Now().Add(time.Hour).Unix() }
	for name, c := range map[string]struct {
		token string
		ok    bool
	}{
		"ours":              {ours, true},
		"as LiveKit renews": {sign(key, secret, join), true},
		"over":              {raw(jwt.SigningMethodHS256, []byte(secret), as), true},
		"not yet":           {raw(jwt.SigningMethodHS256, []byte(secret), later), true},
		"another key":       {sign("other", secret, join), false},
		"another secret":    {sign(key, "another-secret-that-is-long-enough-too", join), false},
		"an API token":      {sign(key, secret, &auth.VideoGrant{RoomAdmin: true, Room: "room"}), false},
		"no room":           {sign(key, secret, &auth.VideoGrant{RoomJoin: true}), false},
		"no identity":       {raw(jwt.SigningMethodHS256, []byte(secret), func(c jwt.MapClaims) { delete(c, "sub") }), false},
		"no issuer":         {raw(jwt.SigningMethodHS256, []byte(secret), func(c jwt.MapClaims) { delete(c, "iss") }), false},
		"no algorithm":      {raw(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, as), false},
		"another algorithm": {raw(jwt.SigningMethodHS512, []byte(secret), as), false},
		"cut":               {ours[:len(ours)-2], false},
		"nothing":           {"", false},
		"nonsense":          {"a.b.c", false},
	} {
		room, identity, ok := s.ReadToken(c.token)
		if ok != c.ok || ok && (room != "room" || identity != "ada_x") || !ok && room+identity != "" {
			t.Errorf("%s: room %q, identity %q, %t; want %t", name, room, identity, ok, c.ok)
		}
	}
}
