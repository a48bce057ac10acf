package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"roomkey/meet"
)

// pageError is what a person is told where no client can be.
type pageError string

// Error gives the text.
func (e pageError) Error() string { return string(e) }

// Authorize asks a person whether a client may act for them: the client sends them here,
// and the answer leads back to it.
func (s *Server) Authorize(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodPost {
		return s.decide(w, r)
	}
	q, err := s.parseRequest(r)
	var problem *oauthError
	var told pageError
	switch {
	case errors.As(err, &problem): // nobody is sent on without having agreed to it
		return s.writePage(w, http.StatusBadRequest, page{Request: q, Problem: "The program that sent you here has asked " +
			"in a way that does not work here: " + problem.Description + ".", Back: s.denial(q, problem)})
	case errors.As(err, &told):
		return s.writePage(w, http.StatusBadRequest, page{Problem: told.Error()})
	case err != nil:
		return err
	}
	return s.consent(w, http.StatusOK, q, nil, "")
}

// consent asks a person to allow what a client asks for, and who they are unless a
// provider has proved it. It is a new page, for this browser alone.
func (s *Server) consent(w http.ResponseWriter, status int, q request, who *proved, problem string) error {
	return s.writePage(w, status, page{Request: q, Person: who, Seal: s.seal(q, who, s.setCookie(w)), Problem: problem})
}

// decide takes the answer of the person.
func (s *Server) decide(w http.ResponseWriter, r *http.Request) error {
	if r.ParseForm() != nil {
		return s.writePage(w, http.StatusBadRequest, page{Problem: "The answer cannot be read. Go back and try again."})
	}
	form := r.PostForm
	asked, err := s.open(form.Get("request"), s.cookieOf(r, consentCookie))
	if err != nil {
		return s.writePage(w, http.StatusForbidden, page{Problem: "This page is too old, or was opened by another one. " +
			"Start again in the program that sent you here."})
	}
	q := asked.Request
	if form.Get("decision") == "deny" {
		http.Redirect(w, r, s.denial(q, refused("access_denied", "the person did not allow it")), http.StatusSeeOther)
		return nil
	}
	if issuer := form.Get("provider"); issuer != "" {
		return s.sendToProvider(w, r, q, issuer)
	}
	user, err := s.who(r.Context(), asked, form)
	switch {
	case meet.IsCode(err, meet.CodeUnauthenticated) && asked.Person != nil:
		return s.consent(w, http.StatusForbidden, q, nil, refusedUser)
	case meet.IsCode(err, meet.CodeUnauthenticated), meet.IsCode(err, meet.CodeRateLimited):
		e := meet.AsError(err)
		if e.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter/time.Second)))
		}
		return s.writePage(w, e.Code.Status(), page{Request: q, Seal: form.Get("request"), User: form.Get("user"),
			Problem: e.Message + ". " + e.Hint})
	case err != nil:
		return err
	}
	code, err := s.allow(r.Context(), q, user)
	if err != nil {
		return err
	}
	http.Redirect(w, r, s.answer(q, url.Values{"code": {code}}), http.StatusSeeOther)
	return nil
}

// who gives the person who allows something: whom a provider has proved, as they are
// now, else who has typed user and passcode.
func (s *Server) who(ctx context.Context, asked sealed, form url.Values) (meet.Principal, error) {
	if who := asked.Person; who != nil {
		return s.UserOf(ctx, who.Subject, time.UnixMilli(who.At))
	}
	return s.SignIn(ctx, meet.PrincipalFrom(ctx), form.Get("user"), form.Get("passcode"))
}

// allow makes the grant and gives the code for the client.
func (s *Server) allow(ctx context.Context, q request, user meet.Principal) (code string, err error) {
	now, id, secret := s.Now(), newSecret(), newSecret()
	g := meet.SignInGrant{ID: id, ClientID: q.ClientID, ClientName: q.ClientName, Subject: user.ID, Scope: q.Scope,
		RedirectURI: q.RedirectURI, Challenge: q.Challenge, CodeHash: hash(secret), CreatedAt: now,
		ExpiresAt: now.Add(codeLife)}
	if err := s.Store.AddSignInGrant(ctx, g, g.ExpiresAt.Add(unusedLife)); err != nil {
		return "", unavailable(err)
	}
	s.Log.InfoContext(ctx, "somebody has allowed a client to act for them", "subject", user.ID, "client_id", q.ClientID,
		"client_name", q.ClientName, "scope", q.Scope, "request_id", meet.RequestIDFrom(ctx))
	return joinSecret(id, secret), nil
}
