package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"roomkey/meet"
)

// pendingSignIn is what has to be remembered while a person is at a provider. It is in a cookie
// of their browser, signed: the answer is taken in that browser alone, by any instance.
type pendingSignIn struct {
	Request  request `json:"request,omitzero"`
	Page     string  `json:"page,omitempty"` // the path of a join page, in place of a request
	Issuer   string  `json:"issuer"`
	State    string  `json:"state"`
	Nonce    string  `json:"nonce"`
	Verifier string  `json:"verifier"`
	Until    int64   `json:"until"`
}

// maxPending bounds the cookie; browsers keep 4 KiB.
const maxPending = 3800

// pendingLife is how long somebody may take to sign in at a provider.
const pendingLife = 15 * time.Minute

// CallbackPath is where providers send people back to.
const CallbackPath = "/oauth/callback"

// proved is who a person is, as a provider has proved it.
type proved struct {
	Subject string `json:"subject"`
	Name    string `json:"name"`
	By      string `json:"by"` // the provider's name
	At      int64  `json:"at"` // in milliseconds
}

func (s *Server) provider(issuer string) *provider {
	i := slices.IndexFunc(s.providers, func(p *provider) bool { return p.Issuer == issuer })
	if i < 0 {
		return nil
	}
	return s.providers[i]
}

// sendToProvider sends a person to a provider.
func (s *Server) sendToProvider(w http.ResponseWriter, r *http.Request, q request, issuer string) error {
	p := s.provider(issuer)
	if p == nil {
		return s.consent(w, http.StatusBadRequest, q, nil, "There is no such way to sign in. Choose another one.")
	}
	d, err := p.discover(r.Context())
	if err != nil {
		s.Log.WarnContext(r.Context(), "an identity provider does not answer", "issuer", p.Issuer, "err", err)
		return s.consent(w, http.StatusBadGateway, q, nil, p.Name+" does not answer as it should. Try again in a minute, or "+
			"sign in with user and passcode.")
	}
	if !s.redirectToProvider(w, r, p, d, pendingSignIn{Request: q}) {
		return s.consent(w, http.StatusBadRequest, q, nil, "What the program has sent is too long to be kept while you are "+
			"at "+p.Name+". Sign in with user and passcode.")
	}
	return nil
}

// redirectToProvider sends a person to a provider; false if what has to be kept for it is too long.
func (s *Server) redirectToProvider(
	w http.ResponseWriter, r *http.Request, p *provider, d *discovered, t pendingSignIn,
) bool {
	t.Issuer, t.State, t.Nonce, t.Verifier = p.Issuer, newSecret(), newSecret(), oauth2.GenerateVerifier()
	t.Until = s.Now().Add(pendingLife).Unix()
	value := s.sign(pendingPurpose, t)
	if len(value) > maxPending {
		return false
	}
	s.keepCookie(w, pendingCookie, value, pendingLife)
	to := p.oauth(d, s.callback()).AuthCodeURL(t.State, oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.Verifier))
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, to, http.StatusSeeOther)
	return true
}

func (s *Server) callback() string { return s.Issuer + CallbackPath }

// Callback takes a person back from a provider. They have agreed to nothing yet: the
// consent page comes next.
func (s *Server) Callback(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	var t pendingSignIn
	state := query.Get("state")
	if !s.read(pendingPurpose, s.cookieOf(r, pendingCookie), &t) || !s.Now().Before(time.Unix(t.Until, 0)) ||
		subtle.ConstantTimeCompare([]byte(state), []byte(t.State)) != 1 {
		return s.writePage(w, http.StatusForbidden, page{Problem: "This answer is too old, or is for another browser. " +
			"Start again in the program that sent you here."})
	}
	s.keepCookie(w, pendingCookie, "", -1) // it is good for one answer
	p := s.provider(t.Issuer)
	if p == nil {
		return s.refuse(w, http.StatusBadRequest, t, "There is no such way to sign in any more. Choose another one.")
	}
	who, err := s.identify(r.Context(), p, t, query)
	var told pageError
	switch {
	case errors.As(err, &told):
		return s.refuse(w, http.StatusForbidden, t, told.Error())
	case meet.IsCode(err, meet.CodeUnauthenticated):
		return s.refuse(w, http.StatusForbidden, t, refusedUser)
	case err != nil:
		return err
	case t.Page != "":
		return s.backToPage(w, r, t.Page, who)
	}
	return s.consent(w, http.StatusOK, t.Request, &who, "")
}

// refuse tells somebody who has come back what went wrong, and how to go on.
func (s *Server) refuse(w http.ResponseWriter, status int, t pendingSignIn, problem string) error {
	if t.Page != "" {
		return s.writePage(w, status, page{Problem: problem, Back: t.Page, To: "the room"})
	}
	return s.consent(w, status, t.Request, nil, problem)
}

const refusedUser = "This user may not come in here. Ask the person who runs this server."

// identify gives who has come back from a provider. A pageError is for them to read.
func (s *Server) identify(
	ctx context.Context, p *provider, t pendingSignIn, query url.Values,
) (proved, error) {
	found, err := s.claimsOf(ctx, p, t, query)
	if err != nil {
		return proved{}, err
	}
	if problem := p.refuse(found); problem != "" {
		s.Log.InfoContext(ctx, "somebody whom an identity provider knows was not let in", "issuer", p.Issuer,
			"sub", meet.CleanText(found.text("sub"), meet.MaxUserID), "request_id", meet.RequestIDFrom(ctx))
		return proved{}, pageError(problem)
	}
	at := s.Now()
	user, err := s.SignInForeign(ctx, p.Issuer, found.text("sub"), found.name(), p.role(found))
	if err != nil {
		return proved{}, err
	}
	return proved{Subject: user.ID, Name: user.Name, By: p.Name, At: at.UnixMilli()}, nil
}

// claimsOf gives what the provider says of the person whom it has sent back.
func (s *Server) claimsOf(
	ctx context.Context, p *provider, t pendingSignIn, query url.Values,
) (claims, error) {
	failed := func(why string, err error) (claims, error) {
		s.Log.WarnContext(ctx, "a sign-in at an identity provider did not work", "issuer", p.Issuer, "why", why, "err", err,
			"request_id", meet.RequestIDFrom(ctx))
		return nil, pageError("The answer of " + p.Name + " cannot be used: " + why + ". Try again.")
	}
	d, err := p.discover(ctx)
	if err != nil {
		return failed("it does not answer as it should", err)
	}
	iss, hasIssuer := query["iss"]
	switch {
	case hasIssuer && !slices.Equal(iss, []string{p.Issuer}), !hasIssuer && d.namesIssuer:
		return failed("it is from another provider", nil)
	case len(query["error"]) > 0:
		return failed("it says "+meet.CleanText(query["error"][0], 60), nil)
	case len(query["code"]) != 1 || query["code"][0] == "":
		return failed("it has no code", nil)
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	default:
		return nil, pageError("Too many people sign in at this moment. Try again in a minute.")
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.http), 3*providerWithin)
	defer cancel()
	config := p.oauth(d, s.callback())
	token, err := config.Exchange(ctx, query["code"][0], oauth2.VerifierOption(t.Verifier))
	if err != nil {
		return failed("it does not take its own code", withoutBody(err))
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := d.Verifier(&oidc.Config{ClientID: p.ClientID, Now: s.Now}).Verify(ctx, raw)
	if err != nil {
		return failed("its ID token is not good", err)
	}
	found := claims{}
	if err := idToken.Claims(&found); err != nil {
		return failed("its ID token is not good", err)
	}
	switch azp := found.text("azp"); {
	case subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(t.Nonce)) != 1:
		return failed("its ID token is of another sign-in", nil)
	case azp != "" && azp != p.ClientID, azp == "" && len(idToken.Audience) > 1:
		return failed("its ID token is for another program", nil)
	}
	if missing := func(name string) bool { return found.find(name) == nil }; !slices.ContainsFunc(p.needs(), missing) ||
		d.UserInfoEndpoint() == "" {
		return found, nil
	}
	info, err := d.UserInfo(ctx, config.TokenSource(ctx, token))
	more := claims{}
	if err == nil {
		err = info.Claims(&more)
	}
	if err != nil || more.text("sub") != idToken.Subject {
		return failed("it does not say who you are", err)
	}
	found.fill(more)
	return found, nil
}

// withoutBody leaves the provider's whole answer out of an error.
func withoutBody(err error) error {
	var refusal *oauth2.RetrieveError
	if errors.As(err, &refusal) {
		return errors.New(meet.CleanText(refusal.ErrorCode+" "+refusal.ErrorDescription, 200))
	}
	return err
}
