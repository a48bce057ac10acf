package meet

import (
	"hash/maphash"
	"sync"
)

// heardMemory is how many events are remembered at least; twice as many at
// most. A repetition that is not recognized changes nothing either, since what
// an event leads to goes by what is so; it only costs a look.
const heardMemory = 16_384

// heard remembers which events of the media server were taken in, as
// fingerprints in two generations.
type heard struct {
	once sync.Once
	seed maphash.Seed

	mu           sync.Mutex
	young, older map[uint64]struct{}
}

func (h *heard) fingerprint(id string) uint64 {
	h.once.Do(func() { h.seed = maphash.MakeSeed() })
	return maphash.String(h.seed, id)
}

// before says whether an event of that id was taken in. One without an id
// never was.
func (h *heard) before(id string) bool {
	key := h.fingerprint(id)
	h.mu.Lock()
	defer h.mu.Unlock()
	_, young := h.young[key]
	_, older := h.older[key]
	return id != "" && (young || older)
}

func (h *heard) add(id string) {
	key := h.fingerprint(id)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.young) >= heardMemory {
		h.young, h.older = nil, h.young
	}
	if h.young == nil {
		h.young = make(map[uint64]struct{})
	}
	h.young[key] = struct{}{}
}
