package auth

import (
	"errors"
	"strings"

	"roomkey/meet"
)

// limit writes into the claims what a principal is limited to.
func (c *claims) limit(p meet.Principal) {
	if p.Scopes.IsLimited() {
		scope := p.Scopes.String()
		c.Scope = &scope
	}
	if p.Rooms.IsLimited() {
		c.Rooms = p.Rooms.List()
	}
}

// maxRoomID is the longest id of a room that a token can name, in characters.
const maxRoomID = 64

// checkRooms refuses a claim that would be no limit, and ids that cannot be any.
func (c claims) checkRooms() error {
	if c.Rooms != nil && len(c.Rooms) == 0 || len(c.Rooms) > meet.MaxTokenRooms {
		return errors.New("rooms names no rooms or too many")
	}
	for _, id := range c.Rooms {
		if words := strings.Fields(id); len(id) > maxRoomID || len(words) != 1 || words[0] != id {
			return errors.New("rooms has what is no id")
		}
	}
	return nil
}

// principal gives who the claims are about. Words in scope that are no scope of
// this server allow nothing.
func (c claims) principal() meet.Principal {
	p := meet.Principal{ID: c.Subject, Name: meet.CleanText(c.Name, meet.MaxDisplayName), Role: c.Role,
		Rooms: meet.NewRoomIDs(c.Rooms)}
	if c.Scope != nil {
		p.Scopes, _ = meet.ParseTokenScopes(*c.Scope)
	}
	return p
}
