package tools

import (
	"encoding/json"
	"reflect"
	"strings"

	"roomkey/meet"
)

// oneOrMore is an argument that takes a text or a list of texts.
type oneOrMore struct {
	texts  []string
	isList bool // a list was given, even one of one text
}

var oneOrMoreType = reflect.TypeFor[oneOrMore]()

// maxListed bounds a list in an argument.
const maxListed = 1000

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
		m.texts = []string{text}
		return true
	}
	values, ok := value.([]any)
	if !ok || len(values) == 0 || len(values) > maxListed {
		return false
	}
	m.texts, m.isList = make([]string, len(values)), true
	for i, value := range values {
		if m.texts[i], ok = value.(string); !ok {
			return false
		}
	}
	return true
}

// single gives the text, if no list was given.
func (m oneOrMore) single() (string, bool) {
	if m.isList || len(m.texts) == 0 {
		return "", false
	}
	return m.texts[0], true
}

// isEveryone says whether it is *, alone or in a list.
func (m oneOrMore) isEveryone() bool { return len(m.texts) == 1 && m.texts[0] == meet.Everyone }
