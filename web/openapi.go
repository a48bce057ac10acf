package web

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// What this server's HTTP APIs promise, but for where it is and which version
// of it runs. Tests hold every answer against it (web/openapitest).
//
//go:embed openapi.json
var openAPI []byte

// OpenAPI is the document that describes the HTTP APIs (OpenAPI 3.1) of a
// server that people reach at public; nil is wherever they have it from.
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

// fillIn puts another value into the one place of the document that has it.
func fillIn(document []byte, key, was, is string) []byte {
	place := []byte(key + quoted(was))
	if bytes.Count(document, place) != 1 {
		panic("web: the document does not have " + string(place) + " once") // it is embedded
	}
	return bytes.Replace(document, place, []byte(key+quoted(is)), 1)
}

func quoted(s string) string {
	b, _ := json.Marshal(s) // a string can always be written
	return string(b)
}

func (s *Server) openAPIDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.openAPI) // a client that is gone needs no answer
}
