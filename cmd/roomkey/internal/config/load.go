package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"roomkey/meet"
)

// DefaultFile is read when it is there and no other file is named.
const DefaultFile = "config.yaml"

// Load gives the configuration, or one error that lists everything that is wrong
// with it. Each source overrules the one before it: defaults, file, environment,
// flags.
func Load(flags *pflag.FlagSet, environ []string) (Config, error) {
	l := newLoader()
	l.readFile(flags)
	l.readEnvironment(environ)
	l.readFlags(flags)
	l.check()
	if len(l.problems) == 0 {
		return l.config, nil
	}
	return Config{}, meet.Invalid("", "The configuration cannot be used:\n  "+strings.Join(l.problems, "\n  ")+
		"\nconfig.yaml in the repository explains every key.", "")
}

// loader builds a Config from its sources. It goes on after a mistake, so that
// all problems are reported at once.
type loader struct {
	config   Config
	fields   map[string]reflect.Value // key like livekit or livekit.url → its field in config
	sources  map[string]string        // key → file and line, variable or flag that set it; "" if it could not be read
	problems []string
}

func newLoader() *loader {
	l := &loader{config: Default(), fields: map[string]reflect.Value{}, sources: map[string]string{}}
	l.addFields("", reflect.ValueOf(&l.config).Elem())
	return l
}

// addFields enters the field of a key, and the fields of the keys under it.
func (l *loader) addFields(key string, field reflect.Value) {
	for i := 0; field.Kind() == reflect.Struct && i < field.NumField(); i++ {
		if tag := field.Type().Field(i).Tag.Get("yaml"); tag == ",inline" {
			l.addFields(key, field.Field(i))
		} else {
			l.addFields(join(key, tag), field.Field(i))
		}
	}
	l.fields[key] = field // last, because inline fields have the same key
}

func join(prefix, key string) string { return strings.TrimPrefix(prefix+"."+key, ".") }

// problem reports that the value of a key, or all of a source, cannot be read.
func (l *loader) problem(where, key, format string, args ...any) {
	l.problems = append(l.problems, where+": "+fmt.Sprintf(format, args...))
	l.sources[key] = ""
}

func (l *loader) readFile(flags *pflag.FlagSet) {
	name, named := file(flags)
	data, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
	case err != nil:
		l.problem(name, name, "cannot be read: %v", errors.Unwrap(err))
	default:
		l.readYAML(name, data)
	}
}

// file is the file to read, and whether a flag names it: then it has to exist.
func file(flags *pflag.FlagSet) (name string, named bool) {
	if flags.Changed("config") {
		name, _ = flags.GetString("config")
		return name, true
	}
	return DefaultFile, false
}

// FileInUse is the file that Load reads, or empty if there is none.
func FileInUse(flags *pflag.FlagSet) string {
	name, named := file(flags)
	if _, err := os.Stat(name); err != nil && !named {
		return ""
	}
	return name
}

func (l *loader) readYAML(file string, data []byte) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, next yaml.Node
	err := decoder.Decode(&document)
	if err == nil {
		if document.Content[0].Tag != "!!null" {
			l.readNode(file, "", document.Content[0])
		}
		if err = decoder.Decode(&next); err == nil {
			l.problem(fmt.Sprintf("%s:%d", file, next.Line), file, "there is a second document; one is all that is read")
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		l.problem(file, file, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
}

func (l *loader) readNode(file, key string, n *yaml.Node) {
	where, field := fmt.Sprintf("%s:%d", file, n.Line), l.fields[key]
	l.sources[key] = where
	name := key
	if key == "" {
		name = "the configuration"
	}
	switch {
	case field.Kind() == reflect.Struct && n.Kind != yaml.MappingNode:
		l.problem(where, key, "%s must be a mapping", name)
	case field.Kind() == reflect.Slice && n.Kind != yaml.SequenceNode:
		l.problem(where, key, "%s must be a list", name)
	case field.Kind() == reflect.Struct:
		l.readMapping(file, key, n)
	case field.Kind() == reflect.Slice:
		field.Set(reflect.MakeSlice(field.Type(), len(n.Content), len(n.Content)))
		for i, item := range n.Content {
			itemKey := fmt.Sprintf("%s[%d]", key, i)
			l.addFields(itemKey, field.Index(i))
			l.readNode(file, itemKey, item)
		}
	case n.Kind != yaml.ScalarNode:
		l.problem(where, key, "%s must be a single value", name)
	default:
		l.readText(where, key, n.Value)
	}
}

func (l *loader) readMapping(file, prefix string, n *yaml.Node) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		where, key := fmt.Sprintf("%s:%d", file, name.Line), join(prefix, name.Value)
		_, known := l.fields[key]
		switch {
		case !known || name.Value == "" || strings.ContainsAny(name.Value, ".["):
			l.problem(where, key, "there is no key %q; known here: %s", key, strings.Join(l.keysUnder(prefix), ", "))
		case seen[key]:
			l.problem(where, key, "%s is given twice", key)
		case value.Tag == "!!null": // a key without a value keeps the default
		default:
			l.readNode(file, key, value)
		}
		seen[key] = true
	}
}

// keysUnder are the names of the keys directly under a key.
func (l *loader) keysUnder(prefix string) []string {
	var names []string
	for key := range l.fields {
		name := strings.TrimPrefix(strings.TrimPrefix(key, prefix), ".")
		if name != "" && join(prefix, name) == key && !strings.ContainsAny(name, ".[") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// readText reads a text into the field of a key. A list is separated by commas
// or spaces.
func (l *loader) readText(where, key, text string) {
	l.sources[key] = where
	field := l.fields[key]
	if field.Kind() == reflect.String {
		field.SetString(text)
		return
	}
	var err error
	want := ""
	switch value := field.Addr().Interface().(type) {
	case *bool:
		*value, err = strconv.ParseBool(text)
		want = "true or false"
	case *int:
		*value, err = strconv.Atoi(text)
		want = "a whole number"
	case *time.Duration:
		*value, err = time.ParseDuration(text)
		want = "a time span like 90s, 15m or 24h"
	default:
		items := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
		field.Set(reflect.MakeSlice(field.Type(), len(items), len(items)))
		for i, item := range items {
			field.Index(i).SetString(item)
		}
	}
	if err != nil {
		l.problem(where, key, "%s must be %s", key, want)
	}
}

// livekitVariables are LiveKit's own names for three of our keys.
var livekitVariables = map[string]string{ //nolint:gosec // names, no credentials
	"LIVEKIT_URL": "livekit.url", "LIVEKIT_API_KEY": "livekit.api_key", "LIVEKIT_API_SECRET": "livekit.api_secret",
}

// otherVariables are the ROOMKEY_ variables that are no keys: of the call
// command, of tests, and those that Kubernetes sets for a service with the name
// roomkey.
var otherVariables = regexp.MustCompile(
	`^ROOMKEY_(TOKEN|TEST_.*|(.*_)?SERVICE_(HOST|PORT.*)|(.*_)?PORT(_[0-9]+_(TCP|UDP|SCTP).*)?)$`)

// readEnvironment reads ROOMKEY_ variables and LiveKit's own.
func (l *loader) readEnvironment(environ []string) {
	keys, values := l.variables(), given(environ)
	for _, name := range slices.Sorted(maps.Keys(values)) { // LIVEKIT_ before ROOMKEY_, which wins
		if key, known := keys[name]; known {
			l.readText(name, key, values[name])
		} else if strings.HasPrefix(name, "ROOMKEY_") && !otherVariables.MatchString(name) {
			l.problem(name, name, "there is no key for this variable")
		}
	}
}

// given are the variables of an environment; an empty one counts as absent.
func given(environ []string) map[string]string {
	values := map[string]string{}
	for _, pair := range environ {
		if name, value, _ := strings.Cut(pair, "="); value != "" {
			values[name] = value
		}
	}
	return values
}

// variables are the names of all variables, each with its key. A list of mappings has
// none, but each item that the file has is counted: the client_secret of the first of
// auth.oidc is ROOMKEY_AUTH_OIDC_0_CLIENT_SECRET.
func (l *loader) variables() map[string]string {
	keys := maps.Clone(livekitVariables)
	for key, field := range l.fields {
		mappings := field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct
		isItem := strings.HasSuffix(key, "]")
		if field.Kind() != reflect.Struct && !mappings && !isItem {
			keys["ROOMKEY_"+strings.ToUpper(toVariable.Replace(key))] = key
		}
	}
	return keys
}

var toVariable = strings.NewReplacer(".", "_", "[", "_", "]", "")

// Variables are the names of the variables in an environment that set a key.
func Variables(environ []string) []string {
	keys, values := newLoader().variables(), given(environ)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(values)), func(name string) bool { return keys[name] == "" })
}

// AddFlags adds the flags of the commands that run the server.
func AddFlags(f *pflag.FlagSet) {
	AddSourceFlags(f)
	f.String("listen", "", "address and port to listen on (default 127.0.0.1:9090)")
	f.String("public-url", "", "where people reach this server, if not at the address it listens on")
	f.Bool("read-only", false, "offer only tools that change nothing")
	f.Bool("disable-destructive", false, "offer no tools that remove people or end something")
	f.String("toolsets", "",
		"tools to offer, separated by commas: rooms, codes, moderation, meeting, hms (default all but hms)")
	f.String("log-level", "", "debug, info, warn or error (default info)")
}

// AddSourceFlags adds the flags that every command with a configuration takes.
func AddSourceFlags(f *pflag.FlagSet) {
	f.String("config", "", "configuration file (default config.yaml, if there is one)")
	f.String("data", "", "folder for the database and the signing secret (default data)")
}

// readFlags reads the flags of AddFlags, which have - in place of _. A flag with the
// name of a section, like --rooms, is one of the command's own.
func (l *loader) readFlags(flags *pflag.FlagSet) {
	flags.Visit(func(f *pflag.Flag) {
		key := strings.ReplaceAll(f.Name, "-", "_")
		if field, known := l.fields[key]; known && field.Kind() != reflect.Struct {
			l.readText("--"+f.Name, key, f.Value.String())
		}
	})
}
