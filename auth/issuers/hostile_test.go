package issuers

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/auth/issuers/issuerstest"
	"roomkey/meet"
)

func TestGoodTokens(t *testing.T) {
	t.Parallel()
	server := issuerstest.New(t)
	roles, other := of(server), issuerstest.New(t)
	roles.RoleClaim = "realm_access.roles"
	s, c, _ := setup(t, roles, of(other))
	token := func(changes ...any) Token {
		t.Helper()
		return good(t, s, "a token", server.Token(t, "one", server.Claims(c.Now(), changes...)))
	}
	got := token("name", "Ada", "jti", "id", "aud", []string{"other", issuerstest.Audience},
		"scope", "openid rooms:read moderate")
	want := Token{Issuer: server.URL, Subject: "ada", Name: "Ada", ID: "id", Role: meet.Guest, IssuedAt: start.Local(),
		Scopes: meet.LimitedTo(meet.ScopeRoomsRead, meet.ScopeModerate), ExpiresAt: start.Add(time.Hour).Local()}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for scopes, want := range map[any]meet.TokenScopes{
		nil: 0, "": 0, "openid profile": 0, 5.0: 0, "admin": meet.LimitedTo(meet.ScopeAdmin),
	} {
		if got := token("scope", scopes); got.Scopes != want {
			t.Errorf("scope %v: got %v, want %v", scopes, got.Scopes.List(), want.List())
		}
	}
	if got := token("scp", []any{"rooms:read", 5, nil}); got.Scopes != meet.LimitedTo(meet.ScopeRoomsRead) {
		t.Errorf("scp as a list: got %v", got.Scopes.List())
	}
	// The same sub at another issuer is somebody else; there everybody is a user.
	elsewhere := good(t, s, "of the other", other.Token(t, "one", other.Claims(c.Now(), "preferred_username", "ada")))
	if elsewhere.Issuer != other.URL || elsewhere.Role != meet.User || elsewhere.Name != "ada" {
		t.Errorf("of the other issuer: got %+v", elsewhere)
	}
	for _, kind := range []string{"at+jwt", "application/AT+JWT", "JWT", ""} {
		header := map[string]any{"typ": kind, "kid": "one"}
		good(t, s, "header", signed(t, jwt.SigningMethodES256, server.Keys["one"], header, server.Claims(c.Now())))
	}
	good(t, s, "without kid", signed(t, jwt.SigningMethodES256, server.Keys["one"], nil, server.Claims(c.Now())))
}

// Whatever is no role gives the least one.
func TestRoleClaimWithUnknownWords(t *testing.T) {
	t.Parallel()
	nested := func(roles any) any { return map[string]any{"roles": roles} }
	for _, c := range []struct {
		name  string
		claim any
		want  meet.PrincipalRole
	}{
		{"role", "superadmin", meet.Superadmin}, {"role", "user", meet.User}, {"role", "guest", meet.Guest},
		{"role", "king", meet.Guest}, {"role", "", meet.Guest}, {"role", nil, meet.Guest}, {"role", 3.0, meet.Guest},
		{"role", "Superadmin", meet.Guest}, {"role", "superadmin user", meet.Guest}, {"role", true, meet.Guest},
		{"role", "anonymous", meet.Guest}, {"role", []any{"king", "user"}, meet.User},
		{"role", []any{"user", "superadmin", 5.0}, meet.Superadmin}, {"role", []any{[]any{"superadmin"}}, meet.Guest},
		{"role", nested("superadmin"), meet.Guest}, {"access.roles", nested([]any{"superadmin"}), meet.Superadmin},
		{"access.roles", nested("user"), meet.User}, {"access.roles.x", nested("user"), meet.Guest},
		{"access.", nested("user"), meet.Guest}, {"", "superadmin", meet.User},
	} {
		first, _, _ := strings.Cut(c.name, ".")
		i := issuer{Issuer: Issuer{RoleClaim: c.name}}
		if got := i.role(jwt.MapClaims{first: c.claim}); got != c.want {
			t.Errorf("%q with %v: got %s, want %s", c.name, c.claim, got, c.want)
		}
	}
	i := issuer{Issuer: Issuer{RoleClaim: "https://example.com/role"}}
	if got := i.role(jwt.MapClaims{"https://example.com/role": "user"}); got != meet.User {
		t.Errorf("a name with dots: got %s", got)
	}
}

func TestClaimsThatAreRefused(t *testing.T) {
	t.Parallel()
	server, other := issuerstest.New(t), issuerstest.New(t)
	s, c, _ := setup(t, of(server), of(other))
	now := c.Now().Unix()
	good(t, s, "as it should be", server.Token(t, "one", server.Claims(c.Now())))
	for what, changes := range map[string][]any{
		"wrong audience":            {"aud", "https://other.example/mcp"},
		"the audience with a slash": {"aud", issuerstest.Audience + "/"},
		"no audience":               {"aud", nil},
		"an empty list of audience": {"aud", []string{}},
		"wrong issuer":              {"iss", "https://evil.example"},
		"the issuer with a slash":   {"iss", server.URL + "/"},
		"another known issuer":      {"iss", other.URL},
		"no issuer":                 {"iss", nil},
		"our own issuer":            {"iss", "roomkey"},
		"expired":                   {"exp", now},
		"expired within the leeway": {"exp", now - 5},
		"no end":                    {"exp", nil},
		"an end that is a text":     {"exp", "tomorrow"},
		"an end out of reach":       {"exp", -1e300},
		"not yet":                   {"nbf", now + 60},
		"made in the future":        {"iat", now + 60},
		"no time of issue":          {"iat", nil},
		"no subject":                {"sub", nil},
		"an empty subject":          {"sub", ""},
		"a subject that is a list":  {"sub", []string{"ada"}},
		"bound to a key":            {"cnf", map[string]string{"jkt": "x"}},
		"an id that is not clean":   {"jti", "a\nb"},
		"an id that is too long":    {"jti", strings.Repeat("a", 257)},
	} {
		refused(t, s, what, server.Token(t, "one", server.Claims(c.Now(), changes...)))
	}
	good(t, s, "clocks differ a little", server.Token(t, "one", server.Claims(c.Now(), "iat", now+20, "nbf", now+20)))
}

// The algorithm is never what the token asks for, nor does it bring its own key.
func TestAlgConfusion(t *testing.T) {
	t.Parallel()
	server := issuerstest.New(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := map[string]any{"kty": "RSA", "n": issuerstest.Encoded(rsaKey.N.Bytes()), "e": "AQAB"}
	secret := []byte(strings.Repeat("s", 32))
	key := func(more ...string) map[string]any {
		key := maps.Clone(public)
		for i := 0; i < len(more); i += 2 {
			key[more[i]] = more[i+1]
		}
		return key
	}
	server.KeysAnswer = func(w http.ResponseWriter, _ *http.Request) {
		issuerstest.Answer(w, map[string]any{"keys": []any{key("kid", "rsa"),
			key("kid", "only RS256", "alg", "RS256"),
			key("kid", "to encrypt", "use", "enc"),
			map[string]any{"kty": "oct", "kid": "secret", "k": issuerstest.Encoded(secret)}}})
	}
	s, c, _ := setup(t, of(server))
	claims, known := server.Claims(c.Now()), map[string]any{"kid": "rsa"}
	rs := func(m jwt.SigningMethod, header map[string]any) string {
		return signed(t, m, rsaKey, header, claims)
	}
	hs := func(key []byte, kid string) string {
		return signed(t, jwt.SigningMethodHS256, key, map[string]any{"kid": kid}, claims)
	}
	good(t, s, "RS256", rs(jwt.SigningMethodRS256, map[string]any{"kid": "rsa"}))
	good(t, s, "PS512", rs(jwt.SigningMethodPS512, map[string]any{"kid": "rsa"}))
	none := signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, known, claims)
	ownKey := map[string]any{"kid": "rsa", "jwk": map[string]any{"kty": "oct", "k": issuerstest.Encoded(secret)}}
	for what, token := range map[string]string{
		"none":                          none,
		"none in other letters":         withHeader(t, none, "alg", "nOnE"),
		"HS256 by the public key (DER)": hs(der, "rsa"),
		"HS256 by the public key (PEM)": hs(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "rsa"),
		"HS256 by the modulus":          hs(rsaKey.N.Bytes(), "rsa"),
		"HS256 by a secret in the set":  hs(secret, "secret"),
		"HS256 by an empty secret":      hs([]byte{}, "rsa"),
		"HS256 by a key it brings":      signed(t, jwt.SigningMethodHS256, secret, ownKey, claims),
		"ES256 by an RSA key's id":      signed(t, jwt.SigningMethodES256, issuerstest.NewKey(), known, claims),
		"a key for RS256 alone":         rs(jwt.SigningMethodPS256, map[string]any{"kid": "only RS256"}),
		"a key to encrypt":              rs(jwt.SigningMethodRS256, map[string]any{"kid": "to encrypt"}),
		"an extension":                  rs(jwt.SigningMethodRS256, map[string]any{"kid": "rsa", "crit": []string{"b64"}}),
		"a token for logging out":       rs(jwt.SigningMethodRS256, map[string]any{"kid": "rsa", "typ": "logout+jwt"}),
		"an unknown algorithm":          withHeader(t, none, "alg", "XX256"),
		"a proof of a key":              rs(jwt.SigningMethodRS256, map[string]any{"kid": "rsa", "typ": "dpop+jwt"}),
	} {
		refused(t, s, what, token)
	}
}

// withHeader changes the header of a token, and leaves its signature.
func withHeader(t *testing.T, token, name string, value any) string {
	t.Helper()
	first, rest, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(first)
	header := map[string]any{}
	if err != nil || json.Unmarshal(raw, &header) != nil {
		t.Fatal(err)
	}
	header[name] = value
	changed, _ := json.Marshal(header)
	return base64.RawURLEncoding.EncodeToString(changed) + "." + rest
}

// A kid is a text to compare, and the addresses of keys in a token lead nowhere.
func TestKidInjection(t *testing.T) {
	t.Parallel()
	var led atomic.Int64
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led.Add(1) }))
	t.Cleanup(evil.Close)
	server := issuerstest.New(t)
	s, c, log := setup(t, of(server))
	claims, wrong := server.Claims(c.Now()), issuerstest.NewKey()
	for _, kid := range []any{"../../etc/passwd", "one' OR '1'='1", "", "ONE", "one\x00", evil.URL, 5, true, nil,
		[]string{"one"}, map[string]string{"kid": "one"}, strings.Repeat("k", 4000)} {
		header := map[string]any{"kid": kid, "jku": evil.URL, "x5u": evil.URL}
		refused(t, s, "by another key", signed(t, jwt.SigningMethodES256, wrong, header, claims))
	}
	header := map[string]any{"kid": "one", "jku": evil.URL, "x5u": evil.URL}
	refused(t, s, "by another key with a known id", signed(t, jwt.SigningMethodES256, wrong, header, claims))
	if n := led.Load(); n != 0 || strings.Contains(log.String(), "passwd") {
		t.Errorf("a token led to its address %d times; log: %s", n, log)
	}
	if n := server.Asked.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times, want once", n)
	}
}
