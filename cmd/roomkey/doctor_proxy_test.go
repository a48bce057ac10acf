package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/meet"
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

// startNginx is nginx before the roomkey at an address, with these lines in its
// location.
func startNginx(t *testing.T, before, lines string) string {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("nginx is not installed; a proxy of Go's says the same")
	}
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	conf := fmt.Sprintf(`daemon off; master_process off; pid nginx.pid; error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
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
	if !eventually(func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	}) {
		t.Fatalf("nginx does not listen:\n%s", p.err)
	}
	return "http://" + address
}

// readmeNginx is what README.md says to put beside proxy_pass.
func readmeNginx(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, lines, found := strings.Cut(string(text), "proxy_pass http://127.0.0.1:9090;")
	lines, _, closed := strings.Cut(lines, "}")
	if !found || !closed {
		t.Fatal("README.md has no lines for nginx")
	}
	return lines
}

// Behind a proxy the doctor tries what a browser does, where people are sent.
func TestDoctorBehindProxies(t *testing.T) {
	t.Parallel()
	const (
		nobody  = "FAIL signalling: nobody can join: a WebSocket to ws"
		reached = "ok   signalling: clients reach the LiveKit inside through /rtc"
		strange = "warn trusted_proxies: X-Forwarded-For comes from 127.0.0.1, which is not in http.trusted_proxies"
	)
	for _, test := range []struct {
		name  string
		start func(t *testing.T, before string) string
		env   string
		code  int
		want  []string
		not   string
	}{
		{"drops upgrades", func(t *testing.T, before string) string { return startProxy(t, before, false, false) }, "",
			1, []string{"ok   public_url: ", nobody}, "trusted_proxies"},
		{"is not trusted", func(t *testing.T, before string) string { return startProxy(t, before, true, true) }, "",
			0, []string{"ok   public_url: ", reached, strange, "       If that is your proxy, set http.trusted_proxies: [127.0.0.1]."}, "FAIL"},
		{"is trusted", func(t *testing.T, before string) string { return startProxy(t, before, true, true) }, "ROOMKEY_HTTP_TRUSTED_PROXIES=127.0.0.1",
			0, []string{"ok   public_url: ", reached}, "trusted_proxies"},
		{"plain nginx", func(t *testing.T, before string) string { return startNginx(t, before, "") }, "",
			1, []string{"ok   public_url: ", nobody, "       proxy_set_header Upgrade $http_upgrade;"}, "trusted_proxies"},
		{"nginx as README.md has it", func(t *testing.T, before string) string { return startNginx(t, before, readmeNginx(t)) }, "ROOMKEY_HTTP_TRUSTED_PROXIES=127.0.0.1",
			0, []string{"ok   public_url: ", reached}, "trusted_proxies"},
		{"nginx as README.md has it, not trusted", func(t *testing.T, before string) string { return startNginx(t, before, readmeNginx(t)) }, "",
			0, []string{"ok   public_url: ", reached, strange}, "FAIL"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			address, err := freeAddress()
			if err != nil {
				t.Fatal(err)
			}
			env := []string{"ROOMKEY_LISTEN=" + address, "ROOMKEY_PUBLIC_URL=" + test.start(t, address), "ROOMKEY_DATA=" + t.TempDir()}
			if test.env != "" {
				env = append(env, test.env)
			}
			examine := func(of string) {
				t.Helper()
				said, code := runDoctor(t, env...)
				if code != test.code || strings.Contains(said, test.not) {
					t.Errorf("%s: got exit code %d and\n%s\nwant %d, and no %q", of, code, said, test.code, test.not)
				}
				holdSaid(t, said, test.want...)
			}
			examine("what the doctor starts")
			dir := t.TempDir()
			p, err := start(command(dir, append(bareEnvironment(dir), env...), "serve"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.kill)
			p.url = "http://" + address
			if err := p.ready(); err != nil {
				t.Fatal(err)
			}
			examine("a roomkey that runs")
		})
	}
}

// A proxy before a LiveKit elsewhere that answers everything but WebSockets.
func TestDoctorOfLiveKitWithoutUpgrades(t *testing.T) {
	t.Parallel()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	_, proxy := lameLiveKit(t, "http://"+address+webhookPath, func(r *http.Request) bool {
		r.Header.Del("Connection")
		r.Header.Del("Upgrade")
		return true
	})
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	said, code := runDoctor(t, append(livekitEnv(server.URL), "ROOMKEY_LISTEN="+address)...)
	if code != 1 {
		t.Errorf("exit code: got %d, want 1", code)
	}
	holdSaid(t, said, "ok   livekit: ", "FAIL signalling: nobody can join: a WebSocket to "+config.WebSocketURL(server.URL)+"/rtc is answered with 404", "ok   webhook: ")
}

// Only the owner is told what a roomkey has noticed.
func TestOnlyTheOwnerIsTold(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	if _, err := a.send(t.Context(), "GET", "/healthz", "", "X-Forwarded-For", "198.51.100.7"); err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]int{a.owner: http.StatusOK, "": http.StatusNotFound, "wrong": http.StatusNotFound,
		a.token(t, meet.Principal{ID: "ada", Role: meet.User}): http.StatusNotFound} {
		got, err := send(t.Context(), token, "GET", a.url+reportPath, "")
		if err != nil || got.status != want || strings.Contains(string(got.body), "127.0.0.1") != (want == http.StatusOK) {
			t.Errorf("as %.10q: got %d, %s, %v, want %d", token, got.status, got.body, err, want)
		}
	}
}
