package signin

import (
	"encoding/json"
	"net/http"
	"strings"

	"roomkey/meet"
)

// usualScopes are what clients are told to ask for, and what one gets that names
// none.
var usualScopes = meet.LimitedTo(meet.ScopeRoomsRead, meet.ScopeRoomsWrite, meet.ScopeModerate, meet.ScopeMeeting)

// allScopes are what clients can ask for.
var allScopes = meet.LimitedTo(append(usualScopes.List(), meet.ScopeAdmin)...)

// offlineAccess is what some clients ask for to get a refresh token. Every client gets
// one. It is no scope of the resource.
const offlineAccess = "offline_access"

// serverMetadata is that of the authorization server (RFC 8414).
type serverMetadata struct {
	Issuer        string   `json:"issuer"`
	Authorize     string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Register      string   `json:"registration_endpoint"`
	Revoke        string   `json:"revocation_endpoint"`
	Scopes        []string `json:"scopes_supported"`
	ResponseTypes []string `json:"response_types_supported"`
	ResponseModes []string `json:"response_modes_supported"`
	GrantTypes    []string `json:"grant_types_supported"`
	TokenAuth     []string `json:"token_endpoint_auth_methods_supported"`
	RevokeAuth    []string `json:"revocation_endpoint_auth_methods_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	HasIssuer     bool     `json:"authorization_response_iss_parameter_supported"`
	TakesDocument bool     `json:"client_id_metadata_document_supported"`
	Documentation string   `json:"service_documentation"`
}

// The ways in which a client proves who it is to the token endpoint.
const (
	authNone  = "none"
	authPost  = "client_secret_post"
	authBasic = "client_secret_basic"
)

// The kinds of grants.
const (
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
)

// ServerMetadata answers with what a client has to know of this server.
func (s *Server) ServerMetadata(w http.ResponseWriter, _ *http.Request) error {
	methods := []string{authNone, authPost, authBasic}
	return writeDocument(w, serverMetadata{
		Issuer:        s.Issuer,
		Authorize:     s.Issuer + AuthorizePath,
		Token:         s.Issuer + TokenPath,
		Register:      s.Issuer + RegisterPath,
		Revoke:        s.Issuer + RevokePath,
		Scopes:        append(strings.Fields(allScopes.String()), offlineAccess),
		ResponseTypes: []string{"code"},
		ResponseModes: []string{"query"},
		GrantTypes:    []string{grantCode, grantRefresh},
		TokenAuth:     methods,
		RevokeAuth:    methods,
		Challenges:    []string{"S256"},
		HasIssuer:     true,
		TakesDocument: true,
		Documentation: s.Issuer + SignInPath,
	})
}

// Where the metadata is (RFC 8414, section 3; RFC 9728, section 3.1).
const (
	ServerMetadataPath   = "/.well-known/oauth-authorization-server"
	ResourceMetadataPath = "/.well-known/oauth-protected-resource"
)

// writeDocument answers with JSON that may be kept for a while.
func writeDocument(w http.ResponseWriter, document any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "max-age=300")
	return json.NewEncoder(w).Encode(document)
}
