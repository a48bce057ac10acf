package signin

import (
	"errors"
	"net/http"

	"roomkey/meet"
)

// Revoke ends what a person has allowed a client, at the wish of the client (RFC 7009). A
// token that is not known counts as revoked.
func (s *Server) Revoke(w http.ResponseWriter, r *http.Request) error {
	form, clientID, err := s.readForm(r)
	if err != nil {
		return writeAnswer(w, nil, err)
	}
	g, err := s.grantOf(r, form.Get("token"))
	if err == nil && g.ClientID == clientID {
		err = s.end(r.Context(), g.ID, "the client has revoked it")
	}
	if err != nil && !errors.Is(err, meet.ErrNotFound) {
		return unavailable(err)
	}
	return writeJSON(w, http.StatusOK, struct{}{})
}

// grantOf finds the grant of a refresh token or of an access token.
func (s *Server) grantOf(r *http.Request, token string) (meet.SignInGrant, error) {
	if id, secret, ok := splitSecret(token); ok {
		g, err := s.Store.SignInGrant(r.Context(), id)
		if err == nil && !isSecretOf(secret, g.RefreshHash) {
			err = meet.ErrNotFound
		}
		return g, err
	}
	id, err := s.TokenID(token)
	if err != nil {
		return meet.SignInGrant{}, meet.ErrNotFound
	}
	return s.Store.SignInGrantOf(r.Context(), id)
}
