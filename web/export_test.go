package web

// LongestWait is how long a call is held open at most.
const LongestWait = longestWait

// Routes says of every route its pattern, its methods, and whether it needs an
// access token.
func (s *Server) Routes(yield func(pattern string, methods []string, token bool)) {
	for _, r := range s.routes() {
		yield(r.pattern, r.access.methods, r.access.token)
	}
}
