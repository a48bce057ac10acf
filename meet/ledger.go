package meet

import "time"

// ledgerMemory bounds how many keys a ledger remembers, in about 10 MB.
const ledgerMemory = 50_000

// boundedCounts remembers a count for each of many keys until a time of its own.
// Its memory is bounded: while it is full it takes no other key, and the caller has
// to be refused. It is not safe for concurrent use.
type boundedCounts struct {
	entries map[string]callCount
	room    time.Time // when it may have room again, once it was full
}

type callCount struct {
	until time.Time // over at that moment
	n     int
}

// get gives what is known of a key now.
func (l *boundedCounts) get(key string, now time.Time) (callCount, bool) {
	e, ok := l.entries[key]
	if !ok || !now.Before(e.until) {
		return callCount{}, false
	}
	return e, true
}

// put remembers an entry. Look at full before with a key that is not known.
func (l *boundedCounts) put(key string, e callCount) {
	if l.entries == nil {
		l.entries = map[string]callCount{}
	}
	l.entries[key] = e
}

// full says whether there is no place for another key. It first removes entries
// that are over.
func (l *boundedCounts) full(now time.Time) bool {
	if len(l.entries) < ledgerMemory {
		return false
	}
	if now.Before(l.room) {
		return true // not all of them are looked at each time
	}
	l.room = now.Add(time.Second)
	for key, e := range l.entries {
		if !now.Before(e.until) {
			delete(l.entries, key)
		}
	}
	return len(l.entries) >= ledgerMemory
}
