package signin

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// sealed is what the consent page holds of a request. It is signed, so that nobody can
// change it or make one, and good only in the browser that has the cookie.
type sealed struct {
	Request request `json:"request"`
	Person  *proved `json:"person,omitempty"` // whom a provider has proved
	Browser string  `json:"browser"`          // the hash of the cookie
	Until   int64   `json:"until"`
}

var errSeal = errors.New("the request was not made by this server for this browser, or is too old")

// What is signed. What was signed for one purpose is good for no other.
const (
	consentPurpose = "roomkey consent page"
	pendingPurpose = "roomkey identity provider"
	personPurpose  = "roomkey join page"
)

// signature is made with a key that is made of a signing secret for this alone.
func signature(secret []byte, purpose, text string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, sha256.Size)
	if err != nil {
		panic("signin: " + err.Error()) // the length is one that can be had
	}
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(text))
	return mac.Sum(nil)
}

// sign gives a value as signed text.
func (s *Server) sign(purpose string, value any) string {
	text, _ := json.Marshal(value)
	body := base64.RawURLEncoding.EncodeToString(text)
	return body + "." + base64.RawURLEncoding.EncodeToString(signature(s.Secrets()[0], purpose, body))
}

// read reads a value that this server has signed; false if it has not.
func (s *Server) read(purpose, signed string, into any) bool {
	body, mac, _ := strings.Cut(signed, ".")
	given, err := base64.RawURLEncoding.DecodeString(mac)
	text, err2 := base64.RawURLEncoding.DecodeString(body)
	if err != nil || err2 != nil {
		return false
	}
	for _, secret := range s.Secrets() {
		if hmac.Equal(given, signature(secret, purpose, body)) {
			return json.Unmarshal(text, into) == nil
		}
	}
	return false
}

// seal signs a request, and who the person is where that is known, for a browser.
func (s *Server) seal(q request, who *proved, cookie string) string {
	return s.sign(consentPurpose, sealed{Request: q, Person: who, Browser: hash(cookie),
		Until: s.Now().Add(consentLife).Unix()})
}

// open gives what was sealed for a browser.
func (s *Server) open(seal, cookie string) (found sealed, err error) {
	if !s.read(consentPurpose, seal, &found) || cookie == "" || !isSecretOf(cookie, found.Browser) ||
		!s.Now().Before(time.Unix(found.Until, 0)) {
		return sealed{}, errSeal
	}
	return found, nil
}

// The cookies: one ties a consent page to a browser, one holds the [pendingSignIn] of somebody who
// is at a provider, one who has signed in on the join page.
const (
	consentCookie = "roomkey-consent"
	pendingCookie = "roomkey-provider"
	personCookie  = "roomkey-person"
)

// cookieName is how a cookie is called. With TLS no other host can set it.
func (s *Server) cookieName(name string) string {
	if s.hasTLS() {
		return "__Host-" + name
	}
	return name
}

func (s *Server) hasTLS() bool { return strings.HasPrefix(s.Issuer, "https:") }

// setCookie gives the browser a new value, whatever it had before.
func (s *Server) setCookie(w http.ResponseWriter) string {
	value := newSecret()
	s.keepCookie(w, consentCookie, value, consentLife)
	return value
}

// keepCookie has the browser keep a value; one with a negative life is forgotten.
func (s *Server) keepCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	age := int(life / time.Second)
	if life < 0 {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: Secure wherever there is TLS
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: s.hasTLS(), SameSite: http.SameSiteLaxMode,
	})
}

func (s *Server) cookieOf(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}
