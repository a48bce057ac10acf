package tools

import (
	"encoding/json"
	"reflect"
	"strings"
)

// oneOrMore is an argument that takes a text or a list of texts.
type oneOrMore struct {
	list []string
	many bool // a list was given, even one of one
}

var oneOrMoreType = reflect.TypeFor[oneOrMore]()

// mostListed bounds a list in an argument.
const mostListed = 1000

// read takes a decoded JSON value, also a list that is written as a string of its
// JSON, or reports that it is neither.
func (m *oneOrMore) read(value any) bool {
	if text, ok := value.(string); ok && strings.HasPrefix(text, "[") {
		value = nil
		if json.Unmarshal([]byte(text), &value) != nil {
			return false
		}
	}
	if text, ok := value.(string); ok {
		m.list = []string{text}
		return true
	}
	values, ok := value.([]any)
	if !ok || len(values) == 0 || len(values) > mostListed {
		return false
	}
	m.list, m.many = make([]string, len(values)), true
	for i, value := range values {
		if m.list[i], ok = value.(string); !ok {
			return false
		}
	}
	return true
}

// one gives the text, if no list was given.
func (m oneOrMore) one() (string, bool) {
	if m.many || len(m.list) == 0 {
		return "", false
	}
	return m.list[0], true
}

// all says whether * stands for everybody, alone or in a list.
func (m oneOrMore) all() bool { return len(m.list) == 1 && m.list[0] == "*" }

// choice is the JSON schema of a value that may be one of several things.
type choice struct {
	Doc   string     `json:"description,omitempty"`
	AnyOf []property `json:"anyOf"`
}

func oneOrMoreSchema(doc string) choice {
	return choice{Doc: doc, AnyOf: []property{{Type: "string"}, {Type: "array", Items: &property{Type: "string"}}}}
}
