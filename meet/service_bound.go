package meet

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
)

// rooms lists what a query finds of the rooms that the access token is for.
func (s *Service) rooms(ctx context.Context, p Principal, q RoomQuery) ([]ListedRoom, error) {
	if !p.Rooms.IsLimited() {
		return s.store.Rooms(ctx, q)
	}
	var listed []ListedRoom
	for _, id := range p.Rooms.List() { // at most MaxTokenRooms
		room, err := s.store.RoomByID(ctx, id)
		if errors.Is(err, ErrNotFound) {
			continue // it was named in the token of another database
		}
		joined := false
		if err == nil && q.matches(room) {
			joined, err = s.store.HasJoined(ctx, room, p.ID)
		}
		if err != nil {
			return nil, err
		}
		if l := (ListedRoom{room, relationshipTo(p, room, joined)}); q.matches(room) && q.lists(p, l, joined) {
			listed = append(listed, l)
		}
	}
	slices.SortFunc(listed, func(a, b ListedRoom) int { return -comparePositions(a.position(), b.position()) })
	return listed[:min(len(listed), q.Limit)], nil
}

func (r Room) position() Position { return Position{r.CreatedAt, r.ID} }

func comparePositions(a, b Position) int {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Key, b.Key))
}

// matches says whether a room has the properties that the query asks for.
func (q RoomQuery) matches(room Room) bool {
	switch {
	case q.Active != nil && *q.Active != room.Active(q.Now):
		return false
	case q.AtStart && !strings.HasPrefix(room.Name, q.Part), !strings.Contains(room.Name, q.Part):
		return false
	}
	return q.After == nil || comparePositions(room.position(), *q.After) < 0
}

// lists says whether a room that the token names is in the list. A superadmin sees
// all of them unless the list is for some.
func (q RoomQuery) lists(p Principal, l ListedRoom, joined bool) bool {
	isOwn := l.Relationship == RelCreator || l.Relationship == RelAdmin
	everything := q.All || q.Mine && q.Joined && q.Public && p.usedRole() == Superadmin
	return everything || q.Mine && isOwn || q.Joined && joined || q.Public && l.IsPublic && l.Active(q.Now)
}

func relationshipTo(p Principal, room Room, joined bool) Relationship {
	switch {
	case room.CreatedBy == p.ID:
		return RelCreator
	case room.HasAdmin(p.ID):
		return RelAdmin
	case joined:
		return RelParticipant
	case room.IsPublic:
		return RelPublic
	}
	return RelNone
}
