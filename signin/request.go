package signin

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"roomkey/meet"
)

// request is what a client asks a person for, as it is sealed into the consent page.
type request struct {
	ClientID    string `json:"client_id"`
	ClientName  string `json:"client_name,omitempty"`
	RedirectURI string `json:"redirect_uri"`
	State       string `json:"state,omitempty"`
	Scope       string `json:"scope"`
	Challenge   string `json:"code_challenge"`
}

// Bounds on what a client sends along.
const (
	maxState = 4 << 10
	maxScope = 1 << 10
)

// s256 is the form of a challenge: 32 bytes in base64.
var s256 = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// parseRequest reads what a client asks for. An oauthError may be told to the client,
// at the address in the request; any other error is for the person alone, because the
// client or its address is not known.
func (s *Server) parseRequest(r *http.Request) (request, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return request{}, pageError("The address of this page cannot be read.")
	}
	once := func(name string) string {
		if len(query[name]) > 1 {
			return ""
		}
		return query.Get(name)
	}
	client, err := s.client(r, once("client_id"))
	var wrong documentError
	switch {
	case errors.Is(err, meet.ErrNotFound):
		return request{}, pageError("The program that sent you here is not known. Connect it anew.")
	case errors.As(err, &wrong):
		return request{}, pageError("The program that sent you here is not known. Its document: " + wrong.Error() + ".")
	case errors.Is(err, errBusy):
		return request{}, pageError("Too many programs ask at this moment. Try again in a minute.")
	case err != nil:
		return request{}, err
	}
	q := request{ClientID: client.ID, ClientName: client.Name, RedirectURI: once("redirect_uri"), State: once("state"),
		Challenge: once("code_challenge")}
	if q.RedirectURI == "" && len(client.RedirectURIs) == 1 && len(query["redirect_uri"]) == 0 {
		q.RedirectURI = client.RedirectURIs[0]
	}
	if !isRegistered(q.RedirectURI, client.RedirectURIs) {
		return request{}, pageError("The program that sent you here has not registered the address to which you would go.")
	}
	for _, name := range []string{"response_type", "scope", "state", "code_challenge", "code_challenge_method"} {
		if len(query[name]) > 1 {
			return q, invalidRequest(name + " must not be there twice")
		}
	}
	scopes, problem := askedScopes(query.Get("scope"))
	q.Scope = scopes.String()
	switch {
	case query.Get("response_type") != "code":
		return q, refused("unsupported_response_type", "response_type must be code")
	case !s256.MatchString(q.Challenge) || query.Get("code_challenge_method") != "S256":
		return q, invalidRequest("a code_challenge with the code_challenge_method S256 is required (PKCE)")
	case len(q.State) > maxState:
		q.State = ""
		return q, invalidRequest("state is too long")
	case !s.isResource(query["resource"]):
		return q, refused("invalid_target", "the resource of this server is "+s.Resource())
	case problem != nil:
		return q, problem
	}
	return q, nil
}

// askedScopes gives the known scopes of those that a client asks for. Some clients ask
// for scopes of other servers as well; they are left out.
func askedScopes(text string) (meet.TokenScopes, *oauthError) {
	if len(text) > maxScope {
		return usualScopes, refused("invalid_scope", "scope is too long")
	}
	scopes, unknown := meet.ParseTokenScopes(text)
	scopes = scopes.Within(allScopes)
	words := strings.Fields(text)
	asked := len(words)
	for _, word := range words {
		if word == offlineAccess {
			asked--
		}
	}
	switch {
	case asked == 0:
		return usualScopes, nil
	case len(scopes.List()) == 0 && len(unknown) > 0:
		return scopes, refused("invalid_scope", "the scopes of this server are "+allScopes.String())
	}
	return scopes, nil
}

// isResource says whether the resources that a client names are ours. One that names
// none gets tokens for ours all the same.
func (s *Server) isResource(named []string) bool {
	for _, resource := range named {
		if resource != s.Resource() {
			return false
		}
	}
	return true
}

// answer is the redirect address with the answer to the client.
func (s *Server) answer(q request, parameters url.Values) string {
	parameters.Set("iss", s.Issuer)
	if q.State != "" {
		parameters.Set("state", q.State)
	}
	return withParameters(q.RedirectURI, parameters)
}

// denial is the redirect address with an error.
func (s *Server) denial(q request, problem *oauthError) string {
	return s.answer(q, url.Values{"error": {problem.Code}, "error_description": {problem.Description}})
}
