package embedded

import (
	"context"

	"github.com/livekit/protocol/livekit"
)

// Speaking says of everybody inside, by the SID of their connection, whether they are
// speaking now. It looks at what LiveKit keeps of each in memory. Encryption makes no
// difference: clients send the level of the sound beside it.
func (s *Server) Speaking() map[string]bool {
	ctx := context.Background()
	listed, err := s.gate.store.ListRooms(ctx, nil)
	if err != nil {
		return nil // never: it is in memory
	}
	speaking := map[string]bool{}
	for _, room := range listed {
		running := s.rooms.GetRoom(ctx, livekit.RoomName(room.GetName()))
		if running == nil {
			continue
		}
		for _, p := range running.GetParticipants() {
			if p.Hidden() || p.IsClosed() {
				continue
			}
			_, speaking[string(p.ID())] = p.GetAudioLevel()
		}
	}
	return speaking
}
