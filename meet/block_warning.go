package meet

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// BlockWarning tells an admin what the blocks of a room cannot stop, and what
// does. Without an access token a person can come as somebody else by every code
// that is open to them.
func (s *Service) BlockWarning(ctx context.Context, p Principal, ref string) (string, error) {
	room, err := s.resolveFor(ctx, p, ActModerate, ref)
	if err != nil {
		return "", err
	}
	blocks, err := s.store.Blocks(ctx, room.ID)
	if err != nil {
		return "", s.storeError(err, "")
	}
	enabled, now, open := true, s.now(), 0
	codes, err := s.store.Codes(ctx, CodeQuery{RoomID: room.ID, Enabled: &enabled, Limit: MaxPage})
	if err != nil {
		return "", s.storeError(err, "")
	}
	for _, code := range codes {
		blocked := slices.ContainsFunc(blocks, func(b Block) bool { return b.Code == code.Code })
		if !blocked && code.Check(now) == nil {
			open++
		}
	}
	var warnings []string
	if room.IsPublic {
		warnings = append(warnings, "While the block holds, this public room's page lets in only people "+
			"with an access token; give others a code.")
	}
	switch {
	case open == 0 && room.Settings.RequireApproval:
	case open == 0:
		warnings = append(warnings, "By a code that they get later they could come as somebody else: "+
			"with settings.require_approval true (update_room) you see who asks.")
	case room.Settings.RequireApproval:
		warnings = append(warnings, fmt.Sprintf("With another code (%d work) they can ask again under another name and "+
			"without an access token: look before you let somebody in.", open))
	default:
		warnings = append(warnings, fmt.Sprintf("The block cannot stop them from coming as somebody else, "+
			"without an access token, by another code (%d work). What stops that: update_room with "+
			"settings.require_approval true, or rotate_room_code for codes they may know.", open))
	}
	return strings.Join(warnings, " "), nil
}
