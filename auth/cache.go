package auth

import (
	"crypto/sha256"
	"sync"
	"time"

	"roomkey/meet"
)

// cacheSize bounds how many verified tokens are remembered.
const cacheSize = 4096

// cache remembers verified tokens by their hash, so that a client's next call
// costs a hash and not a signature check and two JSON documents. That a token
// expires is checked every time, and that it was revoked as often as [lookEvery].
type cache struct {
	mu      sync.RWMutex
	entries map[tokenKey]verified
}

// tokenKey is a token's hash.
type tokenKey [sha256.Size]byte

func keyOf(token string) tokenKey { return sha256.Sum256([]byte(token)) }

// verified is a token that was found good.
type verified struct {
	id         string // empty in tokens without one
	principal  meet.Principal
	expires    time.Time // the token, or the secret that has signed it
	generation int       // of the secrets it was read with
	looked     time.Time // when it was last known not to be revoked
}

func newCache() *cache { return &cache{entries: make(map[tokenKey]verified)} }

func (c *cache) get(key tokenKey, generation int, now time.Time) (verified, bool) {
	c.mu.RLock()
	v, ok := c.entries[key]
	c.mu.RUnlock()
	return v, ok && v.generation == generation && now.Before(v.expires)
}

func (c *cache) put(key tokenKey, v verified) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.entries[key]; !there && len(c.entries) >= cacheSize {
		clear(c.entries) // rare, and only costs verifying again
	}
	c.entries[key] = v
}

// drop forgets a token and says whether it was there.
func (c *cache) drop(key tokenKey) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, there := c.entries[key]
	delete(c.entries, key)
	return there
}
