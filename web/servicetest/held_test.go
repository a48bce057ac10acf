package servicetest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"roomkey/meet/meettest"
	"roomkey/web"
	. "roomkey/web/webtest"
)

// A call to MCP may be held open for longer than a request may take to arrive.
func TestACallToMCPIsNotCutOff(t *testing.T) {
	t.Parallel()
	s := setup(t)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	Must(t, err)
	const arrive, hold = time.Second, 2 * time.Second
	server := s.Handler(netip.MustParseAddrPort(l.Addr().String()), func(c *web.Config) {
		c.MCP = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(hold):
			}
			fmt.Fprint(w, r.Context().Err())
		})
	}).HTTPServer()
	server.ReadTimeout = arrive
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	url := "http://" + l.Addr().String() + "/mcp"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("{}"))
	Must(t, err)
	r.Header.Set("Authorization", "Bearer "+s.Token(t, meettest.Ada))
	resp, err := http.DefaultClient.Do(r)
	Must(t, err)
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "<nil>" {
		t.Errorf("the call was cut off: %s, %v", body, err)
	}
}
