package issuers

import (
	"errors"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/meet"
)

// maxID bounds the id of a token.
const maxID = 256

// token reads the claims of a token whose signature is good.
func (i *issuer) token(c jwt.MapClaims) (Token, error) {
	if _, bound := c["cnf"]; bound {
		return Token{}, errors.New("the token is good only with the proof of a key (cnf)")
	}
	expires, _ := c.GetExpirationTime() // the parser has looked at them
	issued, _ := c.GetIssuedAt()
	t := Token{Issuer: i.URL, Subject: text(c["sub"]), ID: text(c["jti"]), Role: i.role(c), Scopes: scopes(c)}
	if expires == nil || issued == nil || t.Subject == "" {
		return Token{}, jwt.ErrTokenRequiredClaimMissing
	}
	t.ExpiresAt, t.IssuedAt = expires.Time, issued.Time
	if len(t.ID) > maxID || t.ID != meet.CleanText(t.ID, maxID) {
		return Token{}, errors.New("the id of the token is not clean (jti)")
	}
	if t.Name = text(c["name"]); t.Name == "" {
		t.Name = text(c["preferred_username"])
	}
	return t, nil
}

// role gives the greatest role of those that the role claim names. Who has no word there
// that is a role is a guest.
func (i *issuer) role(c jwt.MapClaims) meet.PrincipalRole {
	if i.RoleClaim == "" {
		return meet.User
	}
	words := texts(claim(c, i.RoleClaim))
	for _, role := range []meet.PrincipalRole{meet.Superadmin, meet.User} {
		if slices.Contains(words, string(role)) {
			return role
		}
	}
	return meet.Guest
}

// claim gives the claim of a name. If there is none, dots in the name lead into objects,
// as in realm_access.roles.
func claim(c map[string]any, name string) any {
	if value, ok := c[name]; ok {
		return value
	}
	first, rest, ok := strings.Cut(name, ".")
	inner, isObject := c[first].(map[string]any)
	if !ok || !isObject {
		return nil
	}
	return claim(inner, rest)
}

// scopes gives the scopes of this server that the token has. A token with none of them
// comes from an issuer that does not know them, and is not limited.
func scopes(c jwt.MapClaims) meet.TokenScopes {
	words := append(texts(c["scope"]), texts(c["scp"])...)
	scopes, _ := meet.ParseTokenScopes(strings.Join(words, " "))
	if len(scopes.List()) == 0 {
		return 0
	}
	return scopes
}

// text gives a claim that is a text; empty for others.
func text(value any) string {
	s, _ := value.(string)
	return s
}

// texts gives the texts of a claim that is a text or a list.
func texts(value any) (all []string) {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		for _, item := range value {
			if s := text(item); s != "" {
				all = append(all, s)
			}
		}
	}
	return all
}
