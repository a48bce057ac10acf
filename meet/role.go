package meet

import "slices"

// Source is a kind of media somebody publishes. The values are LiveKit's
// names for track sources in token grants.
type Source string

// The sources, and what a track of no known source counts as.
const (
	Camera           Source = "camera"
	Microphone       Source = "microphone"
	ScreenShare      Source = "screen_share"
	ScreenShareAudio Source = "screen_share_audio"
	UnknownSource    Source = "unknown"
)

// Sources are all sources that a role can be given.
var Sources = []Source{Camera, Microphone, ScreenShare, ScreenShareAudio}

// Role is a named set of media rights from the configuration. Codes have its name,
// so that a change of the role holds for later joins without new codes. The tags
// are its names in the configuration and for agents.
type Role struct {
	Name      string   `yaml:"name" json:"name"`
	Publish   []Source `yaml:"publish" json:"publish"`     // empty: nothing may be published
	Subscribe bool     `yaml:"subscribe" json:"subscribe"` // may see and hear others
	Chat      bool     `yaml:"chat" json:"chat"`           // may send data messages

	SkipApproval bool `yaml:"skip_approval" json:"skip_approval"` // enters rooms that require approval without waiting

	Admit    bool        `yaml:"admit" json:"admit"`       // the same as RightAdmit in Moderate
	Moderate []HostRight `yaml:"moderate" json:"moderate"` // what they may do to others inside, on the page
}

// The roles that always exist, because modes hand them out.
const (
	RoleHost   = "host"   // the room's admins, joining without a code
	RoleGuest  = "guest"  // everybody else in a standard room
	RoleViewer = "viewer" // everybody else in a webinar
)

// BuiltinRoles are the roles that exist without any configuration.
func BuiltinRoles() Roles {
	return Roles{
		{Name: RoleHost, Publish: Sources, Subscribe: true, Chat: true, SkipApproval: true,
			Admit: true, Moderate: HostRights},
		{Name: RoleGuest, Publish: Sources, Subscribe: true, Chat: true},
		{Name: RoleViewer, Subscribe: true},
	}
}

// Roles are the roles of this server in the order codes are made for them.
type Roles []Role

// Get finds a role by name.
func (rs Roles) Get(name string) (Role, bool) {
	for _, r := range rs {
		if r.Name == name {
			return r, true
		}
	}
	return Role{}, false
}

// complete gives the roles with Admit and Moderate saying the same.
func (rs Roles) complete() Roles {
	rs = slices.Clone(rs)
	for i, r := range rs {
		if r.Admit && !r.may(RightAdmit) {
			rs[i].Moderate = append([]HostRight{RightAdmit}, r.Moderate...)
		}
		rs[i].Admit = rs[i].may(RightAdmit)
	}
	return rs
}

// Names lists the roles' names.
func (rs Roles) Names() []string {
	names := make([]string, len(rs))
	for i, r := range rs {
		names[i] = r.Name
	}
	return names
}

// Grants is what somebody may do inside the media room. The zero value grants
// nothing.
type Grants struct {
	Publish   []Source
	Subscribe bool
	Data      bool
}

// Grants resolves the role in a room: never more than the role has, never
// more than the room's settings allow.
func (r Role) Grants(s Settings) Grants {
	g := Grants{Subscribe: r.Subscribe, Data: r.Chat && s.AllowChat}
	for _, source := range r.Publish {
		if s.allow(source) {
			g.Publish = append(g.Publish, source)
		}
	}
	return g
}

// without gives the grants less some sources.
func (g Grants) without(sources []Source) Grants {
	g.Publish = slices.DeleteFunc(slices.Clone(g.Publish), func(s Source) bool { return slices.Contains(sources, s) })
	return g
}

// with gives the grants and a source more.
func (g Grants) with(source Source) Grants {
	if !g.may(source) {
		g.Publish = append(slices.Clone(g.Publish), source)
	}
	return g
}

// may says whether a source may be published.
func (g Grants) may(source Source) bool { return slices.Contains(g.Publish, source) }

// Equal says whether g and other allow the same.
func (g Grants) Equal(other Grants) bool {
	return g.Subscribe == other.Subscribe && g.Data == other.Data && len(g.Publish) == len(other.Publish) &&
		!slices.ContainsFunc(g.Publish, func(s Source) bool { return !slices.Contains(other.Publish, s) })
}

// roleWithoutCode is the role of somebody who joins by name or id.
func roleWithoutCode(room Room, admin bool) string {
	switch {
	case admin:
		return RoleHost
	case room.Mode == Webinar:
		return RoleViewer
	}
	return RoleGuest
}
