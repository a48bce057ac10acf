package config

import (
	"net/netip"
	"testing"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	outward := outwardAddress().String()
	own := outward // beside loopback
	if outwardAddress().IsLoopback() {
		own = ""
	}
	everywhere := "http://" + netip.MustParseAddrPort(outward+":9090").String()
	const local, public = "http://127.0.0.1:9090", "https://meet.example.com"
	for _, test := range []struct{ listen, public, node, wantURL, wantNode, wantOwn, wantLocal string }{
		{"127.0.0.1:9090", "", "", local, "127.0.0.1", own, local},
		{"localhost:80", "", "", "http://127.0.0.1:80", "127.0.0.1", own, "http://127.0.0.1:80"},
		{"[::1]:9090", "", "", "http://[::1]:9090", "127.0.0.1", own, "http://[::1]:9090"},
		{":9090", "", "", everywhere, outward, "", local},
		{"[::]:9090", "", "", everywhere, outward, "", local},
		{"192.0.2.1:9090", "", "", "http://192.0.2.1:9090", "192.0.2.1", "", "http://192.0.2.1:9090"},
		{"127.0.0.1:9090", "", "127.0.0.1", local, "127.0.0.1", "", local},
		{"127.0.0.1:9090", public + "/", "", public, outward, "", local},
		{"127.0.0.1:9090", public, "198.51.100.7", public, "198.51.100.7", "", local},
	} {
		c := Config{Listen: test.listen, PublicURL: test.public}
		c.LiveKit.Embedded.NodeIP = test.node
		listen := c.ListenAddress()
		if url := c.PublicAddress(listen); url.String() != test.wantURL {
			t.Errorf("public URL of %+v: got %v, want %s", test, url, test.wantURL)
		}
		if got := c.NodeIP(listen); got != test.wantNode {
			t.Errorf("node IP of %+v: got %s, want %s", test, got, test.wantNode)
		}
		if got := c.MachineIP(listen); got != test.wantOwn {
			t.Errorf("own address of %+v: got %q, want %q", test, got, test.wantOwn)
		}
		if got := c.LocalURL(); got != test.wantLocal {
			t.Errorf("local URL of %+v: got %s, want %s", test, got, test.wantLocal)
		}
	}
	for url, want := range map[string]string{
		"http://a": "ws://a", "https://a/": "wss://a", "wss://a:7880/lk": "wss://a:7880/lk",
		"HTTPS://a": "wss://a", "ws://http": "ws://http",
	} {
		if got := WebSocketURL(url); got != want {
			t.Errorf("for LiveKit's clients, %s: got %s, want %s", url, got, want)
		}
	}
}
