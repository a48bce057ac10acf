package load

import "testing"

func TestJudgements(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   bool
	}{
		"result":              {200, `{"jsonrpc":"2.0","id":1,"result":{"content":[]}}`, true},
		"said to be no error": {200, `{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":false}}`, true},
		"isError inside text": {200, `{"jsonrpc":"2.0","id":1,"result":{"content":[{"text":"{\"isError\":true}"}]}}`, true},
		"tool error":          {200, `{"jsonrpc":"2.0","id":1,"result":{"isError":true,"content":[]}}`, false},
		"tool error, spaced":  {200, `{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError": true}}`, false},
		"JSON-RPC error":      {200, `{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no"}}`, false},
		"status":              {429, `{"jsonrpc":"2.0","id":1,"result":{}}`, false},
		"event stream":        {200, "event: message\ndata: {}\n\n", false},
	} {
		r := response{status: c.status, body: []byte(c.body)}
		if got := r.succeeded(); got != c.want {
			t.Errorf("%s: cheap judgement is %v, want %v", name, got, c.want)
		}
		if _, err := r.result(); (err == nil) != c.want {
			t.Errorf("%s: thorough judgement is %v, want success %v", name, err, c.want)
		}
	}
}
