package main

import (
	"time"

	"roomkey/livekit/embedded"
	"roomkey/meet"
)

// participant is what one participant can make the LiveKit inside do.
func (c LimitsConfig) participant() embedded.Limits {
	return embedded.Limits{
		SignalBytes: c.SignallingMessageBytes, SignalsPerSecond: c.SignallingMessagesPerSecond, MediaWithin: c.SignallingWithoutMedia,
		DataBytesPerSecond: c.DataBytesPerSecond, DataMessagesPerSecond: c.DataMessagesPerSecond,
	}
}

// connections is how many may be open at a time.
func (c LimitsConfig) connections() meet.ConnectionLimits {
	return meet.ConnectionLimits{PerAddress: c.SignallingPerAddress, PerCode: c.SignallingPerCode,
		PerRoom: c.SignallingPerRoom}
}

// validateSignalling checks the limits on signalling and data. The least values
// are what clients need in a small room.
func (l *loader) validateSignalling(c LimitsConfig) {
	for _, v := range []struct {
		key         string
		value       int
		least, most int
	}{
		{"signalling_message_bytes", c.SignallingMessageBytes, 64 << 10, 16 << 20},
		{"signalling_messages_per_second", c.SignallingMessagesPerSecond, 10, 100_000},
		{"signalling_per_address", c.SignallingPerAddress, 1, 1_000_000},
		{"signalling_per_code", c.SignallingPerCode, 1, 1_000_000},
		{"signalling_per_room", c.SignallingPerRoom, 1, 1_000_000},
		{"data_bytes_per_second", c.DataBytesPerSecond, 16 << 10, 1 << 30},
		{"data_messages_per_second", c.DataMessagesPerSecond, 1, 100_000},
	} {
		if v.value < v.least || v.value > v.most {
			l.bad("limits."+v.key, "must be between %d and %d, not %d", v.least, v.most, v.value)
		}
	}
	if c.SignallingWithoutMedia < 5*time.Second || c.SignallingWithoutMedia > time.Minute {
		l.bad("limits.signalling_without_media", "must be between 5s and 1m, not %s", c.SignallingWithoutMedia)
	}
}
