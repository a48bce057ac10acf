// Package webhooktest has a receiver of webhooks for tests, which verifies what it gets
// and can fail in many ways.
package webhooktest

import (
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Secret is the one that a receiver verifies with unless told otherwise.
const Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=" //nolint:gosec // G101: of tests

// Message is one that arrived.
type Message struct {
	ID        string
	Type      string
	Timestamp time.Time
	Data      map[string]any
	Taken     bool // it was answered with success
}

// Room is the id of the room that a message is about.
func (m Message) Room() string { room, _ := m.Data["room_id"].(string); return room }

// Way is how a receiver answers. It says whether it has taken the message.
type Way func(w http.ResponseWriter, r *http.Request) (taken bool)

// Receiver is an endpoint on loopback.
type Receiver struct {
	t      testing.TB
	server *httptest.Server
	ended  chan struct{}

	mu      sync.Mutex
	way     Way
	secret  string
	arrived []Message
}

// Start starts a receiver that takes everything.
func Start(t testing.TB) *Receiver { return start(t, (*httptest.Server).Start) }

// StartTLS starts a receiver whose certificate nobody else knows.
func StartTLS(t testing.TB) *Receiver { return start(t, (*httptest.Server).StartTLS) }

func start(t testing.TB, start func(*httptest.Server)) *Receiver {
	r := &Receiver{t: t, way: Take, secret: Secret, ended: make(chan struct{})}
	r.server = httptest.NewUnstartedServer(http.HandlerFunc(r.receive))
	r.server.Config.ErrorLog = log.New(io.Discard, "", 0) // senders that refuse it are meant to
	start(r.server)
	t.Cleanup(func() {
		close(r.ended)
		r.server.CloseClientConnections()
		r.server.Close()
	})
	return r
}

// URL is that of the endpoint.
func (r *Receiver) URL() string { return r.server.URL + "/hooks?key=of-the-receiver" }

// Roots vouch for the certificate of a receiver with TLS.
func (r *Receiver) Roots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(r.server.Certificate())
	return roots
}

// Answer has it answer in another way from now on.
func (r *Receiver) Answer(way Way) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.way = way
}

// VerifyWith has it verify with another secret.
func (r *Receiver) VerifyWith(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secret = secret
}

// Arrived gives what has arrived so far.
func (r *Receiver) Arrived() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.arrived)
}

// News gives what was taken, each id once: what a program that keeps ids as the
// specification says takes for new.
func (r *Receiver) News() (news []Message) {
	known := map[string]bool{}
	for _, m := range r.Arrived() {
		if m.Taken && !known[m.ID] {
			known[m.ID] = true
			news = append(news, m)
		}
	}
	return news
}

func (r *Receiver) receive(w http.ResponseWriter, req *http.Request) {
	text, err := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	if err != nil {
		return // the sender has given up
	}
	r.mu.Lock()
	way, secret := r.way, r.secret
	r.mu.Unlock()
	var m struct {
		Type      string
		Timestamp time.Time
		Data      map[string]any
	}
	signer, err := standardwebhooks.NewWebhook(secret)
	if err == nil {
		err = signer.VerifyIgnoringTimestamp(text, req.Header) // tests have a clock of their own
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil || req.Method != http.MethodPost || req.Header.Get("Content-Type") != "application/json" ||
		!strings.HasPrefix(req.Header.Get("User-Agent"), "Roomkey/") {
		r.t.Errorf("a message that cannot be verified: %v, %s %v %s", err, req.Method, req.Header, text)
	}
	r.mu.Lock()
	i := len(r.arrived)
	r.arrived = append(r.arrived, Message{ID: req.Header.Get(standardwebhooks.HeaderWebhookID), Type: m.Type,
		Timestamp: m.Timestamp, Data: m.Data})
	r.mu.Unlock()
	taken := way(w, req)
	r.mu.Lock()
	r.arrived[i].Taken = taken
	r.mu.Unlock()
}

// Take takes a message.
func Take(w http.ResponseWriter, _ *http.Request) bool {
	w.WriteHeader(http.StatusNoContent)
	return true
}

// Status refuses every message with a status.
func Status(status int) Way {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(status)
		return false
	}
}

// Redirect sends the sender elsewhere.
func Redirect(to string) Way {
	return func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		return false
	}
}

// Close closes the connection without an answer.
func Close(w http.ResponseWriter, _ *http.Request) bool {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		_ = conn.Close()
	}
	return false
}

// Garbage answers with what is no HTTP.
func Garbage(w http.ResponseWriter, _ *http.Request) bool {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		_, _ = conn.Write([]byte("220 mail.example.com ESMTP\r\n"))
		_ = conn.Close()
	}
	return false
}

// HugeHeader answers with success and a header without an end.
func HugeHeader(w http.ResponseWriter, _ *http.Request) bool {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_, err = conn.Write([]byte("HTTP/1.1 200 OK\r\n"))
	for line := []byte("X-More: " + strings.Repeat("x", 1<<10) + "\r\n"); err == nil; {
		_, err = conn.Write(line)
	}
	return false
}

// HugeBody takes a message with a body without an end.
func HugeBody(w http.ResponseWriter, r *http.Request) bool {
	for part := []byte(strings.Repeat("x", 32<<10)); r.Context().Err() == nil; {
		if _, err := w.Write(part); err != nil {
			break
		}
	}
	return true
}

// SlowBody takes a message with a body that never comes to its end.
func (r *Receiver) SlowBody(w http.ResponseWriter, req *http.Request) bool {
	_, _ = w.Write([]byte("o"))
	w.(http.Flusher).Flush()
	r.wait(req)
	return true
}

// Hang never answers.
func (r *Receiver) Hang(_ http.ResponseWriter, req *http.Request) bool {
	r.wait(req)
	return false
}

// HangAndTake never answers, but has taken the message.
func (r *Receiver) HangAndTake(_ http.ResponseWriter, req *http.Request) bool {
	r.wait(req)
	return true
}

func (r *Receiver) wait(req *http.Request) {
	select {
	case <-req.Context().Done():
	case <-r.ended:
	}
}
