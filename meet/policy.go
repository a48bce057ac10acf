package meet

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
	ActReadEvents  Action = "read a room's events"

	ActReadOwnEvents Action = "read the events of own rooms"
)

// numberOfStandings is how many columns the permission table has.
const numberOfStandings = 5

// standing is how a principal relates to the room in question: a column of
// the permission table.
type standing int

const (
	asSuperadmin standing = iota
	asRoomAdmin
	asUser
	asGuest
	asAnonymous
	asNobody // not a column: always denied
)

// PolicyRow is a line of the permission table.
type PolicyRow struct {
	Action  Action
	Allowed [numberOfStandings]bool // superadmin, room admin, other user, guest, no token
}

// PolicyColumns are the headings over [PolicyRow].Allowed.
var PolicyColumns = [numberOfStandings]string{"superadmin", "room admin", "other user", "guest", "no token"}

// Policy is the one place that says who may do what. An action that is not
// listed is denied to everybody.
var Policy = []PolicyRow{
	{ActCreateRoom, [...]bool{true, true, true, false, false}},
	{ActViewRoom, [...]bool{true, true, true, true, false}},
	{ActJoinRoom, [...]bool{true, true, true, true, false}},
	{ActEnterPublic, [...]bool{true, true, true, true, true}},
	{ActRedeemCode, [...]bool{true, true, true, true, true}},
	{ActListOwn, [...]bool{true, true, true, false, false}},
	{ActListShared, [...]bool{true, true, true, true, false}},
	{ActListAll, [...]bool{true, false, false, false, false}},
	{ActManageRoom, [...]bool{true, true, false, false, false}},
	{ActManageCodes, [...]bool{true, true, false, false, false}},
	{ActModerate, [...]bool{true, true, false, false, false}},
	{ActAnswer, [...]bool{true, true, false, false, false}},
	{ActUnblock, [...]bool{true, true, false, false, false}},
	{ActReadEvents, [...]bool{true, true, false, false, false}},
	{ActReadOwnEvents, [...]bool{true, true, true, false, false}},
}

// Allowed answers from [Policy]. room is the room in question, nil where the
// action is about none.
func Allowed(p Principal, action Action, room *Room) bool {
	s := standingOf(p, room)
	if s == asNobody {
		return false
	}
	for _, row := range Policy {
		if row.Action == action {
			return row.Allowed[s]
		}
	}
	return false
}

func standingOf(p Principal, room *Room) standing {
	switch {
	case p.Role == Anonymous:
		return asAnonymous
	case p.ID == "":
		return asNobody
	case p.Role == Superadmin:
		return asSuperadmin
	case p.Role == User && room != nil && room.AdminID == p.ID:
		return asRoomAdmin
	case p.Role == User:
		return asUser
	case p.Role == Guest:
		return asGuest
	}
	return asNobody
}

// isKnown says whether an access token has proved who p is.
func isKnown(p Principal) bool {
	s := standingOf(p, nil)
	return s != asAnonymous && s != asNobody
}

// isAdmin says whether p may manage the room, as its admin or as superadmin.
func isAdmin(p Principal, room *Room) bool {
	s := standingOf(p, room)
	return s == asSuperadmin || s == asRoomAdmin
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
	e := &Error{Code: CodeForbidden, Message: "You are not allowed to " + string(action)}
	switch {
	case room != nil:
		e.Hint = "Only the room's admin (who created it) or a superadmin may."
	case action == ActListAll:
		e.Hint = "Leave scope out to list your own, joined and public rooms."
	default:
		e.Hint = "Ask for an access token with the role user."
	}
	return e
}
