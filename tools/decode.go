package tools

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomkey/meet"
)

// decode reads a tool's arguments into the struct that in points to. It is
// strict, and every error says how to correct the call. A null is an absent
// argument, and so is an empty text where the argument is optional. A value in
// another type is taken as what the client meant if that is clear: see
// [asObject], [asInteger], [asBoolean].
func decode(tool string, arguments map[string]any, in any) error {
	into := reflect.ValueOf(in).Elem()
	if err := checkNames(tool, into.Type(), arguments); err != nil {
		return err
	}
	return decodeObject("", arguments, into)
}

func decodeObject(path string, values map[string]any, into reflect.Value) error {
	for _, f := range fieldsOf(into.Type()) {
		value := values[f.name]
		if value == nil || value == "" && !f.required && f.isText() {
			if f.required {
				return meet.Invalid(path+f.name, path+f.name+" is required", f.hint())
			}
			continue
		}
		target := into.Field(f.index)
		if !f.required {
			target.Set(reflect.New(f.typ))
			target = target.Elem()
		}
		if err := decodeValue(path, f, value, target); err != nil {
			return err
		}
	}
	return nil
}

func decodeValue(path string, f field, value any, into reflect.Value) error {
	name := path + f.name
	invalid := func(rule string, args ...any) error {
		return meet.Invalid(name, name+" must be "+fmt.Sprintf(rule, args...), f.hint())
	}
	var ok bool
	switch f.typ.Kind() {
	case reflect.String:
		var s string
		if s, ok = value.(string); ok && f.enum != nil && !slices.Contains(f.enum, s) {
			return invalid("one of: %s", strings.Join(f.enum, ", "))
		}
		into.SetString(s)
	case reflect.Bool:
		var b bool
		b, ok = asBoolean(value)
		into.SetBool(b)
	case reflect.Int:
		var n int64
		if n, ok = asInteger(value); ok && (f.min != nil && n < int64(*f.min) || f.max != nil && n > int64(*f.max)) {
			return invalid("between %d and %d", *f.min, *f.max)
		}
		into.SetInt(n)
	case reflect.Struct:
		if at, isTime := into.Addr().Interface().(*time.Time); isTime {
			if *at, ok = asTime(value); !ok {
				return invalid("a date and time with a zone, like 2026-01-31T15:04:05Z or 2026-01-31T16:04:05+01:00")
			}
			return nil
		}
		if texts, isTexts := into.Addr().Interface().(*oneOrMore); isTexts {
			if !texts.read(value) {
				return invalid("a string or an array of 1 to %d strings, not %s", maxListed, describe(value))
			}
			return nil
		}
		var object map[string]any
		if object, ok = asObject(value); ok {
			return decodeObject(name+".", object, into)
		}
	case reflect.Slice:
		if f.isTexts() {
			return decodeTexts(name, f, value, into)
		}
		return decodeList(name, f, value, into)
	default:
		panic("tools: cannot decode " + f.typ.String())
	}
	if !ok {
		return invalid("%s, not %s", article(jsonType(f.typ)), describe(value))
	}
	return nil
}

// decodeTexts reads a list of texts, which may be empty.
func decodeTexts(name string, f field, value any, into reflect.Value) error {
	list, ok := asList(value)
	if !ok || len(list) > maxListed {
		return meet.Invalid(name, fmt.Sprintf("%s must be an array of at most %d strings, not %s", name, maxListed,
			describe(value)), f.hint())
	}
	texts := make([]string, len(list))
	for i, item := range list {
		if texts[i], ok = item.(string); !ok {
			at := fmt.Sprintf("%s[%d]", name, i)
			return meet.Invalid(at, at+" must be a string, not "+describe(item), f.hint())
		}
	}
	into.Set(reflect.ValueOf(texts))
	return nil
}

// decodeList reads a list of objects.
func decodeList(name string, f field, value any, into reflect.Value) error {
	list, ok := asList(value)
	if !ok {
		return meet.Invalid(name, name+" must be an array of objects, not "+describe(value), f.hint())
	}
	into.Set(reflect.MakeSlice(f.typ, len(list), len(list)))
	for i, item := range list {
		at := fmt.Sprintf("%s[%d]", name, i)
		object, ok := item.(map[string]any)
		if !ok {
			return meet.Invalid(at, at+" must be an object, not "+describe(item), f.hint())
		}
		if err := decodeObject(at+".", object, into.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// asTime reads a time as RFC 3339 has it; the seconds may be left out.
func asTime(value any) (at time.Time, ok bool) {
	text, _ := value.(string)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// asList reads an array, also one that is written as a string of its JSON.
func asList(value any) ([]any, bool) {
	if text, ok := value.(string); ok {
		value = nil
		if json.Unmarshal([]byte(text), &value) != nil {
			return nil, false
		}
	}
	list, ok := value.([]any)
	return list, ok
}

// asObject reads an object, also one that is written as a string of its JSON.
// An empty array counts as an empty object, because that is how PHP writes it.
func asObject(value any) (map[string]any, bool) {
	if text, ok := value.(string); ok {
		value = nil
		if json.Unmarshal([]byte(text), &value) != nil {
			return nil, false
		}
	}
	if list, ok := value.([]any); ok && len(list) == 0 {
		return map[string]any{}, true
	}
	o, ok := value.(map[string]any)
	return o, ok
}

// asInteger reads every JSON number without a fraction that is exact, also as
// a string of its digits: "5", "5.0".
func asInteger(value any) (int64, bool) {
	if text, ok := value.(string); ok {
		whole, fraction, _ := strings.Cut(text, ".")
		n, err := strconv.ParseInt(whole, 10, 64)
		hasFraction := strings.Trim(fraction, "0") != "" || strings.HasSuffix(text, ".")
		if err != nil || hasFraction || strconv.FormatInt(n, 10) != whole {
			return 0, false
		}
		value = float64(n)
	}
	f, ok := value.(float64)
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// asBoolean reads a boolean, also as a string, in JSON's case or in Python's:
// "true", "True".
func asBoolean(value any) (yes, ok bool) {
	switch v := value.(type) {
	case bool:
		return v, true
	case string:
		yes = strings.EqualFold(v, "true")
		return yes, yes || strings.EqualFold(v, "false")
	}
	return false, false
}

func article(jsonType string) string {
	if strings.ContainsRune("aeiou", rune(jsonType[0])) {
		return "an " + jsonType
	}
	return "a " + jsonType
}

// describe names the JSON type of a decoded value.
func describe(value any) string {
	switch v := value.(type) {
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case float64:
		if v != math.Trunc(v) {
			return "a fraction"
		}
		return "a number"
	case []any:
		if len(v) == 0 {
			return "an empty array"
		}
		return "an array"
	case map[string]any:
		return "an object"
	}
	return "null"
}
