package config

import (
	"slices"
	"time"

	"roomkey/auth"
	"roomkey/livekit"
	"roomkey/meet"
	"roomkey/tools"
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
		Auth:      Auth{PreviousSecrets: []PreviousSecret{}, MaxTTL: auth.DefaultMaxTTL},
		HTTP:      HTTP{AllowedHosts: []string{}, AllowedOrigins: []string{}, TrustedProxies: []string{}},
		LiveKit:   LiveKit{EmptyTimeout: livekit.DefaultEmptyTimeout},
		Rooms: Rooms{
			CreateMedia: MediaOnJoin,
			Defaults:    meet.Defaults{Mode: meet.Standard, Settings: meet.DefaultSettings()},
			KeepName:    30 * 24 * time.Hour,
		},
		Roles:  meet.BuiltinRoles(),
		Events: Events{Keep: meet.DefaultKeepEvents},
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
