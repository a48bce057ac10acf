package signin

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"roomkey/meet"
)

// Bounds on clients that register themselves.
const (
	maxRedirects   = 10
	maxClientName  = 80
	maxUnused      = 5000 // clients that nobody has allowed anything
	maxOfAddress   = 60   // of these, registered from one address in an hour
	limitClients   = "oauth_clients"
	addressCountIn = time.Hour
)

// clientMetadata is what a client says of itself, when it registers (RFC 7591) or in
// a document of its own.
type clientMetadata struct {
	ID            string   `json:"client_id,omitempty"`
	Name          string   `json:"client_name,omitempty"`
	RedirectURIs  []string `json:"redirect_uris"`
	TokenAuth     string   `json:"token_endpoint_auth_method,omitempty"`
	GrantTypes    []string `json:"grant_types,omitempty"`
	ResponseTypes []string `json:"response_types,omitempty"`
}

// registered is the answer to a client that has registered.
type registered struct {
	clientMetadata
	IssuedAt  int64  `json:"client_id_issued_at"`
	Secret    string `json:"client_secret,omitempty"`
	SecretEnd *int64 `json:"client_secret_expires_at,omitempty"` // 0 is never
}

// check says what is wrong with the metadata, and completes it.
func (m *clientMetadata) check() *oauthError {
	const bad = "invalid_client_metadata"
	if len(m.RedirectURIs) == 0 || len(m.RedirectURIs) > maxRedirects {
		return refused("invalid_redirect_uri", "redirect_uris must have between 1 and 10 addresses")
	}
	for _, uri := range m.RedirectURIs {
		if problem := checkRedirect(uri); problem != "" {
			return refused("invalid_redirect_uri", problem)
		}
	}
	if len(m.GrantTypes) > 0 && !slices.Contains(m.GrantTypes, grantCode) {
		return refused(bad, "grant_types must have authorization_code")
	}
	if len(m.ResponseTypes) > 0 && !slices.Contains(m.ResponseTypes, "code") {
		return refused(bad, "response_types must have code")
	}
	m.Name = meet.CleanText(m.Name, maxClientName)
	m.GrantTypes, m.ResponseTypes = []string{grantCode, grantRefresh}, []string{"code"}
	return nil
}

// Register lets a client make itself known (RFC 7591).
func (s *Server) Register(w http.ResponseWriter, r *http.Request) error {
	raw, err := io.ReadAll(r.Body)
	var m clientMetadata
	if err != nil || json.Unmarshal(raw, &m) != nil {
		return refused("invalid_client_metadata", "the body must be a JSON object with redirect_uris").write(w)
	}
	if problem := m.check(); problem != nil {
		return problem.write(w)
	}
	now, secret := s.Now(), ""
	switch m.TokenAuth {
	case authPost, authBasic:
		secret = newSecret()
	case "", authNone:
		m.TokenAuth = authNone
	default:
		return refused("invalid_client_metadata",
			"token_endpoint_auth_method must be none, "+authPost+" or "+authBasic).write(w)
	}
	m.ID = newSecret()
	client := meet.OAuthClient{ID: m.ID, Name: m.Name, RedirectURIs: m.RedirectURIs,
		Address: meet.PrincipalFrom(r.Context()).Address, CreatedAt: now, ExpiresAt: now.Add(unusedLife)}
	answer := registered{clientMetadata: m, IssuedAt: now.Unix(), Secret: secret}
	if secret != "" {
		client.SecretHash, answer.SecretEnd = hash(secret), new(int64)
	}
	err = s.Store.RegisterClient(r.Context(), client,
		meet.ClientLimits{Most: maxUnused, MostOfAddress: maxOfAddress, Since: now.Add(-addressCountIn)})
	if errors.Is(err, meet.ErrLimitReached) {
		s.OnLimit(limitClients)
		return (&oauthError{
			Code: "temporarily_unavailable", Description: "too many clients were registered from this address",
			status: http.StatusTooManyRequests, retryAfter: addressCountIn,
		}).write(w)
	}
	if err != nil {
		return unavailable(err)
	}
	return writeJSON(w, http.StatusCreated, answer)
}

// client finds a client by its id, which may be the URL of a document about it.
func (s *Server) client(r *http.Request, id string) (meet.OAuthClient, error) {
	if isDocumentURL(id) {
		return s.documents.client(r.Context(), id)
	}
	if len(id) != secretLength || strings.ContainsFunc(id, isUnsafe) {
		return meet.OAuthClient{}, meet.ErrNotFound
	}
	c, err := s.Store.OAuthClient(r.Context(), id)
	if err == nil && !s.Now().Before(c.ExpiresAt) {
		err = meet.ErrNotFound
	}
	if err != nil && !errors.Is(err, meet.ErrNotFound) {
		err = unavailable(err)
	}
	return c, err
}

// unavailable is what a caller is told where the database fails.
func unavailable(err error) error {
	return &meet.Error{Code: meet.CodeUnavailable, Message: "The database cannot be reached",
		Hint: "Try again in a few seconds.", Err: err}
}
