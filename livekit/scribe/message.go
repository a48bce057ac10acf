package scribe

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/livekit/protocol/livekit"
)

// Chat is the topic of LiveKit's text streams for chat, and LegacyChat that of the
// packets of clients that know no streams, the join page among them.
const (
	Chat       = "lk.chat"
	LegacyChat = "lk-chat-topic"
)

// AttributeAgent is the attribute of a text stream with the name of the agent who
// wrote it.
const AttributeAgent = "roomkey.agent"

// Message is an agent's message for the chat. LiveKit gives the data of a hidden
// participant no sender, which nobody who is seen can imitate: so clients tell it
// from a person's message.
type Message struct {
	ID   string
	At   time.Time
	From string // the agent's name
	Text string
	To   string // the identity of the only one who gets it; empty is everybody
}

// legacyMessage is the body of a packet. Clients that know text streams leave out
// those with ignoreLegacy, because they have the text already.
type legacyMessage struct {
	ID           string `json:"id"`
	Timestamp    int64  `json:"timestamp"`
	Message      string `json:"message"`
	IgnoreLegacy bool   `json:"ignoreLegacy"`
	Agent        string `json:"agent"`
	Private      bool   `json:"private,omitempty"` // nobody else gets it
}

// maxChunk is how many bytes of a text fit into one packet.
const maxChunk = 15_000

// Packets gives what is to be sent.
func (m Message) Packets() ([]*livekit.DataPacket, error) {
	body, err := json.Marshal(legacyMessage{ID: m.ID, Timestamp: m.At.UnixMilli(), Message: m.Text, IgnoreLegacy: true,
		Agent: m.From, Private: m.To != ""})
	if err != nil {
		return nil, fmt.Errorf("scribe: write a message: %w", err)
	}
	length, topic := uint64(len(m.Text)), LegacyChat
	packets := []*livekit.DataPacket{{Value: &livekit.DataPacket_StreamHeader{StreamHeader: &livekit.DataStream_Header{
		StreamId: m.ID, Timestamp: m.At.UnixMilli(), Topic: Chat, MimeType: "text/plain", TotalLength: &length,
		Attributes:    map[string]string{AttributeAgent: m.From},
		ContentHeader: &livekit.DataStream_Header_TextHeader{TextHeader: &livekit.DataStream_TextHeader{}},
	}}}}
	for i, chunk := range chunks(m.Text) {
		packets = append(packets, &livekit.DataPacket{Value: &livekit.DataPacket_StreamChunk{
			StreamChunk: &livekit.DataStream_Chunk{StreamId: m.ID, ChunkIndex: uint64(i), Content: []byte(chunk)}}})
	}
	packets = append(packets,
		&livekit.DataPacket{Value: &livekit.DataPacket_StreamTrailer{
			StreamTrailer: &livekit.DataStream_Trailer{StreamId: m.ID}}},
		&livekit.DataPacket{Value: &livekit.DataPacket_User{User: &livekit.UserPacket{Topic: &topic, Payload: body}}})
	if m.To != "" {
		for _, packet := range packets {
			packet.DestinationIdentities = []string{m.To}
		}
	}
	return packets, nil
}

// chunks cuts a text into pieces that fit into a packet, between characters.
func chunks(text string) (pieces []string) {
	for len(text) > maxChunk {
		end := maxChunk
		for end > 0 && text[end]&0xc0 == 0x80 { // in the middle of a character
			end--
		}
		pieces, text = append(pieces, text[:end]), text[end:]
	}
	return append(pieces, text)
}
