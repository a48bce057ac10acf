package embedded

import (
	"context"
	"sync"

	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/rtc"
	"github.com/livekit/livekit-server/pkg/service"
	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"
	"google.golang.org/protobuf/proto"

	lk "roomkey/livekit"
	"roomkey/meet"
)

// sessionGate decides who comes in, where LiveKit v1.13.5 does not keep what is
// promised about a room:
//
//   - LiveKit copies the limit when a room starts and ignores a change. Here the
//     limit is the one that was asked for last, and shuts out no admin of the room.
//   - LiveKit makes a deleted room again, without a limit, for somebody with a token
//     that it had checked a moment before, auto_create or not. Here only CreateRoom
//     makes rooms.
//   - LiveKit lets a removed participant in again with the same token, and gives
//     everybody what their token says. Here Config.Authorize is asked, so dead tokens
//     are refused and everybody gets their present profile.
//   - LiveKit loses a room that is made while one of the same name is deleted. Here
//     the one waits for the other.
//   - LiveKit believes what a client says of a track: see tracksource.go.
//
// It is LiveKit's session handler, and wraps the room service, the store and the
// telemetry, all of them interfaces of LiveKit's.
type sessionGate struct {
	rooms     *service.RoomManager
	store     gatedStore
	allocator service.RoomAllocator
	authorize AuthorizeFunc // may be nil

	// mutexes let, for each room, only one session start, or one call make the room,
	// delete it or remove somebody.
	mutexes meet.RoomMutexes

	recorded sync.Map // name of a room that has not been started → time.Time until which it waits
	limits   sync.Map // sid of a room, because names are used again → uint32; no entry is no limit
}

var _ service.SessionHandler = (*sessionGate)(nil)

func (g *sessionGate) limit(sid string) uint32 {
	limit, _ := g.limits.Load(sid)
	n, _ := limit.(uint32)
	return n
}

// Logger is where LiveKit logs about sessions.
func (g *sessionGate) Logger(context.Context) logger.Logger { return logger.GetLogger() }

// HandleSession starts a session for somebody with a good token, or refuses it.
// LiveKit tells them only that it did not work (HTTP 500), after three tries.
func (g *sessionGate) HandleSession(ctx context.Context, pi routing.ParticipantInit, _ livekit.ConnectionID,
	source routing.MessageSource, sink routing.MessageSink) error {
	name := pi.CreateRoom.GetName()
	unlock, err := g.mutexes.Lock(ctx, name)
	if err != nil {
		return err
	}
	defer unlock()
	room := g.room(ctx, livekit.RoomName(name))
	if room == nil || !room.Hold() { // held, it does not close for being empty
		return service.ErrRoomNotFound
	}
	defer room.Release()
	who, err := g.applyProfile(ctx, name, &pi)
	if err != nil {
		return err
	}
	if !who.Admin && !isDependent(pi.Grants) && g.full(room, pi.Identity) {
		return rtc.ErrMaxParticipantsExceeded
	}
	return g.rooms.StartSession(ctx, pi, source, copyingSink{sink}, false)
}

// applyProfile asks whether somebody may come in, and replaces the profile in their
// token by their present one. The room's mutex is held: somebody who is removed after
// this is inside by then, and somebody who was removed before is refused here.
func (g *sessionGate) applyProfile(
	ctx context.Context, room string, pi *routing.ParticipantInit,
) (meet.Authorized, error) {
	if g.authorize == nil || pi.Grants == nil || pi.Grants.Video == nil {
		return meet.Authorized{}, nil
	}
	who, err := g.authorize(ctx, room, string(pi.Identity))
	if err == nil && who.Known {
		pi.Grants = lk.ApplyProfile(pi.Grants, who.Profile)
	}
	return who, err
}

// copyingSink takes the messages to a participant. LiveKit changes a track while
// another goroutine still encodes the message about it.
type copyingSink struct{ routing.MessageSink }

// WriteMessage sends msg as it is now.
func (s copyingSink) WriteMessage(msg proto.Message) error {
	if r, ok := msg.(*livekit.SignalResponse); ok && r.GetTrackPublished() != nil {
		msg = proto.Clone(msg)
	}
	return s.MessageSink.WriteMessage(msg)
}

// isDependent says whether somebody is one of those who take no seat: see
// LiveKit's method of that name.
func isDependent(grants *auth.ClaimGrants) bool {
	kind := grants.GetParticipantKind()
	return kind == livekit.ParticipantInfo_AGENT || kind == livekit.ParticipantInfo_EGRESS ||
		grants.Video.Agent || grants.Video.Recorder
}

// full says whether the room is full. Somebody who is inside already takes their own
// place again.
func (g *sessionGate) full(room *rtc.Room, identity livekit.ParticipantIdentity) bool {
	limit := g.limit(string(room.ID()))
	if limit == 0 || room.GetParticipant(identity) != nil {
		return false
	}
	inside := uint32(0)
	for _, p := range room.GetParticipants() {
		if !p.IsDependent() { // an agent or a recorder
			inside++
		}
	}
	return inside >= limit
}

// gatedRoomService is LiveKit's API, in which CreateRoom only records a room, and also
// changes the limit of one that exists.
type gatedRoomService struct {
	livekit.RoomService
	gate *sessionGate
}

// CreateRoom answers with the limit that holds from now on. As everywhere in
// LiveKit's API, 0 leaves it as it is.
func (s gatedRoomService) CreateRoom(ctx context.Context, req *livekit.CreateRoomRequest) (*livekit.Room, error) {
	unlock, err := s.gate.mutexes.Lock(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	defer unlock()
	limit := req.GetMaxParticipants()
	req = proto.CloneOf(req)
	req.MaxParticipants = 0 // the gate's limit is the only one
	create := s.RoomService.CreateRoom
	if s.gate.rooms.GetRoom(ctx, livekit.RoomName(req.Name)) == nil && service.EnsureCreatePermission(ctx) == nil {
		create = s.gate.record
	}
	room, err := create(ctx, req)
	if err != nil {
		return nil, err
	}
	if limit > 0 {
		s.gate.limits.Store(room.Sid, limit)
	}
	room.MaxParticipants = s.gate.limit(room.Sid)
	return room, nil
}

// RemoveParticipant returns when they are out. No session starts meanwhile.
func (s gatedRoomService) RemoveParticipant(ctx context.Context, req *livekit.RoomParticipantIdentity) (
	*livekit.RemoveParticipantResponse, error) {
	unlock, err := s.gate.mutexes.Lock(ctx, req.GetRoom())
	if err != nil {
		return nil, err
	}
	defer unlock()
	return s.RoomService.RemoveParticipant(ctx, req)
}

// DeleteRoom returns when everybody is out.
func (s gatedRoomService) DeleteRoom(ctx context.Context, req *livekit.DeleteRoomRequest) (
	*livekit.DeleteRoomResponse, error) {
	unlock, err := s.gate.mutexes.Lock(ctx, req.GetRoom())
	if err != nil {
		return nil, err
	}
	defer unlock()
	name := livekit.RoomName(req.GetRoom())
	if s.gate.isRecorded(name) && service.EnsureCreatePermission(ctx) == nil {
		return &livekit.DeleteRoomResponse{}, s.gate.store.DeleteRoom(ctx, name)
	}
	return s.RoomService.DeleteRoom(ctx, req)
}

// gatedStore deletes what the gate knows of a room together with the room.
type gatedStore struct {
	*service.LocalStore
	gate *sessionGate
}

// DeleteRoom is called when a room has closed for any reason.
func (s gatedStore) DeleteRoom(ctx context.Context, name livekit.RoomName) error {
	if room, _, err := s.LoadRoom(ctx, name, false); err == nil {
		s.gate.limits.Delete(room.Sid)
	}
	s.gate.recorded.Delete(name)
	return s.LocalStore.DeleteRoom(ctx, name)
}
