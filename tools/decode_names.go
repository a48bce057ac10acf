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

// checkNames refuses arguments that a tool, or an object inside its arguments,
// does not take. It names them all at once, and where they belong if the tool
// takes them elsewhere or under a name that is spelled a little differently.
func checkNames(tool string, input reflect.Type, arguments map[string]any) error {
	c := nameCheck{input: input}
	c.walk(tool, "", input, arguments)
	if len(c.unknown) == 0 {
		return nil
	}
	return meet.Invalid(c.unknown[0], c.message(), strings.Join(append(c.belongs, c.takes...), " "))
}

// nameCheck collects what is wrong with the names of a call's arguments.
type nameCheck struct {
	input   reflect.Type
	unknown []string // the paths of the unknown ones
	lookups int      // how many names have been looked for elsewhere
	belongs []string // what came of that
	takes   []string // what the objects take that hold an unknown one
}

func (c *nameCheck) walk(owner, path string, t reflect.Type, values map[string]any) {
	fields := fieldsOf(t)
	names := make([]string, len(fields))
	known := 0
	for i, f := range fields {
		names[i] = f.name
		if _, given := values[f.name]; given {
			known++
		}
	}
	if known < len(values) {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if !slices.Contains(names, name) {
				c.isUnknown(path, name, values[name])
			}
		}
		takes := " takes no arguments."
		if len(names) > 0 {
			takes = " takes: " + strings.Join(names, ", ") + "."
		}
		c.takes = append(c.takes, owner+takes)
	}
	for _, f := range fields {
		if f.typ.Kind() != reflect.Struct {
			continue
		}
		if inner, ok := asObject(values[f.name]); ok {
			c.walk(path+f.name, path+f.name+".", f.typ, inner)
		}
	}
}

// isUnknown notes an argument that is not taken. If it is an object, which was
// put around what the tool does take, it says so.
func (c *nameCheck) isUnknown(path, name string, value any) {
	c.unknown = append(c.unknown, path+meet.CleanText(name, maxName))
	c.place(path, name)
	if inner, ok := asObject(value); ok && len(inner) <= maxLookups {
		for _, key := range slices.Sorted(maps.Keys(inner)) {
			c.place(path+name+".", key)
		}
	}
}

// Bounds of an error about unknown arguments.
const (
	maxName    = 40  // how much of a name is repeated, in characters
	maxUnknown = 250 // and of all names, in bytes: enough for a dozen
	maxLookups = 20  // how many names are looked for elsewhere
	maxBelongs = 4   // and of how many it is said
)

// place says where an argument belongs that is not taken where it is, if its
// name tells.
func (c *nameCheck) place(path, name string) {
	if c.lookups++; c.lookups > maxLookups || len(c.belongs) == maxBelongs {
		return
	}
	plain, shown := plainName(name), meet.CleanText(name, maxName)
	for _, known := range placesIn(c.input, "", nil) {
		if plainName(known.name) != plain && plainName(known.path+known.name) != plain {
			continue
		}
		var hint string
		switch in := strings.TrimSuffix(known.path, "."); {
		case known.path == path:
			hint = fmt.Sprintf("%s is called %s here.", path+shown, path+known.name)
		case in != "":
			hint = fmt.Sprintf("%s belongs inside %s: {%q: {%q: …}}.", shown, in, in, known.name)
		default:
			around := meet.CleanText(strings.TrimSuffix(path, "."), maxName)
			hint = fmt.Sprintf("%s belongs outside %s: {%q: …}.", shown, around, known.name)
		}
		if !slices.Contains(c.belongs, hint) {
			c.belongs = append(c.belongs, hint)
		}
		return
	}
}

// argumentPlace is where an argument is: in path, which is empty or ends with a dot.
type argumentPlace struct{ path, name string }

// placesIn gives the places of all arguments in a type.
func placesIn(t reflect.Type, path string, places []argumentPlace) []argumentPlace {
	for _, f := range fieldsOf(t) {
		places = append(places, argumentPlace{path, f.name})
		if f.typ.Kind() == reflect.Struct {
			places = placesIn(f.typ, path+f.name+".", places)
		}
	}
	return places
}

// plainName is a name without what differs where one and the same thing is
// spelled by other habits: roomId, room-id, room_id.
func plainName(name string) string { return strings.ToLower(spelling.Replace(name)) }

var spelling = strings.NewReplacer("_", "", "-", "", " ", "")

func (c *nameCheck) message() string {
	if len(c.unknown) == 1 {
		return "there is no argument " + strconv.Quote(c.unknown[0])
	}
	var quoted []string
	size := 0
	for i, path := range c.unknown {
		name := strconv.Quote(path)
		if size += len(name); size > maxUnknown && i > 0 {
			quoted = append(quoted, fmt.Sprintf("%d more", len(c.unknown)-i))
			break
		}
		quoted = append(quoted, name)
	}
	last := len(quoted) - 1
	return "there are no arguments " + strings.Join(quoted[:last], ", ") + " and " + quoted[last]
}
