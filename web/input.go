package web

import (
	"bytes"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"roomkey/meet"
)

// readObject reads a body that has to be one JSON object, of a JSON content
// type if it has any. A closed one has no fields but those of into. hint shows
// what to send.
func readObject(r *http.Request, into any, closed bool, hint string) *meet.Error {
	if isJSON(r.Header.Get("Content-Type")) && decodeObject(r.Body, into, json.RejectUnknownMembers(closed)) {
		return nil
	}
	return meet.Invalid("", "Invalid request body", hint)
}

// isJSON says whether a body of that content type may be JSON.
func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}

// lenient reads what clients send that nobody knows: the last of several fields of
// a name counts, in whatever case.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), json.MatchCaseInsensitiveNames(true))

// decodeObject reads a body to the letter, unless told otherwise: a name in
// another case is another name, and one that comes twice is refused.
func decodeObject(body io.Reader, into any, options ...json.Options) bool {
	raw, err := io.ReadAll(body) // bounded and read ahead by the chain
	if err != nil || !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{")) {
		return false
	}
	// What is no UTF-8 becomes U+FFFD, of which the service knows what to do.
	return json.Unmarshal(raw, into, append(options, jsontext.AllowInvalidUTF8(true))...) == nil
}

// readQuery reads the query, all of it or nothing.
func readQuery(r *http.Request) (url.Values, *meet.Error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, meet.Invalid("", "The query could not be read", "Percent-encode what it holds, and separate with &.")
	}
	return query, nil
}

// optionalNumber reads a whole number out of a query; nil if it is not there.
func optionalNumber(query url.Values, name string) (*int, *meet.Error) {
	if !query.Has(name) {
		return nil, nil
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil {
		return nil, meet.Invalid(name, name+" must be a whole number", "Leave it out for the usual.")
	}
	return &n, nil
}

// wholeNumber makes an int of a JSON number; nil of none. What does not fit is
// as good as the largest that does: the service has narrower bounds.
func wholeNumber(name string, n *float64) (*int, *meet.Error) {
	if n == nil {
		return nil, nil
	}
	if *n != math.Trunc(*n) {
		return nil, meet.Invalid(name, name+" must be a whole number", "Leave it out for the usual.")
	}
	i := int(max(math.MinInt32, min(math.MaxInt32, *n)))
	return &i, nil
}
