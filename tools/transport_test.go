package tools

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestQuoteJSON(t *testing.T) {
	t.Parallel()
	for _, value := range []any{
		"", `"`, `\`, "<&>\u2028\n\t\x00", args{"a\"b": []any{"\\\"", nil, 1.5}}, strings.Repeat(`\"x`, 500), "日本語",
	} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal(quoteJSON(text), &back); err != nil || back != string(text) {
			t.Errorf("%s quoted reads as %q, %v", text, back, err)
		}
	}
}

func TestScrub(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ id, before, after string }{
		{"9007199254740993", `-32600,"message":"json: cannot unmarshal"`,
			`-32600,"message":"The request does not have the shape that its method takes."`},
		{`"a"`, `-32602,"message":"tool 'x' not found: tool not found"`, `-32602,"message":"` + NoSuchTool + `"`},
		{"1", `-32602,"message":"illegal base64 data at input byte 0"`,
			`-32602,"message":"The parameters are not those that the method takes."`},
		{"1", `-32601,"message":"Method x not found"`, `-32601,"message":"Method x not found"`},
	} {
		message := `{"jsonrpc":"2.0","id":` + tt.id + `,"error":{"code":` + tt.before + `}}`
		want := `{"jsonrpc":"2.0","id":` + tt.id + `,"error":{"code":` + tt.after + `}}`
		if got := strings.TrimSpace(string(scrub([]byte(message)))); got != want {
			t.Errorf("scrub(%s)\n got %s\nwant %s", message, got, want)
		}
	}
	const result = `{"jsonrpc":"2.0","id":1,"result":{}}`
	if got := string(scrub([]byte(result))); got != result {
		t.Errorf("scrub(%s) gives %s", result, got)
	}
}
