package meet

import "slices"

// Action is something a principal may want to do.
type Action string

// The actions of the permission table.
const (
	ActCreateRoom  Action = "create a room"
	ActViewRoom    Action = "look at a room by name or id"
	ActJoinRoom    Action = "join a room by name or id"
	ActEnterPublic Action = "enter a public room on its page"
	ActRedeemCode  Action = "redeem a room code"
	ActListOwn     Action = "list own rooms"
	ActListShared  Action = "list joined and public rooms"
	ActListAll     Action = "list all rooms"
	ActManageRoom  Action = "update, end or reopen a room"
	ActManageCodes Action = "create, get, update or rotate room codes"
	ActModerate    Action = "list participants, kick, mute or turn video off"
	ActAnswer      Action = "answer a join request"
	ActUnblock     Action = "unblock somebody"
	ActReadEvents  Action = "read a room's events and sessions"
	ActAppoint     Action = "hand a room over or name its co-admins"

	ActReadOwnEvents     Action = "read the events of all rooms that one administers"
	ActUpdateParticipant Action = "change the role, name or rights of a participant"
	ActWriteMessage      Action = "write to the people in a room"
	ActReadTranscript    Action = "read what was written in a room"
	ActListAccess        Action = "list access tokens, users and webhooks, or see the health"
)

// numberOfStandings is how many columns the permission table has.
const numberOfStandings = 6

// standing is how a principal relates to the room in question: a column of
// the permission table.
type standing int

const (
	asSuperadmin standing = iota
	asRoomAdmin
	asCoAdmin
	asUser
	asGuest
	asAnonymous
	asNobody // not a column: always denied
)

// PolicyRow is a line of the permission table.
type PolicyRow struct {
	Action  Action
	Scope   TokenScope              // that an access token needs, if it has scopes; empty is none
	Allowed [numberOfStandings]bool // in the order of PolicyColumns
}

// PolicyColumns are the headings over [PolicyRow].Allowed.
var PolicyColumns = [numberOfStandings]string{"superadmin", "room admin", "co-admin", "other user", "guest", "no token"}

// Policy is the one place that says who may do what. An action that is not
// listed is denied to everybody.
var Policy = []PolicyRow{
	{ActCreateRoom, ScopeRoomsWrite, [...]bool{true, true, true, true, false, false}},
	{ActViewRoom, ScopeRoomsRead, [...]bool{true, true, true, true, true, false}},
	{ActJoinRoom, ScopeRoomsWrite, [...]bool{true, true, true, true, true, false}},
	{ActEnterPublic, "", [...]bool{true, true, true, true, true, true}},
	{ActRedeemCode, ScopeRoomsWrite, [...]bool{true, true, true, true, true, true}},
	{ActListOwn, ScopeRoomsRead, [...]bool{true, true, true, true, false, false}},
	{ActListShared, ScopeRoomsRead, [...]bool{true, true, true, true, true, false}},
	{ActListAll, ScopeRoomsRead, [...]bool{true, false, false, false, false, false}},
	{ActManageRoom, ScopeRoomsWrite, [...]bool{true, true, true, false, false, false}},
	{ActManageCodes, ScopeRoomsWrite, [...]bool{true, true, true, false, false, false}},
	{ActModerate, ScopeModerate, [...]bool{true, true, true, false, false, false}},
	{ActUpdateParticipant, ScopeModerate, [...]bool{true, true, true, false, false, false}},
	{ActAnswer, ScopeModerate, [...]bool{true, true, true, false, false, false}},
	{ActUnblock, ScopeModerate, [...]bool{true, true, true, false, false, false}},
	{ActWriteMessage, ScopeMeeting, [...]bool{true, true, true, false, false, false}},
	{ActReadTranscript, ScopeMeeting, [...]bool{true, true, true, false, false, false}},
	{ActReadEvents, ScopeMeeting, [...]bool{true, true, true, false, false, false}},
	{ActAppoint, ScopeRoomsWrite, [...]bool{true, true, false, false, false, false}},
	{ActReadOwnEvents, ScopeMeeting, [...]bool{true, true, true, true, false, false}},
	{ActListAccess, ScopeAdmin, [...]bool{true, false, false, false, false, false}},
}

// Allowed answers from [Policy]. room is the room in question, nil where the
// action is about none.
func Allowed(p Principal, action Action, room *Room) bool {
	s := standingOf(p, room)
	row, ok := policyOf(action)
	return ok && s != asNobody && row.Allowed[s] && p.Scopes.Has(row.Scope) && p.reaches(action, room)
}

func policyOf(action Action) (PolicyRow, bool) {
	i := slices.IndexFunc(Policy, func(row PolicyRow) bool { return row.Action == action })
	if i < 0 {
		return PolicyRow{}, false
	}
	return Policy[i], true
}

func standingOf(p Principal, room *Room) standing {
	role := p.usedRole()
	switch {
	case role == Anonymous:
		return asAnonymous
	case p.ID == "":
		return asNobody
	case role == Superadmin:
		return asSuperadmin
	case role == User && room != nil && room.AdminID == p.ID:
		return asRoomAdmin
	case role == User && room != nil && room.HasAdmin(p.ID):
		return asCoAdmin
	case role == User:
		return asUser
	case role == Guest:
		return asGuest
	}
	return asNobody
}

// isKnown says whether an access token has proved who p is.
func isKnown(p Principal) bool {
	s := standingOf(p, nil)
	return s != asAnonymous && s != asNobody
}

// isAdmin says whether p may manage the room, as its admin, a co-admin or a
// superadmin.
func isAdmin(p Principal, room *Room) bool {
	s := standingOf(p, room)
	return s == asSuperadmin || s == asRoomAdmin || s == asCoAdmin
}

// authorize turns a denial into the error the caller gets.
func authorize(p Principal, action Action, room *Room) error {
	if Allowed(p, action, room) {
		return nil
	}
	if !isKnown(p) {
		return &Error{Code: CodeUnauthenticated, Message: "An access token is needed to " + string(action),
			Hint: "Send Authorization: Bearer with a token made by roomkey token."}
	}
	if room != nil && !p.Rooms.Has(room.ID) {
		return errRoomNotFound() // the token is to learn nothing of other rooms
	}
	if row, ok := policyOf(action); ok {
		if err := p.CheckScope(row.Scope, string(action)); err != nil {
			return err
		}
	}
	if !p.reaches(action, room) {
		return &Error{Code: CodeForbidden, Message: "This access token is for certain rooms only, not to " + string(action),
			Hint: "list_rooms shows its rooms. For more ask for a token without --rooms."}
	}
	if action == ActListAll || room != nil {
		if p.Role != p.usedRole() {
			return p.CheckScope(ScopeAdmin, string(action)+" as a superadmin")
		}
	}
	e := &Error{Code: CodeForbidden, Message: "You are not allowed to " + string(action)}
	switch {
	case action == ActAppoint:
		e.Hint = "Only the room's admin, who is no co-admin, or a superadmin may."
	case room != nil:
		e.Hint = "Only an admin of the room or a superadmin may."
	case action == ActListAccess:
		e.Hint = "Only a superadmin may."
	case action == ActListAll:
		e.Hint = "Leave scope out to list your own, joined and public rooms."
	default:
		e.Hint = "Ask for an access token with the role user."
	}
	return e
}
