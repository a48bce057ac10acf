package embedded

import "github.com/livekit/protocol/auth"

// keyProvider knows the key that the server was started with, which signs the
// tokens that it renews, and others whose tokens it takes.
type keyProvider struct {
	own   map[string]string
	other func(name string) (secret string) // may be nil
}

var _ auth.KeyProvider = keyProvider{}

// GetSecret implements [auth.KeyProvider]: empty for a key that is unknown.
func (p keyProvider) GetSecret(key string) string {
	if secret := p.own[key]; secret != "" || p.other == nil {
		return secret
	}
	return p.other(key)
}

// NumKeys implements [auth.KeyProvider].
func (p keyProvider) NumKeys() int { return len(p.own) }
