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
// costs a hash and not a signature check and two JSON documents. Tokens cannot
// be revoked, only expire, and that is checked every time.
type cache struct {
	mu      sync.RWMutex
	entries map[[sha256.Size]byte]verified
}

type verified struct {
	principal meet.Principal
	expires   time.Time
}

func newCache() *cache { return &cache{entries: make(map[[sha256.Size]byte]verified)} }

func (c *cache) get(token string, now time.Time) (meet.Principal, bool) {
	key := sha256.Sum256([]byte(token))
	c.mu.RLock()
	v, ok := c.entries[key]
	c.mu.RUnlock()
	return v.principal, ok && now.Before(v.expires)
}

func (c *cache) put(token string, p meet.Principal, expires time.Time) {
	key := sha256.Sum256([]byte(token))
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) >= cacheSize {
		clear(c.entries) // rare, and only costs verifying again
	}
	c.entries[key] = verified{p, expires}
}
