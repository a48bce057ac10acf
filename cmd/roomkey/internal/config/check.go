package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"roomkey/auth"
	"roomkey/auth/issuers"
	"roomkey/meet"
	"roomkey/tools"
	"roomkey/webhooks"
)

const minMetricsToken = 16

// How many connections of an instance may read at the same time.
const minPool, maxPool = 2, 500

func (l *loader) check() {
	c := &l.config
	l.isListenAddress("listen", c.Listen)
	if c.PublicURL != "" {
		_, err := parsePublicURL(c.PublicURL)
		l.require(err == nil, "public_url", "%v", err)
	}
	l.require(strings.TrimSpace(c.Data) != "", "data", "must name a folder")
	isOneOf(l, "log_level", c.LogLevel, "debug", "info", "warn", "error")
	isOneOf(l, "log_format", c.LogFormat, "text", "json")
	l.require(len(c.Toolsets) > 0, "toolsets", "must name at least one of %s", list(tools.Toolsets))
	forEachItem(l, "toolsets", c.Toolsets, func(set tools.Toolset) {
		isOneOf(l, "toolsets", set, tools.Toolsets...)
	})
	l.require(c.Database.URL == "" || isPostgresURL(c.Database.URL), "database.url",
		"must be a URL like postgres://user:password@host:5432/database?sslmode=verify-full, or empty")
	l.checkAuth(c.Auth)
	l.checkSignIn()
	l.checkOIDC(c.Auth)
	l.checkIssuers(c.Auth.Issuers)
	if isPostgresURL(c.Database.URL) && c.Auth.Secret == "" {
		l.problem(l.source("database.url"), "auth.secret", "auth.secret is missing: all roomkeys on one database sign with"+
			" the same secret (or ROOMKEY_AUTH_SECRET). Make one with openssl rand -hex 32, and give it to each of them")
	}
	if c.Metrics.Listen != "" {
		l.isListenAddress("metrics.listen", c.Metrics.Listen)
	}
	if c.Metrics.Token != "" {
		l.isLong("metrics.token", c.Metrics.Token, minMetricsToken)
	}
	l.checkHTTP(c.HTTP)
	l.checkLiveKit(c.LiveKit)
	isOneOf(l, "rooms.create_media", c.Rooms.CreateMedia, MediaAtCreate, MediaOnJoin)
	isOneOf(l, "rooms.mode", c.Rooms.Defaults.Mode, meet.Modes...)
	l.require(c.Events.Keep >= time.Hour, "events.keep", "must be at least 1h, not %s", c.Events.Keep)
	l.checkWebhooks(c.Webhooks)
	l.checkNumbers()
	l.checkRoles(c.Roles)
}

// require reports the value of a key unless ok, with the place it comes from. A
// value that could not be read was reported already.
func (l *loader) require(ok bool, key, format string, args ...any) {
	if where := l.source(key); !ok && where != "" {
		l.problems = append(l.problems, where+": "+key+" "+fmt.Sprintf(format, args...))
	}
}

// source is where a key has its value from. A key that is left out of a mapping
// or of an item of a list has the source of that.
func (l *loader) source(key string) string {
	for end := len(key); end > 0; end = strings.LastIndexAny(key[:end], ".[") {
		if where, ok := l.sources[key[:end]]; ok {
			return where
		}
	}
	return "default"
}

// forEachItem checks the items of a list, but for those that could not be read.
func forEachItem[T any](l *loader, key string, items []T, check func(T)) {
	for i, item := range items {
		if l.source(fmt.Sprintf("%s[%d]", key, i)) != "" {
			check(item)
		}
	}
}

func isOneOf[S ~string](l *loader, key string, value S, allowed ...S) {
	l.require(slices.Contains(allowed, value), key, "must be one of %s, not %q", list(allowed), value)
}

func list[S ~string](texts []S) string {
	var all []string
	for _, text := range texts {
		all = append(all, string(text))
	}
	return strings.Join(all, ", ")
}

func (l *loader) isListenAddress(key, text string) {
	_, err := parseListen(text)
	l.require(err == nil, key, "%v", err)
}

// isPostgresURL says whether text may be the URL of a PostgreSQL database. It may
// hold a password, so nothing of it is shown. What else is wrong with it shows when
// it is opened.
func isPostgresURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql")
}

func (l *loader) isWithin(key string, least, most int, problem string) {
	value := int(l.fields[key].Int())
	l.require(value >= least && value <= most, key, "%s", problem)
}

func (l *loader) isLimit(key string, least, most int) {
	key = "limits." + key
	l.isWithin(key, least, most, fmt.Sprintf("must be between %d and %d, not %d", least, most, l.fields[key].Int()))
}

func (l *loader) isLong(key, secret string, least int) {
	l.require(len(secret) >= least, key, "has %d bytes, at least %d are needed", len(secret), least)
}

func (l *loader) checkAuth(c Auth) {
	if c.Secret != "" {
		l.isLong("auth.secret", c.Secret, auth.MinSecret)
	}
	for i, previous := range c.PreviousSecrets {
		key := fmt.Sprintf("auth.previous_secrets[%d]", i)
		l.isLong(key+".secret", previous.Secret, auth.MinSecret)
		_, err := parseExpiry(previous.Until)
		l.require(err == nil, key+".until", "%v", err)
	}
	l.require(c.MaxTTL >= time.Minute, "auth.max_ttl", "must be at least 1m, not %s", c.MaxTTL)
}

// checkSignIn makes sure that passcodes and tokens go over TLS, or stay on this
// machine.
func (l *loader) checkSignIn() {
	c := l.config
	if _, err := parseListen(c.Listen); err != nil || !c.Auth.SignIn {
		return
	}
	if _, err := parsePublicURL(c.PublicURL); err != nil && c.PublicURL != "" {
		return
	}
	public := c.PublicAddress(c.ListenAddress())
	l.require(public.Scheme == "https" || meet.Links{Public: public.String()}.OnlyHere(), "auth.sign_in",
		"needs a public_url with https, or one of this machine alone, not %s", public)
}

func (l *loader) checkIssuers(all []Issuer) {
	l.require(len(all) <= issuers.MaxIssuers, "auth.issuers", "may hold at most %d", issuers.MaxIssuers)
	for i, c := range all {
		key := fmt.Sprintf("auth.issuers[%d]", i)
		err := issuers.CheckURL(c.Issuer)
		l.require(err == nil, key+".issuer", "%v", err)
		l.require(!strings.ContainsAny(c.Issuer, "?|"), key+".issuer", "must be a URL without ? and |")
		sameIssuer := func(other Issuer) bool { return other.Issuer == c.Issuer }
		l.require(!slices.ContainsFunc(all[:i], sameIssuer), key+".issuer", "is given twice")
		if c.JWKSURL != "" {
			err := issuers.CheckURL(c.JWKSURL)
			l.require(err == nil, key+".jwks_url", "%v", err)
		}
	}
}

// Expiry is when the secret's tokens are no longer accepted: at a moment, or at
// the end of a day (UTC).
func (p PreviousSecret) Expiry() time.Time { return checked(parseExpiry(p.Until)) }

func parseExpiry(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("must be a day like 2027-01-31 or a time like 2027-01-31T12:00:00Z, not %q", text)
	}
	return moment, nil
}

func (l *loader) checkHTTP(c HTTP) {
	forEachItem(l, "http.allowed_hosts", c.AllowedHosts, func(host string) {
		_, err := netip.ParseAddr(host)
		l.require(host != "" && (err == nil || !strings.ContainsAny(host, "/:@* ")), "http.allowed_hosts",
			"must hold host names without scheme, port and wildcards, not %q", host)
	})
	forEachItem(l, "http.allowed_origins", c.AllowedOrigins, func(origin string) {
		u, ok := ParseURL(origin)
		l.require(ok && u.Path == "" && !strings.Contains(u.Host, "*"), "http.allowed_origins",
			"must hold origins like https://app.example.com, not %q", origin)
	})
	forEachItem(l, "http.trusted_proxies", c.TrustedProxies, func(proxy string) {
		_, err := parseProxy(proxy)
		l.require(err == nil, "http.trusted_proxies", "must hold addresses or networks like 10.0.0.0/8, not %q", proxy)
	})
}

// Proxies are the networks of the proxies that are trusted.
func (c HTTP) Proxies() []netip.Prefix {
	var prefixes []netip.Prefix
	for _, text := range c.TrustedProxies {
		prefixes = append(prefixes, checked(parseProxy(text)))
	}
	return prefixes
}

// parseProxy reads a network; a single address is a network of one.
func parseProxy(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

func (l *loader) checkLiveKit(c LiveKit) {
	keys := map[string]string{"livekit.url": c.URL, "livekit.api_key": c.APIKey, "livekit.api_secret": c.APISecret}
	order := []string{"livekit.url", "livekit.api_key", "livekit.api_secret"}
	given := slices.IndexFunc(order, func(key string) bool { return keys[key] != "" })
	for _, key := range order {
		if given >= 0 && keys[key] == "" {
			l.problem(l.source(order[given]), key, "%s is missing: a foreign LiveKit needs url, api_key and api_secret"+
				" (or LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET)", key)
		}
	}
	if c.URL != "" {
		_, ok := ParseURL(c.URL, "ws", "wss", "http", "https")
		l.require(ok, "livekit.url", "must be a URL like wss://livekit.example.com")
	}
	l.require(c.EmptyTimeout >= 10*time.Second && c.EmptyTimeout <= 24*time.Hour,
		"livekit.empty_timeout", "must be between 10s and 24h")
	if c.Embedded.NodeIP != "" {
		ip, err := netip.ParseAddr(c.Embedded.NodeIP)
		l.require(err == nil && !ip.IsUnspecified() && ip.Zone() == "",
			"livekit.embedded.node_ip", "must be an IP address that participants can reach")
	}
}

// checkNumbers checks ports, numbers and time spans against their bounds. The
// least values of limits are what clients need in a small room.
func (l *loader) checkNumbers() {
	for _, key := range []string{"port", "udp_port"} {
		l.isWithin("livekit.embedded."+key, 0, 65535, "must be a port between 0 and 65535")
	}
	l.isWithin("livekit.embedded.tcp_port", NoTCPPort, 65535, "must be a port between 0 and 65535, or -1 for none")
	l.isWithin("database.pool", minPool, maxPool, fmt.Sprintf("must be between %d and %d", minPool, maxPool))
	l.isWithin("rooms.max_participants", 0, meet.MaxParticipants,
		fmt.Sprintf("must be between 0 (unlimited) and %d", meet.MaxParticipants))
	l.isWithin("rooms.keep_name", 0, int(meet.MaxLifetime),
		fmt.Sprintf("must be between 0 (not at all) and %v", meet.MaxLifetime))
	l.isWithin("rooms.expires_in", 0, int(meet.MaxLifetime),
		fmt.Sprintf("must be between 0 (never) and %v", meet.MaxLifetime))
	l.isLimit("signalling_message_bytes", 64<<10, 16<<20)
	l.isLimit("signalling_messages_per_second", 10, 100_000)
	l.isLimit("signalling_per_address", 1, 1_000_000)
	l.isLimit("signalling_per_code", 1, 1_000_000)
	l.isLimit("signalling_per_room", 1, 1_000_000)
	l.isLimit("data_bytes_per_second", 16<<10, 1<<30)
	l.isLimit("data_messages_per_second", 1, 100_000)
	mediaWithin := l.config.Limits.Participants.MediaWithin
	l.require(mediaWithin >= 5*time.Second && mediaWithin <= time.Minute,
		"limits.signalling_without_media", "must be between 5s and 1m, not %s", mediaWithin)
	callers := reflect.TypeFor[meet.Limits]()
	for i := range callers.NumField() {
		key := "limits." + callers.Field(i).Tag.Get("yaml")
		value := l.fields[key].Int()
		l.require(value >= 0, key, "must be 0 (no limit) or more, not %d", value)
	}
}

// checkWebhooks shows nothing of a URL or a secret.
func (l *loader) checkWebhooks(c Webhooks) {
	l.require(len(c.Endpoints) <= webhooks.MaxEndpoints, "webhooks.endpoints", "may hold at most %d",
		webhooks.MaxEndpoints)
	for i, e := range c.Endpoints {
		key := fmt.Sprintf("webhooks.endpoints[%d]", i)
		err := webhooks.CheckURL(e.URL, c.AllowPrivate)
		l.require(err == nil, key+".url", "%v", err)
		sameURL := func(other WebhookEndpoint) bool { return other.URL == e.URL }
		l.require(!slices.ContainsFunc(c.Endpoints[:i], sameURL), key+".url", "is given twice")
		err = webhooks.CheckSecret(e.Secret)
		l.require(err == nil, key+".secret", "%v", err)
		forEachItem(l, key+".kinds", e.Kinds, func(kind meet.EventKind) {
			isOneOf(l, key+".kinds", kind, meet.EventKinds...)
		})
	}
}

var roleName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

func (l *loader) checkRoles(roles []meet.Role) {
	for i, role := range roles {
		key := fmt.Sprintf("roles[%d]", i)
		l.require(roleName.MatchString(role.Name), key+".name",
			"must be lowercase letters, digits, - and _, a letter first, at most 32, not %q", role.Name)
		sameName := func(other meet.Role) bool { return other.Name == role.Name }
		l.require(!slices.ContainsFunc(roles[:i], sameName), key+".name", "is given twice: %q", role.Name)
		forEachItem(l, key+".publish", role.Publish, func(source meet.Source) {
			isOneOf(l, key+".publish", source, meet.Sources...)
		})
		forEachItem(l, key+".moderate", role.Moderate, func(right meet.HostRight) {
			isOneOf(l, key+".moderate", right, meet.HostRights...)
		})
	}
}

// ParseURL reads a URL that is a scheme (one of schemes, if any are given), a
// host, a port and a path at most.
func ParseURL(s string, schemes ...string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(s, "?#") {
		return nil, false
	}
	return u, len(schemes) == 0 || slices.Contains(schemes, u.Scheme)
}
