package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// What is not a POST is refused; what some clients send beside one is let be.
func TestMethodsAndHeaders(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	for _, method := range []string{"GET", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"} {
		got, err := a.send(t.Context(), method, "/mcp", "", "Accept", "text/event-stream")
		if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" {
			t.Errorf("%s: got %d, Allow %q, want 405, POST", method, got.status, got.header.Get("Allow"))
		}
	}
	for _, e := range eras {
		for _, more := range [][]string{
			{"Last-Event-ID", "17"}, {"Mcp-Session-Id", "somebody-elses"}, {"Last-Event-ID", "x", "Mcp-Session-Id", "y"},
			{"Accept", "application/json"}, {"Accept", "*/*"}, {"Origin", a.url}, {"Content-Type", "application/json; charset=utf-8"},
		} {
			body, header := e.message("p", "tools/list", nil)
			got := a.post(t, body, append(header, more...)...)
			if r := readResponse(t, got.body); got.status != http.StatusOK || r.Error != nil {
				t.Errorf("%s: tools/list with %q: got %d %.200s, want 200", e.name, more, got.status, got.body)
			}
		}
	}
	if got, want := a.post(t, `{"jsonrpc":"2.0","id":"p","method":"ping"}`), `{"id":"p","jsonrpc":"2.0","result":{}}`; compact(t, got.body) != want {
		t.Errorf("ping: got %d %s, want %s", got.status, got.body, want)
	}
}

// A listen stream would deliver nothing, so it ends as soon as it is opened.
func TestListenEndsAtOnce(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	body, header := eras[1].message("s", "subscriptions/listen", map[string]any{
		"notifications": map[string]any{"toolsListChanged": true, "resourceSubscriptions": []string{"roomkey://roles"}}})
	got := a.post(t, body, header...) // a stream that stays open would hang here
	if r := readResponse(t, got.body); r.Error != nil || string(r.ID) != `"s"` {
		t.Errorf("subscriptions/listen: got %s, want a result for s", got.body)
	}
}

// A body over 256 KiB is refused, whether or not it says its length.
func TestBodyTooLarge(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	large := `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"` + strings.Repeat("x", 1<<20) + `"}}`
	for name, body := range map[string]io.Reader{"with a length": strings.NewReader(large), "in chunks": io.MultiReader(strings.NewReader(large))} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+"/mcp", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+a.owner)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge || !regexp.MustCompile(`^\{"error":\{"code":"invalid","status":413,`).Match(got) {
			t.Errorf("%s: got %d %s (%v), want 413 with an error", name, resp.StatusCode, got, err)
		}
	}
	almost := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":%q}}`, strings.Repeat("x", 255<<10))
	if got := a.post(t, almost); got.status != http.StatusOK {
		t.Errorf("255 KiB: got %d %s, want 200", got.status, got.body)
	}
}
