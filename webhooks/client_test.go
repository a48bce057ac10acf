package webhooks

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"roomkey/meet"
	"roomkey/webhooks/webhooktest"
)

// forgetful is a store that cannot record attempts for a while.
type forgetful struct {
	meet.WebhookStore
	failing atomic.Bool
	tried   atomic.Int64
}

func (s *forgetful) FinishWebhook(ctx context.Context, a meet.WebhookAttempt) error {
	if s.failing.Load() {
		s.tried.Add(1)
		return errors.New("the disk is full")
	}
	return s.WebhookStore.FinishWebhook(ctx, a)
}

func newEndpoint(url string, now time.Time) meet.WebhookEndpoint {
	return meet.WebhookEndpoint{ID: NewID(), URL: url, Secret: NewSecret(), CreatedAt: now}
}

// The signature is the one of the specification's libraries for the same message.
func TestSignature(t *testing.T) {
	t.Parallel()
	e := meet.WebhookEndpoint{URL: "https://example.com", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	m := Message{ID: "msg_p5jXN8AQM9LWM0D4loKWxJek", Body: []byte(`{"test": 2432232314}`)}
	req, err := NewClient(false, "test").request(t.Context(), e, m, time.Unix(1614265330, 0))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"webhook-id": m.ID, "webhook-timestamp": "1614265330",
		"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "content-type": "application/json"} {
		if got := req.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// Nothing is sent to addresses that are not public, however they are written.
func TestPrivateAddresses(t *testing.T) {
	t.Parallel()
	r := webhooktest.Start(t)
	at, err := url.Parse(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := NewClient(false, "test")
	for _, host := range []string{"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0.0.0.0", "[::1]", "[::]",
		"[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "10.0.0.1", "172.16.0.1", "192.168.0.1",
		"169.254.169.254", "100.64.0.1", "[fd00::1]", "[fe80::1]", "224.0.0.1", "255.255.255.255"} {
		e := newEndpoint("http://"+host+":"+at.Port(), time.Now())
		got := client.Send(t.Context(), e, TestMessage(e.ID, time.Now()), time.Now())
		if got.OK() || !strings.Contains(got.Problem, "not public") && !strings.Contains(got.Problem, "leads nowhere") {
			t.Errorf("%s: got %+v", host, got)
		}
		if problem := client.Try(t.Context(), e.URL); problem != got.Problem {
			t.Errorf("%s: Try gives %q, want %q", host, problem, got.Problem)
		}
	}
	if n := len(r.Arrived()); n > 0 {
		t.Errorf("%d messages arrived", n)
	}
}

// A name that leads to another address each time is looked at each time.
func TestNamesThatChange(t *testing.T) {
	t.Parallel()
	r := webhooktest.Start(t)
	at, err := url.Parse(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	asked := &atomic.Int64{}
	resolver := startDNS(t, func() netip.Addr {
		if asked.Add(1)%2 == 1 {
			return netip.MustParseAddr("10.1.2.3")
		}
		return netip.MustParseAddr("127.0.0.1")
	})
	e := newEndpoint("http://hooks.example.com:"+at.Port(), time.Now())
	r.VerifyWith(e.Secret)
	send := func(allowPrivate bool) Result {
		client := NewClient(allowPrivate, "test")
		client.dialer.Resolver = resolver
		return client.Send(t.Context(), e, TestMessage(e.ID, time.Now()), time.Now())
	}
	for range 4 {
		if got := send(false); !strings.Contains(got.Problem, "not public") {
			t.Errorf("got %+v, want it refused", got)
		}
	}
	if n := len(r.Arrived()); n > 0 || asked.Load() < 4 {
		t.Errorf("%d messages arrived, and the name was asked for %d times", n, asked.Load())
	}
	asked.Store(1) // the next answer is loopback
	if got := send(true); !got.OK() || len(r.Arrived()) != 1 {
		t.Errorf("got %+v, want it to arrive where that is allowed", got)
	}
}

// startDNS starts a DNS server that gives the same address for every name of IPv4.
func startDNS(t *testing.T, address func() netip.Addr) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		for buffer := make([]byte, 1500); ; {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.Authoritative, m.Additionals = true, true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{Body: &dnsmessage.AResource{A: address().As4()},
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}}}
			}
			if answer, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// A certificate that nobody vouches for is none.
func TestWrongCertificate(t *testing.T) {
	t.Parallel()
	r := webhooktest.StartTLS(t)
	e := newEndpoint(r.URL(), time.Now())
	r.VerifyWith(e.Secret)
	client := NewClient(true, "test")
	got := client.Send(t.Context(), e, TestMessage(e.ID, time.Now()), time.Now())
	if !strings.HasPrefix(got.Problem, "its certificate is not valid: ") || len(r.Arrived()) > 0 {
		t.Errorf("got %+v", got)
	}
	if problem := client.Try(t.Context(), e.URL); problem != got.Problem {
		t.Errorf("Try gives %q, want %q", problem, got.Problem)
	}
	client.transport.TLSClientConfig.RootCAs = r.Roots()
	if got := client.Send(t.Context(), e, TestMessage(e.ID, time.Now()), time.Now()); !got.OK() {
		t.Errorf("with a certificate that is known: got %+v", got)
	}
	if problem := client.Try(t.Context(), e.URL); problem != "" {
		t.Errorf("Try gives %q, want no problem", problem)
	}
	if m := r.Arrived(); len(m) != 1 || m[0].Type != "webhook.test" || m[0].Data["endpoint_id"] != e.ID {
		t.Errorf("arrived: %+v", m)
	}
}

// A proxy of the environment would connect to what may not be connected to.
func TestNoProxy(t *testing.T) {
	t.Parallel()
	if NewClient(false, "").transport.Proxy != nil {
		t.Error("the client uses a proxy")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{"": 0, "120": 2 * time.Minute, "-5": 0, "soon": 0,
		"99999999999999999999": 0, "Wed, 04 Mar 2026 12:05:00 GMT": 5 * time.Minute, "Wed, 04 Mar 2020 12:05:00 GMT": 0} {
		resp := &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {text}}}
		if got := retryAfter(resp, now); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	if got := retryAfter(&http.Response{StatusCode: http.StatusGone}, now); got != RetryFor {
		t.Errorf("410: got %v, want %v", got, RetryFor)
	}
}

func TestCheckURLAndSecret(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"https://example.com": true, "https://example.com:8443/a?b=c": true,
		"http://example.com": false, "": false, "example.com": false, "ftp://example.com": false, "https://": false,
		"https://10.0.0.1/x": false, "https://169.254.169.254": false, "https://[::1]:8443": false,
		"https://[::ffff:127.0.0.1]": false, "https://198.51.100.7": false, "https://1.1.1.1": true,
		"https://user:pass@example.com": false, "https://example.com/#x": false, "https://exa mple.com": false,
		"https://example.com/" + strings.Repeat("x", maxURL): false} {
		if err := CheckURL(text, false); (err == nil) != want {
			t.Errorf("%q: got %v", text, err)
		}
	}
	if err := CheckURL("http://127.0.0.1:80", true); err != nil {
		t.Errorf("http where it is allowed: got %v", err)
	}
	for text, want := range map[string]bool{NewSecret(): true, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": true, "": false,
		"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": false, "whsec_c2hvcnQ=": false, "whsec_%%%": false} {
		if err := CheckSecret(text); (err == nil) != want {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
