package webhooks

import (
	"math/rand/v2"
	"time"

	"roomkey/meet"
)

// RetryFor is how long a delivery is attempted, from when its event was found.
const RetryFor = 72 * time.Hour

// waits are how long to wait after the first attempts that failed; the last one is for
// all later ones.
var waits = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour}

// nextAttempt is when a delivery that has failed once more is attempted again; zero if
// this was the last time. The last attempt is made when RetryFor is over. What waits for
// the endpoint does not all come at the same moment.
func nextAttempt(d meet.WebhookDelivery, now time.Time, retryAfter time.Duration) time.Time {
	end := d.TakenAt.Add(RetryFor)
	if !now.Before(end) {
		return time.Time{}
	}
	longest := waits[len(waits)-1]
	wait := max(waits[min(d.Attempts, len(waits)-1)], min(retryAfter, longest))
	next := now.Add(wait + time.Duration(rand.Int64N(int64(wait/10)))) //nolint:gosec // G404: nothing to guess
	if next.After(end) {
		return end
	}
	return next
}
