package signin

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/meet"
)

// documentHost serves documents about clients over TLS, and counts who asks.
type documentHost struct {
	*httptest.Server
	asked atomic.Int64
}

func startDocumentHost(
	t *testing.T, answer func(d *documentHost, w http.ResponseWriter, r *http.Request),
) *documentHost {
	t.Helper()
	d := new(documentHost)
	d.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.asked.Add(1)
		answer(d, w, r)
	}))
	t.Cleanup(d.Close)
	return d
}

// trust lets the server fetch documents from a host on this machine.
func (s *testServer) trust(d *documentHost) {
	client := documentClient(nil)
	client.Timeout = 3 * time.Second
	roots := d.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	s.documents.http = client
}

func writeMetadata(w http.ResponseWriter, id, more string) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"client_id": %q, "client_name": "Agent", "redirect_uris": [%q]%s}`, id, callback, more)
}

// A client whose id is the URL of a document needs no registration.
func TestClientDocument(t *testing.T) {
	t.Parallel()
	d := startDocumentHost(t, func(d *documentHost, w http.ResponseWriter, r *http.Request) {
		id := d.URL + r.URL.Path
		switch r.URL.Path {
		case "/good", "/good2":
			writeMetadata(w, id, `, "token_endpoint_auth_method": "none", "unknown": {}`)
		case "/another":
			writeMetadata(w, d.URL+"/good", "")
		case "/secret":
			writeMetadata(w, id, `, "token_endpoint_auth_method": "client_secret_post"`)
		case "/redirects":
			http.Redirect(w, r, "/good", http.StatusFound)
		case "/large":
			writeMetadata(w, id, `, "x": "`+strings.Repeat("x", maxDocument)+`"`)
		case "/html":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html>")
		case "/slow":
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	})
	s := setup(t)
	s.trust(d)
	client := d.URL + "/good"
	shown := "the program of <strong>" + strings.TrimPrefix(d.URL, "https://")
	if r := s.get(s.query(client)); !strings.Contains(r.body, shown) {
		t.Errorf("the page does not say whose program it is: %s", r.body)
	}
	got := s.wantTokens(s.redeem(client, s.allow(s.query(client))))
	s.wantTokens(s.refresh(client, got.refresh))
	if n := d.asked.Load(); n != 1 {
		t.Errorf("the document was fetched %d times, want once", n)
	}
	for _, path := range []string{"/another", "/secret", "/redirects", "/large", "/html", "/slow", "/none"} {
		r := s.get(s.query(d.URL + path))
		if r.status != http.StatusBadRequest || r.to != nil || strings.Contains(r.body, "Passcode") {
			t.Errorf("%s: got %d %s, want an error page", path, r.status, r.body)
		}
	}
}

// Somebody with slow documents keeps nobody at another address from signing in.
func TestSlowDocuments(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	d := startDocumentHost(t, func(d *documentHost, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-release
		}
		writeMetadata(w, d.URL+r.URL.Path, "")
	})
	s := setup(t)
	s.trust(d)
	s.documents.http.Timeout = 0
	from := func(address, path string) error {
		ctx := meet.WithPrincipal(t.Context(), meet.Principal{Role: meet.Anonymous, Address: address})
		_, err := s.documents.client(ctx, d.URL+path)
		return err
	}
	var slow sync.WaitGroup
	for range documentsOfOne {
		slow.Go(func() {
			if err := from("192.0.2.1", "/slow"); err != nil {
				t.Error(err)
			}
		})
	}
	for deadline := time.Now().Add(time.Minute); d.asked.Load() < documentsOfOne; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the documents were not asked for")
		}
	}
	if err := from("192.0.2.1", "/quick"); !errors.Is(err, errBusy) {
		t.Errorf("from the same address: %v, want %v", err, errBusy)
	}
	if r := s.get(s.query(d.URL + "/quick")); r.status != http.StatusBadRequest || strings.Contains(r.body, "Passcode") {
		t.Errorf("from the same address: %d %s", r.status, r.body)
	}
	if err := from("192.0.2.2", "/quick"); err != nil {
		t.Errorf("from another address: %v", err)
	}
	close(release)
	slow.Wait()
	if err := from("192.0.2.1", "/later"); err != nil || len(s.documents.byCaller) > 0 || s.documents.all != 0 {
		t.Errorf("after that: %v, %v, %d", err, s.documents.byCaller, s.documents.all)
	}
}

// Nobody makes this server ask what only its machine can reach.
func TestSSRFByClientDocuments(t *testing.T) {
	t.Parallel()
	d := startDocumentHost(t, func(d *documentHost, w http.ResponseWriter, r *http.Request) {
		writeMetadata(w, d.URL+r.URL.Path, "")
	})
	s := setup(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(d.URL, "https://"), ":")
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "2130706433",
		"[::ffff:127.0.0.1]"} {
		for _, port := range []string{":" + port, ""} {
			if r := s.get(s.query("https://" + host + port + "/client.json")); r.status != http.StatusBadRequest {
				t.Errorf("%s%s: got %d", host, port, r.status)
			}
		}
	}
	for _, host := range []string{"10.0.0.1", "169.254.169.254", "192.168.1.1", "172.16.0.1", "100.64.0.1",
		"[fd00::1]", "[fe80::1]"} {
		if r := s.get(s.query("https://" + host + "/latest/meta-data")); r.status != http.StatusBadRequest {
			t.Errorf("%s: got %d", host, r.status)
		}
	}
	for _, id := range []string{"http://agent.example/c.json", "https://agent.example", "https://agent.example/",
		"https:///c.json",
		"https://u:p@agent.example/c.json", "https://agent.example/a/../c.json", "https://agent.example/c.json#x",
		"https://agent.example/c.json?x", "file:///etc/passwd"} {
		if isDocumentURL(id) {
			t.Errorf("%s counts as the URL of a document", id)
		}
	}
	if n := d.asked.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}
