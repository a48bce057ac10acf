package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"roomkey/meet"
)

// OIDC is an identity provider (OpenID Connect) by which people may sign in.
type OIDC struct {
	Issuer       string             `yaml:"issuer"`
	ClientID     string             `yaml:"client_id"`
	ClientSecret string             `yaml:"client_secret"`
	Name         string             `yaml:"name"`
	Scopes       []string           `yaml:"scopes"`
	Allow        OIDCAllow          `yaml:"allow"`
	GroupsClaim  string             `yaml:"groups_claim"`
	RoleClaim    string             `yaml:"role_claim"`
	Role         meet.PrincipalRole `yaml:"role"`
}

// OIDCAllow is who of the people whom a provider knows may come in.
type OIDCAllow struct {
	Anyone  bool     `yaml:"anyone"`
	Domains []string `yaml:"domains"`
	Emails  []string `yaml:"emails"`
	Groups  []string `yaml:"groups"`
}

// maxOIDC bounds the buttons on the page.
const maxOIDC = 10

// WithDefaults gives the provider with what was left out.
func (o OIDC) WithDefaults() OIDC {
	if u, err := url.Parse(o.Issuer); err == nil && o.Name == "" {
		o.Name = u.Host
	}
	if len(o.Scopes) == 0 {
		o.Scopes = []string{"profile", "email"}
	}
	if o.GroupsClaim == "" {
		o.GroupsClaim = "groups"
	}
	if o.Role == "" {
		o.Role = meet.User
	}
	return o
}

// checkOIDC shows nothing of a client's secret.
func (l *loader) checkOIDC(c Auth) {
	l.require(len(c.OIDC) <= maxOIDC, "auth.oidc", "may hold at most %d", maxOIDC)
	l.require(len(c.OIDC) == 0 || c.SignIn, "auth.oidc", "needs auth.sign_in: true")
	for i, o := range c.OIDC {
		key := fmt.Sprintf("auth.oidc[%d]", i)
		u, ok := ParseURL(o.Issuer, "https", "http")
		ok = ok && (u.Scheme == "https" || meet.Links{Public: o.Issuer}.OnlyHere())
		l.require(ok, key+".issuer", "must be an https URL like https://accounts.example.com, or of this machine, not %q",
			o.Issuer)
		sameIssuer := func(other OIDC) bool { return other.Issuer == o.Issuer }
		l.require(!slices.ContainsFunc(c.OIDC[:i], sameIssuer), key+".issuer", "is given twice: %q", o.Issuer)
		l.require(o.ClientID != "", key+".client_id", "is missing: the provider gives it out, for the redirect address "+
			"<public_url>/oauth/callback")
		l.require(o.Name == meet.CleanText(o.Name, meet.MaxDisplayName), key+".name", "must be a short plain text")
		a := o.Allow
		named := len(a.Domains) + len(a.Emails) + len(a.Groups)
		l.require(a.Anyone != (named > 0), key+".allow", "must hold domains, emails or groups, or else anyone: true")
		forEachItem(l, key+".allow.domains", a.Domains, func(domain string) {
			l.require(domain != "" && !strings.ContainsAny(domain, "@* /"), key+".allow.domains",
				"must hold domains like example.com, not %q", domain)
		})
		forEachItem(l, key+".allow.emails", a.Emails, func(email string) {
			l.require(strings.Contains(email, "@"), key+".allow.emails", "must hold e-mail addresses, not %q", email)
		})
		if o.Role != "" {
			isOneOf(l, key+".role", o.Role, meet.Superadmin, meet.User, meet.Guest)
		}
	}
}
