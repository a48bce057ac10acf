package livekit

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"

	"roomkey/livekit/scribe"
	"roomkey/meet"
)

// LiveKit's API can send data to people, but not write into the chat that its clients
// know. So a message is sent by a participant of our own. It stays for a while after
// a message, because another one may follow.
const (
	writerIdle = 30 * time.Second
	maxWriters = 100 // that stay
)

// SendMessage implements [meet.Media].
func (s *Server) SendMessage(ctx context.Context, roomID string, m meet.Message) error {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	packets, err := scribe.Message{ID: m.ID, At: m.At, From: m.From, Text: m.Text, To: m.To}.Packets()
	if err != nil {
		return err
	}
	unlock, err := s.writers.mutexes.Lock(ctx, roomID)
	if err != nil {
		return callError("send a message", err)
	}
	defer unlock()
	if writer := s.writers.take(roomID); writer != nil {
		if err := writer.Send(ctx, packets...); err == nil {
			s.writers.keep(roomID, writer)
			return nil
		}
		writer.Close() // LiveKit was started anew, or ended the connection
	}
	writer, err := s.joinAsScribe(ctx, roomID, scribe.Config{})
	if err == nil {
		err = writer.Send(ctx, packets...)
		s.writers.keep(roomID, writer)
	}
	if err != nil {
		return callError("send a message", err)
	}
	return nil
}

// scribeIdentity begins the identities of Roomkey's own participants. Nobody else is
// admitted under one: the identity of an admission has an underscore.
const scribeIdentity = "roomkey-"

func isNotScribe(p *livekit.ParticipantInfo) bool {
	return !isHidden(p) || !strings.HasPrefix(p.GetIdentity(), scribeIdentity)
}

// joinAsScribe joins a media room as Roomkey's own participant. LiveKit counts an
// agent as nobody who needs a seat, or for whom an empty room lives on.
func (s *Server) joinAsScribe(ctx context.Context, roomID string, cfg scribe.Config) (*scribe.Participant, error) {
	grant := videoGrant(roomID, meet.Grants{Subscribe: true, Data: true})
	grant.Hidden = true
	token, err := auth.NewAccessToken(s.key, s.secret).
		SetIdentity(scribeIdentity + rand.Text()).
		SetName("Roomkey").
		SetKind(livekit.ParticipantInfo_AGENT).
		SetVideoGrant(grant).
		SetValidFor(time.Minute).
		ToJWT()
	if err == nil {
		token, err = s.shift(token, s.skew())
	}
	if err != nil {
		return nil, fmt.Errorf("livekit: sign a token: %w", err)
	}
	cfg.URL, cfg.Token, cfg.SameMachine = s.url, token, s.singleNode
	return scribe.Join(ctx, cfg)
}

// writers are the participants of our own who stay for a while, by their rooms.
type writers struct {
	mutexes meet.RoomMutexes // one message at a time in a room
	running sync.WaitGroup

	mu     sync.Mutex
	closed bool
	rooms  map[string]*writer
}

type writer struct {
	*scribe.Participant
	leaves *time.Timer
}

// take gives the participant in a room, who does not leave by themselves from now on;
// nil if there is none.
func (w *writers) take(roomID string) *scribe.Participant {
	w.mu.Lock()
	defer w.mu.Unlock()
	kept := w.rooms[roomID]
	if kept == nil {
		return nil
	}
	kept.leaves.Stop()
	delete(w.rooms, roomID)
	return kept.Participant
}

// keep lets the participant stay for a while, if there are not too many.
func (w *writers) keep(roomID string, p *scribe.Participant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.rooms) >= maxWriters {
		w.running.Go(p.Close)
		return
	}
	kept := &writer{Participant: p}
	kept.leaves = time.AfterFunc(writerIdle, func() { w.leave(roomID, kept) })
	w.rooms[roomID] = kept
}

func (w *writers) leave(roomID string, kept *writer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rooms[roomID] == kept {
		delete(w.rooms, roomID)
		w.running.Go(kept.Close)
	}
}

// close has everybody leave, and waits for it.
func (w *writers) close() {
	w.mu.Lock()
	w.closed = true
	for roomID, kept := range w.rooms {
		kept.leaves.Stop()
		delete(w.rooms, roomID)
		w.running.Go(kept.Close)
	}
	w.mu.Unlock()
	w.running.Wait()
}
