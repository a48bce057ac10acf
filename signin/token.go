package signin

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"time"

	"roomkey/meet"
)

// tokenAnswer is what a client gets (RFC 6749, 5.1).
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
}

// Token gives a client access tokens for its code, and then for its refresh token.
func (s *Server) Token(w http.ResponseWriter, r *http.Request) error {
	answer, err := s.token(r)
	return writeAnswer(w, answer, err)
}

func writeAnswer(w http.ResponseWriter, answer any, err error) error {
	var problem *oauthError
	switch {
	case errors.As(err, &problem):
		return problem.write(w)
	case err != nil:
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (s *Server) token(r *http.Request) (tokenAnswer, error) {
	form, clientID, err := s.readForm(r)
	if err != nil {
		return tokenAnswer{}, err
	}
	if !s.isResource(form["resource"]) {
		return tokenAnswer{}, refused("invalid_target", "the resource of this server is "+s.Resource())
	}
	switch form.Get("grant_type") {
	case grantCode:
		return s.exchange(r.Context(), clientID, form.Get("code"), func(g *meet.SignInGrant, secret string) error {
			return checkCode(g, secret, form)
		}, "")
	case grantRefresh:
		return s.exchange(r.Context(), clientID, form.Get("refresh_token"), checkRefresh, form.Get("scope"))
	}
	return tokenAnswer{}, refused("unsupported_grant_type", "grant_type must be "+grantCode+" or "+grantRefresh)
}

// readForm reads the body of a client's call, and makes sure that it comes from the
// client that it names.
func (s *Server) readForm(r *http.Request) (url.Values, string, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/x-www-form-urlencoded" || r.ParseForm() != nil {
		return nil, "", invalidRequest("the body must be application/x-www-form-urlencoded")
	}
	form := r.PostForm
	for name, values := range form {
		if len(values) > 1 && name != "resource" {
			return nil, "", invalidRequest("a parameter is there twice")
		}
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		user, err := url.QueryUnescape(user)
		password, err2 := url.QueryUnescape(password)
		if err != nil || err2 != nil || secret != "" || id != "" && id != user {
			return nil, "", invalidRequest("the client must prove who it is in one way")
		}
		id, secret = user, password
	}
	if isDocumentURL(id) { // such a client has no secret: what it is shows by where its codes are sent
		return form, id, nil
	}
	client, err := s.client(r, id)
	switch {
	case errors.Is(err, meet.ErrNotFound):
		return nil, "", invalidClient("the client is not known: register it anew")
	case err != nil:
		return nil, "", err
	case client.SecretHash != "" && !isSecretOf(secret, client.SecretHash):
		return nil, "", invalidClient("the client_secret is wrong")
	}
	return form, id, nil
}

// errReused says that a code or a refresh token was used before: somebody has a copy.
var errReused = errors.New("it was used before")

// checkCode says whether the secret of a code may be redeemed now.
func checkCode(g *meet.SignInGrant, secret string, form url.Values) error {
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	switch {
	case !isSecretOf(secret, g.CodeHash):
		return invalidGrant("the code is not good")
	case g.RefreshHash != "":
		return errReused
	case form.Has("redirect_uri") && form.Get("redirect_uri") != g.RedirectURI:
		return invalidGrant("the redirect_uri is not the one to which the code was sent")
	case subtle.ConstantTimeCompare([]byte(challenge), []byte(g.Challenge)) != 1:
		return invalidGrant("the code_verifier does not fit the code_challenge")
	}
	return nil
}

// checkRefresh says whether the secret of a refresh token counts. There is none but the
// newest one, so any other is an old one.
func checkRefresh(g *meet.SignInGrant, secret string) error {
	switch {
	case g.RefreshHash == "":
		return invalidGrant("the refresh_token is not good")
	case !isSecretOf(secret, g.RefreshHash):
		return errReused
	}
	return nil
}

// exchange gives access for a code or a refresh token, which check looks at.
func (s *Server) exchange(ctx context.Context, clientID, given string, check func(*meet.SignInGrant, string) error,
	narrower string) (tokenAnswer, error) {
	id, secret, ok := splitSecret(given)
	none := invalidGrant("the code or refresh token is not good: it has expired, was revoked, or is another client's")
	if !ok {
		return tokenAnswer{}, none
	}
	found, err := s.Store.SignInGrant(ctx, id)
	if errors.Is(err, meet.ErrNotFound) || err == nil && found.ClientID != clientID {
		return tokenAnswer{}, none
	}
	if err != nil {
		return tokenAnswer{}, unavailable(err)
	}
	user, err := s.UserOf(ctx, found.Subject, found.CreatedAt)
	switch {
	case meet.IsCode(err, meet.CodeUnauthenticated):
		return tokenAnswer{}, cmp.Or(s.end(ctx, id, "the user may not sign in any more"), error(none))
	case err != nil:
		return tokenAnswer{}, err
	}
	scopes, _ := meet.ParseTokenScopes(found.Scope)
	if narrower != "" {
		asked, problem := askedScopes(narrower)
		if problem != nil {
			return tokenAnswer{}, problem
		}
		scopes = scopes.Within(asked)
	}
	user.Scopes = scopes
	access, record, err := s.Issue(user, tokenLife)
	if err != nil {
		return tokenAnswer{}, err
	}
	now, next, reused := s.Now(), newSecret(), false
	expires := now.Add(refreshLife)
	err = s.Store.UpdateSignInGrant(ctx, id, now, expires.Add(unusedLife),
		func(g *meet.SignInGrant) (*meet.SignInToken, error) {
			if !now.Before(g.ExpiresAt) {
				return nil, none
			}
			err := check(g, secret)
			if reused = errors.Is(err, errReused); reused {
				g.Ended = true
				return nil, nil
			}
			g.RefreshHash, g.ExpiresAt = hash(next), expires
			return &record, err
		})
	var problem *oauthError
	switch {
	case errors.Is(err, meet.ErrNotFound):
		return tokenAnswer{}, none
	case errors.As(err, &problem):
		return tokenAnswer{}, problem
	case err != nil:
		return tokenAnswer{}, unavailable(err)
	case reused:
		s.logEnd(ctx, found, "a code or refresh token was used twice")
		return tokenAnswer{}, none
	}
	life := record.ExpiresAt.Sub(record.IssuedAt)
	return tokenAnswer{AccessToken: access, TokenType: "Bearer", ExpiresIn: int(life / time.Second),
		RefreshToken: joinSecret(id, next), Scope: scopes.String()}, nil
}

// end ends a grant: its access tokens are revoked with it.
func (s *Server) end(ctx context.Context, id, why string) error {
	var ended meet.SignInGrant
	now := s.Now()
	err := s.Store.UpdateSignInGrant(ctx, id, now, now, func(g *meet.SignInGrant) (*meet.SignInToken, error) {
		ended, g.Ended = *g, true
		return nil, nil
	})
	switch {
	case errors.Is(err, meet.ErrNotFound):
		return nil // it ended meanwhile
	case err != nil:
		return unavailable(err)
	}
	s.logEnd(ctx, ended, why)
	return nil
}

func (s *Server) logEnd(ctx context.Context, g meet.SignInGrant, why string) {
	s.Log.InfoContext(ctx, "a client may not act for somebody any more", "why", why, "subject", g.Subject,
		"client_id", g.ClientID, "client_name", g.ClientName, "request_id", meet.RequestIDFrom(ctx))
}
