package main

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

// defaultConfigFile is read when it is there and no other is named.
const defaultConfigFile = "config.yaml"

// loader builds a Config from its sources, each overruling the one before:
// defaults, file, environment, flags. It goes on after a mistake, so that all
// of them are told at once.
type loader struct {
	config   Config
	origins  map[string]string // key like livekit.url or livekit → where it comes from
	problems []string
}

// loadConfig gives the configuration, or one error that lists everything that
// is wrong with it. flags may be nil.
func loadConfig(flags *pflag.FlagSet, environ []string) (Config, error) {
	l := &loader{config: defaultConfig(), origins: map[string]string{}}
	l.file(flags)
	l.environment(environ)
	l.flags(flags)
	l.validate()
	if len(l.problems) == 0 {
		return l.config, nil
	}
	return Config{}, meet.Invalid("", "The configuration cannot be used:\n  "+strings.Join(l.problems, "\n  ")+
		"\nconfig.yaml in the repository explains every key.", "")
}

func (l *loader) problem(where, format string, args ...any) {
	l.problems = append(l.problems, where+": "+fmt.Sprintf(format, args...))
}

// file reads the configuration file, if there is one.
func (l *loader) file(flags *pflag.FlagSet) {
	name, named := configFile(flags)
	data, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
	case err != nil:
		l.problem(name, "cannot be read: %v", errors.Unwrap(err))
	default:
		l.yaml(name, data)
	}
}

// configFile is the file to read, and whether somebody has named it: then it
// has to be there.
func configFile(flags *pflag.FlagSet) (name string, named bool) {
	if flags != nil && flags.Changed("config") {
		name, _ = flags.GetString("config")
		return name, true
	}
	return defaultConfigFile, false
}

// configFileInUse is the file that was read, or empty. Whoever starts roomkey
// from another folder has to name it.
func configFileInUse(flags *pflag.FlagSet) string {
	name, named := configFile(flags)
	if _, err := os.Stat(name); err != nil && !named {
		return ""
	}
	return name
}

// yaml reads a document into the configuration.
func (l *loader) yaml(file string, data []byte) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, next yaml.Node
	err := decoder.Decode(&doc)
	if err == nil {
		if doc.Content[0].Tag != "!!null" {
			l.node(file, doc.Content[0], reflect.ValueOf(&l.config).Elem(), "")
		}
		if err = decoder.Decode(&next); err == nil {
			l.problem(file+":"+strconv.Itoa(next.Line), "there is a second document; one is all that is read")
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		l.problem(file, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
}

// node reads one YAML value into v. It reports whether that was of the right
// kind; if not, v is as it was.
func (l *loader) node(file string, n *yaml.Node, v reflect.Value, key string) bool {
	where := file + ":" + strconv.Itoa(n.Line)
	switch {
	case v.Kind() == reflect.Struct:
		if n.Kind != yaml.MappingNode {
			l.problem(where, "%s must be a mapping", label(key))
			return false
		}
		l.mapping(file, n, v, key)
	case v.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			l.problem(where, "%s must be a list", label(key))
			return false
		}
		items, ok := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)), true
		for i, item := range n.Content {
			ok = l.node(file, item, items.Index(i), fmt.Sprintf("%s[%d]", key, i)) && ok
		}
		if !ok {
			return false
		}
		v.Set(items)
	case n.Kind != yaml.ScalarNode:
		l.problem(where, "%s must be a single value", label(key))
		return false
	default:
		if err := setScalar(v, n.Value); err != nil {
			l.problem(where, "%s %v", label(key), err)
			return false
		}
	}
	l.origins[key] = where
	return true
}

func (l *loader) mapping(file string, n *yaml.Node, v reflect.Value, key string) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		where := file + ":" + strconv.Itoa(name.Line)
		field, ok := fieldByKey(v, name.Value)
		switch {
		case !ok:
			l.problem(where, "there is no key %q; known here: %s", join(key, name.Value), strings.Join(keysOf(v.Type()), ", "))
		case seen[name.Value]:
			l.problem(where, "%s is given twice", join(key, name.Value))
		case value.Tag == "!!null": // a key without a value keeps the default
		default:
			l.node(file, value, field, join(key, name.Value))
		}
		seen[name.Value] = true
	}
}

// livekitVariables are LiveKit's own names for three of our keys.
var livekitVariables = map[string]string{ //nolint:gosec // names, no credentials
	"LIVEKIT_URL": "livekit.url", "LIVEKIT_API_KEY": "livekit.api_key", "LIVEKIT_API_SECRET": "livekit.api_secret",
}

// variablesOfOthers are ROOMKEY_… variables that are no keys: of the call
// command, of tests, and those that Kubernetes invents for a service called
// roomkey.
var variablesOfOthers = regexp.MustCompile(`^ROOMKEY_(TOKEN|TEST_.*|(.*_)?SERVICE_(HOST|PORT.*)|(.*_)?PORT(_[0-9]+_(TCP|UDP|SCTP).*)?)$`)

// environment reads ROOMKEY_… and LiveKit's variables. Empty ones count as
// absent.
func (l *loader) environment(environ []string) {
	variables := map[string]string{}
	for _, pair := range environ {
		if name, value, _ := strings.Cut(pair, "="); value != "" {
			variables[name] = value
		}
	}
	keys := map[string]string{}
	for key := range scalarKeys(reflect.ValueOf(&l.config).Elem(), "") {
		keys["ROOMKEY_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
	}
	for _, names := range []map[string]string{livekitVariables, keys} { // ours last: they win
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if value, ok := variables[name]; ok {
				l.text(name, names[name], value)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if _, known := keys[name]; !known && strings.HasPrefix(name, "ROOMKEY_") && !variablesOfOthers.MatchString(name) {
			l.problem(name, "there is no key for this variable")
		}
	}
}

// configFlags are the flags of the long-running commands and their keys.
var configFlags = map[string]string{
	"listen": "listen", "public-url": "public_url", "data": "data", "log-level": "log_level",
	"toolsets": "toolsets", "read-only": "read_only", "disable-destructive": "disable_destructive",
}

func (l *loader) flags(flags *pflag.FlagSet) {
	if flags == nil {
		return
	}
	flags.Visit(func(f *pflag.Flag) {
		if key, ok := configFlags[f.Name]; ok {
			l.text("--"+f.Name, key, f.Value.String())
		}
	})
}

// text sets a key from a single text; lists are separated by commas.
func (l *loader) text(where, key, value string) {
	v := reflect.ValueOf(&l.config).Elem()
	for _, name := range strings.Split(key, ".") {
		v, _ = fieldByKey(v, name)
	}
	if v.Kind() == reflect.Slice {
		items := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
		v.Set(reflect.ValueOf(items))
	} else if err := setScalar(v, value); err != nil {
		l.problem(where, "%s %v", label(key), err)
		return
	}
	l.origins[key] = where
}

// setScalar reads a text into a string, bool, int or duration.
func setScalar(v reflect.Value, text string) error {
	switch v.Interface().(type) {
	case string:
		v.SetString(text)
	case bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("must be true or false")
		}
		v.SetBool(b)
	case int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("must be a whole number")
		}
		v.SetInt(int64(n))
	case time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New("must be a time span like 90s, 15m or 24h")
		}
		v.SetInt(int64(d))
	}
	return nil
}

func fieldByKey(v reflect.Value, key string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("yaml") == key {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func keysOf(t reflect.Type) []string {
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i] = t.Field(i).Tag.Get("yaml")
	}
	slices.Sort(keys)
	return keys
}

// scalarKeys lists every key that a single text can set.
func scalarKeys(v reflect.Value, prefix string) map[string]bool {
	keys := map[string]bool{}
	for i := range v.NumField() {
		key := join(prefix, v.Type().Field(i).Tag.Get("yaml"))
		switch field := v.Field(i); {
		case field.Kind() == reflect.Struct:
			for k := range scalarKeys(field, key) {
				keys[k] = true
			}
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct: // roles: only in the file
		default:
			keys[key] = true
		}
	}
	return keys
}

func join(prefix, key string) string {
	if prefix == "" {
		return key
	}
	return prefix + "." + key
}

func label(key string) string {
	if key == "" {
		return "the configuration"
	}
	return key
}
