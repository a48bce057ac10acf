package livekit

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// patience says how often a call is made that gets no answer, and at which interval.
//
// In a cluster the node that is asked passes a call on to the node that has the room
// or the participant, and waits 3 s for it. Then it answers that nobody has
// responded: that node is dead, or no node has what the call is about, or the call
// came a moment before the other node listened. So a call without an answer is made
// again while the first one still waits, and the first answer counts.
type patience struct {
	atMost   int
	interval time.Duration // an answer takes milliseconds as a rule
}

var (
	// twice is enough to know that nobody responds.
	twice = patience{atMost: 2, interval: 500 * time.Millisecond}

	// untilMoved lasts until a cluster takes a node for dead, up to 5 s after its
	// end, and gives the room to another node.
	untilMoved = patience{atMost: 5, interval: time.Second}
)

// ask makes a call that may as well be made twice, until it is answered. The error
// says isNoResponse if no node has responded to any of the calls.
func ask[T any](ctx context.Context, s *Server, p patience, call func(context.Context) (T, error)) (T, error) {
	if s.singleNode {
		return call(ctx)
	}
	type answer struct {
		value T
		err   error
	}
	ctx, cancel := context.WithCancel(ctx)
	var calls sync.WaitGroup
	defer calls.Wait()
	defer cancel()
	answers := make(chan answer, p.atMost)
	made, answered := 0, 0
	send := func() {
		made++
		calls.Go(func() {
			value, err := call(ctx)
			answers <- answer{value, err}
		})
	}
	send()
	again := time.NewTicker(p.interval)
	defer again.Stop()
	var refusal error // counts more than that nobody has responded
	for {
		select {
		case <-again.C:
			if made < p.atMost {
				send()
			}
		case a := <-answers:
			answered++
			switch {
			case a.err == nil:
				return a.value, nil
			case refusal == nil || isNoResponse(refusal):
				refusal = a.err
			}
			switch {
			case answered < made:
			case made == p.atMost || !isNoResponse(refusal):
				return a.value, refusal
			default:
				send()
			}
		}
	}
}

// makeRepeatable lets net/http make a call once more on a new connection where a kept
// one breaks before the answer begins, because the node at its other end has died:
// every call of the adapter may as well be made twice. The header has no value and is
// therefore not sent ([http.Transport]).
func makeRepeatable(r *http.Request) { r.Header["Idempotency-Key"] = nil }
