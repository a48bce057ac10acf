package main

import (
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"roomkey/livekit"
)

// Everything that is wrong is told, with where it is, and nothing else.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	const port, url = "must be a port between 0 and 65535", "must be a URL like wss://livekit.example.com"
	const address = "must be an address and a port like 127.0.0.1:9090, not "
	const public = "must be a URL like https://meet.example.com without a path, not "
	tests := map[string]struct {
		file    string
		environ []string
		args    []string
		want    []string
	}{
		"no mapping":      {file: "[listen]", want: []string{"c.yaml:1: the configuration must be a mapping"}},
		"a text":          {file: "listen", want: []string{"c.yaml:1: the configuration must be a mapping"}},
		"no YAML":         {file: "a: [", want: []string{"c.yaml: line 1: did not find expected node content"}},
		"second document": {file: "data: a\n---\ndata: b\n", want: []string{"c.yaml:2: there is a second document; one is all that is read"}},
		"unknown keys": {file: "\nlitsen: x\nhttp: {hosts: []}\nroles: [{nme: x, name: y}]", want: []string{
			`c.yaml:2: there is no key "litsen"; known here: ` + strings.Join(keysOf(reflect.TypeFor[Config]()), ", "),
			`c.yaml:3: there is no key "http.hosts"; known here: allowed_hosts, allowed_origins, trusted_proxies`,
			`c.yaml:4: there is no key "roles[0].nme"; known here: admit, chat, name, publish, skip_approval, subscribe`}},
		"another case":     {file: "Data: x", want: []string{`c.yaml:1: there is no key "Data"; known here: ` + strings.Join(keysOf(reflect.TypeFor[Config]()), ", ")}},
		"a merge key":      {file: "livekit: {<<: {url: x}}", want: []string{`c.yaml:1: there is no key "livekit.<<"; known here: api_key, api_secret, embedded, empty_timeout, url`}},
		"twice":            {file: "data: a\nrooms:\n  mode: standard\n  mode: webinar\ndata: b", want: []string{"c.yaml:4: rooms.mode is given twice", "c.yaml:5: data is given twice"}},
		"twice, once null": {file: "data:\ndata: b", want: []string{"c.yaml:2: data is given twice"}},
		"wrong kinds": {file: "listen: [a]\nread_only: {}\nlivekit: here\ntoolsets: {rooms: true}\nroles: [host]", want: []string{
			"c.yaml:1: listen must be a single value", "c.yaml:2: read_only must be a single value", "c.yaml:3: livekit must be a mapping",
			"c.yaml:4: toolsets must be a list", "c.yaml:5: roles[0] must be a mapping"}},
		"wrong scalars": {file: "read_only: yes\nlivekit:\n  empty_timeout: 300\n  embedded: {port: 0x50, udp_port: 1.5, tcp_port: 99999999999999999999}", want: []string{
			"c.yaml:1: read_only must be true or false", "c.yaml:3: livekit.empty_timeout must be a time span like 90s, 15m or 24h",
			"c.yaml:4: livekit.embedded.port must be a whole number", "c.yaml:4: livekit.embedded.udp_port must be a whole number",
			"c.yaml:4: livekit.embedded.tcp_port must be a whole number"}},
		"wrong scalars elsewhere": {environ: []string{"ROOMKEY_ROOMS_E2EE=maybe", "ROOMKEY_LIVEKIT_EMBEDDED_PORT=a", "ROOMKEY_ROOMS_EXPIRES_IN=soon"}, want: []string{
			"ROOMKEY_LIVEKIT_EMBEDDED_PORT: livekit.embedded.port must be a whole number", "ROOMKEY_ROOMS_E2EE: rooms.e2ee must be true or false",
			"ROOMKEY_ROOMS_EXPIRES_IN: rooms.expires_in must be a time span like 90s, 15m or 24h"}},
		"listen, no port":  {file: "listen: 127.0.0.1", want: []string{"c.yaml:1: listen " + address + `"127.0.0.1"`}},
		"listen, a name":   {environ: []string{"ROOMKEY_LISTEN=example.com:80"}, want: []string{`ROOMKEY_LISTEN: listen must be an IP address and a port like 127.0.0.1:9090, not "example.com:80"`}},
		"listen, port":     {args: []string{"--listen=:65536"}, want: []string{`--listen: listen must be an IP address and a port like 127.0.0.1:9090, not ":65536"`}},
		"listen, nothing":  {args: []string{"--listen="}, want: []string{"--listen: listen " + address + `""`}},
		"public_url, path": {args: []string{"--public-url=https://a/meet"}, want: []string{"--public-url: public_url " + public + `"https://a/meet"`}},
		"public_url, kind": {file: "public_url: wss://a", want: []string{"c.yaml:1: public_url " + public + `"wss://a"`}},
		"public_url, host": {file: "public_url: https://:443", want: []string{"c.yaml:1: public_url " + public + `"https://:443"`}},
		"public_url, user": {file: "public_url: https://u@a", want: []string{"c.yaml:1: public_url " + public + `"https://u@a"`}},
		"public_url, tail": {file: "public_url: https://a?", want: []string{"c.yaml:1: public_url " + public + `"https://a?"`}},
		"limits": {file: "limits: {signalling_message_bytes: 1000, signalling_without_media: 1s, data_messages_per_second: 0}", want: []string{
			"c.yaml:1: limits.signalling_message_bytes must be between 65536 and 16777216, not 1000",
			"c.yaml:1: limits.data_messages_per_second must be between 1 and 100000, not 0",
			"c.yaml:1: limits.signalling_without_media must be between 5s and 1m, not 1s"}},
		"data": {file: "data: ' '", want: []string{"c.yaml:1: data must name a folder"}},
		"log": {file: "log_level: INFO\nlog_format: ''", want: []string{
			`c.yaml:1: log_level must be one of debug, info, warn, error, not "INFO"`, `c.yaml:2: log_format must be one of text, json, not ""`}},
		"toolsets":       {file: "toolsets:\n  - rooms\n  - doors", want: []string{`c.yaml:2: toolsets must be one of rooms, codes, moderation, hms, not "doors"`}},
		"toolsets, none": {file: "toolsets: []", want: []string{"c.yaml:1: toolsets must name at least one of rooms, codes, moderation, hms"}},
		"toolsets, flag": {args: []string{"--toolsets=,"}, want: []string{"--toolsets: toolsets must name at least one of rooms, codes, moderation, hms"}},
		"previous secrets": {file: "auth:\n  previous_secrets:\n    - {secret: short, until: soon}\n    - until: 2027-01-31", want: []string{
			"c.yaml:3: auth.previous_secrets[0].secret has 5 bytes, at least 32 are needed",
			`c.yaml:3: auth.previous_secrets[0].until must be a day like 2027-01-31 or a time like 2027-01-31T12:00:00Z, not "soon"`,
			"c.yaml:4: auth.previous_secrets[1].secret has 0 bytes, at least 32 are needed"}},
		"longest life": {file: "auth: {max_ttl: 59s}", want: []string{"c.yaml:1: auth.max_ttl must be at least 1m, not 59s"}},
		"metrics": {file: "metrics: {listen: everywhere, token: short}", want: []string{
			`c.yaml:1: metrics.listen must be an address and a port like 127.0.0.1:9090, not "everywhere"`,
			"c.yaml:1: metrics.token has 5 bytes, at least 16 are needed"}},
		"secret": {file: "auth: {secret: '0123456789012345678901234567890'}", want: []string{"c.yaml:1: auth.secret has 31 bytes, at least 32 are needed"}},
		"http": {file: "http:\n  allowed_hosts: [a.example, 'http://b', 'c:80', '*.d', '']\n  allowed_origins: ['https://a.example', b.example, 'https://c/', 'https://*.d']\n  trusted_proxies: [10.0.0.1, 10.0.0.0/33]", want: []string{
			`c.yaml:2: http.allowed_hosts must hold host names without scheme, port and wildcards, not "http://b"`,
			`c.yaml:2: http.allowed_hosts must hold host names without scheme, port and wildcards, not "c:80"`,
			`c.yaml:2: http.allowed_hosts must hold host names without scheme, port and wildcards, not "*.d"`,
			`c.yaml:2: http.allowed_hosts must hold host names without scheme, port and wildcards, not ""`,
			`c.yaml:3: http.allowed_origins must hold origins like https://app.example.com, not "b.example"`,
			`c.yaml:3: http.allowed_origins must hold origins like https://app.example.com, not "https://c/"`,
			`c.yaml:3: http.allowed_origins must hold origins like https://app.example.com, not "https://*.d"`,
			`c.yaml:4: http.trusted_proxies must hold addresses or networks like 10.0.0.0/8, not "10.0.0.0/33"`}},
		"livekit, in part": {file: "livekit:\n  empty_timeout: 5m\n  api_secret: s", environ: []string{"LIVEKIT_URL=ws://a"}, want: []string{
			"LIVEKIT_URL: livekit.api_key is missing: a foreign LiveKit needs url, api_key and api_secret (or LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET)"}},
		"livekit, kind":  {file: "livekit: {url: 'ftp://a', api_key: k, api_secret: s}", want: []string{"c.yaml:1: livekit.url " + url}},
		"livekit, host":  {file: "livekit: {url: 'ws://:7880', api_key: k, api_secret: s}", want: []string{"c.yaml:1: livekit.url " + url}},
		"livekit, user":  {file: "livekit: {url: 'ws://k:s@a', api_key: k, api_secret: s}", want: []string{"c.yaml:1: livekit.url " + url}},
		"livekit, query": {file: "livekit: {url: 'ws://a?x', api_key: k, api_secret: s}", want: []string{"c.yaml:1: livekit.url " + url}},
		"livekit, bounds": {file: "livekit:\n  empty_timeout: 9s\n  embedded:\n    port: -1\n    udp_port: 65536\n    tcp_port: 70000\n    node_ip: meet.example.com", want: []string{
			"c.yaml:2: livekit.empty_timeout must be between 10s and 24h", "c.yaml:4: livekit.embedded.port " + port, "c.yaml:5: livekit.embedded.udp_port " + port,
			"c.yaml:6: livekit.embedded.tcp_port " + port, "c.yaml:7: livekit.embedded.node_ip must be an IP address that participants can reach"}},
		"livekit, any address": {environ: []string{"ROOMKEY_LIVEKIT_EMBEDDED_NODE_IP=0.0.0.0"}, want: []string{
			"ROOMKEY_LIVEKIT_EMBEDDED_NODE_IP: livekit.embedded.node_ip must be an IP address that participants can reach"}},
		"rooms": {file: "rooms:\n  create_media: later\n  mode: party\n  max_participants: 100001\n  expires_in: -1s", want: []string{
			`c.yaml:2: rooms.create_media must be one of at_create, on_join, not "later"`, `c.yaml:3: rooms.mode must be one of standard, webinar, not "party"`,
			"c.yaml:4: rooms.max_participants must be between 0 (unlimited) and 100000", "c.yaml:5: rooms.expires_in must be between 0 (never) and 87600h0m0s"}},
		"limits of what is kept": {file: "limits:\n  rooms_per_user: -1\n  requests_per_room: -2\nrooms:\n  keep_name: -1s", want: []string{
			"c.yaml:5: rooms.keep_name must be between 0 (not at all) and 87600h0m0s",
			"c.yaml:2: limits.rooms_per_user must be 0 (no limit) or more, not -1", "c.yaml:3: limits.requests_per_room must be 0 (no limit) or more, not -2"}},
		"roles": {file: "roles:\n  - name: Host\n  - name: guest\n  - name: guest\n    publish: [camera,\n      hologram]\n  - chat: true", want: []string{
			`c.yaml:2: roles[0].name must be lowercase letters, digits, - and _, a letter first, at most 32, not "Host"`, `c.yaml:4: roles[2].name is given twice: "guest"`,
			`c.yaml:5: roles[2].publish must be one of camera, microphone, screen_share, screen_share_audio, not "hologram"`,
			`c.yaml:7: roles[3].name must be lowercase letters, digits, - and _, a letter first, at most 32, not ""`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, test.file, test.environ, test.args...)
			if diff := cmp.Diff(test.want, problems(t, err)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzConfig holds the loader to its promise: a configuration that every part
// of the program takes, or problems to show; and never a panic.
func FuzzConfig(f *testing.F) {
	for _, file := range []string{
		"", "~", "listen: :9090", "livekit: {url: 'HTTPS://a/b/', api_key: k, api_secret: s}", "public_url: http://[::1]:80/", "roles: [{name: a, publish: [camera]}]",
		"a: &a [*a]", "x: {<<: *y}", "data: !!binary aGk=", "http: {trusted_proxies: ['::1']}", "listen: '[fe80::1%25eth0]:0'", "? [a]\n: b", "--- a\n--- b\n",
	} {
		f.Add([]byte(file), "")
	}
	f.Add([]byte("toolsets: [rooms]"), "codes,,moderation ")
	f.Fuzz(func(t *testing.T, file []byte, toolsets string) {
		l := &loader{config: defaultConfig(), origins: map[string]string{}}
		l.yaml("c.yaml", file)
		l.environment([]string{"ROOMKEY_TOOLSETS=" + toolsets})
		l.validate()
		for _, problem := range l.problems {
			place, text, ok := strings.Cut(problem, ": ")
			if !ok || place == "" || text == "" || strings.ContainsFunc(problem, unicode.IsControl) {
				t.Errorf("problem: got %q, want a place and a text on one line", problem)
			}
		}
		if len(l.problems) == 0 {
			takenByAll(t, l.config)
		}
	})
}

// takenByAll fails the test unless every part of the program takes c.
func takenByAll(t *testing.T, c Config) {
	listen, err := parseListen(c.Listen)
	if err != nil {
		t.Errorf("listen %q: %v", c.Listen, err)
	}
	public, err := publicURL(c, listen)
	if err != nil || public.Host == "" || public.Path != "" {
		t.Errorf("public_url %q with listen %q: got %v, %v", c.PublicURL, c.Listen, public, err)
	}
	if ip, err := netip.ParseAddr(nodeIP(c, listen)); err != nil || ip.IsUnspecified() {
		t.Errorf("node IP: got %v, %v", ip, err)
	}
	if c.foreign() {
		if _, err := livekit.New(livekit.Config{URL: c.LiveKit.URL, APIKey: c.LiveKit.APIKey, APISecret: c.LiveKit.APISecret, EmptyTimeout: c.LiveKit.EmptyTimeout}); err != nil {
			t.Errorf("livekit: %v", err)
		}
		if ws := webSocketURL(c.LiveKit.URL); !strings.HasPrefix(ws, "ws://") && !strings.HasPrefix(ws, "wss://") {
			t.Errorf("livekit_url of %q: got %q, want a WebSocket's", c.LiveKit.URL, ws)
		}
	}
	if got := mustPrefixes(c.HTTP.TrustedProxies); len(got) != len(c.HTTP.TrustedProxies) {
		t.Errorf("trusted proxies: got %v, want those of %q", got, c.HTTP.TrustedProxies)
	}
	if err := new(slog.Level).UnmarshalText([]byte(c.LogLevel)); err != nil {
		t.Errorf("log level: %v", err)
	}
	if len(c.selection().Select()) == 0 {
		t.Errorf("toolsets %q offer no tool", c.Toolsets)
	}
	seen := map[string]bool{}
	for _, name := range c.roles().Names() {
		if seen[name] {
			t.Errorf("two roles %q", name)
		}
		seen[name] = true
	}
}
