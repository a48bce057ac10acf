package web

import (
	"bytes"
	"errors"
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

// usualBody is more than the length of most bodies, in bytes.
const usualBody = 4 << 10

// readBody reads the body before the handler runs, so that a slow or large one
// costs nothing but its own connection.
func readBody(w http.ResponseWriter, r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	var body bytes.Buffer
	if r.ContentLength > 0 {
		body.Grow(int(min(r.ContentLength, usualBody)) + bytes.MinRead) // a false Content-Length takes no more memory
	}
	_, err := body.ReadFrom(http.MaxBytesReader(nil, r.Body, MaxBody))
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return bodyTooLarge(w)
	case err != nil:
		return meet.Invalid("", "The body could not be read", "Send it again.")
	}
	r.Body = io.NopCloser(&body)
	return nil
}

func bodyTooLarge(w http.ResponseWriter) error {
	w.Header().Set("Connection", "close") // the rest of the body is not read
	return &statusError{http.StatusRequestEntityTooLarge,
		meet.Invalid("", "The body is larger than 256 KiB", "Send less.")}
}

// readObject reads a body that has to be one JSON object. Its content type, if it
// has one, has to be JSON. A closed object has no fields but those of into. The
// hint shows what to send.
func readObject(r *http.Request, into any, closed bool, hint string) error {
	if !isJSON(r.Header.Get("Content-Type")) {
		return meet.Invalid("", "Invalid request body", hint)
	}
	return decodeObject(r, into, hint, json.RejectUnknownMembers(closed))
}

// isJSON says whether a body of that content type may be JSON.
func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" ||
		strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}

// lenient takes what unknown clients send: names of fields in any case, and the
// last of several fields with one name.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), json.MatchCaseInsensitiveNames(true))

// decodeObject decodes a body that is one JSON object. Without other options it
// is strict: a name in another case is another name, and a name that comes twice
// is refused.
func decodeObject(r *http.Request, into any, hint string, options ...json.Options) error {
	raw, err := io.ReadAll(r.Body)                             // readBody has bounded it
	options = append(options, jsontext.AllowInvalidUTF8(true)) // gives U+FFFD, which the service cleans or refuses
	if err != nil || !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{")) ||
		json.Unmarshal(raw, into, options...) != nil {
		return meet.Invalid("", "Invalid request body", hint)
	}
	return nil
}

// readQuery reads the whole query, or fails.
func readQuery(r *http.Request) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, meet.Invalid("", "The query could not be read", "Percent-encode what it holds, and separate with &.")
	}
	return query, nil
}

func errNotWhole(name string) error {
	return meet.Invalid(name, name+" must be a whole number", "Leave it out for the usual.")
}

// optionalNumber reads a whole number from a query; nil if it is absent.
func optionalNumber(query url.Values, name string) (*int, error) {
	if !query.Has(name) {
		return nil, nil
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil {
		return nil, errNotWhole(name)
	}
	return &n, nil
}

// wholeNumber converts an optional JSON number to an int. One that does not fit
// becomes the largest or smallest that does: the service has narrower bounds.
func wholeNumber(name string, n *float64) (*int, error) {
	if n == nil {
		return nil, nil
	}
	if *n != math.Trunc(*n) {
		return nil, errNotWhole(name)
	}
	i := int(max(math.MinInt32, min(math.MaxInt32, *n)))
	return &i, nil
}
