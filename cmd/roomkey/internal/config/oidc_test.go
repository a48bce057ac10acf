package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
)

// An identity provider says who may come in, or the configuration is refused.
func TestOIDC(t *testing.T) {
	t.Parallel()
	const (
		good   = "{issuer: https://accounts.example.com, client_id: c, allow: {anyone: true}}"
		issuer = "auth.oidc[0].issuer must be an https URL like https://accounts.example.com, or of this machine, not "
		allow  = "auth.oidc[0].allow must hold domains, emails or groups, or else anyone: true"
	)
	for file, want := range map[string]string{
		good: "",
		"{issuer: http://127.0.0.1:8080/realms/a, client_id: c, allow: {groups: [staff]}, role: superadmin}": "",

		"{issuer: http://idp.example, client_id: c, allow: {anyone: true}}": issuer + `"http://idp.example"`,
		"{issuer: 'https://u:p@idp.example', client_id: c, allow: {anyone: true}}": issuer +
			`"https://u:p@idp.example"`,
		"{issuer: https://idp.example, client_id: c}":                                     allow,
		"{issuer: https://idp.example, client_id: c, allow: {groups: []}}":                allow,
		"{issuer: https://idp.example, client_id: c, allow: {anyone: true, groups: [a]}}": allow,
		"{issuer: https://idp.example, client_id: c, allow: {domains: ['*.example']}}": "auth.oidc[0].allow.domains must " +
			`hold domains like example.com, not "*.example"`,
		"{issuer: https://idp.example, client_id: c, allow: {emails: [ada]}}": "auth.oidc[0].allow.emails must hold e-mail " +
			`addresses, not "ada"`,
		"{issuer: https://idp.example, client_id: c, allow: {anyone: true}, role: root}": "auth.oidc[0].role must be " +
			`one of superadmin, user, guest, not "root"`,
		"{issuer: https://idp.example, allow: {anyone: true}}": "auth.oidc[0].client_id is missing: the provider gives it " +
			"out, for the redirect address <public_url>/oauth/callback",
		good + ", " + good: `auth.oidc[1].issuer is given twice: "https://accounts.example.com"`,
		"x":                "auth.oidc[0] must be a mapping",
		strings.TrimSuffix(strings.Repeat(good+", ", 11), ", "): "auth.oidc may hold at most 10",
	} {
		_, err := load(t, "auth: {sign_in: true, oidc: ["+file+"]}", nil)
		if got := problems(t, err); len(got) == 0 && want != "" || want != "" && !slices.Contains(got, "c.yaml:1: "+want) ||
			want == "" && len(got) > 0 {
			t.Errorf("%.80s: got %q, want %q", file, got, want)
		}
	}
	_, err := load(t, "auth: {oidc: ["+good+"]}", nil)
	if diff := cmp.Diff([]string{"c.yaml:1: auth.oidc needs auth.sign_in: true"}, problems(t, err)); diff != "" {
		t.Errorf("without sign-in (-want +got):\n%s", diff)
	}
}

// The secret of an item of a list may come from the environment, for items of the file.
func TestVariablesOfItems(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, "auth: {sign_in: true, oidc: [{issuer: https://idp.example, client_id: c, allow: {anyone: true}}]}",
		[]string{"ROOMKEY_AUTH_OIDC_0_CLIENT_SECRET=from the environment"})
	want := OIDC{Issuer: "https://idp.example", ClientID: "c", ClientSecret: "from the environment", Name: "idp.example",
		Scopes: []string{"profile", "email"}, Allow: OIDCAllow{Anyone: true}, GroupsClaim: "groups", Role: meet.User}
	if diff := cmp.Diff(want, c.Auth.OIDC[0].WithDefaults()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, variable := range []string{"ROOMKEY_AUTH_OIDC_1_CLIENT_SECRET", "ROOMKEY_AUTH_OIDC_0", "ROOMKEY_TOOLSETS_0"} {
		_, err := load(t, "auth: {sign_in: true, oidc: [{issuer: https://idp.example, client_id: c, allow: {anyone: true}}]}",
			[]string{variable + "=x"})
		if diff := cmp.Diff([]string{variable + ": there is no key for this variable"}, problems(t, err)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
