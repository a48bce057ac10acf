package livekit

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/livekit/protocol/livekit"

	"roomkey/livekit/scribe"
	"roomkey/meet"
)

// Follow implements [meet.Media].
func (s *Server) Follow(ctx context.Context, roomID string, tell func(meet.ChatLine)) (meet.Following, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	cfg := scribe.Config{Speakers: !s.singleNode} // the LiveKit inside is asked directly
	if tell != nil {
		r := &chatReader{tell: tell, streams: map[streamKey]*textStream{}, ofPerson: map[string]int{}}
		cfg.OnPacket = r.receive
	}
	participant, err := s.joinAsScribe(ctx, roomID, cfg)
	if err != nil {
		return nil, callError("follow a room", err)
	}
	if cfg.Speakers {
		s.listeners.add(participant)
	}
	return participant, nil
}

// Speaking says of everybody in the rooms that this adapter follows, by the SID of
// their connection, whether they speak now. Of the LiveKit inside it says nothing.
func (s *Server) Speaking() map[string]bool { return s.listeners.speaking() }

// listeners are the participants of our own who are told who speaks.
type listeners struct {
	mu  sync.Mutex
	all []*scribe.Participant
}

func (l *listeners) add(p *scribe.Participant) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, p)
}

// speaking also forgets who is not connected any more.
func (l *listeners) speaking() map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	speaking := map[string]bool{}
	l.all = slices.DeleteFunc(l.all, func(p *scribe.Participant) bool {
		select {
		case <-p.Done():
			return true
		default:
			maps.Copy(speaking, p.Speaking())
			return false
		}
	})
	return speaking
}

// keptMetadata is the metadata of a media room, as far as Roomkey sets it.
type keptMetadata struct {
	KeepChat bool `json:"keep_chat"`
}

// ShowChatKept implements [meet.Media].
func (s *Server) ShowChatKept(ctx context.Context, roomID string, kept bool) error {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	metadata, err := json.Marshal(keptMetadata{kept})
	if err != nil {
		return err
	}
	_, err = ask(ctx, s, twice, func(ctx context.Context) (*livekit.Room, error) {
		return s.rooms.UpdateRoomMetadata(ctx,
			&livekit.UpdateRoomMetadataRequest{Room: roomID, Metadata: string(metadata)})
	})
	if err != nil && !isNotFound(err) { // it has just ended
		return callError("update room metadata", err)
	}
	return nil
}

// Text streams that are under way at most. A stranger can begin any number, and end
// none of them.
const (
	maxStreams         = 100
	maxStreamsOfPerson = 10
	maxStreamBytes     = 16_000 // of the text; the rest is left out
	maxStreamID        = 100
)

type streamKey struct{ identity, id string }

// textStream is a message of which not all has come yet.
type textStream struct {
	content    []byte
	compressed bool
}

// chatReader reads chat messages from what people send, in all the ways that LiveKit's
// clients have: text streams, and packets.
type chatReader struct {
	tell func(meet.ChatLine)

	mu       sync.Mutex
	streams  map[streamKey]*textStream
	ofPerson map[string]int // how many of them
}

// receive gets one packet. The sender is as LiveKit says.
func (r *chatReader) receive(packet *livekit.DataPacket) {
	key := streamKey{identity: packet.GetParticipantIdentity()}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch value := packet.GetValue().(type) {
	case *livekit.DataPacket_User:
		r.readPacket(key.identity, value.User)
	case *livekit.DataPacket_StreamHeader:
		key.id = value.StreamHeader.GetStreamId()
		r.begin(key, value.StreamHeader)
	case *livekit.DataPacket_StreamChunk:
		key.id = value.StreamChunk.GetStreamId()
		if stream := r.streams[key]; stream != nil {
			stream.add(value.StreamChunk.GetContent())
		}
	case *livekit.DataPacket_StreamTrailer:
		key.id = value.StreamTrailer.GetStreamId()
		if stream := r.streams[key]; stream != nil {
			r.drop(key)
			r.tell(meet.ChatLine{Identity: key.identity, ID: key.id, Text: stream.text()})
		}
	}
}

// begin notes that a text stream of the chat has begun.
func (r *chatReader) begin(key streamKey, header *livekit.DataStream_Header) {
	if header.GetTextHeader() == nil || header.GetTextHeader().GetOperationType() != livekit.DataStream_CREATE ||
		header.GetTopic() != scribe.Chat || len(key.id) > maxStreamID || r.streams[key] != nil {
		return
	}
	stream := &textStream{compressed: header.GetCompression() == livekit.DataStream_DEFLATE_RAW}
	if header.InlineContent != nil { // it is the whole message
		stream.add(header.InlineContent)
		r.tell(meet.ChatLine{Identity: key.identity, ID: key.id, Text: stream.text()})
		return
	}
	if r.ofPerson[key.identity] >= maxStreamsOfPerson {
		r.dropAllOf(key.identity)
	}
	if len(r.streams) >= maxStreams {
		r.dropAllOf(r.busiest())
	}
	r.streams[key] = stream
	r.ofPerson[key.identity]++
}

func (r *chatReader) drop(key streamKey) {
	delete(r.streams, key)
	if r.ofPerson[key.identity]--; r.ofPerson[key.identity] == 0 {
		delete(r.ofPerson, key.identity)
	}
}

// dropAllOf forgets the streams of somebody who has begun many.
func (r *chatReader) dropAllOf(identity string) {
	maps.DeleteFunc(r.streams, func(key streamKey, _ *textStream) bool { return key.identity == identity })
	delete(r.ofPerson, identity)
}

// busiest gives who has the most streams.
func (r *chatReader) busiest() (identity string) {
	most := 0
	for who, n := range r.ofPerson {
		if n > most {
			identity, most = who, n
		}
	}
	return identity
}

func (s *textStream) add(content []byte) {
	s.content = append(s.content, content[:min(len(content), maxStreamBytes-len(s.content))]...)
}

// text gives what has come. Of a compressed text that is cut or damaged it is the part
// that can be read.
func (s *textStream) text() string {
	if !s.compressed {
		return string(s.content)
	}
	text, _ := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(s.content)), maxStreamBytes))
	return string(text)
}

// readPacket reads the message of a client that sends packets. Clients that send a text
// stream beside it mark the packet.
func (r *chatReader) readPacket(identity string, packet *livekit.UserPacket) {
	var message struct {
		ID           string `json:"id"`
		Message      string `json:"message"`
		IgnoreLegacy bool   `json:"ignoreLegacy"`
	}
	if packet.GetTopic() != scribe.LegacyChat || json.Unmarshal(packet.GetPayload(), &message) != nil ||
		message.IgnoreLegacy {
		return
	}
	r.tell(meet.ChatLine{Identity: identity, ID: message.ID, Text: message.Message})
}
