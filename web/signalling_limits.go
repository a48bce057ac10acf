package web

import (
	"net/http"
	"strings"
)

// connect takes a place for a signalling connection. To ask whether one would
// be let in (…/validate) takes none, but is told the same.
func (s *Server) connect(r *http.Request, tokens []string) (release func(), err error) {
	releases := make([]func(), 0, len(tokens))
	release = func() {
		for _, f := range releases {
			f()
		}
	}
	if len(tokens) == 0 {
		return release, nil // LiveKit refuses it
	}
	for _, token := range tokens {
		one, err := s.Enforcer.ReserveConnection(r.Context(), s.callerAddress(r), token)
		if err != nil {
			release()
			return nil, err
		}
		releases = append(releases, one)
	}
	if strings.HasSuffix(r.URL.Path, "/validate") {
		release()
	}
	return release, nil
}
