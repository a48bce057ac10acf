package main

import (
	"fmt"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/programtest"
)

// startProxy is a proxy before the roomkey at an address, which passes on
// WebSockets or not, and says for whom it asks or not.
func startProxy(t *testing.T, before string, upgrades, forwards bool) string {
	t.Helper()
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: before})
		if forwards {
			r.SetXForwarded()
		}
		if !upgrades {
			r.Out.Header.Del("Connection")
			r.Out.Header.Del("Upgrade")
		}
	}}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

// startNginx is nginx before the roomkey at an address, with what README.md says
// to put beside proxy_pass.
func startNginx(t *testing.T, before string) string {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("nginx is not installed; a proxy of Go's says the same")
	}
	address := programtest.FreeAddress(t)
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, lines, found := strings.Cut(string(readme), "proxy_pass http://127.0.0.1:9090;")
	lines, _, closed := strings.Cut(lines, "}")
	if !found || !closed {
		t.Fatal("README.md has no lines for nginx")
	}
	dir := t.TempDir()
	conf := fmt.Sprintf(`daemon off; master_process off; pid nginx.pid; error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen %s;
    location / {
      proxy_pass http://%s;
      %s
    }
  }
}
`, address, before, lines)
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := start(exec.Command(program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	if !programtest.Eventually(func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	}) {
		t.Fatalf("nginx does not listen:\n%s", p.err.Tail())
	}
	return "http://" + address
}

// Behind a proxy the doctor tries what a browser does, where people are sent.
func TestDoctorBehindProxies(t *testing.T) {
	t.Parallel()
	const (
		leads   = "ok   public_url: "
		refused = "FAIL signalling: nobody can join: a WebSocket to ws"
		reached = "ok   signalling: clients reach the LiveKit inside through /rtc"
		strange = "warn trusted_proxies: X-Forwarded-For comes from 127.0.0.1, which is not in http.trusted_proxies"
		trusted = "ROOMKEY_HTTP_TRUSTED_PROXIES=127.0.0.1"
	)
	for name, test := range map[string]struct {
		start func(t *testing.T, before string) string
		env   string
		code  int
		want  []string
		not   string
	}{
		"drops upgrades": {func(t *testing.T, before string) string { return startProxy(t, before, false, false) },
			"", 1, []string{leads, refused}, "trusted_proxies"},
		"is not trusted": {func(t *testing.T, before string) string { return startProxy(t, before, true, true) },
			"", 0, []string{leads, reached, strange, "       If that is your proxy, set http.trusted_proxies: [127.0.0.1]."},
			"FAIL"},
		"is trusted": {func(t *testing.T, before string) string { return startProxy(t, before, true, true) },
			trusted, 0, []string{leads, reached}, "trusted_proxies"},
		"nginx of README.md, not trusted": {startNginx, "", 0, []string{leads, reached, strange}, "FAIL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := programtest.FreeAddress(t)
			public := test.start(t, address)
			env := []string{"ROOMKEY_LISTEN=" + address, "ROOMKEY_PUBLIC_URL=" + public, "ROOMKEY_DATA=" + t.TempDir(), test.env}
			dir := t.TempDir()
			startAt(t, address, command(dir, append(bareEnvironment(dir), env...), "serve"))
			if said := holdSaid(t, env, test.code, test.want...); strings.Contains(said, test.not) {
				t.Errorf("got\n%s\nwant no %q", said, test.not)
			}
		})
	}
}
