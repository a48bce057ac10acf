package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
)

// Files with everything that can be wrong. What follows "# - " is a problem of
// that line, or of the line before it.
var wrongFiles = []string{
	`[listen] # - the configuration must be a mapping
`, `listen
# - the configuration must be a mapping
`, `
litsen: x # - there is no key "litsen"
Data: x # - there is no key "Data"
"": x # - there is no key ""
livekit.url: x # - there is no key "livekit.url"
http: {hosts: []} # - there is no key "http.hosts"
roles: [{nme: x, name: y}] # - there is no key "roles[0].nme"
livekit: {<<: {url: x}} # - there is no key "livekit.<<"
rooms:
  mode: standard
  mode: webinar # - rooms.mode is given twice
data:
data: b # - data is given twice
`, `
listen: [a] # - listen must be a single value
read_only: {} # - read_only must be a single value
livekit: here # - livekit must be a mapping
toolsets: {rooms: true} # - toolsets must be a list
roles: [host] # - roles[0] must be a mapping
`, `
toolsets: [[rooms], doors] # - toolsets[0] must be a single value
# - toolsets must be one of rooms, codes, moderation, meeting, hms, not "doors"
roles: [{name: a, publish: [{}]}] # - roles[0].publish[0] must be a single value
http:
  allowed_hosts: [{}] # - http.allowed_hosts[0] must be a single value
  allowed_origins: [[]] # - http.allowed_origins[0] must be a single value
  trusted_proxies: [['::1'], 10.0.0.0/33, x] # - http.trusted_proxies[0] must be a single value
# - http.trusted_proxies must hold addresses or networks like 10.0.0.0/8, not "10.0.0.0/33"
# - http.trusted_proxies must hold addresses or networks like 10.0.0.0/8, not "x"
`, `
read_only: yes # - read_only must be true or false
livekit:
  empty_timeout: 300 # - livekit.empty_timeout must be a time span like 90s, 15m or 24h
  embedded:
    port: 0x50 # - livekit.embedded.port must be a whole number
    udp_port: 1.5 # - livekit.embedded.udp_port must be a whole number
    tcp_port: 99999999999999999999 # - livekit.embedded.tcp_port must be a whole number
    node_ip: meet.example.com # - livekit.embedded.node_ip must be an IP address that participants can reach
listen: 127.0.0.1 # - listen must be an address and a port like 127.0.0.1:9090, not "127.0.0.1"
metrics:
  listen: everywhere # - metrics.listen must be an address and a port like 127.0.0.1:9090, not "everywhere"
  token: short # - metrics.token has 5 bytes, at least 16 are needed
limits:
  signalling_message_bytes: 1000 # - limits.signalling_message_bytes must be between 65536 and 16777216, not 1000
  signalling_without_media: 1s # - limits.signalling_without_media must be between 5s and 1m, not 1s
  data_messages_per_second: 0 # - limits.data_messages_per_second must be between 1 and 100000, not 0
  rooms_per_user: -1 # - limits.rooms_per_user must be 0 (no limit) or more, not -1
  requests_per_room: -2 # - limits.requests_per_room must be 0 (no limit) or more, not -2
data: ' ' # - data must name a folder
database:
  url: mysql://u:password@host/db
# - database.url must be a URL like postgres://user:password@host:5432/database?sslmode=verify-full, or empty
  pool: 1 # - database.pool must be between 2 and 500
log_level: INFO # - log_level must be one of debug, info, warn, error, not "INFO"
log_format: '' # - log_format must be one of text, json, not ""
toolsets:
  - rooms # - toolsets must be one of rooms, codes, moderation, meeting, hms, not "doors"
  - doors
auth:
  max_ttl: 59s # - auth.max_ttl must be at least 1m, not 59s
  secret: '0123456789012345678901234567890' # - auth.secret has 31 bytes, at least 32 are needed
  previous_secrets:
  - secret: short # - auth.previous_secrets[0].secret has 5 bytes, at least 32 are needed
    until: soon
# - auth.previous_secrets[0].until must be a day like 2027-01-31 or a time like 2027-01-31T12:00:00Z, not "soon"
  - until: 2027-01-31 # - auth.previous_secrets[1].secret has 0 bytes, at least 32 are needed
  issuers:
  - issuer: http://login.example.com
# - auth.issuers[0].issuer must begin with https, unless it is at this machine's own address
  - issuer: https://a.example
    jwks_url: a.example/keys
# - auth.issuers[1].jwks_url must be a URL like https://login.example.com, without user, password and fragment
  - issuer: https://a.example # - auth.issuers[2].issuer is given twice
  - issuer: https://a.example?x # - auth.issuers[3].issuer must be a URL without ? and |
rooms:
  create_media: later # - rooms.create_media must be one of at_create, on_join, not "later"
  mode: party # - rooms.mode must be one of standard, webinar, not "party"
  max_participants: 100001 # - rooms.max_participants must be between 0 (unlimited) and 100000
  expires_in: -1s # - rooms.expires_in must be between 0 (never) and 87600h0m0s
  keep_name: -1s # - rooms.keep_name must be between 0 (not at all) and 87600h0m0s
events: {keep: 59m} # - events.keep must be at least 1h, not 59m0s
roles:
- name: Host # - roles[0].name must be lowercase letters, digits, - and _, a letter first, at most 32, not "Host"
- name: guest
- name: guest # - roles[2].name is given twice: "guest"
  publish:
  - camera # - roles[2].publish must be one of camera, microphone, screen_share, screen_share_audio, not "hologram"
  - hologram
- name: usher
  moderate: [admit, sing]
# - roles[3].moderate must be one of admit, mute, video, lock, remove, block, end, invite, role, rename, not "sing"
- chat: true # - roles[4].name must be lowercase letters, digits, - and _, a letter first, at most 32, not ""
`, `
database: # nothing of what may be a password is shown
  url: postgres://u:pass%zzword@host/db
# - database.url must be a URL like postgres://user:password@host:5432/database?sslmode=verify-full, or empty
  pool: 501 # - database.pool must be between 2 and 500
livekit:
  empty_timeout: 9s # - livekit.empty_timeout must be between 10s and 24h
  embedded:
    port: -1 # - livekit.embedded.port must be a port between 0 and 65535
    udp_port: 65536 # - livekit.embedded.udp_port must be a port between 0 and 65535
    tcp_port: 70000 # - livekit.embedded.tcp_port must be a port between 0 and 65535, or -1 for none
    node_ip: 0.0.0.0 # - livekit.embedded.node_ip must be an IP address that participants can reach
toolsets: [] # - toolsets must name at least one of rooms, codes, moderation, meeting, hms
http:
  allowed_hosts: [a.example, 'http://b', 'c:80', '*.d', '', '::1']
# - http.allowed_hosts must hold host names without scheme, port and wildcards, not "http://b"
# - http.allowed_hosts must hold host names without scheme, port and wildcards, not "c:80"
# - http.allowed_hosts must hold host names without scheme, port and wildcards, not "*.d"
# - http.allowed_hosts must hold host names without scheme, port and wildcards, not ""
  allowed_origins: ['https://a.example', b.example, 'https://c/', 'https://*.d']
# - http.allowed_origins must hold origins like https://app.example.com, not "b.example"
# - http.allowed_origins must hold origins like https://app.example.com, not "https://c/"
# - http.allowed_origins must hold origins like https://app.example.com, not "https://*.d"
  trusted_proxies: [10.0.0.1, 10.0.0.0/33]
# - http.trusted_proxies must hold addresses or networks like 10.0.0.0/8, not "10.0.0.0/33"
`, `
database:
  url: postgresql://u@host/db
# - auth.secret is missing: all roomkeys on one database sign with the same secret (or ROOMKEY_AUTH_SECRET). ` +
		`Make one with openssl rand -hex 32, and give it to each of them
`,
}

// Everything that is wrong in a file is reported at once, with its line, and
// nothing else is.
func TestProblemsInFiles(t *testing.T) {
	t.Parallel()
	for i, file := range wrongFiles {
		var want []string
		line := 0
		for n, text := range strings.Split(file, "\n") {
			value, problem, wrong := strings.Cut(text, "# - ")
			if value != "" || !wrong {
				line = n + 1
			}
			if wrong {
				want = append(want, fmt.Sprintf("c.yaml:%d: %s", line, problem))
			}
		}
		_, err := load(t, file, nil)
		got := problems(t, err)
		for n, problem := range got {
			got[n], _, _ = strings.Cut(problem, "; known here: ") // see TestProblems
		}
		if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
			t.Errorf("problems of file %d (-want +got):\n%s", i, diff)
		}
	}
}

func sorted(lines []string) []string { return slices.Sorted(slices.Values(lines)) }

// problems are the lines of a refused configuration, each with the folder of
// its file taken off.
func problems(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var e *meet.Error
	if !errors.As(err, &e) || e.Code != meet.CodeInvalid {
		t.Fatalf("error: got %v, want one of code invalid", err)
	}
	lines := strings.Split(e.Message, "\n")
	if lines[0] != "The configuration cannot be used:" || len(lines) < 3 {
		t.Fatalf("error: got %q, want a heading, the problems and a hint", lines)
	}
	lines = lines[1 : len(lines)-1]
	for i, line := range lines {
		place, rest, _ := strings.Cut(strings.TrimPrefix(line, "  "), ": ")
		lines[i] = filepath.Base(place) + ": " + rest
	}
	return lines
}

func TestProblems(t *testing.T) {
	t.Parallel()
	const (
		listen  = "listen must be an IP address and a port like 127.0.0.1:9090, not "
		public  = "public_url must be a URL like https://meet.example.com without a path, not "
		foreign = "livekit.url must be a URL like wss://livekit.example.com"
		missing = " is missing: a foreign LiveKit needs url, api_key and api_secret" +
			" (or LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET)"
	)
	for _, test := range []struct {
		file, environ, args string // the latter separated by spaces
		want                string
	}{
		{"a: [", "", "", "c.yaml: line 1: did not find expected node content"},
		{"data: a\n---\ndata: b\n", "", "", "c.yaml:2: there is a second document; one is all that is read"},
		{"", "", "--config nowhere.yaml", "nowhere.yaml: cannot be read: no such file or directory"},
		{"", "ROOMKEY_ROOMS_E2EE=maybe", "", "ROOMKEY_ROOMS_E2EE: rooms.e2ee must be true or false"},
		{"", "ROOMKEY_EVENTS_KEEP=a", "", "ROOMKEY_EVENTS_KEEP: events.keep must be a time span like 90s, 15m or 24h"},
		{"", "ROOMKEY_LIMITS_ROOMS_PER_USER=a", "",
			"ROOMKEY_LIMITS_ROOMS_PER_USER: limits.rooms_per_user must be a whole number"},
		{"roles: [{nme: x, name: y}]", "", "", `c.yaml:1: there is no key "roles[0].nme"; ` +
			"known here: admit, chat, moderate, name, publish, skip_approval, subscribe"},
		{"http: {hosts: []}", "", "", `c.yaml:1: there is no key "http.hosts"; ` +
			"known here: allowed_hosts, allowed_origins, trusted_proxies"},
		{"", "ROOMKEY_X=1 ROOMKEY_DATE=1", "",
			"ROOMKEY_DATE: there is no key for this variable\nROOMKEY_X: there is no key for this variable"},
		{"", "", "--toolsets=,", "--toolsets: toolsets must name at least one of rooms, codes, moderation, meeting, hms"},
		{"", "ROOMKEY_LISTEN=example.com:80", "", "ROOMKEY_LISTEN: " + listen + `"example.com:80"`},
		{"", "", "--listen=:65536", "--listen: " + listen + `":65536"`},
		{"", "", "--listen=", `--listen: listen must be an address and a port like 127.0.0.1:9090, not ""`},
		{"", "", "--public-url=https://a/meet", "--public-url: " + public + `"https://a/meet"`},
		{"public_url: http://a\nauth: {sign_in: true}", "", "", "c.yaml:2: auth.sign_in needs a public_url with https, " +
			"or one of this machine alone, not http://a"},
		{"listen: 192.0.2.7:80", "ROOMKEY_AUTH_SIGN_IN=true", "", "ROOMKEY_AUTH_SIGN_IN: auth.sign_in needs a public_url " +
			"with https, or one of this machine alone, not http://192.0.2.7:80"},
		{"public_url: wss://a", "", "", "c.yaml:1: " + public + `"wss://a"`},
		{"public_url: https://:443", "", "", "c.yaml:1: " + public + `"https://:443"`},
		{"public_url: https://u@a", "", "", "c.yaml:1: " + public + `"https://u@a"`},
		{"public_url: https://a?", "", "", "c.yaml:1: " + public + `"https://a?"`},
		{"livekit:\n  empty_timeout: 5m\n  api_secret: s", "LIVEKIT_URL=ws://a", "",
			"LIVEKIT_URL: livekit.api_key" + missing},
		{"", "LIVEKIT_API_KEY=k", "", "LIVEKIT_API_KEY: livekit.url" + missing +
			"\nLIVEKIT_API_KEY: livekit.api_secret" + missing},
		{"livekit: {url: 'ftp://a', api_key: k, api_secret: s}", "", "", "c.yaml:1: " + foreign},
		{"livekit: {url: 'ws://:7880', api_key: k, api_secret: s}", "", "", "c.yaml:1: " + foreign},
		{"livekit: {url: 'ws://k:s@a', api_key: k, api_secret: s}", "", "", "c.yaml:1: " + foreign},
		{"livekit: {url: 'ws://a?x', api_key: k, api_secret: s}", "", "", "c.yaml:1: " + foreign},
	} {
		_, err := load(t, test.file, strings.Fields(test.environ), strings.Fields(test.args)...)
		if diff := cmp.Diff(test.want, strings.Join(problems(t, err), "\n")); diff != "" {
			t.Errorf("%+v: problems (-want +got):\n%s", test, diff)
		}
	}
}

// FuzzConfig holds the loader to its promise: a configuration that every part
// of the program takes, or problems to show; and never a panic.
func FuzzConfig(f *testing.F) {
	for _, file := range []string{
		"", "~", "listen: :9090", "livekit: {url: 'HTTPS://a/b/', api_key: k, api_secret: s}",
		"public_url: http://[::1]:80/", "roles: [{name: a, publish: [camera]}]", "a: &a [*a]", "x: {<<: *y}",
		"data: !!binary aGk=", "http: {trusted_proxies: ['::1']}", "listen: '[fe80::1%25eth0]:0'", "? [a]\n: b",
		"--- a\n--- b\n",
	} {
		f.Add([]byte(file), "")
	}
	f.Add([]byte("toolsets: [rooms]"), "codes,,moderation ")
	f.Fuzz(func(t *testing.T, file []byte, toolsets string) {
		l := newLoader()
		l.readYAML("c.yaml", file)
		l.readEnvironment([]string{"ROOMKEY_TOOLSETS=" + toolsets})
		l.check()
		for _, problem := range l.problems {
			place, text, ok := strings.Cut(problem, ": ")
			if !ok || place == "" || text == "" || strings.ContainsFunc(problem, unicode.IsControl) {
				t.Errorf("problem: got %q, want a place and a text on one line", problem)
			}
		}
		if len(l.problems) == 0 {
			holdUsable(t, l.config)
		}
	})
}

// holdUsable fails the test unless every part of the program takes c.
func holdUsable(t *testing.T, c Config) {
	listen := c.ListenAddress()
	if public := c.PublicAddress(listen); public.Host == "" || public.Path != "" {
		t.Errorf("public_url %q with listen %q: got %v", c.PublicURL, c.Listen, public)
	}
	if ip, err := netip.ParseAddr(c.NodeIP(listen)); err != nil || ip.IsUnspecified() {
		t.Errorf("node IP: got %v, %v", ip, err)
	}
	if c.LiveKit.Foreign() {
		if ws := WebSocketURL(c.LiveKit.URL); !strings.HasPrefix(ws, "ws://") && !strings.HasPrefix(ws, "wss://") {
			t.Errorf("livekit_url of %q: got %q, want a WebSocket's", c.LiveKit.URL, ws)
		}
	}
	if got := c.HTTP.Proxies(); len(got) != len(c.HTTP.TrustedProxies) {
		t.Errorf("trusted proxies: got %v, want those of %q", got, c.HTTP.TrustedProxies)
	}
	if err := new(slog.Level).UnmarshalText([]byte(c.LogLevel)); err != nil {
		t.Errorf("log level: %v", err)
	}
	if len(c.Selection().Select()) == 0 {
		t.Errorf("toolsets %q offer no tool", c.Toolsets)
	}
	names := sorted(c.MediaRoles().Names())
	if unique := slices.Compact(slices.Clone(names)); len(unique) != len(names) {
		t.Errorf("roles: got %q, want each name once", names)
	}
}
