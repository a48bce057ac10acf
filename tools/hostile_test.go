package tools

import (
	"maps"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// What no argument of any tool may be. Empty strings are dealt with apart: for
// some arguments they mean "not given".
var hostileStrings = map[string]string{
	"control characters": "a\x00b\x1b[2J",
	"bidi characters":    "\u202eevil\u202c",
	"zero-width":         "a\u200bb",
	"too long":           strings.Repeat("a", 1000),
	"a megabyte":         strings.Repeat("a", 1<<20),
	"bad utf-8":          "a\xffb",
	"sql":                "'; DROP TABLE rooms; --\x00",
}

// Every argument of every tool gets every hostile value, from somebody who may
// call it: the answer is always an error that blames something and never
// anything else, and nothing is stored and nobody disturbed.
func TestHostileArguments(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	s := a.scene()
	before := a.world(s.room)
	try := func(tool Tool, path, what string, arguments map[string]any) {
		t.Helper()
		got := a.call(meettest.Ada, tool.Name, arguments)
		switch {
		case !got.IsError:
			t.Errorf("%s %s: %s is accepted", tool.Name, path, what)
		case got.err.Code != meet.CodeInvalid && got.err.Code != meet.CodeRateLimited:
			t.Errorf("%s %s: %s gives %+v; want invalid", tool.Name, path, what, got.err)
		case len(got.Content[0].Text) > 600:
			t.Errorf("%s %s: %s gives an error of %d characters", tool.Name, path, what, len(got.Content[0].Text))
		}
	}
	for _, tool := range Catalogue() {
		sensible := s.sensible(tool.Name)
		with := func(name string, value any) map[string]any {
			arguments := maps.Clone(sensible)
			arguments[name] = value
			return arguments
		}
		try(tool, "", "an unknown argument", with("no_such_argument", 1))
		for _, name := range []string{"", "ROOM_ID", "\u202e", strings.Repeat("n", 1<<20)} {
			try(tool, "", "an unknown argument", with(name, "x"))
		}
		for _, f := range fieldsOf(tool.input) {
			for _, value := range wrongTypes(jsonType(f.typ)) {
				try(tool, f.name, "a wrong type", with(f.name, value))
			}
			if jsonType(f.typ) != "string" {
				continue
			}
			for what, value := range hostileStrings {
				try(tool, f.name, what, with(f.name, value))
			}
			if f.required {
				try(tool, f.name, "empty", with(f.name, ""))
				try(tool, f.name, "blank", with(f.name, " \t "))
			}
		}
	}
	if after := a.world(s.room); after != before {
		t.Errorf("refused calls changed something:\n%s\nto\n%s", before, after)
	}
	if !s.person.Connected() {
		t.Error("refused calls put somebody out")
	}
	if log := a.log.String(); log != "" {
		t.Errorf("bad arguments made it into the log as failures:\n%.2000s", log)
	}
}

func wrongTypes(jsonType string) []any {
	values := map[string]any{"string": "x", "boolean": true, "integer": 1, "object": map[string]any{}, "array": []any{1}, "number": 1.5}
	delete(values, jsonType)
	var wrong []any
	for _, v := range values {
		wrong = append(wrong, v)
	}
	return wrong
}

// Arguments that are no object at all.
func TestArgumentsMustBeAnObject(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	for _, arguments := range []any{"room_id=x", 5, true, []any{1}, `"{}"`, "[1]", `{"room_id": "x"} {}`} {
		if got := a.call(meettest.Ada, "get_room", arguments); got.err.Code != meet.CodeInvalid || got.err.Field != "arguments" {
			t.Errorf("%v: %+v; want invalid arguments", arguments, got.err)
		}
	}
}
