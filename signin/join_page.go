package signin

import (
	"net/http"
	"net/url"
	"regexp"
	"time"

	"roomkey/meet"
)

// PageSignInPath sends people from a join page to a provider.
const PageSignInPath = "/oauth/page"

// personLife is how long somebody stays signed in on the join page.
const personLife = 12 * time.Hour

// person is who has signed in on the join page. It is in a cookie, signed, and is good for
// coming into rooms under the proved name and for nothing else.
type person struct {
	Proved proved `json:"proved"`
	Until  int64  `json:"until"`
}

// isJoinPage is the form of the paths that people are brought back to.
var isJoinPage = regexp.MustCompile(`^/(join|m)/[A-Za-z0-9-]{1,63}/?$`).MatchString

// Ways are the providers by which people may sign in.
func (s *Server) Ways() (ways []meet.SignInWay) {
	for _, p := range s.providers {
		ways = append(ways, meet.SignInWay{Issuer: p.Issuer, Name: p.Name})
	}
	return ways
}

// PageSignIn sends somebody on a join page to a provider. From there they come back to the
// same page.
func (s *Server) PageSignIn(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	to, p := query.Get("to"), s.provider(query.Get("way"))
	if !isJoinPage(to) || p == nil {
		return s.writePage(w, http.StatusBadRequest, page{Problem: "This link is not whole. Go back and try again."})
	}
	d, err := p.discover(r.Context())
	if err != nil {
		s.Log.WarnContext(r.Context(), "an identity provider does not answer", "issuer", p.Issuer, "err", err)
		return s.refuse(w, http.StatusBadGateway, pendingSignIn{Page: to},
			p.Name+" does not answer as it should. Try again in a minute.")
	}
	s.redirectToProvider(w, r, p, d, pendingSignIn{Page: to}) // a path is short enough
	return nil
}

// backToPage has a browser keep who somebody is, and brings them back to the page.
func (s *Server) backToPage(w http.ResponseWriter, r *http.Request, to string, who proved) error {
	value := s.sign(personPurpose, person{Proved: who, Until: s.Now().Add(personLife).Unix()})
	s.keepCookie(w, personCookie, value, personLife)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, (&url.URL{Path: to}).String(), http.StatusSeeOther)
	return nil
}

// Person is who has signed in on the join page in the browser of a request; false if
// nobody has, or not any more.
func (s *Server) Person(r *http.Request) (meet.Principal, bool) {
	var found person
	if !s.read(personPurpose, s.cookieOf(r, personCookie), &found) || !s.Now().Before(time.Unix(found.Until, 0)) {
		return meet.Principal{}, false
	}
	p, err := s.UserOf(r.Context(), found.Proved.Subject, time.UnixMilli(found.Proved.At))
	return p, err == nil
}

// SignOut has a browser forget who has signed in on the join page.
func (s *Server) SignOut(w http.ResponseWriter, _ *http.Request) error {
	s.keepCookie(w, personCookie, "", -1)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
