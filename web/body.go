package web

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
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
