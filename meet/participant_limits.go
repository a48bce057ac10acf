package meet

import "time"

// ParticipantLimits bound what one participant can make the LiveKit inside do. A
// limit that is 0 has its default.
type ParticipantLimits struct {
	SignalBytes      int `yaml:"signalling_message_bytes"`       // longest message on a signalling connection
	SignalsPerSecond int `yaml:"signalling_messages_per_second"` // on one; ten times as many may come at once

	// MediaWithin is how soon a participant needs a media connection to stay.
	MediaWithin time.Duration `yaml:"signalling_without_media"`

	// Chat and data of one participant, on average; eight times as much may come
	// at once.
	DataBytesPerSecond    int `yaml:"data_bytes_per_second"`
	DataMessagesPerSecond int `yaml:"data_messages_per_second"`
}

// DefaultParticipantLimits are generous. A page in a room of 50 cameras and microphones
// answers with 130 kB, in one of a hundred with twice as much, and a page that
// resumes a session repeats offer and answer in one message.
var DefaultParticipantLimits = ParticipantLimits{
	SignalBytes:           1 << 20,
	SignalsPerSecond:      100,
	MediaWithin:           15 * time.Second,
	DataBytesPerSecond:    128 << 10,
	DataMessagesPerSecond: 50,
}
