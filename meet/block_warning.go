package meet

import (
	"context"
	"fmt"
	"strings"
)

// BlockWarning says to an admin what a block in a room cannot stop, and what
// does. A person without an access token can come as somebody else on every way
// that is open to such.
func (s *Service) BlockWarning(ctx context.Context, p Principal, ref string) (string, error) {
	room, err := s.resolveFor(ctx, p, ActModerate, ref)
	if err != nil {
		return "", err
	}
	blocks, err := s.store.Blocks(ctx, room.ID)
	if err != nil {
		return "", s.storeError(err, "")
	}
	shut := map[string]bool{} // codes that let in nobody without an access token
	for _, b := range blocks {
		shut[b.Code] = true
	}
	enabled, now, open := true, s.now(), 0
	codes, err := s.store.Codes(ctx, CodeQuery{RoomID: room.ID, Enabled: &enabled, Limit: MaxPage})
	if err != nil {
		return "", s.storeError(err, "")
	}
	for _, code := range codes {
		if !shut[code.Code] && code.Check(now) == nil {
			open++
		}
	}
	var say []string
	if room.IsPublic {
		say = append(say, "While the block holds, this public room's page lets in only people with an access token; give others a code.")
	}
	switch {
	case open == 0 && room.Settings.RequireApproval:
	case open == 0:
		say = append(say, "By a code that they get later they could come as somebody else: with settings.require_approval true (update_room) you see who asks.")
	case room.Settings.RequireApproval:
		say = append(say, fmt.Sprintf("With another code (%d work) they can ask again under another name and without an access token: look before you let somebody in.", open))
	default:
		say = append(say, fmt.Sprintf("The block cannot stop them from coming as somebody else, without an access token, by another code (%d work). "+
			"What stops that: update_room with settings.require_approval true, or rotate_room_code for codes they may know.", open))
	}
	return strings.Join(say, " "), nil
}
