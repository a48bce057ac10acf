package tools

import (
	"encoding/json"
	"fmt"
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

// hint is what the tool list says of the argument.
func (f field) hint() string { return fmt.Sprintf("Its description is %q.", f.doc) }

// isObject says whether the argument is an object, isText whether a text or a time,
// isList whether a list of objects, isTexts whether a list of texts.
func (f field) isObject() bool {
	return f.typ.Kind() == reflect.Struct && f.typ != oneOrMoreType && f.typ != timeType
}
func (f field) isText() bool  { return f.typ.Kind() == reflect.String || f.typ == timeType }
func (f field) isList() bool  { return f.typ.Kind() == reflect.Slice && !f.isTexts() }
func (f field) isTexts() bool { return f.typ == reflect.TypeFor[[]string]() }

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
		f := field{
			name: name, doc: sf.Tag.Get("doc"), index: i, typ: sf.Type, required: true, complete: sf.Tag.Get("complete"),
			min: intTag(sf, "min"), max: intTag(sf, "max"),
		}
		if f.typ.Kind() == reflect.Pointer {
			f.typ, f.required = f.typ.Elem(), false
		}
		if enum := sf.Tag.Get("enum"); enum != "" {
			f.enum = strings.Split(enum, ",")
		}
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

// schema is a JSON schema, as far as tools need it.
type schema struct {
	Type       string     `json:"type,omitempty"`
	Doc        string     `json:"description,omitempty"`
	Enum       []string   `json:"enum,omitempty"`
	Min        *int       `json:"minimum,omitempty"`
	Max        *int       `json:"maximum,omitempty"`
	Items      *schema    `json:"items,omitempty"`
	Properties properties `json:"properties,omitzero"`
	Required   []string   `json:"required,omitempty"`
	Closed     *bool      `json:"additionalProperties,omitempty"`
	AnyOf      []schema   `json:"anyOf,omitempty"`
}

// properties are the fields of an object in their order.
type properties []property

type property struct {
	name   string
	schema schema
}

// MarshalJSON writes an object whose keys stay in order.
func (ps properties) MarshalJSON() ([]byte, error) {
	members := make([]string, len(ps))
	for i, p := range ps {
		members[i] = strconv.Quote(p.name) + ":" + string(mustMarshal(p.schema))
	}
	return []byte("{" + strings.Join(members, ",") + "}"), nil
}

// maxShown is the highest maximum in a schema. Nobody reaches higher ones by chance,
// and all clients would pay for them.
const maxShown = 1000

// inputSchema is closed at every depth and describes every property.
func inputSchema(t reflect.Type, doc string) schema {
	o := schema{Type: "object", Doc: doc, Closed: new(bool), Properties: properties{}}
	for _, f := range fieldsOf(t) {
		s := schema{Type: jsonType(f.typ), Doc: f.doc, Enum: f.enum, Min: f.min}
		if f.max != nil && *f.max <= maxShown {
			s.Max = f.max
		}
		switch {
		case f.typ == oneOrMoreType:
			texts := schema{Type: "array", Items: &schema{Type: "string"}}
			s = schema{Doc: f.doc, AnyOf: []schema{{Type: "string"}, texts}}
		case f.isObject():
			s = inputSchema(f.typ, f.doc)
		case f.isTexts():
			s.Items = &schema{Type: "string"}
		case f.isList():
			items := inputSchema(f.typ.Elem(), "")
			s.Items = &items
		}
		o.Properties = append(o.Properties, property{f.name, s})
		if f.required {
			o.Required = append(o.Required, f.name)
		}
	}
	return o
}

// outputSchema names and describes the top-level fields and is shallow below:
// the names of the fields of rooms and codes say what they are.
func outputSchema(t reflect.Type) schema {
	o := schema{Type: "object", Properties: properties{}}
	for i := range t.NumField() {
		sf := t.Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		typ := sf.Type
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		s := schema{Type: jsonType(typ), Doc: sf.Tag.Get("doc")}
		if typ.Kind() == reflect.Slice && typ.Elem().Kind() != reflect.Struct { // they are objects, as everywhere
			s.Items = &schema{Type: jsonType(typ.Elem())}
		}
		o.Properties = append(o.Properties, property{name, s})
		if options != "omitempty" && options != "omitzero" {
			o.Required = append(o.Required, name)
		}
	}
	return o
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

// toolNamed finds a tool in the catalogue.
func toolNamed(name string) (Tool, bool) {
	for _, t := range Catalogue() {
		if t.Name == name {
			return t, true
		}
	}
	return Tool{}, false
}

// ArgumentType is the JSON schema type of a tool's argument, "" if there is no
// such tool or argument. path leads into objects: settings, allow_chat.
func ArgumentType(tool string, path []string) string {
	t, ok := toolNamed(tool)
	if !ok {
		return ""
	}
	return argumentType(t.input, path)
}

func argumentType(t reflect.Type, path []string) string {
	for _, f := range fieldsOf(t) {
		switch {
		case f.name != path[0]:
		case len(path) == 1:
			return jsonType(f.typ)
		case f.isObject():
			return argumentType(f.typ, path[1:])
		}
	}
	return ""
}

// ReadOnly says whether a tool only reads. It is false for an unknown tool.
func ReadOnly(tool string) bool {
	t, _ := toolNamed(tool)
	return t.Hints.ReadOnly
}
