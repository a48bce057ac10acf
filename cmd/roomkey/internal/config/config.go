// Package config knows what an operator can set: the keys of config.yaml,
// their defaults, their bounds, and where their values come from.
package config

import (
	"time"

	"roomkey/meet"
	"roomkey/tools"
)

// Config is everything an operator can set. Its yaml tags are the keys of
// config.yaml; environment variables have the same names in upper case, with
// ROOMKEY_ in front and _ between levels. config.yaml in the repository
// explains each key.
type Config struct {
	Listen             string          `yaml:"listen"`
	PublicURL          string          `yaml:"public_url"`
	Data               string          `yaml:"data"`
	LogLevel           string          `yaml:"log_level"`
	LogFormat          string          `yaml:"log_format"`
	Toolsets           []tools.Toolset `yaml:"toolsets"`
	ReadOnly           bool            `yaml:"read_only"`
	DisableDestructive bool            `yaml:"disable_destructive"`

	Database Database    `yaml:"database"`
	Auth     Auth        `yaml:"auth"`
	HTTP     HTTP        `yaml:"http"`
	Metrics  Metrics     `yaml:"metrics"`
	LiveKit  LiveKit     `yaml:"livekit"`
	Rooms    Rooms       `yaml:"rooms"`
	Events   Events      `yaml:"events"`
	Webhooks Webhooks    `yaml:"webhooks"`
	Limits   Limits      `yaml:"limits"`
	Roles    []meet.Role `yaml:"roles"`
}

// Database names a PostgreSQL database. Without a URL the database is a file in
// the data folder.
type Database struct {
	URL  string `yaml:"url"`
	Pool int    `yaml:"pool"`
}

// Auth is about access tokens.
type Auth struct {
	Secret          string           `yaml:"secret"`
	PreviousSecrets []PreviousSecret `yaml:"previous_secrets"`
	MaxTTL          time.Duration    `yaml:"max_ttl"`
	SignIn          bool             `yaml:"sign_in"`
	OIDC            []OIDC           `yaml:"oidc"`
	Issuers         []Issuer         `yaml:"issuers"`
}

// Issuer is another authorization server, whose access tokens count here.
type Issuer struct {
	Issuer       string `yaml:"issuer"`
	Audience     string `yaml:"audience"` // empty is the URL of MCP
	JWKSURL      string `yaml:"jwks_url"` // empty is what the issuer's metadata says
	RoleClaim    string `yaml:"role_claim"`
	AllowPrivate bool   `yaml:"allow_private"`
}

// PreviousSecret is a secret that signs no new tokens, and the time until which
// the tokens it has signed are accepted.
type PreviousSecret struct {
	Secret string `yaml:"secret"`
	Until  string `yaml:"until"` // see Expiry
}

// Metrics is about who may read the metrics.
type Metrics struct {
	Listen string `yaml:"listen"`
	Token  string `yaml:"token"`
}

// HTTP is about who may reach the server.
type HTTP struct {
	AllowedHosts   []string `yaml:"allowed_hosts"`
	AllowedOrigins []string `yaml:"allowed_origins"`
	TrustedProxies []string `yaml:"trusted_proxies"`
}

// LiveKit names a foreign LiveKit server, or sets up the one inside.
type LiveKit struct {
	URL           string        `yaml:"url"`
	APIKey        string        `yaml:"api_key"`
	APISecret     string        `yaml:"api_secret"`
	EmptyTimeout  time.Duration `yaml:"empty_timeout"`
	CountSpeaking bool          `yaml:"count_speaking"`
	Embedded      Embedded      `yaml:"embedded"`
}

// Foreign says whether LiveKit is another server than the one inside.
func (l LiveKit) Foreign() bool { return l.URL != "" }

// NoTCPPort switches media over TCP off.
const NoTCPPort = -1

// Embedded is about the LiveKit inside the process.
type Embedded struct {
	Port    int    `yaml:"port"`
	UDPPort int    `yaml:"udp_port"`
	TCPPort int    `yaml:"tcp_port"` // NoTCPPort is none
	NodeIP  string `yaml:"node_ip"`
}

// Rooms is what rooms are like unless their creator says otherwise.
type Rooms struct {
	CreateMedia string        `yaml:"create_media"` // MediaAtCreate or MediaOnJoin
	Defaults    meet.Defaults `yaml:",inline"`
	KeepName    time.Duration `yaml:"keep_name"`
}

// When the media room of a room is made.
const (
	MediaAtCreate = "at_create"
	MediaOnJoin   = "on_join"
)

// Events is about the audit trail.
type Events struct {
	Keep time.Duration `yaml:"keep"`
}

// Webhooks is about programs elsewhere that are told events.
type Webhooks struct {
	Endpoints    []WebhookEndpoint `yaml:"endpoints"`
	AllowPrivate bool              `yaml:"allow_private"`
}

// WebhookEndpoint is where events are told.
type WebhookEndpoint struct {
	URL    string           `yaml:"url"`
	Secret string           `yaml:"secret"`
	Kinds  []meet.EventKind `yaml:"kinds"` // empty is every kind
}

// Limits bound what one caller, one code or one user may cost.
type Limits struct {
	Participants meet.ParticipantLimits `yaml:",inline"` // of one participant of the LiveKit inside
	Connections  meet.ConnectionLimits  `yaml:",inline"` // how many may be open to the LiveKit inside
	Callers      meet.Limits            `yaml:",inline"` // of what is kept in the database; 0 is no limit
}
