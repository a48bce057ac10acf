package embedded

import (
	"context"
	"time"

	"github.com/livekit/livekit-server/pkg/rtc"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/utils"
)

// LiveKit v1.13.5 runs some thirty goroutines for a room from its creation on, with
// 200 kB of stacks and queues, and timers that never rest. Here a room that the API
// makes is only recorded in LiveKit's store, where lists and connections find it. The
// first session starts it.

// isRecorded says whether a room exists and has not been started.
func (g *sessionGate) isRecorded(name livekit.RoomName) bool {
	_, ok := g.recorded.Load(name)
	return ok
}

// record makes a room that is not running, or gives the one that is recorded already.
// The room's mutex is held.
func (g *sessionGate) record(ctx context.Context, req *livekit.CreateRoomRequest) (*livekit.Room, error) {
	name := livekit.RoomName(req.GetName())
	if !g.isRecorded(name) {
		room, _, _, err := g.allocator.CreateRoom(ctx, req, true)
		if err != nil {
			return nil, err
		}
		g.recorded.Store(name, time.Now().Add(time.Duration(room.EmptyTimeout)*time.Second))
	}
	room, _, err := g.store.LoadRoom(ctx, name, false)
	return utils.CloneProto(room), err
}

// room gives a running room, and starts it if it is recorded. It gives nil if there is
// none. The room's mutex is held.
func (g *sessionGate) room(ctx context.Context, name livekit.RoomName) *rtc.Room {
	if g.isRecorded(name) {
		if _, err := g.rooms.CreateRoom(ctx, &livekit.CreateRoomRequest{Name: string(name)}); err != nil {
			g.Logger(ctx).Errorw("could not start a room", err, "room", name)
			return nil
		}
		g.recorded.Delete(name)
	}
	return g.rooms.GetRoom(ctx, name)
}

// expireRecorded deletes the recorded rooms that nobody has entered in time.
func (g *sessionGate) expireRecorded() {
	ctx, now := context.Background(), time.Now()
	for name, until := range g.recorded.Range {
		if now.Before(until.(time.Time)) {
			continue
		}
		name := name.(livekit.RoomName)
		unlock, err := g.mutexes.Lock(ctx, string(name))
		if err != nil {
			return
		}
		if g.recorded.CompareAndDelete(name, until) { // still that one
			_ = g.store.DeleteRoom(ctx, name) // it is in memory and does not fail
		}
		unlock()
	}
}
