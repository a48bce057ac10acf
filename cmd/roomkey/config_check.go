package main

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"roomkey/auth"
	"roomkey/meet"
	"roomkey/tools"
)

// validate checks the values against each other and the world's rules.
func (l *loader) validate() {
	c := &l.config
	if _, err := parseListen(c.Listen); err != nil {
		l.bad("listen", "%v", err)
	}
	if c.PublicURL != "" {
		if _, err := parsePublicURL(c.PublicURL); err != nil {
			l.bad("public_url", "%v", err)
		}
	}
	if strings.TrimSpace(c.Data) == "" {
		l.bad("data", "must name a folder")
	}
	l.oneOf("log_level", c.LogLevel, "debug", "info", "warn", "error")
	l.oneOf("log_format", c.LogFormat, "text", "json")
	if len(c.Toolsets) == 0 {
		l.bad("toolsets", "must name at least one of %s", strings.Join(stringsOf(tools.Toolsets), ", "))
	}
	for _, set := range c.Toolsets {
		l.oneOf("toolsets", set, stringsOf(tools.Toolsets)...)
	}
	l.validateAuth(c.Auth)
	l.validateMetrics(c.Metrics)
	l.validateHTTP(c.HTTP)
	l.validateLiveKit(c.LiveKit)
	l.validateRooms(c.Rooms)
	if c.Events.Keep < time.Hour {
		l.bad("events.keep", "must be at least 1h, not %s", c.Events.Keep)
	}
	l.validateSignalling(c.Limits)
	l.validateLimits(c.Limits)
	l.validateRoles(c.Roles)
}

// bad reports a value, with the place it comes from.
func (l *loader) bad(key, format string, args ...any) {
	l.problem(l.origin(key), "%s %s", key, fmt.Sprintf(format, args...))
}

// origin is where a key has its value from; for one that is left out of a
// mapping or an item of a list, where that begins.
func (l *loader) origin(key string) string {
	for end := len(key); end > 0; end = strings.LastIndexAny(key[:end], ".[") {
		if where, ok := l.origins[key[:end]]; ok {
			return where
		}
	}
	return "default"
}

func (l *loader) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		l.bad(key, "must be one of %s, not %q", strings.Join(allowed, ", "), value)
	}
}

func (l *loader) validateAuth(c AuthConfig) {
	if n := len(c.Secret); n > 0 && n < auth.MinSecret {
		l.bad("auth.secret", "has %d bytes, at least %d are needed", n, auth.MinSecret)
	}
	for i, previous := range c.PreviousSecrets {
		key := fmt.Sprintf("auth.previous_secrets[%d]", i)
		if n := len(previous.Secret); n < auth.MinSecret {
			l.bad(key+".secret", "has %d bytes, at least %d are needed", n, auth.MinSecret)
		}
		if _, err := parseUntil(previous.Until); err != nil {
			l.bad(key+".until", "%v", err)
		}
	}
	if c.MaxTTL < time.Minute {
		l.bad("auth.max_ttl", "must be at least 1m, not %s", c.MaxTTL)
	}
}

// minMetricsToken is the shortest token that opens the metrics, in bytes.
const minMetricsToken = 16

func (l *loader) validateMetrics(c MetricsConfig) {
	if c.Listen != "" {
		if _, err := parseListen(c.Listen); err != nil {
			l.bad("metrics.listen", "%v", err)
		}
	}
	if n := len(c.Token); n > 0 && n < minMetricsToken {
		l.bad("metrics.token", "has %d bytes, at least %d are needed", n, minMetricsToken)
	}
}

// parseUntil reads a day, which ends then (UTC), or a moment.
func parseUntil(s string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	moment, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("must be a day like 2027-01-31 or a time like 2027-01-31T12:00:00Z, not %q", s)
	}
	return moment, nil
}

func (l *loader) validateHTTP(c HTTPConfig) {
	for _, host := range c.AllowedHosts {
		if host == "" || strings.ContainsAny(host, "/:@* ") && !isIP(host) {
			l.bad("http.allowed_hosts", "must hold host names without scheme, port and wildcards, not %q", host)
		}
	}
	for _, origin := range c.AllowedOrigins {
		if u, ok := parseURL(origin); !ok || u.Path != "" || strings.Contains(u.Host, "*") {
			l.bad("http.allowed_origins", "must hold origins like https://app.example.com, not %q", origin)
		}
	}
	if _, err := parsePrefixes(c.TrustedProxies); err != nil {
		l.bad("http.trusted_proxies", "%v", err)
	}
}

func (l *loader) validateLiveKit(c LiveKitConfig) {
	var given, missing []string
	for _, a := range []struct{ key, value string }{{"livekit.url", c.URL}, {"livekit.api_key", c.APIKey}, {"livekit.api_secret", c.APISecret}} {
		if a.value != "" {
			given = append(given, a.key)
		} else {
			missing = append(missing, a.key)
		}
	}
	for _, key := range missing {
		if len(given) > 0 {
			l.problem(l.origin(given[0]), "%s is missing: a foreign LiveKit needs url, api_key and api_secret (or LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET)", key)
		}
	}
	if c.URL != "" {
		if _, ok := parseURL(c.URL, "ws", "wss", "http", "https"); !ok {
			l.bad("livekit.url", "must be a URL like wss://livekit.example.com")
		}
	}
	if c.EmptyTimeout < 10*time.Second || c.EmptyTimeout > 24*time.Hour {
		l.bad("livekit.empty_timeout", "must be between 10s and 24h")
	}
	ports := []struct {
		key  string
		port int
	}{{"livekit.embedded.port", c.Embedded.Port}, {"livekit.embedded.udp_port", c.Embedded.UDPPort}, {"livekit.embedded.tcp_port", c.Embedded.TCPPort}}
	for _, p := range ports {
		if p.port < 0 || p.port > 65535 {
			l.bad(p.key, "must be a port between 0 and 65535")
		}
	}
	if c.Embedded.NodeIP != "" {
		if ip, err := netip.ParseAddr(c.Embedded.NodeIP); err != nil || ip.IsUnspecified() || ip.Zone() != "" {
			l.bad("livekit.embedded.node_ip", "must be an IP address that participants can reach")
		}
	}
}

func (l *loader) validateRooms(c RoomsConfig) {
	l.oneOf("rooms.create_media", c.CreateMedia, mediaAtCreate, mediaOnJoin)
	l.oneOf("rooms.mode", c.Mode, stringsOf(meet.Modes)...)
	if c.MaxParticipants < 0 || c.MaxParticipants > meet.MaxParticipants {
		l.bad("rooms.max_participants", "must be between 0 (unlimited) and %d", meet.MaxParticipants)
	}
	if c.KeepName < 0 || c.KeepName > meet.MaxLifetime {
		l.bad("rooms.keep_name", "must be between 0 (not at all) and %v", meet.MaxLifetime)
	}
	if c.ExpiresIn < 0 || c.ExpiresIn > meet.MaxLifetime {
		l.bad("rooms.expires_in", "must be between 0 (never) and %v", meet.MaxLifetime)
	}
}

// validateLimits refuses negative numbers; 0 is no limit.
func (l *loader) validateLimits(c LimitsConfig) {
	for _, limit := range []struct {
		key string
		n   int
	}{
		{"rooms_per_user", c.RoomsPerUser}, {"rooms_per_minute", c.RoomsPerMinute},
		{"codes_per_room", c.CodesPerRoom}, {"blocks_per_room", c.BlocksPerRoom},
		{"joins_per_address", c.JoinsPerAddress}, {"joins_per_code", c.JoinsPerCode},
		{"joins_per_user", c.JoinsPerUser}, {"changes_per_user", c.ChangesPerUser},
		{"requests_per_address", c.RequestsPerAddress}, {"requests_per_code", c.RequestsPerCode},
		{"requests_per_room", c.RequestsPerRoom},
	} {
		if limit.n < 0 {
			l.bad("limits."+limit.key, "must be 0 (no limit) or more, not %d", limit.n)
		}
	}
}

var roleName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

func (l *loader) validateRoles(roles []RoleConfig) {
	seen := map[string]bool{}
	for i, role := range roles {
		key := fmt.Sprintf("roles[%d]", i)
		if !roleName.MatchString(role.Name) {
			l.bad(key+".name", "must be lowercase letters, digits, - and _, a letter first, at most 32, not %q", role.Name)
		}
		if seen[role.Name] {
			l.bad(key+".name", "is given twice: %q", role.Name)
		}
		seen[role.Name] = true
		for _, source := range role.Publish {
			l.oneOf(key+".publish", source, stringsOf(meet.Sources)...)
		}
	}
}

// parseListen reads the address to listen on. No host is all interfaces.
func parseListen(s string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("must be an address and a port like 127.0.0.1:9090, not %q", s)
	}
	switch host {
	case "localhost":
		host = "127.0.0.1"
	case "":
		host = "0.0.0.0"
	}
	address, err := netip.ParseAddrPort(net.JoinHostPort(host, port))
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("must be an IP address and a port like 127.0.0.1:9090, not %q", s)
	}
	return address, nil
}

// parsePublicURL reads where people reach the server.
func parsePublicURL(s string) (*url.URL, error) {
	u, ok := parseURL(strings.TrimSuffix(s, "/"), "http", "https")
	if !ok || u.Path != "" {
		return nil, fmt.Errorf("must be a URL like https://meet.example.com without a path, not %q", s)
	}
	return u, nil
}

// parseURL reads a URL that is a scheme (one of schemes, if any are given), a
// host, a port and a path at most.
func parseURL(s string, schemes ...string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(s, "?#") {
		return nil, false
	}
	return u, len(schemes) == 0 || slices.Contains(schemes, u.Scheme)
}

// parsePrefixes reads networks; a lone address is a network of one.
func parsePrefixes(texts []string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, text := range texts {
		if address, err := netip.ParseAddr(text); err == nil {
			prefixes = append(prefixes, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("must hold addresses or networks like 10.0.0.0/8, not %q", text)
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}
