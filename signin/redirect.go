package signin

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// maxURL is the longest URL that is taken from a client, in bytes.
const maxURL = 2000

// badSchemes lead to no program that waits for a code: a browser would run or show
// what they hold.
var badSchemes = []string{"about", "blob", "chrome", "data", "file", "filesystem", "ftp", "intent", "javascript",
	"jar", "mailto", "ms-appx", "resource", "tel", "vbscript", "view-source", "ws", "wss"}

// checkRedirect says what is wrong with a redirect address, or nothing. It may be an
// https URL, an http one of this machine, or one of a scheme that a program has for
// itself.
func checkRedirect(text string) (problem string) {
	u, err := url.Parse(text)
	switch {
	case len(text) > maxURL:
		return "a redirect_uri is too long"
	case err != nil || u.Scheme == "" || u.Opaque != "" || strings.ContainsFunc(text, isUnsafe):
		return "a redirect_uri is no absolute URL"
	case u.Fragment != "" || strings.Contains(text, "#"):
		return "a redirect_uri must have no fragment"
	case u.User != nil:
		return "a redirect_uri must have no user"
	}
	switch u.Scheme {
	case "https":
		if u.Hostname() == "" {
			return "a redirect_uri has no host"
		}
	case "http":
		if !isLoopback(u) {
			return "a redirect_uri with http must lead to localhost, 127.0.0.1 or [::1]"
		}
	default:
		if slices.Contains(badSchemes, u.Scheme) || len(u.Scheme) < 3 {
			return "a redirect_uri has a scheme that is not allowed"
		}
	}
	return ""
}

// isUnsafe says whether a character must not be in a URL as it is. Headers and pages
// show it.
func isUnsafe(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("<>\"`\\^{}|", r) }

// isLoopback says whether a URL leads to the machine of the person.
func isLoopback(u *url.URL) bool {
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback() && ip.Zone() == ""
}

// isRegistered says whether a redirect address is one of those: the same to the letter,
// but for the port of one on the machine of the person, where a program takes the port
// that is free (RFC 8252, 7.3).
func isRegistered(asked string, registered []string) bool {
	if slices.Contains(registered, asked) {
		return true
	}
	wanted, err := url.Parse(asked)
	if err != nil || checkRedirect(asked) != "" || wanted.Scheme != "http" {
		return false
	}
	return slices.ContainsFunc(registered, func(text string) bool {
		u, err := url.Parse(text)
		return err == nil && u.Scheme == "http" && isLoopback(u) && withoutPort(u) == withoutPort(wanted)
	})
}

func withoutPort(u *url.URL) string {
	return u.Hostname() + " " + u.EscapedPath() + "?" + u.RawQuery
}

// destination is what a person is told of where a redirect address leads.
func destination(redirect string) string {
	u, err := url.Parse(redirect)
	switch {
	case err != nil:
		return ""
	case u.Scheme == "http":
		return "a program on this computer (" + u.Host + ")"
	case u.Scheme == "https":
		return u.Host
	}
	return "a program on this device (" + u.Scheme + ")"
}

// withParameters adds parameters to the query of a redirect address.
func withParameters(redirect string, parameters url.Values) string {
	u, err := url.Parse(redirect)
	if err != nil {
		return redirect // checkRedirect has parsed it
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += parameters.Encode()
	return u.String()
}
