package tools

import (
	"encoding/json"
	"reflect"
	"testing"

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
		in := readMessage([]byte(text))
		valid := json.Valid([]byte(text))
		switch {
		case in.fault != nil:
			if in.fault.code == mcp.PARSE_ERROR && valid || in.fault.text == "" || !json.Valid(in.response()) {
				t.Errorf("%q: refused with %+v", text, *in.fault)
			}
			return
		case !valid:
			t.Errorf("%q: taken as a message", text)
		case in.silent:
			return
		}
		var was, is message
		if json.Unmarshal([]byte(text), &was) != nil || json.Unmarshal(in.body, &is) != nil {
			t.Fatalf("%q: goes on as %q", text, in.body)
		}
		if in.masked {
			is.ID = was.ID
		}
		was.Params, is.Params = nil, nil // they may have been mended
		if !reflect.DeepEqual(decoded(was), decoded(is)) {
			t.Errorf("%q: goes on as %q", text, in.body)
		}
	})
}

func decoded(m message) (values [4]any) {
	for i, raw := range []json.RawMessage{m.JSONRPC, m.ID, m.Method, m.Result} {
		if raw != nil {
			values[i] = string(raw)
			_ = json.Unmarshal(raw, &values[i]) // a number out of range stays the text it is
		}
	}
	return values
}

// Members keep their order, and one that is there twice stays there twice: a
// bridge and mcp-go must read the same name out of a message.
func TestEachMember(t *testing.T) {
	t.Parallel()
	same := func(_ string, value json.RawMessage) json.RawMessage { return value }
	for text, want := range map[string]string{
		`{"b":1,"a":{"z":[]},"b":2,"B":null}`: `{"b":1,"a":{"z":[]},"b":2,"B":null}`,
		" {\t\"a\" : \"x\\u0000\" } ":         `{"a":"x\u0000"}`, //nolint:gocritic // the white space is what is tested
		`{}`:                                  `{}`,
		`[1]`:                                 `[1]`,
		`null`:                                `null`,
		`"x"`:                                 `"x"`,
	} {
		if got := string(eachMember(json.RawMessage(text), same)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	deep := func(_ string, value json.RawMessage) json.RawMessage { return emptyObjects(value, capabilitiesDepth) }
	got := string(eachMember(json.RawMessage(`{"a":[],"b":{"c":[ ],"d":[1,[]]}}`), deep))
	if got != `{"a":{},"b":{"c":{},"d":[1,[]]}}` {
		t.Errorf("empty arrays: got %s", got)
	}
}
