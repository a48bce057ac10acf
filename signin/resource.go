package signin

import (
	"net/http"
	"strings"

	"roomkey/meet"
)

// ProtectedResource tells clients where they get access tokens for MCP. It is there
// whenever an authorization server gives some: the one of this package, or another's.
type ProtectedResource struct {
	publicURL string
	servers   []string
}

// NewProtectedResource makes the resource at a public URL (without a slash at its end),
// for which some authorization servers give access tokens. Clients prefer the first one.
func NewProtectedResource(publicURL string, servers []string) *ProtectedResource {
	return &ProtectedResource{publicURL: publicURL, servers: servers}
}

// resourceMetadata is that of the protected resource (RFC 9728).
type resourceMetadata struct {
	Resource string   `json:"resource"`
	Servers  []string `json:"authorization_servers"`
	Scopes   []string `json:"scopes_supported"`
	Bearer   []string `json:"bearer_methods_supported"`
	Name     string   `json:"resource_name"`
}

// Metadata answers with who may give access to MCP.
func (p *ProtectedResource) Metadata(w http.ResponseWriter, _ *http.Request) error {
	return writeDocument(w, resourceMetadata{
		Resource: Resource(p.publicURL),
		Servers:  p.servers,
		Scopes:   strings.Fields(allScopes.String()),
		Bearer:   []string{"header"},
		Name:     "Roomkey",
	})
}

// Challenge is the WWW-Authenticate of a request without an access token, or with one
// that is not good.
func (p *ProtectedResource) Challenge(hadToken bool) string {
	if hadToken {
		return p.challenge("invalid_token", usualScopes)
	}
	return p.challenge("", usualScopes)
}

// InsufficientScope is the WWW-Authenticate of a request whose access token lacks a
// scope. It names those that the bearer has as well, so that none is lost.
func (p *ProtectedResource) InsufficientScope(bearer meet.Principal, missing meet.TokenScope) string {
	return p.challenge("insufficient_scope", meet.LimitedTo(append(bearer.Scopes.List(), missing)...))
}

func (p *ProtectedResource) challenge(code string, scopes meet.TokenScopes) string {
	text := `Bearer realm="roomkey"`
	if code != "" {
		text += `, error="` + code + `"`
	}
	metadata := p.publicURL + ResourceMetadataPath + mcpPath
	return text + `, resource_metadata="` + metadata + `", scope="` + scopes.String() + `"`
}
