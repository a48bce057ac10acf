package embedded

import (
	"time"

	"roomkey/meet"
)

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

func newLimiter(c Config) *limiter {
	l, standard := c.Limits, meet.DefaultParticipantLimits
	l.SignalBytes = orDefault(l.SignalBytes, standard.SignalBytes)
	l.SignalsPerSecond = orDefault(l.SignalsPerSecond, standard.SignalsPerSecond)
	l.MediaWithin = orDefault(l.MediaWithin, standard.MediaWithin)
	l.DataBytesPerSecond = orDefault(l.DataBytesPerSecond, standard.DataBytesPerSecond)
	l.DataMessagesPerSecond = orDefault(l.DataMessagesPerSecond, standard.DataMessagesPerSecond)
	return &limiter{l, c.OnLimit}
}

func orDefault[T int | time.Duration](value, standard T) T {
	if value <= 0 {
		return standard
	}
	return value
}
