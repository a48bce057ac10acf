package livekit

import (
	"context"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"golang.org/x/sync/errgroup"

	"roomkey/meet"
)

// unlimited is the limit of a media room without one: more than any server
// holds. LiveKit takes 0 for "as before", which would keep an old limit.
const unlimited = 10 * meet.MaxParticipants

func limitOf(room meet.Room) uint32 {
	if room.MaxParticipants <= 0 {
		return unlimited
	}
	return uint32(room.MaxParticipants) //nolint:gosec // at most meet.MaxParticipants
}

// EnsureRoom makes the media room, or brings the existing one up to date.
//
// The server in this process takes a changed limit at once. No other LiveKit
// does: there an empty media room is made anew, and one with people inside
// keeps its limit until they have left.
//
// LiveKit counts an empty room's time from its creation, however often it is
// ensured. So an empty one is also made anew when half of its time is over:
// after EnsureRoom a media room lives for half of Config.EmptyTimeout at
// least.
func (s *Server) EnsureRoom(ctx context.Context, room meet.Room) error {
	ctx, cancel := s.within(ctx)
	defer cancel()
	living, err := s.create(ctx, room)
	if err != nil || !s.outdated(living, room) {
		return err
	}
	return s.renew(ctx, room)
}

// create makes the media room, or gives the living one.
func (s *Server) create(ctx context.Context, room meet.Room) (*livekit.Room, error) {
	living, err := s.rooms.CreateRoom(ctx, &livekit.CreateRoomRequest{
		Name:            room.ID,
		MaxParticipants: limitOf(room),
		EmptyTimeout:    seconds(s.emptyTimeout),
		// LiveKit's own 20 s after the last one has left are too short for
		// somebody who has a token and is still choosing a camera.
		DepartureTimeout: seconds(s.emptyTimeout),
	})
	if err != nil {
		return nil, failed("create room", err)
	}
	return living, nil
}

// outdated says whether the media room ought to be made anew if it is empty.
func (s *Server) outdated(living *livekit.Room, room meet.Room) bool {
	age := time.Since(time.UnixMilli(living.CreationTimeMs))
	return age > s.emptyTimeout/2 || living.MaxParticipants != limitOf(room)
}

// renew makes the media room anew unless somebody is inside. One at a time:
// two of them could delete each other's room with people already in it.
func (s *Server) renew(ctx context.Context, room meet.Room) error {
	select {
	case s.renewing <- struct{}{}:
		defer func() { <-s.renewing }()
	case <-ctx.Done():
		return failed("renew room", ctx.Err())
	}
	living, err := s.create(ctx, room)
	if err != nil || !s.outdated(living, room) {
		return err // somebody else has done it meanwhile
	}
	present, err := s.list(ctx, room.ID)
	if err != nil || len(present) > 0 {
		return err
	}
	if _, err := s.delete(ctx, room.ID); err != nil {
		return err
	}
	_, err = s.create(ctx, room)
	return err
}

// DeleteRoom removes everyone and the media room.
func (s *Server) DeleteRoom(ctx context.Context, roomID string) (existed bool, err error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	return s.delete(ctx, roomID)
}

func (s *Server) delete(ctx context.Context, roomID string) (existed bool, err error) {
	_, err = s.rooms.DeleteRoom(ctx, &livekit.DeleteRoomRequest{Room: roomID})
	if err != nil && !isNotFound(err) {
		return false, failed("delete room", err)
	}
	return err == nil, nil
}

// Rooms lists the media rooms that live now.
func (s *Server) Rooms(ctx context.Context) ([]meet.MediaRoom, error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	living, err := s.rooms.ListRooms(ctx, &livekit.ListRoomsRequest{})
	if err != nil {
		return nil, failed("list rooms", err)
	}
	rooms := make([]meet.MediaRoom, 0, len(living.GetRooms()))
	for _, room := range living.GetRooms() {
		rooms = append(rooms, meet.MediaRoom{ID: room.GetName(), SID: room.GetSid(),
			Participants: int(room.GetNumParticipants())})
	}
	return rooms, nil
}

// countsAtOnce is how many rooms are counted at a time.
const countsAtOnce = 8

// Counts says how many are connected, for those of the rooms that have a media
// room.
//
// LiveKit's list of rooms has a number of participants too, which it brings up
// to date every 5 s; the list of a room's participants is always right.
func (s *Server) Counts(ctx context.Context, roomIDs []string) (map[string]int, error) {
	counts := make(map[string]int, len(roomIDs))
	if len(roomIDs) == 0 {
		return counts, nil // LiveKit would list every room there is
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	living, err := s.rooms.ListRooms(ctx, &livekit.ListRoomsRequest{Names: roomIDs})
	if err != nil {
		return nil, failed("list rooms", err)
	}
	var (
		mu    sync.Mutex
		group errgroup.Group
	)
	group.SetLimit(countsAtOnce)
	for _, room := range living.GetRooms() {
		group.Go(func() error {
			present, err := s.list(ctx, room.GetName())
			if err != nil {
				return err
			}
			n := 0
			for _, p := range present {
				if connected(p) {
					n++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			counts[room.GetName()] = n
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return counts, nil
}
