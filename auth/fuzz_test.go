package auth_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/meet"
)

// withID gives a token with another id, signed anew.
func withID(tb testing.TB, token, id string) string {
	tb.Helper()
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		tb.Fatalf("parse: %v", err)
	}
	claims["jti"] = id
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		tb.Fatalf("sign: %v", err)
	}
	return signed
}

// FuzzVerify tests two things: only the very text that Sign made is accepted;
// and whatever an issuer with our secret writes into a token, the principal is
// clean.
func FuzzVerify(f *testing.F) {
	a, _ := setup(f)
	signed := withID(f, sign(f, a, ada, time.Hour), "fuzz") // the same in all processes that fuzz
	for _, t := range []string{
		signed, signed[:len(signed)-1], signed + "\n", signed + ".", "eyJhbGciOiJub25lIn0.e30.", "..", "",
	} {
		for _, claims := range []string{
			`{"sub":"ada","role":"user","iss":"roomkey","aud":"roomkey","exp":99999999999}`,
			`{"sub":"a\u202eda","role":"root","iss":"roomkey","aud":["roomkey"],"exp":1e400,"nbf":-1.5,"iat":null}`,
			`null`, `{}`, `[]`, `"`,
		} {
			f.Add(t, []byte(claims))
		}
	}
	f.Fuzz(func(t *testing.T, token string, claims []byte) {
		switch p, err := a.Verify(token); {
		case err == nil && (token != signed || p != ada):
			t.Errorf("Verify(%q) gave %+v, want only %q to give %+v", token, p, signed, ada)
		case err != nil && p != (meet.Principal{}):
			t.Errorf("Verify(%q) gave %+v with the error %v", token, p, err)
		}

		text := "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString(claims)
		signature, err := jwt.SigningMethodHS256.Sign(text, []byte(secret))
		if err != nil {
			t.Fatalf("sign: %v", err)
		}
		p, err := a.Verify(text + "." + base64.RawURLEncoding.EncodeToString(signature))
		if err != nil {
			return
		}
		clean := meet.Principal{
			ID: meet.CleanText(p.ID, meet.MaxUserID), Name: meet.CleanText(p.Name, meet.MaxDisplayName), Role: p.Role,
		}
		if p.ID == "" || p != clean || !p.Role.Valid() {
			t.Errorf("claims %q made %+v", claims, p)
		}
	})
}
