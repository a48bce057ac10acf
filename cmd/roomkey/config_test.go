package main

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"roomkey/meet"
)

// load loads a configuration from the text of a file, which is called
// c.yaml, variables and flags.
func load(t *testing.T, file string, environ []string, args ...string) (Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	addConfigFlags(flags)
	if file != "" {
		path := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return loadConfig(flags, environ)
}

func mustLoad(t *testing.T, file string, environ []string, args ...string) Config {
	t.Helper()
	c, err := load(t, file, environ, args...)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return c
}

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
	lines := strings.Split(errorLine(err), "\n")
	if lines[0] != "invalid: The configuration cannot be used:" || len(lines) < 3 {
		t.Fatalf("error: got %q, want a heading, the problems and a hint", lines)
	}
	lines = lines[1 : len(lines)-1]
	for i, line := range lines {
		place, rest, _ := strings.Cut(strings.TrimPrefix(line, "  "), ": ")
		lines[i] = filepath.Base(place) + ": " + rest
	}
	return lines
}

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"no file": "", "nothing but a line end": "\n", "a comment": "# nothing\n", "null": "null", "tilde": "~", "empty mapping": "{}",
		"a document mark": "---\n", "nulls": "listen:\ndata: ~\nread_only: null\ntoolsets:\nlivekit:\nrooms: {mode: , expires_in: ~}\nroles:\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(defaultConfig(), mustLoad(t, file, nil)); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
		})
	}
}

// Each source overrules the ones before it: defaults, file, environment, flags.
func TestConfigPrecedence(t *testing.T) {
	t.Parallel()
	keys := []struct {
		key, file, env, flag string
		got                  func(Config) any
		want                 [4]any // by default, file, environment, flag
	}{
		{"listen", "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", func(c Config) any { return c.Listen },
			[4]any{"127.0.0.1:9090", "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}},
		{"public_url", "http://a", "http://b", "http://c", func(c Config) any { return c.PublicURL }, [4]any{"", "http://a", "http://b", "http://c"}},
		{"data", "a", "b", "c", func(c Config) any { return c.Data }, [4]any{"data", "a", "b", "c"}},
		{"log_level", "debug", "warn", "error", func(c Config) any { return c.LogLevel }, [4]any{"info", "debug", "warn", "error"}},
		{"toolsets", "[rooms]", "codes", "moderation", func(c Config) any { return strings.Join(c.Toolsets, " ") },
			[4]any{"rooms codes moderation", "rooms", "codes", "moderation"}},
		{"read_only", "true", "false", "true", func(c Config) any { return c.ReadOnly }, [4]any{false, true, false, true}},
		{"disable_destructive", "true", "false", "true", func(c Config) any { return c.DisableDestructive }, [4]any{false, true, false, true}},
	}
	if len(keys) != len(configFlags) {
		t.Errorf("keys with a flag: got %d in this test, want %d", len(keys), len(configFlags))
	}
	for _, k := range keys {
		t.Run(k.key, func(t *testing.T) {
			t.Parallel()
			flag := "--" + strings.ReplaceAll(k.key, "_", "-") + "=" + k.flag
			file, env := k.key+": "+k.file, []string{"ROOMKEY_" + strings.ToUpper(k.key) + "=" + k.env}
			for i, c := range []Config{
				mustLoad(t, "", nil), mustLoad(t, file, nil), mustLoad(t, file, env), mustLoad(t, file, env, flag),
			} {
				if got := k.got(c); got != k.want[i] {
					t.Errorf("with %d sources: got %v, want %v", i+1, got, k.want[i])
				}
			}
			if got := k.got(mustLoad(t, "", nil, flag)); got != k.want[3] {
				t.Errorf("with the flag alone: got %v, want %v", got, k.want[3])
			}
		})
	}
}

// everyKey has for every key that a single text can set such a text and what
// it means.
var everyKey = map[string]struct {
	text string
	want any
}{
	"listen": {"[::1]:80", "[::1]:80"}, "public_url": {"https://a.example", "https://a.example"}, "data": {"/var/lib/room key", "/var/lib/room key"},
	"log_level": {"error", "error"}, "log_format": {"json", "json"}, "toolsets": {"codes, rooms", []string{"codes", "rooms"}},
	"read_only": {"true", true}, "disable_destructive": {"1", true},
	"auth.secret":    {strings.Repeat("s=", 16), strings.Repeat("s=", 16)},
	"auth.max_ttl":   {"24h", 24 * time.Hour},
	"metrics.listen": {"127.0.0.1:9091", "127.0.0.1:9091"}, "metrics.token": {"0123456789abcdef", "0123456789abcdef"},
	"http.allowed_hosts": {"a.example,b.example", []string{"a.example", "b.example"}}, "http.allowed_origins": {"https://a.example", []string{"https://a.example"}},
	"http.trusted_proxies": {"10.0.0.0/8 ::1", []string{"10.0.0.0/8", "::1"}},
	"livekit.url":          {"ws://lk:7880", "ws://lk:7880"}, "livekit.api_key": {"k", "k"}, "livekit.api_secret": {"s", "s"},
	"livekit.empty_timeout": {"90s", 90 * time.Second}, "livekit.embedded.port": {"7880", 7880}, "livekit.embedded.udp_port": {"7882", 7882},
	"livekit.embedded.tcp_port": {"7881", 7881}, "livekit.embedded.node_ip": {"192.0.2.1", "192.0.2.1"},
	"rooms.create_media": {"at_create", "at_create"}, "rooms.keep_name": {"24h", 24 * time.Hour},
	"limits.rooms_per_user": {"1", 1}, "limits.rooms_per_minute": {"2", 2}, "limits.codes_per_room": {"3", 3}, "limits.blocks_per_room": {"4", 4},
	"limits.joins_per_address": {"5", 5}, "limits.joins_per_code": {"6", 6}, "limits.joins_per_user": {"7", 7}, "limits.changes_per_user": {"8", 8},
	"limits.requests_per_address": {"9", 9}, "limits.requests_per_code": {"10", 10}, "limits.requests_per_room": {"11", 11}, "rooms.is_public": {"true", true}, "rooms.mode": {"webinar", "webinar"},
	"rooms.max_participants": {"12", 12}, "rooms.expires_in": {"1h30m", 90 * time.Minute}, "rooms.allow_chat": {"false", false},
	"rooms.allow_video": {"false", false}, "rooms.allow_audio": {"false", false}, "rooms.e2ee": {"true", true},
	"rooms.require_approval": {"true", true}, "events.keep": {"720h", 720 * time.Hour},
	"limits.signalling_message_bytes": {"70000", 70_000}, "limits.signalling_messages_per_second": {"20", 20},
	"limits.signalling_without_media": {"20s", 20 * time.Second}, "limits.signalling_per_address": {"21", 21},
	"limits.signalling_per_code": {"22", 22}, "limits.signalling_per_room": {"23", 23},
	"limits.data_bytes_per_second": {"20000", 20_000}, "limits.data_messages_per_second": {"24", 24},
}

func TestConfigEveryKeyByEnvironment(t *testing.T) {
	t.Parallel()
	var environ []string
	want := defaultConfig()
	variables := map[string]string{}
	for key := range scalarKeys(reflect.ValueOf(want), "") {
		value, ok := everyKey[key]
		if !ok {
			t.Errorf("%s is not in this test", key)
			continue
		}
		variable := "ROOMKEY_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		if other, taken := variables[variable]; taken {
			t.Errorf("%s means both %s and %s", variable, key, other)
		}
		variables[variable] = key
		environ = append(environ, variable+"="+value.text)
		field := reflect.ValueOf(&want).Elem()
		for _, name := range strings.Split(key, ".") {
			field, _ = fieldByKey(field, name)
		}
		field.Set(reflect.ValueOf(value.want))
	}
	if len(variables) != len(everyKey) {
		t.Errorf("keys: got %d, want the %d of this test", len(variables), len(everyKey))
	}
	if diff := cmp.Diff(want, mustLoad(t, "", environ)); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

func TestConfigEnvironment(t *testing.T) {
	t.Parallel()
	livekit := []string{"LIVEKIT_URL=ws://a", "LIVEKIT_API_KEY=a", "LIVEKIT_API_SECRET=a"}
	tests := map[string]struct {
		environ []string
		change  func(*Config)
	}{
		"LiveKit's own names": {livekit, func(c *Config) { c.LiveKit.URL, c.LiveKit.APIKey, c.LiveKit.APISecret = "ws://a", "a", "a" }},
		"ours win over them":  {append(livekit, "ROOMKEY_LIVEKIT_API_KEY=b"), func(c *Config) { c.LiveKit.URL, c.LiveKit.APIKey, c.LiveKit.APISecret = "ws://a", "b", "a" }},
		"empty is absent":     {[]string{"ROOMKEY_LISTEN=", "ROOMKEY_TOOLSETS=", "LIVEKIT_URL="}, func(*Config) {}},
		"others' are let be": {[]string{"ROOMKEY_SERVICE_HOST=10.0.0.1", "ROOMKEY_PORT=tcp://10.0.0.1:9090",
			"ROOMKEY_MCP_PORT_9090_TCP_ADDR=10.0.0.1", "ROOMKEY_TOKEN=x", "LISTEN=x", "=", "x"}, func(*Config) {}},
		"the last one counts": {[]string{"ROOMKEY_DATA=a", "ROOMKEY_DATA=b"}, func(c *Config) { c.Data = "b" }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := defaultConfig()
			test.change(&want)
			if diff := cmp.Diff(want, mustLoad(t, "", test.environ)); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfigRoles(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, "roles:\n- {name: guest, publish: [microphone], subscribe: true}\n- {name: singer, chat: true}\n", nil)
	host, _ := meet.BuiltinRoles().Get(meet.RoleHost)
	viewer, _ := meet.BuiltinRoles().Get(meet.RoleViewer)
	want := meet.Roles{
		host, {Name: "guest", Publish: []meet.Source{meet.Microphone}, Subscribe: true}, viewer, {Name: "singer", Chat: true},
	}
	if diff := cmp.Diff(want, c.roles()); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(meet.BuiltinRoles(), mustLoad(t, "roles: []", nil).roles()); diff != "" {
		t.Errorf("roles with an empty list (-want +got):\n%s", diff)
	}
}

func TestConfigRoomDefaults(t *testing.T) {
	t.Parallel()
	plain := meet.Defaults{Mode: meet.Standard, Settings: meet.Settings{AllowChat: true, AllowVideo: true, AllowAudio: true}}
	for line, change := range map[string]func(*meet.Defaults){
		"":                     func(*meet.Defaults) {},
		"is_public: true":      func(d *meet.Defaults) { d.IsPublic = true },
		"mode: webinar":        func(d *meet.Defaults) { d.Mode = meet.Webinar },
		"max_participants: 12": func(d *meet.Defaults) { d.MaxParticipants = 12 },
		"expires_in: 90m":      func(d *meet.Defaults) { d.ExpiresIn = 90 * time.Minute },
		"allow_chat: false":    func(d *meet.Defaults) { d.Settings.AllowChat = false },
		"allow_video: false":   func(d *meet.Defaults) { d.Settings.AllowVideo = false },
		"allow_audio: false":   func(d *meet.Defaults) { d.Settings.AllowAudio = false },
		"e2ee: true":           func(d *meet.Defaults) { d.Settings.E2EE = true },
	} {
		want := plain
		change(&want)
		if diff := cmp.Diff(want, mustLoad(t, "rooms: {"+line+"}", nil).defaults()); diff != "" {
			t.Errorf("defaults with %s (-want +got):\n%s", line, diff)
		}
	}
}
