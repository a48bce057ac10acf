package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"roomkey/meet"
)

// principal verifies the access token of a request.
func (s *Server) principal(r *http.Request) (meet.Principal, error) {
	token, err := bearerToken(r)
	if err != nil {
		return meet.Principal{}, err
	}
	p, err := s.Authenticate(token)
	if err == nil || errors.As(err, new(*meet.Error)) {
		return p, err
	}
	return meet.Principal{}, &meet.Error{Code: meet.CodeUnauthenticated,
		Message: "The access token is not valid or has expired", Hint: "Make a new one with roomkey token.", Err: err}
}

// anonymous is the principal of a request without an access token.
func (s *Server) anonymous(r *http.Request) meet.Principal {
	return meet.Principal{Role: meet.Anonymous, Address: s.callerAddress(r)}
}

// bearerToken gives the token of the Authorization header.
func bearerToken(r *http.Request) (string, error) {
	if hasToken(r.URL.RawQuery) {
		return "", &meet.Error{Code: meet.CodeUnauthenticated, Message: "A token in the URL is refused",
			Hint: "URLs end up in logs: make a new token and send it as Authorization: Bearer."}
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", &meet.Error{Code: meet.CodeUnauthenticated, Message: "An access token is needed",
			Hint: "Send Authorization: Bearer with a token made by roomkey token."}
	}
	return strings.TrimSpace(token), nil
}

// hasToken says whether a query has a parameter with a usual name of a token, or
// anything that looks like a JWT.
func hasToken(query string) bool {
	plain, err := url.QueryUnescape(query)
	if err != nil {
		plain = query
	}
	if strings.Contains(plain, "eyJ") { // the beginning of {"alg" in base64
		return true
	}
	for pair := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		switch strings.ToLower(name) {
		case "access_token", "token", "authorization", "bearer", "jwt", "api_key":
			return true
		}
	}
	return false
}

// checkTokenAgain gives a function that verifies the access token of a held-open call
// once more: it may have been revoked or have expired since the call began.
func (s *Server) checkTokenAgain(r *http.Request) func() error {
	if r.Header.Get("Authorization") == "" {
		return nil
	}
	return func() error {
		_, err := s.principal(r)
		return err
	}
}
