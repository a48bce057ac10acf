package web

import (
	"net/http"

	"roomkey/meet"
)

// SignIn is an authorization server at this one's address, by which clients get access
// tokens from the people that they are for. Its methods answer requests of OAuth; an
// error that they return is about this program, not about the request.
type SignIn interface {
	ServerMetadata(w http.ResponseWriter, r *http.Request) error
	Register(w http.ResponseWriter, r *http.Request) error
	Authorize(w http.ResponseWriter, r *http.Request) error
	Callback(w http.ResponseWriter, r *http.Request) error
	Token(w http.ResponseWriter, r *http.Request) error
	Revoke(w http.ResponseWriter, r *http.Request) error
	SignInPage(w http.ResponseWriter, r *http.Request) error

	// PageSignIn sends people from a join page to one of the Ways; SignOut is for those who
	// have signed in there. Person is who has, in the browser of a request.
	PageSignIn(w http.ResponseWriter, r *http.Request) error
	SignOut(w http.ResponseWriter, r *http.Request) error
	Ways() []meet.SignInWay
	Person(r *http.Request) (meet.Principal, bool)
}

// ProtectedResource tells clients where they get access tokens for this server.
type ProtectedResource interface {
	Metadata(w http.ResponseWriter, r *http.Request) error

	// Challenge is the WWW-Authenticate of a request without an access token, or with
	// one that is not good; InsufficientScope of one whose token lacks a scope.
	Challenge(hadToken bool) string
	InsufficientScope(p meet.Principal, missing meet.TokenScope) string
}

var (
	oauthGet   = access{methods: get, origin: true}
	oauthPost  = access{methods: post, origin: true}
	oauthPages = access{methods: getPost, origin: true}
)

// signInRoutes are those of sign-in; none where it is off. Clients take the metadata of
// the resource as a sign that a token of theirs does not count, so it must not be there
// where no authorization server gives tokens.
func (s *Server) signInRoutes() (routes []route) {
	if s.Resource != nil {
		const metadata = "/.well-known/oauth-protected-resource"
		routes = append(routes, route{metadata, oauthGet, s.Resource.Metadata},
			route{metadata + "/mcp", oauthGet, s.Resource.Metadata})
	}
	if s.SignIn == nil {
		return routes
	}
	return append(routes, []route{
		{"/.well-known/oauth-authorization-server", oauthGet, s.SignIn.ServerMetadata},
		{"/oauth/register", oauthPost, s.fromAddress(s.SignIn.Register)},
		{"/oauth/authorize", oauthPages, s.fromAddress(s.SignIn.Authorize)},
		{"/oauth/callback", openGet, s.SignIn.Callback},
		{"/oauth/page", openGet, s.SignIn.PageSignIn},
		{"/page/sign-out", pageCall, s.SignIn.SignOut},
		{"/oauth/token", oauthPost, s.SignIn.Token},
		{"/oauth/revoke", oauthPost, s.SignIn.Revoke},
		{"/sign-in", openGet, s.SignIn.SignInPage},
	}...)
}

// signedIn is who has signed in on the join page from which a request comes; zero if
// nobody has, and for requests from elsewhere.
func (s *Server) signedIn(r *http.Request) meet.Principal {
	origin := r.Header.Get("Origin")
	if s.SignIn == nil || origin == "" || !s.ownOrigin(r, origin) {
		return meet.Principal{}
	}
	p, _ := s.SignIn.Person(r)
	return p
}

// fromAddress lets a handler know where the caller connects from.
func (s *Server) fromAddress(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return h(w, r.WithContext(meet.WithPrincipal(r.Context(), s.anonymous(r))))
	}
}

// challenge tells a client how to come by an access token, or by one with more scopes,
// where that may help.
func (s *Server) challenge(w http.ResponseWriter, r *http.Request, err error) {
	e := meet.AsError(err)
	switch {
	case e.Code == meet.CodeForbidden && e.Scope != "" && s.Resource != nil:
		p, _ := s.principal(r) // r has no principal yet
		w.Header().Set("WWW-Authenticate", s.Resource.InsufficientScope(p, e.Scope))
	case e.Code != meet.CodeUnauthenticated:
	case s.Resource == nil:
		w.Header().Set("WWW-Authenticate", `Bearer realm="roomkey"`)
	default:
		w.Header().Set("WWW-Authenticate", s.Resource.Challenge(r.Header.Get("Authorization") != ""))
	}
}

// oauthErrorBody is the shape of an error of OAuth.
func oauthErrorBody(status int, e *meet.Error, _ string) any {
	code := "invalid_request"
	switch {
	case status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
		code = "temporarily_unavailable"
	case status >= http.StatusInternalServerError:
		code = "server_error"
	}
	return map[string]string{"error": code, "error_description": e.Message}
}
