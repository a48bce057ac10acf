package meet

import (
	"slices"
	"strings"
)

// TokenScope is a part of what somebody may do, for access tokens that may not do
// all of it (scope in RFC 6749). A token never does more than its scopes, nor more
// than its bearer.
type TokenScope string

// The scopes. None of them contains another one.
const (
	ScopeRoomsRead  TokenScope = "rooms:read"  // list rooms and look at them, without their codes
	ScopeRoomsWrite TokenScope = "rooms:write" // create, change, end and join rooms; codes, which are keys to rooms
	ScopeModerate   TokenScope = "moderate"    // the people in a room, and those who wait
	ScopeMeeting    TokenScope = "meeting"     // messages, events and sessions
	ScopeRecord     TokenScope = "record"      // recordings; there are none yet

	// ScopeAdmin lets a superadmin use that role. Without it they are like a user,
	// except in rooms that the token names.
	ScopeAdmin TokenScope = "admin"
)

// AllTokenScopes are all scopes in the order in which they are written.
var AllTokenScopes = []TokenScope{
	ScopeRoomsRead, ScopeRoomsWrite, ScopeModerate, ScopeMeeting, ScopeRecord, ScopeAdmin,
}

// TokenScopes is a set of scopes. The zero value is no limit: it is for tokens
// that say nothing of scopes. What somebody may do at all is decided by their role,
// of which the zero value may do nothing.
type TokenScopes uint8

// limitedScopes marks a set that is a limit, also where it is empty.
const limitedScopes TokenScopes = 1 << 7

// LimitedTo gives the set of some scopes. LimitedTo() allows nothing.
func LimitedTo(scopes ...TokenScope) TokenScopes {
	set := limitedScopes
	for _, scope := range scopes {
		if i := slices.Index(AllTokenScopes, scope); i >= 0 {
			set |= 1 << i
		}
	}
	return set
}

// ParseTokenScopes reads scopes that are separated by spaces. Unknown words allow
// nothing.
func ParseTokenScopes(text string) (scopes TokenScopes, unknown []string) {
	scopes = LimitedTo()
	for _, word := range strings.Fields(text) {
		if !slices.Contains(AllTokenScopes, TokenScope(word)) {
			unknown = append(unknown, word)
		}
		scopes |= LimitedTo(TokenScope(word))
	}
	return scopes, unknown
}

// IsLimited says whether the set is a limit.
func (s TokenScopes) IsLimited() bool { return s&limitedScopes != 0 }

// Has says whether a scope is allowed. The empty one always is.
func (s TokenScopes) Has(scope TokenScope) bool {
	return !s.IsLimited() || scope == "" || s&LimitedTo(scope) != limitedScopes
}

// Within gives what both sets allow.
func (s TokenScopes) Within(most TokenScopes) TokenScopes {
	switch {
	case !most.IsLimited():
		return s
	case !s.IsLimited():
		return most
	}
	return s & most
}

// List gives the scopes of a set that is a limit.
func (s TokenScopes) List() []TokenScope {
	scopes := []TokenScope{}
	for _, scope := range AllTokenScopes {
		if s.IsLimited() && s.Has(scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// String writes the scopes as [ParseTokenScopes] reads them. It is empty for no
// limit, and for a limit that allows nothing.
func (s TokenScopes) String() string {
	var words []string
	for _, scope := range s.List() {
		words = append(words, string(scope))
	}
	return strings.Join(words, " ")
}

// RoomIDs are the rooms that an access token is for: their ids, separated by
// spaces. Empty is every room.
type RoomIDs string

// NewRoomIDs gives the set of some ids.
func NewRoomIDs(ids []string) RoomIDs { return RoomIDs(strings.Join(ids, " ")) }

// MaxTokenRooms is how many rooms an access token can name.
const MaxTokenRooms = 20

// IsLimited says whether the set is a limit.
func (r RoomIDs) IsLimited() bool { return r != "" }

// Has says whether a room is one of them.
func (r RoomIDs) Has(roomID string) bool { return r == "" || slices.Contains(r.List(), roomID) }

// List gives the ids.
func (r RoomIDs) List() []string { return strings.Fields(string(r)) }
