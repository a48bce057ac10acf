package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestWait bounds how long a call is held open for somebody who prefers to
// wait. It is well below the server's write timeout and that of proxies.
const longestWait = 25 * time.Second

// preferredWait reads how long the caller would like to wait for an answer
// (Prefer: wait=20, RFC 7240); 0 without that.
func preferredWait(r *http.Request) time.Duration {
	for _, header := range r.Header.Values("Prefer") {
		for preference := range strings.FieldsFuncSeq(header, func(c rune) bool { return c == ',' || c == ';' || c == ' ' }) {
			name, value, _ := strings.Cut(preference, "=")
			seconds, err := strconv.Atoi(strings.Trim(value, `"`))
			if strings.EqualFold(name, "wait") && err == nil && seconds > 0 {
				return min(time.Duration(min(seconds, 3600))*time.Second, longestWait)
			}
		}
	}
	return 0
}

// stillBearer looks again at the access token of a call that is held open: it may
// have been revoked, or have run out, since the call began.
func (s *Server) stillBearer(r *http.Request) func() error {
	if r.Header.Get("Authorization") == "" {
		return nil
	}
	return func() error {
		if _, e := s.bearer(r); e != nil {
			return e
		}
		return nil
	}
}
