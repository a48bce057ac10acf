package tools

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/mark3labs/mcp-go/mcp"
)

// Whatever comes, a message is understood, silent, or refused with a code that
// is true; and what goes on to mcp-go says what the client said.
func FuzzMessage(f *testing.F) {
	for _, seed := range []string{
		``, `{`, `[]`, `null`, `{}`, `{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}`,
		`{"jsonrpc":"2.0","id":1e400,"method":"ping"}`,
		`{"jsonrpc":"2.0","id":1.5,"METHOD":"initialize","params":{"capabilities":{"roots":[]},"Params":[]}}`,
		`{"jsonrpc":"2.0","id":"a","method":"prompts/get","params":{"arguments":{"a":null,"b":"\ud800"}}}`,
		`{"jsonrpc":"2.0","id":-1,"method":"completion/complete","params":{"context":[],"argument":[]},"params":{"x":[[]]}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []reflect.Type{reflect.TypeFor[message](), reflect.TypeFor[params](), reflect.TypeFor[any]()} {
			fast, standard := reflect.New(read).Interface(), reflect.New(read).Interface()
			fastErr, standardErr := jsonv1.Unmarshal([]byte(text), fast), json.Unmarshal([]byte(text), standard)
			if (fastErr == nil) != (standardErr == nil) || fastErr == nil && !reflect.DeepEqual(fast, standard) {
				t.Errorf("%q: %+v (%v), and %+v (%v) by encoding/json", text, fast, fastErr, standard, standardErr)
			}
		}
		req := readRequest([]byte(text))
		valid := json.Valid([]byte(text))
		switch {
		case req.fault != nil:
			if req.fault.Code == mcp.PARSE_ERROR && valid || req.fault.Message == "" || !json.Valid(req.id) {
				t.Errorf("%q: refused with %+v for %s", text, *req.fault, req.id)
			}
			return
		case !valid:
			t.Errorf("%q: taken as a message", text)
		case req.silent:
			return
		}
		var sent struct {
			ID     json.RawMessage
			Method string
		}
		err := json.Unmarshal([]byte(text), &sent)
		if err != nil || string(sent.ID) != string(req.id) || sent.Method != string(req.method) {
			t.Errorf("%q: read as %s of %s, %v", text, req.method, req.id, err)
		}
		if !json.Valid(mustMarshal(req.params)) {
			t.Errorf("%q: params %+v", text, req.params)
		}
	})
}

// What clients write as an empty array where an object is meant is one, and
// everything else stays as it is.
func TestEmptyObjects(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"a":[],"b":{"c":[ ],"d":[1,[]]}}`: `{"a":{},"b":{"c":{},"d":[1,[]]}}`,
		`[ ]`:                               `{}`,
		`[1]`:                               `[1]`,
		`null`:                              `null`,
		`"x"`:                               `"x"`,
	} {
		if got := string(emptyObjects(json.RawMessage(text), capabilitiesDepth)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// A number that no reader of JSON takes is a bad argument, not a bad message.
func TestTooLargeNumberIsABadArgument(t *testing.T) {
	t.Parallel()
	s := NewServer(Config{Selection: Selection{Toolsets: Toolsets}, Log: slog.New(slog.DiscardHandler)})
	req := readRequest([]byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call",` +
		`"params":{"name":"create_room","arguments":{"max_participants":1e999}}}`))
	answer := string(mustMarshal(s.callTool(t.Context(), req)))
	if !strings.Contains(answer, `"isError":true`) ||
		!strings.Contains(answer, "invalid: a number in arguments is too large") {
		t.Errorf("answer: %s", answer)
	}
}
