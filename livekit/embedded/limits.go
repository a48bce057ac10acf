package embedded

import "roomkey/meet"

// How much more than the average may come at once.
const (
	signalBurst = 10
	dataBurst   = 8
)

// limiter keeps the limits of one server.
type limiter struct {
	meet.ParticipantLimits
	onLimit func(limit string)
}
