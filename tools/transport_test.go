package tools

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestQuoteJSON(t *testing.T) {
	t.Parallel()
	for _, value := range []any{"", `"`, `\`, "<&>\u2028\n\t\x00", map[string]any{"a\"b": []any{"\\\"", nil, 1.5}}, strings.Repeat(`\"x`, 500), "日本語"} {
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
	tests := []struct{ message, want string }{
		{`{"jsonrpc":"2.0","id":9007199254740993,"error":{"code":-32600,"message":"json: cannot unmarshal"}}`,
			`{"jsonrpc":"2.0","id":9007199254740993,"error":{"code":-32600,"message":"The request does not have the shape that its method takes."}}`},
		{`{"jsonrpc":"2.0","id":"a","error":{"code":-32602,"message":"tool 'x' not found: tool not found"}}`,
			`{"jsonrpc":"2.0","id":"a","error":{"code":-32602,"message":"` + NoSuchTool + `"}}`},
		{`{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"illegal base64 data at input byte 0"}}`,
			`{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"The parameters are not those that the method takes."}}`},
		{`{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method x not found"}}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method x not found"}}`},
		{`{"jsonrpc":"2.0","id":1,"result":{}}`, `{"jsonrpc":"2.0","id":1,"result":{}}`},
	}
	for _, tt := range tests {
		if got := strings.TrimSpace(string(scrub([]byte(tt.message)))); got != tt.want {
			t.Errorf("scrub(%s)\n got %s\nwant %s", tt.message, got, tt.want)
		}
	}
}
