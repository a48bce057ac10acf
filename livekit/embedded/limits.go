package embedded

import "time"

// Limits bound what one participant can make the server do. A limit that is 0
// has its default.
type Limits struct {
	SignalBytes      int `yaml:"signalling_message_bytes"`       // longest message on a signalling connection
	SignalsPerSecond int `yaml:"signalling_messages_per_second"` // on one; ten times as many may come at once

	// MediaWithin is how soon a participant needs a media connection to stay.
	MediaWithin time.Duration `yaml:"signalling_without_media"`

	// Chat and data of one participant, on average; eight times as much may come
	// at once.
	DataBytesPerSecond    int `yaml:"data_bytes_per_second"`
	DataMessagesPerSecond int `yaml:"data_messages_per_second"`
}

// DefaultLimits are generous. A page in a room of 50 cameras and microphones
// answers with 130 kB, in one of a hundred with twice as much, and a page that
// resumes a session repeats offer and answer in one message.
var DefaultLimits = Limits{
	SignalBytes:           1 << 20,
	SignalsPerSecond:      100,
	MediaWithin:           15 * time.Second,
	DataBytesPerSecond:    128 << 10,
	DataMessagesPerSecond: 50,
}

// How much more than the average may come at once.
const (
	signalBurst = 10
	dataBurst   = 8
)

// limiter keeps the limits of one server.
type limiter struct {
	Limits
	onLimit func(limit string)
}

func newLimiter(c Config) *limiter {
	l, standard := c.Limits, DefaultLimits
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
