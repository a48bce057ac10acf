package web

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"roomkey/meet"
)

// readObject reads a body that has to be one JSON object, of a JSON content
// type if it has any. A closed one has no fields but those of into. hint shows
// what to send.
func readObject(r *http.Request, into any, closed bool, hint string) *meet.Error {
	if isJSON(r.Header.Get("Content-Type")) && decodeObject(r.Body, into, closed) {
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

func decodeObject(body io.Reader, into any, closed bool) bool {
	raw, err := io.ReadAll(body) // bounded and read ahead by the chain
	if err != nil || !json.Valid(raw) || bytes.TrimLeft(raw, " \t\r\n")[0] != '{' {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if closed {
		decoder.DisallowUnknownFields()
	}
	return decoder.Decode(into) == nil
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
