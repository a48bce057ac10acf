package load

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
)

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
		judge(t, name, CallTool("echo", Fixed("{}")), response{status: c.status, body: []byte(c.body)}, c.want)
	}
}

func TestJudgementsOfPost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   bool
	}{
		"token":             {200, `{"token":"eyJ","room":"a"}`, true},
		"token further on":  {200, `{"kind":"token","other_token":"x","token":"eyJ"}`, true},
		"token inside text": {200, `{"name":"\"token\":\"eyJ\""}`, false},
		"empty token":       {200, `{"token":""}`, false},
		"no token":          {200, `{"status":"waiting"}`, false},
		"another's token":   {200, `{"other_token":"eyJ"}`, false},
		"not a text":        {200, `{"token":7}`, false},
		"waiting":           {202, `{"token":"eyJ"}`, false},
		"refused":           {404, `{"code":404,"message":"token"}`, false},
		"empty":             {200, ``, false},
	} {
		judge(t, name, Post("/v2/token", Fixed("{}"), "token"), response{status: c.status, body: []byte(c.body)}, c.want)
	}
}

// judge holds both judgements of an answer to want.
func judge(t *testing.T, name string, m Message, r response, want bool) {
	t.Helper()
	if got := m.succeeded(r); got != want {
		t.Errorf("%s: cheap judgement is %v, want %v", name, got, want)
	}
	if _, err := m.result(r); (err == nil) != want {
		t.Errorf("%s: thorough judgement is %v, want success %v", name, err, want)
	}
}

// answered is a connection whose calls get these answers.
func answered(t *testing.T, answers string) *conn {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { _ = ours.Close(); _ = theirs.Close() })
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	message := CallTool("echo", Fixed("{}"))
	return &conn{
		net: ours, message: message, requests: newEncoder(Endpoint{}, message, 1),
		in: bufio.NewReader(strings.NewReader(answers)),
	}
}

// What reading an answer allocates would be part of every figure.
func TestRoundTripDoesNotAllocate(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"5\r\nhello\r\n0\r\n\r\n"
	c := answered(t, strings.Repeat(answer, 2_000))
	allocs := testing.AllocsPerRun(1_000, func() {
		if got, err := c.roundTrip(); err != nil || got.status != 200 || string(got.body) != "hello" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	if allocs > 0 {
		t.Errorf("got %v allocations per call, want none", allocs)
	}
}

func TestRoundTripRefusesHalfAnAnswer(t *testing.T) {
	t.Parallel()
	for _, half := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
	} {
		if got, err := answered(t, half).roundTrip(); err == nil {
			t.Errorf("%q: got %+v, want an error", half, got)
		}
	}
}
