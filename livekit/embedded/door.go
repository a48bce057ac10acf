package embedded

import (
	"context"
	"hash/maphash"
	"sync"

	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/rtc"
	"github.com/livekit/livekit-server/pkg/service"
	"github.com/livekit/livekit-server/pkg/telemetry/prometheus"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"
	"github.com/livekit/protocol/utils"
	"google.golang.org/protobuf/proto"

	lk "roomkey/livekit"
)

// door decides who comes in, where LiveKit v1.13.5 does not keep what is
// promised about a room:
//
//   - LiveKit copies the limit when a room comes to life and never looks at a
//     changed one. Here the limit is the one that was asked for last.
//   - LiveKit makes a deleted room again, without a limit, for somebody whose
//     token it had checked a moment before, auto_create or not. Here only
//     CreateRoom makes rooms.
//   - LiveKit lets a removed participant in again with the same token, and gives
//     everybody who connects what their token says. Here whoever runs the server
//     is asked (Config.Authorize), so dead tokens stay outside and what a token says
//     is no more than what held when it was made.
//   - LiveKit loses a room that is made while one of the same name is being
//     deleted. Here the one waits for the other.
//   - LiveKit believes what is said of a track: see tracksource.go.
//
// It is LiveKit's session handler, and stands with one hand in the room
// allocator, the room service, the store and the telemetry, all of them
// interfaces of LiveKit's.
type door struct {
	rooms *service.RoomManager
	enter AuthorizeFunc // may be nil

	// oneAtATime lets, by room, only one come in, or make or delete it.
	oneAtATime [64]sync.Mutex
	seed       maphash.Seed

	mu     sync.Mutex
	limits map[string]uint32 // by the room's sid, because names are used again; no entry is no limit
}

var _ service.SessionHandler = (*door)(nil)

func newDoor(enter AuthorizeFunc) *door {
	return &door{enter: enter, seed: maphash.MakeSeed(), limits: make(map[string]uint32)}
}

// lock is the lock of the room of that name. It is shared with a few others.
func (d *door) lock(name string) *sync.Mutex {
	return &d.oneAtATime[maphash.String(d.seed, name)%uint64(len(d.oneAtATime))]
}

func (d *door) setLimit(sid string, limit uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limits[sid] = limit
	if limit == 0 {
		delete(d.limits, sid)
	}
}

func (d *door) limit(sid string) uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.limits[sid]
}

// Logger is whom LiveKit tells about sessions.
func (d *door) Logger(context.Context) logger.Logger { return logger.GetLogger() }

// HandleSession lets somebody in who has a good token, or refuses. LiveKit
// tells them nothing but that it did not work (HTTP 500), after three tries.
func (d *door) HandleSession(ctx context.Context, pi routing.ParticipantInit, _ livekit.ConnectionID,
	source routing.MessageSource, sink routing.MessageSink) error {
	prometheus.IncrementParticipantRtcInit(1)
	name := pi.CreateRoom.GetName()
	lock := d.lock(name)
	lock.Lock()
	defer lock.Unlock()
	room := d.rooms.GetRoom(ctx, livekit.RoomName(name))
	if room == nil || !room.Hold() { // held, it does not close for being empty
		return service.ErrRoomNotFound
	}
	defer room.Release()
	if d.full(room, pi.Identity) {
		return rtc.ErrMaxParticipantsExceeded
	}
	if err := d.admit(ctx, name, &pi); err != nil {
		return err
	}
	return d.rooms.StartSession(ctx, pi, source, copyingSink{sink}, false)
}

// admit asks whether somebody may come in, and gives them their present profile
// in place of the one in their token. The room's lock is held: whoever is
// removed after this is inside by then, and whoever is removed before is
// refused here.
func (d *door) admit(ctx context.Context, room string, pi *routing.ParticipantInit) error {
	if d.enter == nil || pi.Grants == nil || pi.Grants.Video == nil {
		return nil
	}
	profile, known, err := d.enter(ctx, room, string(pi.Identity))
	if err != nil || !known {
		return err
	}
	pi.Name = livekit.ParticipantName(profile.Name)
	pi.Grants = lk.ApplyProfile(pi.Grants, profile)
	return nil
}

// copyingSink takes the messages to somebody who is inside. LiveKit goes on
// changing a track while another goroutine still encodes the message that
// tells its publisher about it.
type copyingSink struct{ routing.MessageSink }

// WriteMessage sends msg as it is now.
func (s copyingSink) WriteMessage(msg proto.Message) error {
	if r, ok := msg.(*livekit.SignalResponse); ok && r.GetTrackPublished() != nil {
		msg = proto.Clone(msg)
	}
	return s.MessageSink.WriteMessage(msg)
}

// full says whether the room has no place for one more. Somebody who is inside
// already takes their own place again.
func (d *door) full(room *rtc.Room, identity livekit.ParticipantIdentity) bool {
	limit := d.limit(string(room.ID()))
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

// allocator makes rooms without a limit, so that the door's is the only one.
func (d *door) allocator(inner service.RoomAllocator) service.RoomAllocator {
	return doorAllocator{inner, d}
}

type doorAllocator struct {
	service.RoomAllocator
	door *door
}

// CreateRoom is called for a room that is not alive.
func (a doorAllocator) CreateRoom(ctx context.Context, req *livekit.CreateRoomRequest, explicit bool) (*livekit.Room, *livekit.RoomInternal, bool, error) {
	room, internal, created, err := a.RoomAllocator.CreateRoom(ctx, req, explicit)
	if err != nil {
		return nil, nil, false, err
	}
	a.door.setLimit(room.Sid, room.MaxParticipants)
	room = utils.CloneProto(room)
	room.MaxParticipants = 0
	return room, internal, created, nil
}

// roomService is LiveKit's API, in which CreateRoom changes the limit of a
// living room.
func (d *door) roomService(inner livekit.RoomService) livekit.RoomService {
	return doorRoomService{inner, d}
}

type doorRoomService struct {
	livekit.RoomService
	door *door
}

// CreateRoom answers with the limit that holds from now on. As everywhere in
// LiveKit's API, 0 leaves it as it is.
func (s doorRoomService) CreateRoom(ctx context.Context, req *livekit.CreateRoomRequest) (*livekit.Room, error) {
	lock := s.door.lock(req.GetName())
	lock.Lock()
	defer lock.Unlock()
	room, err := s.RoomService.CreateRoom(ctx, req)
	if err != nil {
		return nil, err
	}
	if req.MaxParticipants > 0 {
		s.door.setLimit(room.Sid, req.MaxParticipants)
	}
	room.MaxParticipants = s.door.limit(room.Sid)
	return room, nil
}

// RemoveParticipant returns when they are out. Nobody comes in meanwhile.
func (s doorRoomService) RemoveParticipant(ctx context.Context, req *livekit.RoomParticipantIdentity) (*livekit.RemoveParticipantResponse, error) {
	lock := s.door.lock(req.GetRoom())
	lock.Lock()
	defer lock.Unlock()
	return s.RoomService.RemoveParticipant(ctx, req)
}

// DeleteRoom returns when everybody is out.
func (s doorRoomService) DeleteRoom(ctx context.Context, req *livekit.DeleteRoomRequest) (*livekit.DeleteRoomResponse, error) {
	lock := s.door.lock(req.GetRoom())
	lock.Lock()
	defer lock.Unlock()
	return s.RoomService.DeleteRoom(ctx, req)
}

// watch makes the store forget a room's limit together with the room.
func (d *door) watch(inner *service.LocalStore) doorStore { return doorStore{inner, d} }

type doorStore struct {
	*service.LocalStore
	door *door
}

// DeleteRoom is called when a room has closed for whatever reason.
func (s doorStore) DeleteRoom(ctx context.Context, name livekit.RoomName) error {
	if room, _, err := s.LoadRoom(ctx, name, false); err == nil {
		s.door.setLimit(room.Sid, 0)
	}
	return s.LocalStore.DeleteRoom(ctx, name)
}
