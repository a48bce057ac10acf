package webtest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Edit changes a request before it is sent.
type Edit func(*http.Request)

// Header sets a header.
func Header(name, value string) Edit { return func(r *http.Request) { r.Header.Set(name, value) } }

// Bearer shows a token.
func Bearer(token string) Edit { return Header("Authorization", "Bearer "+token) }

// From has a request come from an address, as a trusted proxy tells it.
func From(address string) Edit { return Header("X-Forwarded-For", address) }

// Forwarded sets several lines of X-Forwarded-For.
func Forwarded(values ...string) Edit {
	return func(r *http.Request) { r.Header["X-Forwarded-For"] = values }
}

// Host asks for a host.
func Host(name string) Edit { return func(r *http.Request) { r.Host = name } }

// Remote has a request of [Hand] come from an address and a port.
func Remote(address string) Edit { return func(r *http.Request) { r.RemoteAddr = address } }

// Origins has a request come from pages.
func Origins(values ...string) Edit { return func(r *http.Request) { r.Header["Origin"] = values } }

// Do sends a request over the network.
func (s *Server) Do(tb testing.TB, method, path, body string, edits ...Edit) Reply {
	tb.Helper()
	r, err := s.Send(tb, method, path, strings.NewReader(body), edits...)
	if err != nil {
		tb.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// Send is Do for a body of any kind and an answer that may not come.
func (s *Server) Send(tb testing.TB, method, path string, body io.Reader, edits ...Edit) (Reply, error) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, s.Origin+path, body)
	if err != nil {
		tb.Fatalf("NewRequest: %v", err)
	}
	for _, e := range edits {
		e(r)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return Reply{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return Reply{Path: r.URL.Path, Status: resp.StatusCode, Header: resp.Header, Body: string(b), Closes: resp.Close}, err
}

// Hand gives a request to a handler without a network in between, where a
// request cannot be sent as it is to be.
func Hand(h http.Handler, method, path, body string, edits ...Edit) Reply {
	r := httptest.NewRequest(method, path, strings.NewReader(body)) //nolint:noctx // its context never ends
	r.Host = "127.0.0.1"
	for _, e := range edits {
		e(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return Reply{Path: r.URL.Path, Status: w.Code, Header: w.Header(), Body: w.Body.String()}
}

// Raw sends text over a connection as it is and reads the first answer.
func (s *Server) Raw(t *testing.T, text string) Reply {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Listen.String())
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatalf("send: %v", err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("read the answer to %.60q: %v", text, err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read the answer to %.60q: %v", text, err)
	}
	target, err := url.ParseRequestURI(strings.Fields(text)[1])
	if err != nil {
		target = new(url.URL) // not for a URL that cannot be read
	}
	return Reply{Path: target.Path, Status: resp.StatusCode, Header: resp.Header, Body: string(b), Closes: resp.Close}
}

// Together calls f for 0 to n-1 at the same time and waits for all.
func Together(n int, f func(i int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-begin; f(i) })
	}
	close(begin)
	wg.Wait()
}
