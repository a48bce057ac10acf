package meet

import (
	"hash/maphash"
	"sync"
)

// seenEventsMemory is how many events are remembered at least; twice as many at
// most. A repetition that is not recognized changes nothing either, since what
// an event leads to goes by what is so; it only costs a look.
const seenEventsMemory = 16_384

// seenEvents remembers which events of the media server were taken in, as
// fingerprints in two generations.
type seenEvents struct {
	once sync.Once
	seed maphash.Seed

	mu           sync.Mutex
	young, older map[uint64]struct{}
}

func (h *seenEvents) fingerprint(id string) uint64 {
	h.once.Do(func() { h.seed = maphash.MakeSeed() })
	return maphash.String(h.seed, id)
}

// before says whether an event of that id was taken in. One without an id
// never was.
func (h *seenEvents) before(id string) bool {
	key := h.fingerprint(id)
	h.mu.Lock()
	defer h.mu.Unlock()
	_, young := h.young[key]
	_, older := h.older[key]
	return id != "" && (young || older)
}

func (h *seenEvents) add(id string) {
	key := h.fingerprint(id)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.young) >= seenEventsMemory {
		h.young, h.older = nil, h.young
	}
	if h.young == nil {
		h.young = make(map[uint64]struct{})
	}
	h.young[key] = struct{}{}
}
