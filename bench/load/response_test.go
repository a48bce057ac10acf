package load

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

// answers are whole answers as servers send them. The oracle is net/http.
var answers = map[string]string{
	"length":        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello",
	"no reason":     "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello",
	"other case":    "HTTP/1.1 200 OK\r\nCONTENT-length:5 \r\n\r\nhello",
	"bare newlines": "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
	"empty":         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	"chunked":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n",
	"chunk inside":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n9\r\n0\r\n\r\n0\r\n\r\r\n0\r\n\r\n",
	"extension":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n",
	"trailer":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: 1\r\n\r\n",
	"accepted":      "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
	"no content":    "HTTP/1.1 204 No Content\r\n\r\n",
	"refused":       "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\nno",
	"long":          "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000),
	"long, chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n" +
		strings.Repeat("x", 100_000) + "\r\n0\r\n\r\n",
	"a lot of header": "HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("x", 10_000) + "\r\nContent-Length: 5\r\n\r\nhello",
}

func TestReadAgreesWithNetHTTP(t *testing.T) {
	t.Parallel()
	for name, text := range answers {
		want, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
		if err != nil {
			t.Fatalf("%s: the example is wrong: %v", name, err)
		}
		wantBody, err := io.ReadAll(want.Body)
		if err != nil {
			t.Fatalf("%s: the example is wrong: %v", name, err)
		}
		// The second answer shows that the first was read to its end, the
		// reader of single bytes that nothing relies on what one read gives.
		r := newResponseReader(iotest.OneByteReader(strings.NewReader(text + text)))
		for range 2 {
			got, err := r.read()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got.status != want.StatusCode || !bytes.Equal(got.body, wantBody) {
				t.Errorf("%s: got %d %.40q, want %d %.40q", name, got.status, got.body, want.StatusCode, wantBody)
			}
		}
		if _, err := r.read(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: at the end got error %v, want EOF", name, err)
		}
	}
}

func TestReadPassesOverInterimAnswers(t *testing.T) {
	t.Parallel()
	r := newResponseReader(strings.NewReader("HTTP/1.1 100 Continue\r\n\r\n" + answers["length"]))
	got, err := r.read()
	if err != nil || got.status != 200 || string(got.body) != "hello" {
		t.Errorf("got %d %q, %v; want 200 hello", got.status, got.body, err)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"another protocol":  "SSH-2.0-x\r\n\r\n",
		"HTTP/1.0":          "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"long status":       "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
		"no length":         "HTTP/1.1 200 OK\r\n\r\nhello",
		"negative length":   "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"huge length":       "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
		"another coding":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"bad chunk size":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
		"chunk too long":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
		"cut in status":     "HTTP/1.1 2",
		"cut in header":     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
		"cut in body":       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
		"cut before body":   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
		"cut between chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
	} {
		got, err := newResponseReader(strings.NewReader(text)).read()
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: got %d %q and error %v, want an error other than EOF", name, got.status, got.body, err)
		}
	}
}

func TestReadDoesNotAllocate(t *testing.T) {
	text := answers["chunked"]
	r := newResponseReader(strings.NewReader(strings.Repeat(text, 2_000)))
	allocs := testing.AllocsPerRun(1_000, func() {
		if _, err := r.read(); err != nil {
			t.Error(err)
		}
	})
	if allocs > 0 {
		t.Errorf("got %v allocations per answer, want none", allocs)
	}
}
