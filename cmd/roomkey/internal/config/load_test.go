package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"

	"roomkey/meet"
	"roomkey/tools"
)

// load loads a configuration from the text of a file, which is called
// c.yaml, variables and flags.
func load(t *testing.T, file string, environ []string, args ...string) (Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	AddFlags(flags)
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
	return Load(flags, environ)
}

func mustLoad(t *testing.T, file string, environ []string, args ...string) Config {
	t.Helper()
	c, err := load(t, file, environ, args...)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return c
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"no file": "", "nothing but a line end": "\n", "a comment": "# nothing\n", "null": "null", "tilde": "~",
		"empty mapping": "{}", "a document mark": "---\n",
		"nulls": "listen:\ndata: ~\nread_only: null\ntoolsets:\nlivekit:\nrooms: {mode: , expires_in: ~}\nroles:\n",
	} {
		if diff := cmp.Diff(Default(), mustLoad(t, file, nil)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The file in the repository says what holds without one, and leaves nothing out.
func TestFileOfRepository(t *testing.T) {
	t.Parallel()
	const path = "../../../../config.yaml"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l := newLoader()
	l.readYAML("config.yaml", text)
	if diff := cmp.Diff(Default(), l.config, cmpopts.EquateEmpty()); diff != "" || len(l.problems) > 0 {
		t.Errorf("config.yaml: %q, and against the defaults (-want +got):\n%s", l.problems, diff)
	}
	for key := range l.fields {
		if _, ok := l.sources[key]; !ok {
			t.Errorf("config.yaml does not mention %s", key)
		}
	}
	for _, key := range []string{"{secret: ", ", until: "} { // of a list that is empty by default
		if !strings.Contains(string(text), key) {
			t.Errorf("config.yaml shows no item with %s", key)
		}
	}
}

// Each source overrules the ones before it: defaults, file, environment, flags.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	values := map[string][3]string{ // in the file, the environment, a flag
		"listen":              {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"},
		"public_url":          {"http://a", "http://b", "http://c"},
		"data":                {"a", "b", "c"},
		"log_level":           {"debug", "warn", "error"},
		"toolsets":            {"[rooms]", "codes", "moderation"},
		"read_only":           {"true", "false", "true"},
		"disable_destructive": {"true", "false", "true"},
	}
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	AddFlags(flags)
	flags.VisitAll(func(f *pflag.Flag) {
		if _, ok := values[strings.ReplaceAll(f.Name, "-", "_")]; !ok && f.Name != "config" {
			t.Errorf("--%s is not in this test", f.Name)
		}
	})
	for key, v := range values {
		flag := "--" + strings.ReplaceAll(key, "_", "-") + "=" + v[2]
		file, environ := key+": "+v[0], []string{"ROOMKEY_" + strings.ToUpper(key) + "=" + v[1]}
		for want, c := range map[string]Config{
			v[0]: mustLoad(t, file, nil),
			v[1]: mustLoad(t, file, environ),
			v[2]: mustLoad(t, file, environ, flag),
		} {
			l := newLoader()
			l.config = c
			if got := fmt.Sprint(l.fields[key]); got != want && got != "["+want+"]" {
				t.Errorf("%s: got %s, want %s", key, got, want)
			}
		}
		if diff := cmp.Diff(mustLoad(t, file, environ, flag), mustLoad(t, "", nil, flag)); diff != "" {
			t.Errorf("%s by the flag alone (-with others +alone):\n%s", flag, diff)
		}
	}
}

// Every key that a single text can set has a variable of its own, which sets it
// and no other.
func TestEveryKeyByEnvironment(t *testing.T) {
	t.Parallel()
	texts := map[reflect.Kind]string{reflect.String: "a b", reflect.Int: "77", reflect.Int64: "77s", reflect.Slice: "a, b"}
	defaults := newLoader()
	variableOf := map[string]string{}
	for name, key := range defaults.variables() {
		if strings.HasPrefix(name, "ROOMKEY_") {
			variableOf[key] = name
		}
	}
	for key, field := range defaults.fields {
		mappings := field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct
		if field.Kind() == reflect.Struct || mappings {
			continue
		}
		text, ok := texts[field.Kind()]
		if !ok {
			text = fmt.Sprint(!field.Bool())
		}
		l := newLoader()
		l.readEnvironment([]string{variableOf[key] + "=" + text})
		for other, field := range l.fields {
			same := cmp.Equal(field.Interface(), defaults.fields[other].Interface())
			if field.Kind() != reflect.Struct && same == (other == key) {
				t.Errorf("%s=%s: got %v in %s", variableOf[key], text, field, other)
			}
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	livekit := []string{"LIVEKIT_URL=ws://a", "LIVEKIT_API_KEY=a", "LIVEKIT_API_SECRET=a"}
	tests := map[string]struct {
		environ []string
		change  func(*Config)
	}{
		"LiveKit's own names": {livekit,
			func(c *Config) { c.LiveKit.URL, c.LiveKit.APIKey, c.LiveKit.APISecret = "ws://a", "a", "a" }},
		"ours win over them": {append(livekit, "ROOMKEY_LIVEKIT_API_KEY=b"),
			func(c *Config) { c.LiveKit.URL, c.LiveKit.APIKey, c.LiveKit.APISecret = "ws://a", "b", "a" }},
		"empty is absent": {[]string{"ROOMKEY_LISTEN=", "ROOMKEY_TOOLSETS=", "LIVEKIT_URL="}, func(*Config) {}},
		"variables of other programs": {[]string{"ROOMKEY_SERVICE_HOST=10.0.0.1", "ROOMKEY_PORT=tcp://10.0.0.1:9090",
			"ROOMKEY_MCP_PORT_9090_TCP_ADDR=10.0.0.1", "ROOMKEY_TOKEN=x", "LISTEN=x", "=", "x"}, func(*Config) {}},
		"the last one counts": {[]string{"ROOMKEY_DATA=a", "ROOMKEY_DATA=b"}, func(c *Config) { c.Data = "b" }},
		"what the types mean": {[]string{"ROOMKEY_READ_ONLY=1", "ROOMKEY_ROOMS_EXPIRES_IN=1h30m",
			"ROOMKEY_HTTP_TRUSTED_PROXIES=10.0.0.0/8 ::1", "ROOMKEY_TOOLSETS=codes, rooms"}, func(c *Config) {
			c.ReadOnly, c.Rooms.Defaults.ExpiresIn = true, 90*time.Minute
			c.HTTP.TrustedProxies = []string{"10.0.0.0/8", "::1"}
			c.Toolsets = []tools.Toolset{tools.Codes, tools.Rooms}
		}},
	}
	for name, test := range tests {
		want := Default()
		test.change(&want)
		if diff := cmp.Diff(want, mustLoad(t, "", test.environ)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestMediaRoles(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, "roles:\n"+
		"- {name: guest, publish: [microphone], subscribe: true}\n- {name: singer, chat: true}\n", nil)
	host, _ := meet.BuiltinRoles().Get(meet.RoleHost)
	viewer, _ := meet.BuiltinRoles().Get(meet.RoleViewer)
	guest := meet.Role{Name: "guest", Publish: []meet.Source{meet.Microphone}, Subscribe: true}
	want := meet.Roles{host, guest, viewer, {Name: "singer", Chat: true}}
	if diff := cmp.Diff(want, c.MediaRoles()); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(meet.BuiltinRoles(), mustLoad(t, "roles: []", nil).MediaRoles()); diff != "" {
		t.Errorf("roles with an empty list (-want +got):\n%s", diff)
	}
}

func TestRoomDefaults(t *testing.T) {
	t.Parallel()
	const file = "rooms: {is_public: true, mode: webinar, max_participants: 12, expires_in: 90m, allow_chat: false}"
	want := Default().Rooms.Defaults
	want.IsPublic, want.Mode, want.MaxParticipants, want.ExpiresIn = true, meet.Webinar, 12, 90*time.Minute
	want.Settings.AllowChat = false
	if diff := cmp.Diff(want, mustLoad(t, file, nil).Rooms.Defaults); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	plain := meet.Defaults{Mode: meet.Standard, Settings: meet.DefaultSettings()}
	if diff := cmp.Diff(plain, Default().Rooms.Defaults); diff != "" {
		t.Errorf("defaults without a file (-want +got):\n%s", diff)
	}
}
