package web_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"roomkey/web"
	"roomkey/web/openapitest"
)

// What is served is a valid document of OpenAPI 3.1 that says where this
// server is and which version it runs.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change       func(*web.Config)
		url, version string
	}{
		"as usual":          {func(*web.Config) {}, "https://meet.example.com", "v1.2.3"},
		"without a URL":     {func(c *web.Config) { c.PublicURL = nil }, "/", "v1.2.3"},
		"with a port":       {func(c *web.Config) { c.PublicURL = mustURL("http://127.0.0.1:9090/") }, "http://127.0.0.1:9090", "v1.2.3"},
		"of no version":     {func(c *web.Config) { c.Version.Version = "" }, "https://meet.example.com", "dev"},
		"of a hard version": {func(c *web.Config) { c.Version.Version = `v1-"dev"\` }, "https://meet.example.com", `v1-"dev"\`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, c.change)
			r := s.do(t, "GET", "/openapi.json", "")
			if r.status != http.StatusOK || r.header.Get("Content-Type") != "application/json" {
				t.Fatalf("status %d, Content-Type %q, want 200 and JSON", r.status, r.header.Get("Content-Type"))
			}
			d, err := openapitest.Read([]byte(r.body))
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Validate(); err != nil {
				t.Error(err)
			}
			var got struct {
				OpenAPI string
				Info    struct{ Version string }
				Servers []struct{ URL string }
			}
			if err := json.Unmarshal([]byte(r.body), &got); err != nil {
				t.Fatal(err)
			}
			if got.OpenAPI != "3.1.0" || got.Info.Version != c.version || len(got.Servers) != 1 || got.Servers[0].URL != c.url {
				t.Errorf("the document says %+v, want OpenAPI 3.1.0, version %s and the server %s", got, c.version, c.url)
			}
		})
	}
}
