package main

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// The file in the repository says what holds without one, and leaves nothing out.
func TestConfigFileOfRepository(t *testing.T) {
	t.Parallel()
	const path = "../../config.yaml"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaultConfig(), mustLoad(t, string(text), nil)); diff != "" {
		t.Errorf("config.yaml against the defaults (-want +got):\n%s", diff)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for _, key := range slices.Sorted(slices.Values(allKeys(reflect.TypeFor[Config](), ""))) {
		if !mentions(doc.Content[0], strings.Split(key, ".")) {
			t.Errorf("config.yaml does not mention %s", key)
		}
	}
}

func allKeys(t reflect.Type, prefix string) []string {
	var keys []string
	for i := range t.NumField() {
		key, typ := join(prefix, t.Field(i).Tag.Get("yaml")), t.Field(i).Type
		keys = append(keys, key)
		if typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() == reflect.Struct {
			keys = append(keys, allKeys(typ, key)...)
		}
	}
	return keys
}

// mentions says whether path leads somewhere in n, in every item of a list. Of
// a list that is empty by default, the comment shows an item.
func mentions(n *yaml.Node, path []string) bool {
	if len(path) == 0 {
		return true
	}
	if n.Kind == yaml.SequenceNode {
		return len(n.Content) > 0 && !slices.ContainsFunc(n.Content, func(item *yaml.Node) bool { return !mentions(item, path) })
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == path[0] {
			if value := n.Content[i+1]; value.Kind == yaml.SequenceNode && len(value.Content) == 0 && len(path) == 2 {
				return strings.Contains(n.Content[i].HeadComment, path[1]+":")
			}
			return mentions(n.Content[i+1], path[1:])
		}
	}
	return false
}
