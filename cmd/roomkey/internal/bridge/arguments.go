package bridge

import (
	"encoding/json"
	"strconv"
	"strings"

	"roomkey/meet"
	"roomkey/tools"
)

// ParseArguments makes a tool's arguments from key=value pairs and a JSON object.
// Values get the type that the tool's schema gives them; the server checks
// whether they are right.
func ParseArguments(tool string, pairs []string, object string) (map[string]any, error) {
	arguments := map[string]any{}
	if object != "" {
		if strings.Join(strings.Fields(object), "") == "[]" { // how PHP writes an empty object
			object = "{}"
		}
		if err := json.Unmarshal([]byte(object), &arguments); err != nil || arguments == nil {
			return nil, meet.Invalid("json", "--json must be a JSON object",
				`For example --json '{"room_id": "team-standup"}'.`)
		}
	}
	for _, pair := range pairs {
		key, text, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, meet.Invalid("", strconv.Quote(pair)+" is not key=value", "For example room_id=team-standup.")
		}
		into := arguments
		path := strings.Split(key, ".")
		for _, name := range path[:len(path)-1] {
			inner, ok := into[name].(map[string]any)
			if !ok {
				inner = map[string]any{}
				into[name] = inner
			}
			into = inner
		}
		into[path[len(path)-1]] = typed(tools.ArgumentType(tool, path), text)
	}
	return arguments, nil
}

// typed reads a text as a value of a JSON type. A text that is no such value stays
// a text.
func typed(jsonType, text string) any {
	switch jsonType {
	case "boolean":
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case "integer":
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case "array":
		var list []any
		if json.Unmarshal([]byte(text), &list) == nil && list != nil {
			return list
		}
	case "object":
		var o map[string]any
		if json.Unmarshal([]byte(text), &o) == nil && o != nil {
			return o
		}
	}
	return text
}
