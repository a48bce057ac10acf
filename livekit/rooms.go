package livekit

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"golang.org/x/sync/errgroup"

	"roomkey/meet"
)

// unlimited is the limit of a media room without one: more than any server
// holds. LiveKit takes 0 for "as before", which would keep an old limit.
const unlimited = 10 * meet.MaxParticipants

func (s *Server) limitOf(room meet.Room) uint32 {
	if room.MaxParticipants <= 0 {
		return unlimited
	}
	return uint32(room.MaxParticipants + s.adminSeats) //nolint:gosec // at most meet.MaxParticipants and a few
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
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	living, err := s.createRoom(ctx, room)
	if err != nil || !s.isOutdated(living, room) {
		return err
	}
	return s.recreate(ctx, room)
}

// createRoom makes the media room, or gives the living one.
func (s *Server) createRoom(ctx context.Context, room meet.Room) (*livekit.Room, error) {
	living, err := ask(ctx, s, untilMoved, func(ctx context.Context) (*livekit.Room, error) {
		return s.rooms.CreateRoom(ctx, &livekit.CreateRoomRequest{
			Name:            room.ID,
			MaxParticipants: s.limitOf(room),
			EmptyTimeout:    seconds(s.emptyTimeout),
			// LiveKit's own 20 s after the last one has left are too short for
			// somebody who has a token and is still choosing a camera.
			DepartureTimeout: seconds(s.emptyTimeout),
		})
	})
	if err != nil {
		return nil, callError("create room", err)
	}
	return living, nil
}

// isOutdated says whether the media room ought to be made anew if it is empty.
func (s *Server) isOutdated(living *livekit.Room, room meet.Room) bool {
	age := s.now().Sub(time.UnixMilli(living.CreationTimeMs))
	return age > s.emptyTimeout/2 || living.MaxParticipants != s.limitOf(room)
}

// recreate makes the media room anew unless somebody is inside. Only one runs at a
// time, also of those at other instances: two of them could delete each other's
// room with people already in it.
func (s *Server) recreate(ctx context.Context, room meet.Room) error {
	select {
	case s.recreating <- struct{}{}:
		defer func() { <-s.recreating }()
	case <-ctx.Done():
		return callError("recreate room", ctx.Err())
	}
	if s.lockRoom != nil {
		unlock, err := s.lockRoom(ctx, "recreate "+room.ID)
		if err != nil {
			return callError("recreate room", err)
		}
		defer unlock()
	}
	living, err := s.createRoom(ctx, room)
	if err != nil || !s.isOutdated(living, room) {
		return err // another call has done it meanwhile
	}
	present, err := s.listParticipants(ctx, room.ID)
	if err != nil || slices.ContainsFunc(present, isNotScribe) {
		return err
	}
	if _, err := s.DeleteRoom(ctx, room.ID); err != nil {
		return err
	}
	_, err = s.createRoom(ctx, room)
	return err
}

// DeleteRoom removes everyone and the media room.
func (s *Server) DeleteRoom(ctx context.Context, roomID string) (existed bool, err error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	err = s.deleteAtItsNode(ctx, roomID)
	if err != nil && !isNotFound(err) {
		return false, callError("delete room", err)
	}
	return err == nil, nil
}

// deletePatience is how long the node of a media room may take to delete it.
const deletePatience = 500 * time.Millisecond

// deleteAtItsNode deletes a media room. If its node is dead, a cluster asks that node
// all the same, whenever the room is deleted, until the room is made at another one.
func (s *Server) deleteAtItsNode(ctx context.Context, roomID string) error {
	request := &livekit.DeleteRoomRequest{Room: roomID}
	if s.singleNode {
		_, err := s.rooms.DeleteRoom(ctx, request)
		return err
	}
	first, cancel := context.WithTimeout(ctx, deletePatience)
	_, err := s.rooms.DeleteRoom(first, request)
	overdue := first.Err() != nil
	cancel()
	if !overdue && !isNoResponse(err) {
		return err
	}
	_, err = ask(ctx, s, untilMoved, func(ctx context.Context) (*livekit.Room, error) {
		return s.rooms.CreateRoom(ctx, &livekit.CreateRoomRequest{Name: roomID})
	})
	if err == nil {
		_, err = s.rooms.DeleteRoom(ctx, request)
	}
	return err
}

// Rooms lists the media rooms that live now.
func (s *Server) Rooms(ctx context.Context) ([]meet.MediaRoom, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	living, err := s.rooms.ListRooms(ctx, &livekit.ListRoomsRequest{})
	if err != nil {
		return nil, callError("list rooms", err)
	}
	rooms := make([]meet.MediaRoom, 0, len(living.GetRooms()))
	for _, room := range living.GetRooms() {
		rooms = append(rooms, meet.MediaRoom{
			ID: room.GetName(), SID: room.GetSid(), Participants: int(room.GetNumParticipants())})
	}
	return rooms, nil
}

const countsAtOnce = 32

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
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	living, err := s.rooms.ListRooms(ctx, &livekit.ListRoomsRequest{Names: roomIDs})
	if err != nil {
		return nil, callError("list rooms", err)
	}
	var (
		mu    sync.Mutex
		group errgroup.Group
	)
	group.SetLimit(countsAtOnce)
	for _, room := range living.GetRooms() {
		group.Go(func() error {
			present, err := s.listParticipants(ctx, room.GetName())
			if err != nil {
				return err
			}
			n := 0
			for _, p := range present {
				if isVisible(p) {
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
