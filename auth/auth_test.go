package auth_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/auth"
	"roomkey/meet"
)

const secret = "a secret of exactly 32 bytes ok?"

// start is when every test begins; always the same, so that fuzzing keeps its
// finds.
var start = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

var ada = meet.Principal{ID: "ada", Name: "Ada Lovelace", Role: meet.User}

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func setup(tb testing.TB) (*auth.Authority, *clock) {
	tb.Helper()
	c := &clock{now: start}
	return newAuthority(tb, c.Now), c
}

func newAuthority(tb testing.TB, now func() time.Time) *auth.Authority {
	tb.Helper()
	a, err := auth.NewAuthority([]byte(secret), now)
	if err != nil {
		tb.Fatalf("NewAuthority: %v", err)
	}
	return a
}

func sign(tb testing.TB, a *auth.Authority, p meet.Principal, ttl time.Duration) string {
	tb.Helper()
	token, err := a.Sign(p, ttl)
	if err != nil {
		tb.Fatalf("Sign(%+v, %v): %v", p, ttl, err)
	}
	return token
}

func TestVerifyGivesWhoWasSigned(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	for _, p := range []meet.Principal{
		{ID: "root", Name: "Root", Role: meet.Superadmin},
		{ID: "ada", Name: "Ada Lovelace", Role: meet.User},
		{ID: "visitor", Role: meet.Guest},
		{ID: "Zoë 工藤 <b>&amp;</b> \"'", Name: "Zoë 工藤 <script>", Role: meet.User},
		{ID: strings.Repeat("é", meet.MaxUserID), Name: strings.Repeat("工", meet.MaxDisplayName), Role: meet.Guest},
	} {
		token := sign(t, a, p, time.Hour)
		for _, call := range []string{"first", "second, from the cache"} {
			if got, err := a.Verify(token); err != nil || got != p {
				t.Errorf("%s Verify gave %+v, %v, want %+v", call, got, err, p)
			}
		}
	}
}

// A token that was accepted before is refused from its end on.
func TestExpiredTokensAreRefusedThoughVerifiedBefore(t *testing.T) {
	t.Parallel()
	a, c := setup(t)
	token := sign(t, a, ada, time.Hour)
	for _, step := range []struct {
		after time.Duration
		want  error
	}{
		{0, nil}, {30 * time.Minute, nil}, {29*time.Minute + 59*time.Second, nil}, {time.Second, jwt.ErrTokenExpired},
		{time.Second, jwt.ErrTokenExpired}, {24 * time.Hour, jwt.ErrTokenExpired},
	} {
		c.advance(step.after)
		refused(t, a.Verify, step.after.String()+" later", token, step.want)
	}
}

func TestSignWritesTheAgreedClaims(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	token := sign(t, a, ada, time.Hour)
	key := func(*jwt.Token) (any, error) { return []byte(secret), nil }
	parsed, err := jwt.Parse(token, key, jwt.WithTimeFunc(func() time.Time { return start }))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	got := parsed.Claims.(jwt.MapClaims)
	aud, _ := got.GetAudience()
	if len(aud) != 1 || aud[0] != "roomkey" {
		t.Errorf("aud is %v, want roomkey", aud)
	}
	delete(got, "aud")
	if id, _ := got["jti"].(string); len(id) != 16 {
		t.Errorf("jti is %v, want 16 letters and digits", got["jti"])
	}
	delete(got, "jti")
	want := jwt.MapClaims{"sub": "ada", "name": "Ada Lovelace", "role": "user", "iss": "roomkey",
		"iat": float64(start.Unix()), "exp": float64(start.Add(time.Hour).Unix())}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
		delete(got, name)
	}
	if len(got) != 0 {
		t.Errorf("the token also says %v", got)
	}
	if alg := parsed.Method.Alg(); alg != "HS256" {
		t.Errorf("alg is %s, want HS256", alg)
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	for name, c := range map[string]struct {
		principal meet.Principal
		ttl       time.Duration
	}{
		"nobody":                   {meet.Principal{}, time.Hour},
		"no subject":               {meet.Principal{Role: meet.User}, time.Hour},
		"dirty subject":            {meet.Principal{ID: "a\u202eda", Role: meet.User}, time.Hour},
		"subject with spaces":      {meet.Principal{ID: " ada", Role: meet.User}, time.Hour},
		"long subject":             {meet.Principal{ID: strings.Repeat("a", meet.MaxUserID+1), Role: meet.User}, time.Hour},
		"the program":              {meet.Principal{ID: "roomkey", Role: meet.User}, time.Hour},
		"a caller without a token": {meet.Principal{ID: "Anonymous", Role: meet.User}, time.Hour},
		"the owner as a guest":     {meet.Principal{ID: "owner", Role: meet.Guest}, time.Hour},
		"another owner":            {meet.Principal{ID: "OWNER", Role: meet.Superadmin}, time.Hour},
		"no role":                  {meet.Principal{ID: "ada"}, time.Hour},
		"unknown role":             {meet.Principal{ID: "ada", Role: "admin"}, time.Hour},
		"role without a token":     {meet.Principal{ID: "ada", Role: meet.Anonymous}, time.Hour},
		"no time to live":          {ada, 0},
		"negative time to live":    {ada, -time.Hour},
		"too long a life":          {ada, auth.DefaultMaxTTL + time.Second},
	} {
		if token, err := a.Sign(c.principal, c.ttl); err == nil || token != "" {
			t.Errorf("%s: Sign gave %q, %v, want an error", name, token, err)
		}
	}
}

// What Sign makes, Verify takes: also with a name that nobody can say. And
// what others with the secret make is cleaned as well.
func TestNamesAreCleaned(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	const given, want = "  Ada\u202e \u200bLovelace\x00 ", "Ada Lovelace"
	for name, token := range map[string]string{
		"Sign":          sign(t, a, meet.Principal{ID: "ada", Name: given, Role: meet.User}, time.Hour),
		"somebody else": hs256(t, with("name", given)),
	} {
		if got, err := a.Verify(token); err != nil || got.Name != want {
			t.Errorf("signed by %s: name %q, %v, want %q", name, got.Name, err, want)
		}
	}
	long := meet.Principal{ID: "ada", Name: strings.Repeat("<", 5000), Role: meet.User}
	if got, err := a.Verify(sign(t, a, long, time.Hour)); err != nil || len(got.Name) != meet.MaxDisplayName {
		t.Errorf("a name of 5000 letters came back with %d, %v, want %d", len(got.Name), err, meet.MaxDisplayName)
	}
}

func TestSecretsOf32BytesOrMore(t *testing.T) {
	t.Parallel()
	for n, ok := range map[int]bool{0: false, 16: false, 31: false, 32: true, 64: true} {
		_, err := auth.NewAuthority([]byte(strings.Repeat("s", n)), nil)
		if (err == nil) != ok {
			t.Errorf("a secret of %d bytes: error %v, want taken %t", n, err, ok)
		}
		if err != nil && strings.Contains(err.Error(), "ssss") {
			t.Errorf("a secret of %d bytes: the error holds it: %v", n, err)
		}
	}
}

func TestVerifyFromManyGoroutines(t *testing.T) {
	t.Parallel()
	a, c := setup(t)
	token := sign(t, a, ada, time.Hour)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			other := sign(t, a, meet.Principal{ID: "bob", Role: meet.Guest}, time.Hour)
			c.advance(time.Second)
			if got, err := a.Verify(token); err != nil || got != ada {
				t.Errorf("Verify gave %+v, %v, want %+v", got, err, ada)
			}
			if got, err := a.Verify(other); err != nil || got.ID != "bob" {
				t.Errorf("Verify gave %+v, %v, want bob", got, err)
			}
		})
	}
	wg.Wait()
}
