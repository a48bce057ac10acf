package meet

import "time"

// maxCounts bounds how many keys are remembered, in about 10 MB.
const maxCounts = 50_000

// boundedCounts remembers a count for each of many keys until a time of its own.
// Its memory is bounded: while it is full it takes no other key, and the caller has
// to be refused. It is not safe for concurrent use.
type boundedCounts struct {
	entries map[string]callCount
	freeAt  time.Time // when it may take another key again, once it was full
}

type callCount struct {
	until time.Time // over at that moment
	n     int
}

// get gives what is known of a key now.
func (c *boundedCounts) get(key string, now time.Time) (callCount, bool) {
	e, ok := c.entries[key]
	if !ok || !now.Before(e.until) {
		return callCount{}, false
	}
	return e, true
}

// put remembers an entry. Look at full before with a key that is not known.
func (c *boundedCounts) put(key string, e callCount) {
	if c.entries == nil {
		c.entries = map[string]callCount{}
	}
	c.entries[key] = e
}

// full says whether there is no place for another key. It first removes entries
// that are over.
func (c *boundedCounts) full(now time.Time) bool {
	if len(c.entries) < maxCounts {
		return false
	}
	if now.Before(c.freeAt) {
		return true // not all of them are looked at each time
	}
	c.freeAt = now.Add(time.Second)
	for key, e := range c.entries {
		if !now.Before(e.until) {
			delete(c.entries, key)
		}
	}
	return len(c.entries) >= maxCounts
}
