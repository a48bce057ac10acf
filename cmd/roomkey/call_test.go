package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/programtest"
)

// Whatever answers, call says what that means and ends with its exit code. The
// local secret goes to nobody else.
func TestCallOfOthers(t *testing.T) {
	t.Parallel()
	const none = "unavailable: The answer is none of a roomkey's. "
	reply := func(rest string) string { return `{"jsonrpc":"2.0","id":1,` + rest + `}` }
	failed := func(report string) string {
		return reply(`"result":{"isError":true,"_meta":{"roomkey/error":` + report + `}}`)
	}
	tests := []struct {
		name, body       string
		status, wantCode int
		wantErr          string
	}{
		{"a web page", "<!doctype html>", 200, 9, none + "Is there one at "},
		{"an empty answer", "", 200, 9, none},
		{"another JSON", `{"hello": "world"}`, 200, 9, none},
		{"a list", `[]`, 200, 9, none},
		{"a result without content", reply(`"result":{"content":[]}`), 200, 9, none},
		{"an error without content", reply(`"result":{"isError":true}`), 200, 9, none},
		{"an error of somebody else's", reply(`"result":{"isError":true,"content":[{"type":"text","text":"no"}],` +
			`"structuredContent":{"error":{"code":"gone"}}}`), 200, 9, none},
		{"not found", "404", 404, 9, "unavailable: The server answered with status 404. Is it a roomkey?"},
		{"a broken gateway", "<html>", 502, 9, "unavailable: The server answered with status 502. "},
		{"an internal error of the protocol", reply(`"error":{"code":-32603,"message":"Internal error."}`),
			200, 1, "roomkey: Internal error."},
		{"another error of the protocol", reply(`"error":{"code":-32602,"message":"no such tool"}`),
			400, 2, "invalid: no such tool. "},
		{"an internal error", failed(`{"code":"internal","status":500,"message":"Internal error","request_id":"r-1"}`),
			200, 1, "internal: Internal error (request r-1)"},
		{"an error code of the future", failed(`{"code":"tea","message":"I am a teapot"}`),
			200, 1, "tea: I am a teapot"},
		{"a stream", "event: message\ndata: " + reply(`"result":{"structuredContent":{}}`) + "\n\n", 200, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var authorization string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				authorization = r.Header.Get("Authorization")
				if test.name == "a stream" {
					w.Header().Set("Content-Type", "text/event-stream")
				}
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			}))
			defer server.Close()
			var out, stderr bytes.Buffer
			code := run(t.Context(), streams{nil, &out, &stderr},
				[]string{"call", "list_rooms", "--url", server.URL, "--data", t.TempDir()})
			said := stderr.String()
			if code != test.wantCode || !strings.HasPrefix(said, test.wantErr) || programtest.GoText.MatchString(said) {
				t.Errorf("call: got exit code %d, stderr %q, want %d, %q", code, said, test.wantCode, test.wantErr)
			}
			if (out.Len() == 0) != (code != 0) {
				t.Errorf("stdout: got %q with exit code %d", out.String(), code)
			}
			if authorization != "" {
				t.Errorf("Authorization sent to another server: got %q, want no token", authorization)
			}
		})
	}
}
