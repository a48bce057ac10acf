package server

import (
	"context"
	"time"

	"roomkey/auth"
	"roomkey/auth/issuers"
	"roomkey/cmd/roomkey/internal/build"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/meet"
	"roomkey/signin"
	"roomkey/web"
)

// resource is what the access tokens of sign-in are for; empty where it is off.
func (s *Server) resource(c config.Config) string {
	if !c.Auth.SignIn {
		return ""
	}
	return signin.Resource(s.public.String())
}

// protectedResource tells clients which authorization servers give access tokens; nil
// where none does.
func (s *Server) protectedResource(c config.Config) web.ProtectedResource {
	var servers []string
	if c.Auth.SignIn {
		servers = append(servers, s.public.String())
	}
	for _, i := range c.Auth.Issuers {
		servers = append(servers, i.Issuer)
	}
	if len(servers) == 0 {
		return nil
	}
	return signin.NewProtectedResource(s.public.String(), servers)
}

// newIssuers begins to fetch the keys of the other authorization servers; nil where there
// are none.
func (s *Server) newIssuers(c config.Config) *issuers.Set {
	if len(c.Auth.Issuers) == 0 {
		return nil
	}
	return issuers.New(issuers.Config{Issuers: c.Auth.ForeignIssuers(signin.Resource(s.public.String())),
		Version: build.Version().Version, Now: s.store.Now, Log: s.log})
}

// foreign has the users of other authorization servers put on record.
func (s *Server) foreign() auth.Foreign {
	return auth.Foreign{Issuers: s.issuers, SignIn: func(
		ctx context.Context, issuer, sub, name string, role meet.PrincipalRole,
	) (meet.Principal, error) {
		return s.service.SignInForeign(ctx, issuer, sub, name, role)
	}}
}

// signIn is the authorization server; nil where it is off.
func (s *Server) signIn(c config.Config, keyring *auth.Keyring, version string) web.SignIn {
	if !c.Auth.SignIn {
		return nil
	}
	s.log.Info("people can sign in for agents", "resource", s.resource(c))
	s.people = signin.New(signin.Config{
		Store: s.store, Issuer: s.public.String(), SignIn: s.service.SignIn, UserOf: s.service.UserOf,
		Issue: func(p meet.Principal, life time.Duration) (string, meet.SignInToken, error) {
			issued, err := s.auth.IssueForResource(p, life)
			return issued.Token, meet.SignInToken{ID: issued.ID, Principal: issued.Principal, IssuedAt: issued.IssuedAt,
				ExpiresAt: issued.ExpiresAt}, err
		},
		Providers: providers(c.Auth.OIDC), SignInForeign: s.service.SignInForeign,
		TokenID: s.auth.TokenID, Secrets: keyring.Accepted, Version: version, Now: s.store.Now, Log: s.log,
		OnLimit: s.metrics.onLimit,
	})
	return s.people
}

// providers are the identity providers at which people may sign in.
func providers(configured []config.OIDC) (all []signin.Provider) {
	for _, o := range configured {
		o = o.WithDefaults()
		all = append(all, signin.Provider{
			Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret, Name: o.Name, Scopes: o.Scopes,
			Allow: signin.Allow{Anyone: o.Allow.Anyone, Domains: o.Allow.Domains, Emails: o.Allow.Emails,
				Groups: o.Allow.Groups},
			GroupsClaim: o.GroupsClaim, RoleClaim: o.RoleClaim, Role: o.Role,
		})
	}
	return all
}
