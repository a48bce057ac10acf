package tools

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"roomkey/meet"
)

// decode reads a tool's arguments into the struct that in points to. It is
// strict, and every error says how to mend the call. A null is an absent
// argument.
func decode(tool string, arguments map[string]any, in any) error {
	return decodeObject(tool, "", arguments, reflect.ValueOf(in).Elem())
}

func decodeObject(owner, path string, values map[string]any, into reflect.Value) error {
	fields := fieldsOf(into.Type())
	known := 0
	for _, f := range fields {
		value, given := values[f.name]
		if given {
			known++
		}
		if value == nil {
			if f.required {
				return meet.Invalid(path+f.name, path+f.name+" is required", "It is: "+f.doc)
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
	if known < len(values) {
		return unknownArgument(owner, path, values, fields)
	}
	return nil
}

func unknownArgument(owner, path string, values map[string]any, fields []field) error {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	var unknown []string
	for name := range values {
		if !slices.Contains(names, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	name := meet.CleanText(unknown[0], 40)
	hint := owner + " takes no arguments."
	if len(names) > 0 {
		hint = owner + " takes: " + strings.Join(names, ", ") + "."
	}
	return meet.Invalid(path+name, "there is no argument "+strconv.Quote(path+name), hint)
}

func decodeValue(path string, f field, value any, into reflect.Value) error {
	wrong := func() error {
		return meet.Invalid(path+f.name, fmt.Sprintf("%s must be %s, not %s", path+f.name, article(jsonType(f.typ)), describe(value)),
			"It is: "+f.doc)
	}
	switch f.typ.Kind() {
	case reflect.String:
		s, ok := value.(string)
		if !ok {
			return wrong()
		}
		if f.enum != nil && !slices.Contains(f.enum, s) {
			return meet.Invalid(path+f.name, path+f.name+" must be one of: "+strings.Join(f.enum, ", "), "It is: "+f.doc)
		}
		into.SetString(s)
	case reflect.Bool:
		b, ok := value.(bool)
		if !ok {
			return wrong()
		}
		into.SetBool(b)
	case reflect.Int:
		n, ok := integer(value)
		if !ok {
			return wrong()
		}
		if f.min != nil && n < int64(*f.min) || f.max != nil && n > int64(*f.max) {
			return meet.Invalid(path+f.name, fmt.Sprintf("%s must be between %d and %d", path+f.name, *f.min, *f.max), "It is: "+f.doc)
		}
		into.SetInt(n)
	case reflect.Struct:
		o, ok := value.(map[string]any)
		if !ok {
			return wrong()
		}
		return decodeObject(path+f.name, path+f.name+".", o, into)
	default:
		panic("tools: cannot decode " + f.typ.String())
	}
	return nil
}

// integer accepts every JSON number without a fraction that is exact.
func integer(value any) (int64, bool) {
	f, ok := value.(float64)
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
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
		return "an array"
	case map[string]any:
		return "an object"
	}
	return "null"
}
