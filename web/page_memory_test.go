package web

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
)

// Sending a file uncompressed must not copy it: a client that reads slowly would hold
// the copy for a minute, on every connection.
func TestPageFileIsNotCopied(t *testing.T) {
	p := newPage()
	var file *pageFile
	for _, f := range p.assets {
		if f.compressed != nil && (file == nil || len(f.compressed()) > len(file.compressed())) {
			file = f
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/page/assets/x", nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		if err := file.send(discard{httptest.NewRecorder()}, r); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / 100; each > 100<<10 {
		t.Errorf("sending a file of the page takes %d bytes of memory", each)
	}
}

type discard struct{ *httptest.ResponseRecorder }

func (discard) Write(p []byte) (int, error) { return len(p), nil }
