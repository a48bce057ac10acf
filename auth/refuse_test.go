package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	lkauth "github.com/livekit/protocol/auth"

	"roomkey/auth"
	"roomkey/meet"
)

// good are the claims of a token that is taken; every case below spoils them
// in one way.
func good() jwt.MapClaims {
	return jwt.MapClaims{"sub": "ada", "name": "Ada Lovelace", "role": "user", "iss": "roomkey", "aud": "roomkey",
		"iat": start.Unix(), "exp": start.Add(time.Hour).Unix()}
}

func with(name string, value any) jwt.MapClaims {
	c := good()
	c[name] = value
	return c
}

func without(name string) jwt.MapClaims {
	c := good()
	delete(c, name)
	return c
}

func forge(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatalf("forge %s token: %v", method.Alg(), err)
	}
	return token
}

func hs256(t *testing.T, claims jwt.MapClaims) string {
	t.Helper()
	return forge(t, jwt.SigningMethodHS256, []byte(secret), claims)
}

// withHeader puts another header before the token's claims. signed makes the
// signature right for it, as HS256 with our secret would.
func withHeader(t *testing.T, header string, signed bool) string {
	t.Helper()
	parts := strings.Split(hs256(t, good()), ".")
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1]
	if !signed {
		return text + "."
	}
	signature, err := jwt.SigningMethodHS256.Sign(text, []byte(secret))
	if err != nil {
		t.Fatalf("sign: %v", err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestVerifyTakesTheControl(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	for name, token := range map[string]string{
		"good":                    hs256(t, good()),
		"several audiences":       hs256(t, with("aud", []string{"other", "roomkey"})),
		"no id, as old ones":      hs256(t, without("jti")),
		"the longest life":        hs256(t, with("exp", start.Add(auth.DefaultMaxTTL).Unix())),
		"clock 20 s behind":       hs256(t, with("nbf", start.Add(20*time.Second).Unix())),
		"issuer's clock 20 s on":  hs256(t, with("iat", start.Add(20*time.Second).Unix())),
		"header by hand":          withHeader(t, `{"alg":"HS256"}`, true),
		"one second of life left": hs256(t, with("exp", start.Add(time.Second).Unix())),
	} {
		if got, err := a.Verify(token); err != nil || got != ada {
			t.Errorf("%s: Verify gave %+v, %v, want %+v", name, got, err, ada)
		}
	}
}

func TestVerifyRefusesClaims(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	for name, c := range map[string]struct {
		claims jwt.MapClaims
		want   error
	}{
		"expired":                  {with("exp", start.Add(-time.Hour).Unix()), jwt.ErrTokenExpired},
		"expired a second ago":     {with("exp", start.Add(-time.Second).Unix()), jwt.ErrTokenExpired},
		"expires now":              {with("exp", start.Unix()), jwt.ErrTokenExpired},
		"expired in 1970":          {with("exp", 0), jwt.ErrTokenExpired},
		"negative exp":             {with("exp", -1e9), jwt.ErrTokenExpired},
		"no iat":                   {without("iat"), jwt.ErrTokenRequiredClaimMissing},
		"null iat":                 {with("iat", nil), jwt.ErrTokenRequiredClaimMissing},
		"too long a life":          {with("exp", start.Add(auth.DefaultMaxTTL+2*time.Second).Unix()), auth.ErrTooLong},
		"issued long ago":          {with("iat", start.Add(-auth.DefaultMaxTTL).Unix()), auth.ErrTooLong},
		"for ever":                 {with("exp", 99999999999), auth.ErrTooLong},
		"no exp":                   {without("exp"), jwt.ErrTokenRequiredClaimMissing},
		"null exp":                 {with("exp", nil), jwt.ErrTokenRequiredClaimMissing},
		"exp in words":             {with("exp", "tomorrow"), jwt.ErrTokenMalformed},
		"other audience":           {with("aud", "livekit"), jwt.ErrTokenInvalidAudience},
		"audience in upper case":   {with("aud", "ROOMKEY"), jwt.ErrTokenInvalidAudience},
		"audience only begins so":  {with("aud", "roomkey2"), jwt.ErrTokenInvalidAudience},
		"no audience":              {without("aud"), jwt.ErrTokenRequiredClaimMissing},
		"empty audiences":          {with("aud", []string{}), jwt.ErrTokenRequiredClaimMissing},
		"other issuer":             {with("iss", "https://evil.com"), jwt.ErrTokenInvalidIssuer},
		"issuer in upper case":     {with("iss", "Roomkey"), jwt.ErrTokenInvalidIssuer},
		"no issuer":                {without("iss"), jwt.ErrTokenRequiredClaimMissing},
		"not yet valid":            {with("nbf", start.Add(time.Hour).Unix()), jwt.ErrTokenNotValidYet},
		"issued in the future":     {with("iat", start.Add(time.Hour).Unix()), jwt.ErrTokenUsedBeforeIssued},
		"unknown role":             {with("role", "admin"), jwt.ErrTokenInvalidClaims},
		"role in upper case":       {with("role", "Superadmin"), jwt.ErrTokenInvalidClaims},
		"role without a token":     {with("role", "anonymous"), jwt.ErrTokenInvalidClaims},
		"empty role":               {with("role", ""), jwt.ErrTokenInvalidClaims},
		"roles in a list":          {with("role", []string{"user"}), jwt.ErrTokenMalformed},
		"no role":                  {without("role"), jwt.ErrTokenInvalidClaims},
		"no sub":                   {without("sub"), jwt.ErrTokenInvalidClaims},
		"empty sub":                {with("sub", ""), jwt.ErrTokenInvalidClaims},
		"blank sub":                {with("sub", "  "), jwt.ErrTokenInvalidClaims},
		"sub with a newline":       {with("sub", "ada\n"), jwt.ErrTokenInvalidClaims},
		"sub with NUL":             {with("sub", "ada\x00"), jwt.ErrTokenInvalidClaims},
		"sub with bidi":            {with("sub", "\u202eada"), jwt.ErrTokenInvalidClaims},
		"sub with zero width":      {with("sub", "a\u200bda"), jwt.ErrTokenInvalidClaims},
		"sub with invalid text":    {with("sub", "a\ufffdda"), jwt.ErrTokenInvalidClaims},
		"sub too long":             {with("sub", strings.Repeat("a", meet.MaxUserID+1)), jwt.ErrTokenInvalidClaims},
		"sub is a number":          {with("sub", 7), jwt.ErrTokenMalformed},
		"name is a list":           {with("name", []string{"Ada"}), jwt.ErrTokenMalformed},
		"nothing at all":           {jwt.MapClaims{}, jwt.ErrTokenRequiredClaimMissing},
		"another kind of token":    {with("typ", "room"), nil}, // further claims do not matter
		"too long, signature good": {with("name", strings.Repeat("a", 3000)), errAny},
	} {
		refused(t, a.Verify, name, hs256(t, c.claims), c.want)
	}
}

func TestVerifyRefusesAlgorithms(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"none":          forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good()),
		"HS384":         forge(t, jwt.SigningMethodHS384, []byte(secret), good()),
		"HS512":         forge(t, jwt.SigningMethodHS512, []byte(secret), good()),
		"RS256":         forge(t, jwt.SigningMethodRS256, rsaKey, good()),
		"PS256":         forge(t, jwt.SigningMethodPS256, rsaKey, good()),
		"ES256":         forge(t, jwt.SigningMethodES256, ecKey, good()),
		"wrong secret":  forge(t, jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), good()),
		"empty secret":  forge(t, jwt.SigningMethodHS256, []byte{}, good()),
		"longer secret": forge(t, jwt.SigningMethodHS256, []byte(secret+"x"), good()),
		"no signature":  withHeader(t, `{"alg":"HS256","typ":"JWT"}`, false),
	} {
		refused(t, a.Verify, name, token, jwt.ErrTokenSignatureInvalid)
	}
	for _, alg := range []string{
		`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `"none "`, `"hs256"`, `"HS256\u0000"`, `""`, `null`, `["HS256"]`,
		`{"a":"HS256"}`, `0`,
	} {
		header := `{"alg":` + alg + `,"typ":"JWT"}`
		refused(t, a.Verify, "unsigned with alg "+alg, withHeader(t, header, false), errAny)
		refused(t, a.Verify, "signed with alg "+alg, withHeader(t, header, true), errAny)
	}
	for _, header := range []string{`{}`, `null`, `[]`, ``, `{"typ":"JWT"}`, `{"alg":"HS256","alg":"none"}`} {
		refused(t, a.Verify, "signed with header "+header, withHeader(t, header, true), errAny)
	}
}

// A LiveKit token signed with our very secret, even under a key that has our
// issuer's name and for somebody who has a role with us, is no access token.
func TestVerifyRefusesLiveKitTokens(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil) // LiveKit's clock is the real one
	for _, key := range []string{"devkey", "roomkey"} {
		token, err := lkauth.NewAccessToken(key, secret).SetIdentity("ada").SetName("Ada").SetKind(0).
			SetAttributes(map[string]string{"role": "superadmin", "aud": "roomkey"}).SetMetadata(`{"role":"superadmin"}`).
			SetVideoGrant(&lkauth.VideoGrant{RoomAdmin: true, RoomJoin: true, Room: "roomkey"}).SetValidFor(time.Hour).ToJWT()
		if err != nil {
			t.Fatalf("make LiveKit token: %v", err)
		}
		refused(t, a.Verify, "LiveKit token of "+key, token, jwt.ErrTokenRequiredClaimMissing)
	}
}

// errAny stands for any error, where which one does not matter.
var errAny = errors.New("any error")

// refused checks that the token is not taken for the reason that is wanted,
// and that the error holds nothing of it. With want nil it has to be taken.
func refused(t *testing.T, verify func(string) (meet.Principal, error), name, token string, want error) {
	t.Helper()
	p, err := verify(token)
	if want == nil {
		if err != nil || p != ada {
			t.Errorf("%s: Verify gave %+v, %v, want %+v", name, p, err, ada)
		}
		return
	}
	if err == nil || p != (meet.Principal{}) {
		t.Errorf("%s: Verify gave %+v, %v, want nobody and an error", name, p, err)
		return
	}
	if want != errAny && err.Error() != want.Error() {
		t.Errorf("%s: error %q, want %q and nothing more", name, err, want)
	}
	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 8 && strings.Contains(err.Error(), part[:8]) {
			t.Errorf("%s: the error holds a part of the token: %v", name, err)
		}
	}
}
