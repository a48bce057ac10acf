package web_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/web"
	"roomkey/web/openapitest"
	. "roomkey/web/webtest"
)

// The served document is valid OpenAPI 3.1, with the URL and version of this
// server.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	const public = "https://meet.example.com"
	for name, c := range map[string]struct {
		change       func(*web.Config)
		url, version string
	}{
		"as usual":      {func(*web.Config) {}, public, "v1.2.3"},
		"without a URL": {func(c *web.Config) { c.PublicURL = nil }, "/", "v1.2.3"},
		"with a port": {func(c *web.Config) { c.PublicURL = MustURL("http://127.0.0.1:9090/") },
			"http://127.0.0.1:9090", "v1.2.3"},
		"of no version":     {func(c *web.Config) { c.Version.Version = "" }, public, "dev"},
		"of a hard version": {func(c *web.Config) { c.Version.Version = `v1-"dev"\` }, public, `v1-"dev"\`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, c.change)
			r := s.Do(t, "GET", "/openapi.json", "")
			if r.Status != http.StatusOK || r.Header.Get("Content-Type") != "application/json" {
				t.Fatalf("status %d, Content-Type %q, want 200 and JSON", r.Status, r.Header.Get("Content-Type"))
			}
			d, err := openapitest.Read([]byte(r.Body))
			Must(t, err)
			if err := d.Validate(); err != nil {
				t.Error(err)
			}
			var got struct {
				OpenAPI string
				Info    struct{ Version string }
				Servers []struct{ URL string }
			}
			if err := json.Unmarshal([]byte(r.Body), &got); err != nil {
				t.Fatal(err)
			}
			if got.OpenAPI != "3.1.0" || got.Info.Version != c.version || len(got.Servers) != 1 ||
				got.Servers[0].URL != c.url {
				t.Errorf("the document says %+v, want OpenAPI 3.1.0, version %s and the server %s", got, c.version, c.url)
			}
		})
	}
}

// Every route of an API is described, with its methods and with whether it
// needs a token, and nothing is described that is not there.
func TestOpenAPIHasEveryRoute(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(web.OpenAPI(nil, ""), &document); err != nil {
		t.Fatal(err)
	}
	got, want := map[string]bool{}, map[string]bool{} // "POST /path" to whether it needs a token
	for path, item := range document.Paths {
		for method, text := range item {
			if method == "parameters" {
				continue
			}
			var operation struct{ Security *[]any }
			if err := json.Unmarshal(text, &operation); err != nil {
				t.Fatal(err)
			}
			got[strings.ToUpper(method)+" "+path] = operation.Security == nil || len(*operation.Security) > 0
		}
	}
	s.Handler(s.Listen).Routes(func(pattern string, methods []string, token bool) {
		operations := []string{"/openapi.json", "/healthz", "/readyz", "/version"}
		if !strings.HasPrefix(pattern, "/api/") && !strings.HasPrefix(pattern, "/v2/") &&
			!slices.Contains(operations, pattern) {
			return
		}
		for _, method := range methods {
			if method != http.MethodHead {
				want[method+" "+pattern] = token
			}
		}
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the document differs from the routes (-routes +document):\n%s", diff)
	}
}
