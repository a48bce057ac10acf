package meet

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// The link that people are given to a room works for those whom it is for: where
// the page of the room's name only asks for a code, it is the page of the code for
// people without another role.

// asksForCode says whether people without an access token need a code, because the
// page of the room's name leads them no further.
func (r Room) asksForCode() bool {
	return !r.IsPublic || r.Settings.RequireCode && !r.Settings.RequireApproval
}

// JoinLink is the link to give to people. code is that for people without another
// role, or zero.
func (s *Service) JoinLink(room Room, code RoomCode) string {
	if room.asksForCode() && code.Code != "" {
		return s.links.Code(code.Code)
	}
	return s.links.Room(room.Name)
}

// AsksInVain says whether the link to give to people asks for a code, and there is
// none.
func (s *Service) AsksInVain(room Room, code RoomCode) bool {
	return room.asksForCode() && code.Code == ""
}

// JoinCodeOf is the code for people without another role among those of a new room,
// or zero.
func JoinCodeOf(room Room, codes []RoomCode) RoomCode {
	role := roleWithoutCode(room, false)
	i := slices.IndexFunc(codes, func(c RoomCode) bool { return c.Role == role && c.Label == "" })
	if i < 0 {
		return RoomCode{}
	}
	return codes[i]
}

// joinCode finds the code for people without another role. It is zero if there is
// none, or it lets in nobody without an access token now.
func (s *Service) joinCode(ctx context.Context, room Room) (RoomCode, error) {
	code, err := s.store.CurrentCode(ctx, room.ID, roleWithoutCode(room, false), "")
	switch {
	case errors.Is(err, ErrNotFound):
		return RoomCode{}, nil
	case err != nil:
		return RoomCode{}, s.storeError(err, "")
	}
	codes, err := s.withBlocks(ctx, room, []RoomCode{code})
	if err != nil || codes[0].Blocked || s.checkOpen(code, Room{State: RoomActive}, s.now()) != nil {
		return RoomCode{}, err
	}
	return code, nil
}

// maxParallelReads is how many rows are read at a time for one list.
const maxParallelReads = 8

// addJoinCodes finds the codes of those rooms in a list that p administers and whose
// pages ask for one.
func (s *Service) addJoinCodes(ctx context.Context, p Principal, rooms []RoomInList) error {
	var needed []int
	for i := range rooms {
		if room := &rooms[i].Room; room.asksForCode() && Allowed(p, ActManageCodes, room) {
			needed = append(needed, i)
		}
	}
	errs := make([]error, len(needed))
	inParallel(len(needed), maxParallelReads, func(n int) {
		room := &rooms[needed[n]]
		room.JoinCode, errs[n] = s.joinCode(ctx, room.Room)
	})
	return cmp.Or(errs...)
}
