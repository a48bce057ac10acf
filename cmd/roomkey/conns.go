package main

import "net/http"

// connsKept is how many connections to LiveKit are kept open between calls. Of
// its own, Go keeps two: rooms that are made at the same time would dial.
const connsKept = 32

// keepConns has the transport keep that many. LiveKit's SDK takes none but the
// default one.
func keepConns(transport http.RoundTripper) {
	if t, ok := transport.(*http.Transport); ok {
		t.MaxIdleConnsPerHost = connsKept
	}
}
