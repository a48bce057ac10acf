package meet

import (
	"context"
	"errors"
	"time"
)

// Store keeps rooms, codes, joins, join requests, blocks, presences and events.
//
// A method that changes something returns only when the change is durable: it
// survives the process being killed right after. A change that fails leaves
// nothing behind. Functions that are handed in (change, check) run inside the
// transaction, may run more than once, and must not call the store; their
// errors come back as they are.
//
// An *Event that is handed in is written in the same transaction as the
// change, and only if something changed: what happened and that it happened
// are durable together. It is given its ID then. Functions that are handed in
// may complete it. An event without an Action is not written; nor is nil.
// Nobody alters the Details of an event that was written.
//
// Errors are one of the Err values below, an error of a handed-in function,
// or anything else, which means that the database failed. Where the call ended
// while its change was on its way into the database, the error is
// ErrOutcomeUnknown: the change may be stored or not.
type Store interface {
	// CreateRoom stores a new room with its first codes, all or nothing.
	// ErrNameTaken if an active room has the name (rooms whose time has come
	// do not hold it), ErrCodeTaken if one of the codes exists.
	CreateRoom(ctx context.Context, room Room, codes []RoomCode, e *Event) error

	// RoomByID and RoomByName give ErrNotFound where there is none. Of rooms
	// with the same name the active one is meant, else the newest.
	RoomByID(ctx context.Context, id string) (Room, error)
	RoomByName(ctx context.Context, name string) (Room, error)

	// NameTaken says whether an active room has the name at that moment.
	NameTaken(ctx context.Context, name string, now time.Time) (bool, error)

	// NameHolder gives who created the room that had the name last, if it gave
	// it up later than since: by ending, expiring or taking another name. Else
	// ErrNotFound.
	NameHolder(ctx context.Context, name string, since time.Time) (creator string, gaveUp time.Time, err error)

	// ActiveRooms counts the rooms that a subject created and that are active
	// at that moment, up to most.
	ActiveRooms(ctx context.Context, creator string, now time.Time, most int) (int, error)

	// Rooms lists rooms, newest first.
	Rooms(ctx context.Context, q RoomQuery) ([]ListedRoom, error)

	// UpdateRoom reads a room, lets change alter it and stores it, but for
	// its id, creator and creation time. ErrNotFound, ErrNameTaken.
	UpdateRoom(ctx context.Context, id string, change func(*Room) error, e *Event) (Room, error)

	// ExpireRooms turns at most limit active rooms whose ExpiresAt is not
	// after now into expired ones, ended at their ExpiresAt. event gives the
	// line about each.
	ExpireRooms(ctx context.Context, now time.Time, limit int, event func(Room) *Event) ([]Room, error)

	// UnclearedRooms lists at most limit rooms that are no longer active but
	// whose media room has not been cleared since; SetCleared marks one as
	// cleared or as to be cleared, unless it is active again, and says how it
	// was marked before.
	UnclearedRooms(ctx context.Context, limit int) ([]string, error)
	// With a room that is cleared its join requests go.
	SetCleared(ctx context.Context, roomID string, cleared bool) (before bool, err error)

	// EnsureCodes stores those of the fresh codes whose room, role and label
	// have no current code, disables the room's codes whose role is not one
	// of roles (nil disables none), and gives the current codes for the room,
	// roles and labels of fresh, in that order. ErrCodeTaken if a fresh code exists,
	// ErrNotFound if the room does not.
	EnsureCodes(ctx context.Context, roomID string, fresh []RoomCode, roles []string, now time.Time, e *Event) ([]RoomCode, error)

	// Codes lists the current codes of a room, oldest first.
	Codes(ctx context.Context, q CodeQuery) ([]RoomCode, error)

	// CodeAndRoom finds a code, current or not, and its room. ErrNotFound.
	CodeAndRoom(ctx context.Context, code string) (RoomCode, Room, error)

	// UpdateCode reads a code, lets change alter its limits, uses and times
	// and stores it, together with a revocation unless that is nil. ErrNotFound.
	UpdateCode(ctx context.Context, code string, change func(*RoomCode) error, r *Revocation, e *Event) (RoomCode, error)

	// ReplaceCode lets check look at the code, retires it and stores fresh in
	// its place: the same room, role, label, limits, as enabled as it was,
	// and no uses. ErrNotFound, also for a retired code that check lets pass;
	// ErrCodeTaken.
	ReplaceCode(ctx context.Context, code, fresh string, now time.Time, check func(RoomCode) error, e *Event) (RoomCode, error)

	// AddJoin records an admission after check has looked at what it goes
	// through as that is then, and counts a use of join.Code. What is locked
	// for the same person in the room's present session is locked for this one
	// too. Until tokenDies the room counts as
	// joined by the subject even if they never connect. A use of a code with a
	// limit is pending then. ErrNotFound, also for a code of another room.
	AddAdmission(ctx context.Context, join Admission, tokenDies time.Time, check func(JoinContext) error, e *Event) (Admission, error)

	// KeepUse says that who joined is inside: if their use of a code was pending,
	// it is no more.
	KeepUse(ctx context.Context, identity string) error

	// PendingUses lists at most limit pending uses whose tokens died, or that
	// EndPending was called for, until due.
	PendingUses(ctx context.Context, due time.Time, limit int) ([]PendingUse, error)

	// EndPending puts an end to the admission with a pending use (Returned), and
	// to nothing else. Of one that is revoked already the use is kept. ErrNotFound
	// if no use is pending, or no more.
	EndPending(ctx context.Context, identity string, at time.Time) error

	// ReturnUse takes back a use that is pending, once EndPending was called.
	// ErrNotFound if there is none.
	ReturnUse(ctx context.Context, identity string, e *Event) error

	// Join finds an admission by its identity. ErrNotFound.
	Admission(ctx context.Context, identity string) (Admission, error)

	// RevokeJoins puts an end to admissions and to the approvals behind them
	// (of a code, those that were used with it last); of admissions that are
	// named also to others by the same approvals. It costs the same however many
	// came by a code. Block is stored with it.
	// Those revoked before stay as they are; the event is written also if nobody
	// was left to revoke.
	RevokeAdmissions(ctx context.Context, r Revocation, e *Event) error

	// LockJoins takes a source away from admissions of a room, or gives it
	// back, also where it is taken from all, and says whose that changed.
	LockAdmissions(ctx context.Context, roomID string, identities []string, source Source, locked bool, e *Event) ([]string, error)

	// LockForAll takes a source away from everybody in a room but its admins,
	// also from those who come later, or gives it back to everybody, from
	// whomever it was taken. It says whether that changed the room, and to
	// whom something was given back that was taken from them alone.
	LockForAll(ctx context.Context, roomID string, source Source, locked bool, e *Event) (changed bool, unlocked []string, err error)

	// LockedIn lists the identities from whom the source is taken in a room.
	LockedIn(ctx context.Context, roomID string, source Source) ([]string, error)

	// Blocks lists the blocks of a room, oldest first. Unblock lifts the one
	// that was made by an identity. ErrNotFound.
	Blocks(ctx context.Context, roomID string) ([]Block, error)
	Unblock(ctx context.Context, roomID, identity string, e *Event) error

	// AddJoinRequest stores a new join request after check has looked at its
	// room and at how many requests there are that were made in the room's
	// present session and seen after seenAfter, and whose code, if they have
	// one, lets somebody in when the new one is made. ErrNotFound if there is
	// no such room.
	AddJoinRequest(ctx context.Context, r JoinRequest, seenAfter time.Time, check func(Room, RequestCount) error, e *Event) error

	// JoinRequest finds a request by its id; JoinRequestBySubject the newest
	// one that a subject made for a user in a room and a role. ErrNotFound,
	// also for the empty subject.
	JoinRequest(ctx context.Context, id string) (JoinRequest, error)
	JoinRequestBySubject(ctx context.Context, roomID, subject, userID, role string) (JoinRequest, error)

	// JoinRequests lists join requests, oldest first.
	JoinRequests(ctx context.Context, q RequestQuery) ([]JoinRequest, error)

	// UpdateJoinRequest reads a join request and its room, lets change alter
	// its state, answer and sign of life, and stores it. ErrNotFound.
	UpdateJoinRequest(ctx context.Context, id string, change func(*JoinRequest, Room) error, e *Event) (JoinRequest, error)

	// DropJoinRequests deletes join requests.
	DropJoinRequests(ctx context.Context, ids []string) error

	// ForgetJoinRequests deletes at most limit join requests that are not
	// approved and gave no sign of life after seenUntil.
	ForgetJoinRequests(ctx context.Context, seenUntil time.Time, limit int) error

	// SavePresence puts on record that somebody is connected, or with LeftAt
	// that they were. What is on record of the same SID is only ever ended by
	// it. joined and left are the lines about what is new; either may be nil.
	// Their subject counts as having joined the room.
	SavePresence(ctx context.Context, p Presence, joined, left *Event) error

	// HasPresence says whether a connection is on record.
	HasPresence(ctx context.Context, sid string) (bool, error)

	// WasInside says whether an identity was connected at that moment, or came
	// a little later.
	WasInside(ctx context.Context, identity string, at time.Time) (bool, error)

	// OpenPresences lists those of a room that have not ended; with an empty
	// roomID those of all rooms.
	OpenPresences(ctx context.Context, roomID string) ([]Presence, error)

	// Subscribe has tell called for each event that is committed from now on, as
	// it was written and with its ID: once, in the order of the IDs, when reads
	// see the change, and before the call that made it returns. It is called
	// also if that caller has given up. tell must be quick and must not call a
	// method that writes: other writes wait for it.
	Subscribe(tell func(context.Context, Event))

	// AddEvent writes a line about something that changed nothing here.
	AddEvent(ctx context.Context, e *Event) error

	// SetOutcome changes how an event went. One that is not there needs none.
	SetOutcome(ctx context.Context, id int64, outcome Outcome) error

	// Events lists events, newest first.
	Events(ctx context.Context, q EventQuery) ([]Event, error)

	// Forget deletes at most limit events from before since, as many ended
	// presences, admissions, and access tokens that expired, from before it, and
	// visits of tokens that died unused by now. Admissions of who was connected
	// or removed since then stay, and those of a room's present session with which
	// something is locked or given back. more is true if there may be more to delete. No other write
	// waits longer than limit allows.
	Forget(ctx context.Context, since, now time.Time, limit int) (more bool, err error)

	// ForgetNames deletes at most limit names that rooms changed for others by
	// then; NameHolder does not know them any more.
	ForgetNames(ctx context.Context, until time.Time, limit int) error

	// Ping says whether the database answers and whether writes succeed. It may
	// be asked often: it does no more than a write a second.
	Ping(ctx context.Context) error
}

// What a [Store] may say beside "the database failed", which means that nothing
// was changed. ErrOutcomeUnknown comes wrapped with the cause.
var (
	ErrOutcomeUnknown = errors.New("it is not known whether the change was stored")

	ErrNotFound  = errors.New("not found")
	ErrNameTaken = errors.New("room name taken")
	ErrCodeTaken = errors.New("room code taken")
)

// JoinContext is what a join goes through.
type JoinContext struct {
	Code    RoomCode // zero without a code
	Room    Room
	Request JoinRequest // zero without a join request, or if it is no more
	Blocks  []Block     // of the room
}

// RoomQuery says which rooms to list.
type RoomQuery struct {
	Subject string // whose list it is
	Mine    bool   // rooms the subject created
	Joined  bool   // rooms with a join by the subject
	Public  bool   // active public rooms
	All     bool   // every room; the other three do not matter then
	Part    string // only names that contain this, to the letter; empty is every name
	AtStart bool   // Part is how the names begin
	Active  *bool  // only active or only inactive rooms, as of Now
	Now     time.Time
	After   *Position // only rooms behind this place in the list
	Limit   int       // at most so many rooms
}

// Position is a place in a list that is sorted by creation time and key.
type Position struct {
	At  time.Time
	Key string
}

// ListedRoom is a room and why it is in the list: the strongest relationship
// between it and the query's subject.
type ListedRoom struct {
	Room
	Relationship Relationship
}

// CodeQuery says which codes to list.
type CodeQuery struct {
	RoomID  string
	Role    string // empty is every role
	Enabled *bool
	After   *Position
	Limit   int
}
