package meet

import (
	"sync"
	"time"
)

// limitWindow is what the limits on joins and changes are about.
const limitWindow = 10 * time.Minute

// rates are the limits that are about how often something happens.
type rates struct {
	rooms, joinsOfAddress, joinsOfCode, joinsOfUser, changes, messages rate
}

// newRates makes the rates. With shared other instances are to be told of the calls.
func newRates(l Limits, now func() time.Time, shared bool) *rates {
	r := &rates{
		rooms:          rate{name: "rooms_per_minute", now: now, most: l.RoomsPerMinute, window: time.Minute},
		joinsOfAddress: rate{name: "joins_per_address", now: now, most: l.JoinsPerAddress, window: limitWindow},
		joinsOfCode:    rate{name: "joins_per_code", now: now, most: l.JoinsPerCode, window: limitWindow},
		joinsOfUser:    rate{name: "joins_per_user", now: now, most: l.JoinsPerUser, window: limitWindow},
		changes:        rate{name: "changes_per_user", now: now, most: l.ChangesPerUser, window: limitWindow},
		messages:       rate{name: "messages_per_room", now: now, most: l.MessagesPerRoom, window: limitWindow},
	}
	for _, one := range r.all() {
		if shared {
			one.news = map[string]int{}
		}
	}
	return r
}

func (r *rates) all() []*rate {
	return []*rate{&r.rooms, &r.joinsOfAddress, &r.joinsOfCode, &r.joinsOfUser, &r.changes, &r.messages}
}

// rate lets each of many callers do something most times in a window. They may
// do all of it at once; then one more each time that the window divided by most
// has passed. Other instances are told of the calls, so that all of them together
// allow what one does; see [Service.AnnounceCounts].
type rate struct {
	name   string // for the metrics
	now    func() time.Time
	most   int // 0 is no limit
	window time.Duration

	mu    sync.Mutex
	calls boundedCounts  // by countKey; an entry is over when its caller may do all of it at once again
	news  map[string]int // calls of which other instances have not been told; nil where there are none
}

// take counts one call, and gives 0; or how long to wait before the next, which
// is then not counted.
func (r *rate) take(key string) (wait time.Duration) {
	if r.most <= 0 {
		return 0
	}
	key = countKey(key)
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	e, known := r.calls.get(key, now)
	switch {
	case !known && r.calls.full(now):
		return r.calls.freeAt.Sub(now)
	case !known:
		e.until = now
	}
	e.until = e.until.Add(r.window / time.Duration(r.most))
	if wait := e.until.Sub(now) - r.window; wait > 0 {
		return wait
	}
	r.calls.put(key, e)
	if r.news != nil && (r.news[key] > 0 || len(r.news) < maxCounts) {
		r.news[key]++
	}
	return 0
}

// takeElsewhere counts n calls that another instance has let through, as far as
// there is memory for their caller.
func (r *rate) takeElsewhere(key string, n int) {
	if r.most <= 0 || n <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	e, known := r.calls.get(key, now)
	switch {
	case !known && r.calls.full(now):
		return
	case !known:
		e.until = now
	}
	e.until = e.until.Add(time.Duration(min(n, r.most)) * (r.window / time.Duration(r.most)))
	r.calls.put(key, e)
}

// untold takes at most limit counts of which other instances have not been told.
func (r *rate) untold(limit int) (counts []Count) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, n := range r.news {
		if len(counts) == limit {
			break
		}
		counts = append(counts, Count{Limit: r.name, Key: key, N: n})
		delete(r.news, key)
	}
	return counts
}

// tellAgain puts back what untold gave.
func (r *rate) tellAgain(counts []Count) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range counts {
		if r.news[c.Key] > 0 || len(r.news) < maxCounts {
			r.news[c.Key] += c.N
		}
	}
}
