package web

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// The OpenAPI document without the server's URL and version. Tests compare every
// answer with it (web/openapitest).
//
//go:embed openapi.json
var openAPI []byte

// OpenAPI is the OpenAPI 3.1 document of the HTTP APIs. public is the server's
// URL in it; with nil that is the URL from which the document was loaded.
func OpenAPI(public *url.URL, version string) []byte {
	document := openAPI
	if public != nil {
		document = fillIn(document, `"url": `, "/", strings.TrimSuffix(public.String(), "/"))
	}
	if version != "" {
		document = fillIn(document, `"version": `, "dev", version)
	}
	return document
}

// fillIn replaces a value that the document has once.
func fillIn(document []byte, key, placeholder, value string) []byte {
	place := []byte(key + quoted(placeholder))
	if bytes.Count(document, place) != 1 {
		panic("web: openapi.json does not have " + string(place) + " once") // it is embedded
	}
	return bytes.Replace(document, place, []byte(key+quoted(value)), 1)
}

func quoted(s string) string {
	b, _ := json.Marshal(s) // never fails for a string
	return string(b)
}

func (s *Server) openAPIDocument(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.openAPI) // fails only when the client is gone
	return nil
}
