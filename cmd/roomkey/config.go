package main

import (
	"time"

	"roomkey/auth"
	"roomkey/livekit"
	"roomkey/livekit/embedded"
	"roomkey/meet"
	"roomkey/tools"
)

// Config is everything an operator can set. Its yaml tags are the keys of
// config.yaml; the environment uses them in upper case behind ROOMKEY_, with
// _ between levels. config.yaml in the repository explains each key.
type Config struct {
	Listen             string   `yaml:"listen"`
	PublicURL          string   `yaml:"public_url"`
	Data               string   `yaml:"data"`
	LogLevel           string   `yaml:"log_level"`
	LogFormat          string   `yaml:"log_format"`
	Toolsets           []string `yaml:"toolsets"`
	ReadOnly           bool     `yaml:"read_only"`
	DisableDestructive bool     `yaml:"disable_destructive"`

	Auth    AuthConfig    `yaml:"auth"`
	HTTP    HTTPConfig    `yaml:"http"`
	Metrics MetricsConfig `yaml:"metrics"`
	LiveKit LiveKitConfig `yaml:"livekit"`
	Rooms   RoomsConfig   `yaml:"rooms"`
	Events  EventsConfig  `yaml:"events"`
	Limits  LimitsConfig  `yaml:"limits"`
	Roles   []RoleConfig  `yaml:"roles"`
}

// AuthConfig is about access tokens.
type AuthConfig struct {
	Secret          string                 `yaml:"secret"`
	PreviousSecrets []PreviousSecretConfig `yaml:"previous_secrets"`
	MaxTTL          time.Duration          `yaml:"max_ttl"`
}

// PreviousSecretConfig is a secret that signs no more, and when its tokens end.
type PreviousSecretConfig struct {
	Secret string `yaml:"secret"`
	Until  string `yaml:"until"` // see parseUntil
}

// MetricsConfig is about who may read the metrics.
type MetricsConfig struct {
	Listen string `yaml:"listen"`
	Token  string `yaml:"token"`
}

// HTTPConfig is about who may reach the server.
type HTTPConfig struct {
	AllowedHosts   []string `yaml:"allowed_hosts"`
	AllowedOrigins []string `yaml:"allowed_origins"`
	TrustedProxies []string `yaml:"trusted_proxies"`
}

// LiveKitConfig names a foreign LiveKit server, or sets up the one inside.
type LiveKitConfig struct {
	URL          string         `yaml:"url"`
	APIKey       string         `yaml:"api_key"`
	APISecret    string         `yaml:"api_secret"`
	EmptyTimeout time.Duration  `yaml:"empty_timeout"`
	Embedded     EmbeddedConfig `yaml:"embedded"`
}

// EmbeddedConfig is about the LiveKit inside the process.
type EmbeddedConfig struct {
	Port    int    `yaml:"port"`
	UDPPort int    `yaml:"udp_port"`
	TCPPort int    `yaml:"tcp_port"`
	NodeIP  string `yaml:"node_ip"`
}

// RoomsConfig is what rooms are like unless their creator says otherwise.
type RoomsConfig struct {
	CreateMedia     string        `yaml:"create_media"`
	IsPublic        bool          `yaml:"is_public"`
	Mode            string        `yaml:"mode"`
	MaxParticipants int           `yaml:"max_participants"`
	ExpiresIn       time.Duration `yaml:"expires_in"`
	AllowChat       bool          `yaml:"allow_chat"`
	AllowVideo      bool          `yaml:"allow_video"`
	AllowAudio      bool          `yaml:"allow_audio"`
	E2EE            bool          `yaml:"e2ee"`
	RequireApproval bool          `yaml:"require_approval"`
	KeepName        time.Duration `yaml:"keep_name"`
}

// EventsConfig is about the audit trail.
type EventsConfig struct {
	Keep time.Duration `yaml:"keep"`
}

// LimitsConfig bounds what one caller, one code or one user may cost.
type LimitsConfig struct {
	// Of connections, with the LiveKit inside.
	SignallingMessageBytes      int           `yaml:"signalling_message_bytes"`
	SignallingMessagesPerSecond int           `yaml:"signalling_messages_per_second"`
	SignallingWithoutMedia      time.Duration `yaml:"signalling_without_media"`
	SignallingPerAddress        int           `yaml:"signalling_per_address"`
	SignallingPerCode           int           `yaml:"signalling_per_code"`
	SignallingPerRoom           int           `yaml:"signalling_per_room"`
	DataBytesPerSecond          int           `yaml:"data_bytes_per_second"`
	DataMessagesPerSecond       int           `yaml:"data_messages_per_second"`

	// Of what is kept; 0 is no limit.
	RoomsPerUser       int `yaml:"rooms_per_user"`
	RoomsPerMinute     int `yaml:"rooms_per_minute"`
	CodesPerRoom       int `yaml:"codes_per_room"`
	BlocksPerRoom      int `yaml:"blocks_per_room"`
	JoinsPerAddress    int `yaml:"joins_per_address"`
	JoinsPerCode       int `yaml:"joins_per_code"`
	JoinsPerUser       int `yaml:"joins_per_user"`
	ChangesPerUser     int `yaml:"changes_per_user"`
	RequestsPerAddress int `yaml:"requests_per_address"`
	RequestsPerCode    int `yaml:"requests_per_code"`
	RequestsPerRoom    int `yaml:"requests_per_room"`
}

// RoleConfig is a role: one of the built-in ones made different, or another.
type RoleConfig struct {
	Name         string   `yaml:"name"`
	Publish      []string `yaml:"publish"`
	Subscribe    bool     `yaml:"subscribe"`
	Chat         bool     `yaml:"chat"`
	SkipApproval bool     `yaml:"skip_approval"`
	Admit        bool     `yaml:"admit"`
}

// When the media room is made.
const (
	mediaAtCreate = "at_create"
	mediaOnJoin   = "on_join"
)

// defaultConfig is what holds where nobody says anything.
func defaultConfig() Config {
	l := meet.DefaultLimits()
	c := Config{
		Listen: "127.0.0.1:9090", Data: "data", LogLevel: "info", LogFormat: "text",
		Auth:    AuthConfig{PreviousSecrets: []PreviousSecretConfig{}, MaxTTL: auth.DefaultMaxTTL},
		HTTP:    HTTPConfig{AllowedHosts: []string{}, AllowedOrigins: []string{}, TrustedProxies: []string{}},
		LiveKit: LiveKitConfig{EmptyTimeout: livekit.DefaultEmptyTimeout},
		Rooms: RoomsConfig{CreateMedia: mediaOnJoin, Mode: string(meet.Standard), AllowChat: true, AllowVideo: true,
			AllowAudio: true, KeepName: 30 * 24 * time.Hour},
		Events: EventsConfig{Keep: meet.DefaultKeepEvents},
		Limits: LimitsConfig{
			SignallingMessageBytes: embedded.DefaultLimits.SignalBytes, SignallingMessagesPerSecond: embedded.DefaultLimits.SignalsPerSecond,
			SignallingWithoutMedia: embedded.DefaultLimits.MediaWithin,
			SignallingPerAddress:   meet.DefaultConnectionLimits.PerAddress, SignallingPerCode: meet.DefaultConnectionLimits.PerCode,
			SignallingPerRoom:  meet.DefaultConnectionLimits.PerRoom,
			DataBytesPerSecond: embedded.DefaultLimits.DataBytesPerSecond, DataMessagesPerSecond: embedded.DefaultLimits.DataMessagesPerSecond,
			RoomsPerUser: l.RoomsPerUser, RoomsPerMinute: l.RoomsPerMinute, CodesPerRoom: l.CodesPerRoom, BlocksPerRoom: l.BlocksPerRoom,
			JoinsPerAddress: l.JoinsPerAddress, JoinsPerCode: l.JoinsPerCode, JoinsPerUser: l.JoinsPerUser, ChangesPerUser: l.ChangesPerUser,
			RequestsPerAddress: l.RequestsPerAddress, RequestsPerCode: l.RequestsPerCode, RequestsPerRoom: l.RequestsPerRoom,
		},
	}
	for _, set := range tools.DefaultToolsets {
		c.Toolsets = append(c.Toolsets, string(set))
	}
	for _, role := range meet.BuiltinRoles() {
		c.Roles = append(c.Roles, RoleConfig{role.Name, stringsOf(role.Publish), role.Subscribe, role.Chat, role.SkipApproval, role.Admit})
	}
	return c
}

func stringsOf[S ~string](values []S) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// selection is the tools to offer.
func (c Config) selection() tools.Selection {
	s := tools.Selection{ReadOnly: c.ReadOnly, DisableDestructive: c.DisableDestructive, Toolsets: []tools.Toolset{}}
	for _, set := range c.Toolsets {
		s.Toolsets = append(s.Toolsets, tools.Toolset(set))
	}
	return s
}

// roles are the built-in roles, as the configuration changes them, and its own.
func (c Config) roles() meet.Roles {
	roles := meet.BuiltinRoles()
	for _, rc := range c.Roles {
		role := meet.Role{Name: rc.Name, Subscribe: rc.Subscribe, Chat: rc.Chat, SkipApproval: rc.SkipApproval, Admit: rc.Admit}
		for _, source := range rc.Publish {
			role.Publish = append(role.Publish, meet.Source(source))
		}
		replaced := false
		for i := range roles {
			if roles[i].Name == role.Name {
				roles[i], replaced = role, true
			}
		}
		if !replaced {
			roles = append(roles, role)
		}
	}
	return roles
}

func (c Config) defaults() meet.Defaults {
	r := c.Rooms
	return meet.Defaults{IsPublic: r.IsPublic, Mode: meet.Mode(r.Mode), MaxParticipants: r.MaxParticipants, ExpiresIn: r.ExpiresIn,
		Settings: meet.Settings{AllowChat: r.AllowChat, AllowVideo: r.AllowVideo, AllowAudio: r.AllowAudio, E2EE: r.E2EE,
			RequireApproval: r.RequireApproval}}
}

// limits are those of package meet.
func (c Config) limits() *meet.Limits {
	l := c.Limits
	return &meet.Limits{
		RoomsPerUser: l.RoomsPerUser, RoomsPerMinute: l.RoomsPerMinute, CodesPerRoom: l.CodesPerRoom, BlocksPerRoom: l.BlocksPerRoom,
		JoinsPerAddress: l.JoinsPerAddress, JoinsPerCode: l.JoinsPerCode, JoinsPerUser: l.JoinsPerUser, ChangesPerUser: l.ChangesPerUser,
		RequestsPerAddress: l.RequestsPerAddress, RequestsPerCode: l.RequestsPerCode, RequestsPerRoom: l.RequestsPerRoom,
	}
}

// foreign says whether LiveKit runs elsewhere.
func (c Config) foreign() bool { return c.LiveKit.URL != "" }
