package tools

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

// field is an argument of a tool, read from a struct field and its tags.
type field struct {
	name     string
	doc      string
	index    int
	typ      reflect.Type // of the value, the pointer taken off
	required bool
	enum     []string
	min, max *int
	complete string // what completes it; only prompts' arguments have that
}

// fieldsRead keeps what fieldsOf has read: reflect.Type to []field.
var fieldsRead sync.Map

// fieldsOf reads the fields of a struct type in their order.
func fieldsOf(t reflect.Type) []field {
	if fields, ok := fieldsRead.Load(t); ok {
		return fields.([]field)
	}
	fields := make([]field, 0, t.NumField())
	for i := range t.NumField() {
		sf := t.Field(i)
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		f := field{name: name, doc: sf.Tag.Get("doc"), index: i, typ: sf.Type, required: true, complete: sf.Tag.Get("complete")}
		if f.typ.Kind() == reflect.Pointer {
			f.typ, f.required = f.typ.Elem(), false
		}
		if enum := sf.Tag.Get("enum"); enum != "" {
			f.enum = strings.Split(enum, ",")
		}
		f.min, f.max = intTag(sf, "min"), intTag(sf, "max")
		fields = append(fields, f)
	}
	fieldsRead.Store(t, fields)
	return fields
}

func intTag(sf reflect.StructField, name string) *int {
	text, ok := sf.Tag.Lookup(name)
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		panic("tools: " + sf.Name + ": " + err.Error())
	}
	return &n
}

// object is a JSON schema that keeps its properties in order.
type object struct {
	Type       string     `json:"type"`
	Doc        string     `json:"description,omitempty"`
	Properties properties `json:"properties"`
	Required   []string   `json:"required,omitempty"`
	Closed     *bool      `json:"additionalProperties,omitempty"`
}

// property is the JSON schema of a value that is not an object.
type property struct {
	Type  string    `json:"type"`
	Doc   string    `json:"description,omitempty"`
	Enum  []string  `json:"enum,omitempty"`
	Min   *int      `json:"minimum,omitempty"`
	Max   *int      `json:"maximum,omitempty"`
	Items *property `json:"items,omitempty"`
}

type properties []namedSchema

type namedSchema struct {
	name   string
	schema any
}

// MarshalJSON writes an object whose keys stay in order.
func (ps properties) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, p := range ps {
		if i > 0 {
			b.WriteByte(',')
		}
		schema, err := json.Marshal(p.schema)
		if err != nil {
			return nil, err
		}
		b.WriteString(strconv.Quote(p.name) + ":" + string(schema))
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// inputSchema is closed at every depth and describes every property.
func inputSchema(t reflect.Type) json.RawMessage {
	return mustMarshal(inputObject(t, ""))
}

func inputObject(t reflect.Type, doc string) object {
	closed := false
	o := object{Type: "object", Doc: doc, Closed: &closed, Properties: properties{}}
	for _, f := range fieldsOf(t) {
		var schema any
		switch {
		case f.typ == oneOrMoreType:
			schema = oneOrMoreSchema(f.doc)
		case f.typ.Kind() == reflect.Struct:
			schema = inputObject(f.typ, f.doc)
		default:
			schema = property{Type: jsonType(f.typ), Doc: f.doc, Enum: f.enum, Min: f.min, Max: f.max}
		}
		o.Properties = append(o.Properties, namedSchema{f.name, schema})
		if f.required {
			o.Required = append(o.Required, f.name)
		}
	}
	return o
}

// outputSchema names and describes the top-level fields and is shallow below:
// the names of rooms' and codes' fields speak for themselves.
func outputSchema(t reflect.Type) json.RawMessage {
	o := object{Type: "object", Properties: properties{}}
	for i := range t.NumField() {
		sf := t.Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		typ := sf.Type
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		p := property{Type: jsonType(typ), Doc: sf.Tag.Get("doc")}
		if typ.Kind() == reflect.Slice {
			p.Items = &property{Type: jsonType(typ.Elem())}
		}
		o.Properties = append(o.Properties, namedSchema{name, p})
		if options != "omitempty" && options != "omitzero" {
			o.Required = append(o.Required, name)
		}
	}
	return mustMarshal(o)
}

var timeType = reflect.TypeFor[time.Time]()

// jsonType is the JSON schema type of a Go type.
func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int:
		return "integer"
	case reflect.Slice:
		return "array"
	case reflect.Struct:
		if t == timeType || t == oneOrMoreType {
			return "string"
		}
		return "object"
	}
	panic("tools: no JSON schema type for " + t.String())
}

func mustMarshal(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("tools: " + err.Error())
	}
	return b
}

// ArgumentType is the JSON schema type of a tool's argument, "" if there is no
// such tool or argument. path leads into objects: settings, allow_chat.
func ArgumentType(tool string, path []string) string {
	for _, t := range Catalogue() {
		if t.Name == tool {
			return argumentType(t.input, path)
		}
	}
	return ""
}

func argumentType(t reflect.Type, path []string) string {
	for _, f := range fieldsOf(t) {
		switch {
		case f.name != path[0]:
		case len(path) == 1:
			return jsonType(f.typ)
		case f.typ.Kind() == reflect.Struct && f.typ != oneOrMoreType:
			return argumentType(f.typ, path[1:])
		}
	}
	return ""
}

// ReadOnly says whether a tool only reads. One that there is not does not.
func ReadOnly(tool string) bool {
	for _, t := range Catalogue() {
		if t.Name == tool {
			return t.Hints.ReadOnly
		}
	}
	return false
}
