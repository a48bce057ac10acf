package webhooks

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"code.dny.dev/ssrf"
)

const (
	secretPrefix = "whsec_"

	// The specification has secrets of 24 to 64 bytes.
	secretBytes, minSecretBytes, maxSecretBytes = 32, 24, 64

	maxURL = 2000
)

// NewID makes the id of an endpoint.
func NewID() string { return "we_" + strings.ToLower(rand.Text()[:16]) }

// NewSecret makes the secret of an endpoint.
func NewSecret() string {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(secret)
}

// CheckSecret says in words what is wrong with a secret. The secret is not in it.
func CheckSecret(secret string) error {
	encoded, ok := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < minSecretBytes || len(key) > maxSecretBytes {
		return errors.New("must be whsec_ and 24 to 64 bytes in base64, " +
			`such as echo "whsec_$(openssl rand -base64 32)" makes it`)
	}
	return nil
}

// CheckURL says in words what is wrong with the URL of an endpoint. The URL is not in
// it. Only with allowPrivate it may begin with http.
func CheckURL(text string, allowPrivate bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || len(text) > maxURL:
		return errors.New("must be a URL like https://example.com/hooks/roomkey")
	case u.User != nil || u.Fragment != "":
		return errors.New("must be a URL without a user, a password and a fragment")
	case u.Scheme == "http" && !allowPrivate:
		return errors.New("must begin with https, unless webhooks.allow_private is true")
	}
	if address, err := netip.ParseAddr(u.Hostname()); err == nil && !allowPrivate && ssrf.New().SafeAddr(address) != nil {
		return errors.New("must not name an address that is not public, unless webhooks.allow_private is true")
	}
	return nil
}

// Host is the part of an endpoint's URL that may be shown to anybody.
func Host(endpointURL string) string {
	u, err := url.Parse(endpointURL)
	if err != nil {
		return ""
	}
	return u.Host
}
