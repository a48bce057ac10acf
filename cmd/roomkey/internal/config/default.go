package config

import (
	"cmp"
	"slices"
	"time"

	"roomkey/auth"
	"roomkey/auth/issuers"
	"roomkey/livekit"
	"roomkey/meet"
	"roomkey/tools"
	"roomkey/webhooks"
)

// Default is the configuration where nobody sets anything.
func Default() Config {
	return Config{
		Listen:    "127.0.0.1:9090",
		Data:      "data",
		LogLevel:  "info",
		LogFormat: "text",
		Toolsets:  slices.Clone(tools.DefaultToolsets),
		Database:  Database{Pool: 10},
		Auth: Auth{PreviousSecrets: []PreviousSecret{}, MaxTTL: auth.DefaultMaxTTL, OIDC: []OIDC{},
			Issuers: []Issuer{}},
		HTTP:    HTTP{AllowedHosts: []string{}, AllowedOrigins: []string{}, TrustedProxies: []string{}},
		LiveKit: LiveKit{EmptyTimeout: livekit.DefaultEmptyTimeout},
		Rooms: Rooms{
			CreateMedia: MediaOnJoin,
			Defaults:    meet.Defaults{Mode: meet.Standard, Settings: meet.DefaultSettings()},
			KeepName:    30 * 24 * time.Hour,
		},
		Roles:  meet.BuiltinRoles(),
		Events: Events{Keep: meet.DefaultKeepEvents},

		Webhooks: Webhooks{Endpoints: []WebhookEndpoint{}},
		Limits: Limits{
			Participants: meet.DefaultParticipantLimits,
			Connections:  meet.DefaultConnectionLimits,
			Callers:      meet.DefaultLimits(),
		},
	}
}

// Selection is the tools to offer.
func (c Config) Selection() tools.Selection {
	return tools.Selection{Toolsets: c.Toolsets, ReadOnly: c.ReadOnly, DisableDestructive: c.DisableDestructive}
}

// ForeignIssuers gives the other authorization servers. Tokens of one without an
// audience are for the resource.
func (a Auth) ForeignIssuers(resource string) (all []issuers.Issuer) {
	for _, i := range a.Issuers {
		all = append(all, issuers.Issuer{URL: i.Issuer, Audience: cmp.Or(i.Audience, resource), JWKSURL: i.JWKSURL,
			RoleClaim: i.RoleClaim, AllowPrivate: i.AllowPrivate})
	}
	return all
}

// Meet gives the endpoints as new ones.
func (w Webhooks) Meet(now time.Time) (endpoints []meet.WebhookEndpoint) {
	for _, e := range w.Endpoints {
		endpoints = append(endpoints, meet.WebhookEndpoint{ID: webhooks.NewID(), URL: e.URL, Secret: e.Secret,
			Kinds: e.Kinds, Configured: true, CreatedAt: now})
	}
	return endpoints
}

// MediaRoles are the built-in roles, as the configuration changes them, and the
// roles that it adds.
func (c Config) MediaRoles() meet.Roles {
	roles := meet.BuiltinRoles()
	for _, role := range c.Roles {
		i := slices.IndexFunc(roles, func(r meet.Role) bool { return r.Name == role.Name })
		if i < 0 {
			roles = append(roles, role)
		} else {
			roles[i] = role
		}
	}
	return roles
}
