package main

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"roomkey/auth/issuers/issuerstest"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/doctor"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/meet"
	"roomkey/signin/signintest"
)

// The doctor says which identity providers keep people from signing in, and why. One that
// never answers does not hold it up.
func TestDoctorOfProviders(t *testing.T) {
	t.Parallel()
	good, down, other, keyless := signintest.New(t), issuerstest.New(t), issuerstest.New(t), issuerstest.New(t)
	good.Serve(t, "http://127.0.0.1/oauth/callback")
	down.Close()
	says := func(s *issuerstest.Server, issuer string) {
		s.Set(func() {
			s.Metadata = func(w http.ResponseWriter, _ *http.Request) {
				issuerstest.Answer(w, map[string]string{"issuer": issuer, "authorization_endpoint": s.URL + "/authorize",
					"token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys"})
			}
		})
	}
	says(other, other.URL+"/realms/team")
	says(keyless, keyless.URL)
	keyless.Set(func() { keyless.KeysAnswer = http.NotFound })
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // which nobody answers at
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	examine := func(issuers ...string) meet.Finding {
		c := config.Default()
		c.Listen, c.Data, c.Auth.SignIn = programtest.FreeAddress(t), t.TempDir(), true
		for _, issuer := range issuers {
			c.Auth.OIDC = append(c.Auth.OIDC, config.OIDC{Issuer: issuer, ClientID: "roomkey"})
		}
		d := &doctor.Doctor{Config: c}
		_ = d.Examine(t.Context())
		i := slices.IndexFunc(d.Findings, func(f meet.Finding) bool { return f.Check == "oidc" })
		if i < 0 {
			t.Fatalf("the doctor says nothing of providers: %+v", d.Findings)
		}
		return d.Findings[i]
	}
	if f := examine(good.URL); f.Status != meet.FindingOK {
		t.Errorf("a good one: %+v", f)
	}
	silentURL := "http://" + silent.Addr().String()
	f := examine(good.URL, down.URL, other.URL, keyless.URL, silentURL)
	if f.Status != meet.FindingWarn || strings.Contains(f.Detail, good.URL) {
		t.Errorf("four bad ones: %+v", f)
	}
	for _, want := range []string{down.URL + ": ", "connection refused", other.URL + "/realms/team",
		keyless.URL + ": its keys: ", silentURL + ": it does not answer in time"} {
		if !strings.Contains(f.Detail, want) {
			t.Errorf("the doctor says %q; want %q", f.Detail, want)
		}
	}
}
