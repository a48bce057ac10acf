package signin

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"roomkey/meet"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page is what is shown to a person.
type page struct {
	Request request
	Seal    string // empty where there is nothing to decide
	User    string // as it was typed before
	Person  *proved
	Problem string // what went wrong, if something did
	Back    string // the redirect address with an error, for a person who wants to go there

	Style    template.CSS
	Host     string // of this server
	Resource string
	Client   string // as the person is told
	ClientAt string // the host of the document about it; empty of one that has registered itself
	To       string
	Scopes   []string
	Ways     []*provider // to prove who one is
}

// inWords says what each scope is, to a person.
var inWords = map[meet.TokenScope]string{
	meet.ScopeRoomsRead:  "see rooms and how many people are in them",
	meet.ScopeRoomsWrite: "create, change, end and join rooms, and make codes for them",
	meet.ScopeModerate:   "see, mute, remove and admit the people in rooms",
	meet.ScopeMeeting:    "write messages into rooms, and read what happened in them",
	meet.ScopeRecord:     "record rooms",
	meet.ScopeAdmin:      "do all this in the rooms of everybody, if you may",
}

// writePage shows a page without scripts, which nobody can put into a frame.
func (s *Server) writePage(w http.ResponseWriter, status int, p page) error {
	issuer, _ := url.Parse(s.Issuer)
	p.Style, p.Host, p.Resource = template.CSS(pageStyle), issuer.Host, s.Resource() //nolint:gosec // G203: ours
	p.Ways = s.providers
	p.Client = p.Request.ClientName
	if p.To == "" {
		p.To = destination(p.Request.RedirectURI)
	}
	if p.Client == "" {
		p.Client = "A program"
	}
	if isDocumentURL(p.Request.ClientID) {
		u, _ := url.Parse(p.Request.ClientID)
		p.ClientAt = u.Host
	}
	scopes, _ := meet.ParseTokenScopes(p.Request.Scope)
	for _, scope := range scopes.List() {
		p.Scopes = append(p.Scopes, inWords[scope])
	}
	var text bytes.Buffer
	if err := pageTemplate.Execute(&text, p); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", s.contentPolicy(p.Request.RedirectURI))
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin") // with no-referrer a browser would send the form with Origin: null
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cache-Control", "no-store")
	h.Set("Permissions-Policy", "camera=(), microphone=(), display-capture=(), geolocation=(), payment=(), usb=()")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // fails only when the client is gone
	return nil
}

var styleHash = func() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return base64.StdEncoding.EncodeToString(sum[:])
}()

// contentPolicy allows the page its style and its form alone. Some browsers hold also
// the redirection after a form against form-action, and those that follow it.
func (s *Server) contentPolicy(redirect string) string {
	targets := "'self' https:"
	u, err := url.Parse(redirect)
	switch {
	case err != nil || u.Scheme == "" || u.Scheme == "https":
	case u.Scheme == "http" && !strings.Contains(u.Host, "["): // a policy cannot name an IPv6 address
		targets += " http://" + u.Host
	default:
		targets += " " + u.Scheme + ":"
	}
	for _, p := range s.providers {
		if target := p.formTarget(); target != "" {
			targets += " " + target
		}
	}
	return "default-src 'none'; style-src 'sha256-" + styleHash + "'; base-uri 'none'; frame-ancestors 'none'; " +
		"form-action " + targets
}

// SignInPage tells people where to go from the link that they were given.
func (s *Server) SignInPage(w http.ResponseWriter, _ *http.Request) error {
	return s.writePage(w, http.StatusOK, page{})
}
