package tools

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"roomkey/meet"
)

// Bounds of an error about unknown arguments.
const (
	maxName    = 40  // how much of a name is repeated, in characters
	maxUnknown = 250 // how much of all names together, in bytes: enough for a dozen

	maxMisplaced = 3 // of how many it says where they belong
)

// checkNames refuses arguments that a tool, or an object inside its arguments,
// does not take. It names all of them at once, everything that the tool takes,
// and the object that takes an argument that was given outside it.
func checkNames(tool string, input reflect.Type, arguments map[string]any) error {
	unknown := unknownNames("", input, arguments)
	if len(unknown) == 0 {
		return nil
	}
	hint := tool + " takes no arguments."
	if taken := takenNames(input); taken != "" {
		hint = tool + " takes: " + taken + "."
	}
	return meet.Invalid(unknown[0], unknownMessage(unknown), misplaced(input, unknown)+hint)
}

// misplaced says of unknown arguments which object takes them.
func misplaced(input reflect.Type, unknown []string) (hints string) {
	found := 0
	for _, f := range fieldsOf(input) {
		if !f.isObject() {
			continue
		}
		for _, inner := range fieldsOf(f.typ) {
			if slices.Contains(unknown, inner.name) && found < maxMisplaced {
				hints += fmt.Sprintf("%s belongs inside %s: {%q: {%q: …}}. ", inner.name, f.name, f.name, inner.name)
				found++
			}
		}
	}
	return hints
}

// unknownNames are the paths of the unknown arguments.
func unknownNames(path string, t reflect.Type, values map[string]any) (unknown []string) {
	fields := fieldsOf(t)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.ContainsFunc(fields, func(f field) bool { return f.name == name }) {
			unknown = append(unknown, path+meet.CleanText(name, maxName))
		}
	}
	for _, f := range fields {
		switch {
		case f.isObject():
			if inner, ok := asObject(values[f.name]); ok {
				unknown = append(unknown, unknownNames(path+f.name+".", f.typ, inner)...)
			}
		case f.isList():
			list, _ := asList(values[f.name])
			for i, item := range list {
				if inner, ok := item.(map[string]any); ok {
					unknown = append(unknown, unknownNames(fmt.Sprintf("%s%s[%d].", path, f.name, i), f.typ.Elem(), inner)...)
				}
			}
		}
	}
	return unknown
}

// takenNames lists the names of arguments: name, settings {allow_chat, e2ee}.
func takenNames(t reflect.Type) string {
	var names []string
	for _, f := range fieldsOf(t) {
		name := f.name
		switch {
		case f.isObject():
			name += " {" + takenNames(f.typ) + "}"
		case f.isList():
			name += " [{" + takenNames(f.typ.Elem()) + "}]"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func unknownMessage(unknown []string) string {
	if len(unknown) == 1 {
		return "there is no argument " + strconv.Quote(unknown[0])
	}
	var quoted []string
	size := 0
	for i, path := range unknown {
		name := strconv.Quote(path)
		if size += len(name); size > maxUnknown && i > 0 {
			quoted = append(quoted, fmt.Sprintf("%d more", len(unknown)-i))
			break
		}
		quoted = append(quoted, name)
	}
	last := len(quoted) - 1
	return "there are no arguments " + strings.Join(quoted[:last], ", ") + " and " + quoted[last]
}
