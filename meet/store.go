package meet

import (
	"context"
	"errors"
	"time"
)

// Store keeps everything that Roomkey has to remember.
//
// A method that changes something returns when the change is durable: it
// survives the end of the process, however sudden. A change that fails leaves
// nothing behind. Functions that are passed in (change, check) run inside the
// transaction, may run more than once, and must not call the store; their
// errors are returned unchanged.
//
// An *Event that is passed in is written in the same transaction as the change,
// and only if something changed. Afterwards it has its ID. Functions that are
// passed in may complete it. An event without an Action is not written; nor is
// nil. Nobody alters the Details of an event that was written.
//
// An error is one of the Err values below, an error of a function that was
// passed in, or any other, which means that the database failed. If ctx ended
// while the change was being committed, the error is ErrOutcomeUnknown: the
// change may be stored or not.
type Store interface {
	RoomStore
	SweepStore
	CodeStore
	AdmissionStore
	RequestStore
	PresenceStore
	SessionStore
	TranscriptStore
	EventStore
	WebhookStore
	SignInStore
	InstanceStore
	UserStore
	TokenStore

	// Ping checks that the database answers and that writes succeed. It may be
	// called often: it writes at most once a second.
	Ping(ctx context.Context) error
}

// RoomStore keeps rooms.
type RoomStore interface {
	// CreateRoom stores a new room with its first codes, all or nothing.
	// ErrNameTaken if a room that is marked as active has the name, also one whose
	// time has come ([RoomStore].ExpireHolder). ErrCodeTaken if one of the codes
	// exists. For more conditions see [NewRoom].
	CreateRoom(ctx context.Context, room NewRoom, e *Event) error

	// RoomByID finds a room, active or not. ErrNotFound.
	RoomByID(ctx context.Context, id string) (Room, error)

	// RoomByName finds the active room with a name, else the newest one that had
	// it last. ErrNotFound.
	RoomByName(ctx context.Context, name string) (Room, error)

	// NameUse says who has a room name at that moment, and who gave it up later than
	// since. A name without either gives a zero NameUse.
	NameUse(ctx context.Context, name string, now, since time.Time) (NameUse, error)

	// ExpireHolder makes the active room with a name expired if its ExpiresAt is not
	// after now. event gives the event of it.
	ExpireHolder(ctx context.Context, name string, now time.Time, event func(Room) *Event) error

	// ForgetNames deletes at most limit names that rooms changed for others by
	// then; NameUse does not know them any more.
	ForgetNames(ctx context.Context, until time.Time, limit int) error

	// Rooms lists rooms, newest first.
	Rooms(ctx context.Context, q RoomQuery) ([]ListedRoom, error)

	// HasJoined says whether the room counts as joined by a subject.
	HasJoined(ctx context.Context, room Room, subject string) (bool, error)

	// UpdateRoom reads a room, lets change alter it and stores it, except its
	// id, creator and creation time. ErrNotFound, ErrNameTaken; ErrLimitReached if it
	// becomes active again and its creator has most active rooms already.
	UpdateRoom(ctx context.Context, id string, change func(*Room) error, most int, e *Event) (Room, error)
}

// SweepStore is what the sweeper works on.
type SweepStore interface {
	// ExpireRooms makes at most limit active rooms expired whose ExpiresAt is not
	// after now; they count as ended at their ExpiresAt. event gives the event
	// of each.
	ExpireRooms(ctx context.Context, now time.Time, limit int, event func(Room) *Event) ([]Room, error)

	// UnclearedRooms lists at most limit rooms that are not active and whose
	// media room was not cleared since.
	UnclearedRooms(ctx context.Context, limit int) ([]string, error)

	// SetCleared marks a room that is not active as cleared, and deletes its join
	// requests, or marks it as to be cleared. It gives the mark from before.
	SetCleared(ctx context.Context, roomID string, cleared bool) (before bool, err error)

	// EndOverrides has end alter the overrides of at most limit admissions of which
	// one ends by now, those that end first. end gives the event of each.
	EndOverrides(ctx context.Context, now time.Time, limit int, end func(*Admission, Room) *Event) ([]Admission, error)

	// Due says which kinds of the sweeper's work there are. It is asked all the
	// time, and costs one statement.
	Due(ctx context.Context, q DueQuery) (Due, error)
}

// DueQuery says when the sweeper's work is due.
type DueQuery struct {
	Now               time.Time // rooms that expire by then, and overrides that end
	RequestsSeenUntil time.Time // join requests, as ForgetJoinRequests has it
	UsesUntil         time.Time // pending uses, as PendingUses has it
	Since             time.Time // what is old, as Forget has it, with Now
	NamesUntil        time.Time // and as ForgetNames has it
}

// Due says what ExpireRooms, UnclearedRooms, PendingUses, ForgetJoinRequests and
// EndOverrides would find, and with Old Forget or ForgetNames. Inside says that
// somebody is inside a room.
type Due struct {
	Rooms, Uncleared, Uses, Requests, Overrides, Old, Inside bool
}

// CodeStore keeps room codes and counts their uses.
type CodeStore interface {
	// EnsureCodes stores those of the wanted codes whose room, role and label have
	// no current code, and lets change alter the limits of those that have one (nil
	// alters none; without an event the code stays as it is). It disables the room's
	// codes whose role is not one of roles (nil disables none), and gives the current
	// codes for the roles and labels of wanted, in that order. e is written if codes
	// were made or disabled. ErrCodeTaken if a wanted code exists, ErrNotFound if the
	// room does not, ErrLimitReached if the room would get codes and have more than
	// most; 0 is no limit.
	EnsureCodes(ctx context.Context, roomID string, wanted []RoomCode, roles []string,
		change func(*RoomCode) (*Event, error), now time.Time, most int, e *Event) ([]RoomCode, error)

	// Codes lists the current codes of a room, oldest first.
	Codes(ctx context.Context, q CodeQuery) ([]RoomCode, error)

	// CodeAndRoom finds a code, current or not, and its room. ErrNotFound.
	CodeAndRoom(ctx context.Context, code string) (RoomCode, Room, error)

	// UpdateCode reads a code, lets change alter its limits, uses and times
	// and stores it, together with a revocation unless that is nil. ErrNotFound.
	UpdateCode(ctx context.Context, code string, change func(*RoomCode) error, r *Revocation, e *Event) (RoomCode, error)

	// CurrentCode finds the current code of a room for a role and a label. ErrNotFound.
	CurrentCode(ctx context.Context, roomID, role, label string) (RoomCode, error)

	// ReplaceCode lets check look at the code, retires it and stores an enabled
	// successor with the same room, role, label and limits, and no uses, together
	// with a revocation unless that is nil. ErrNotFound, also for a retired code
	// that check accepts; ErrCodeTaken.
	ReplaceCode(ctx context.Context, code, successor string, now time.Time, check func(RoomCode) error,
		r *Revocation, e *Event) (RoomCode, error)

	// KeepUse records that the person of an admission is inside: if their use of
	// a code was pending, it counts for good.
	KeepUse(ctx context.Context, identity string) error

	// PendingUses lists at most limit pending uses whose tokens died until due,
	// or for which EndPending was called until then.
	PendingUses(ctx context.Context, due time.Time, limit int) ([]PendingUse, error)

	// EndPending ends an admission with a pending use (Returned), and no other.
	// If the admission is revoked already, its use is kept. ErrNotFound if no
	// use is pending, or none any more.
	EndPending(ctx context.Context, identity string, at time.Time) error

	// ReturnUse takes back a use that is pending, once EndPending was called.
	// ErrNotFound if there is none.
	ReturnUse(ctx context.Context, identity string, e *Event) error
}

// AdmissionStore keeps admissions, what is locked and set for them, and blocks.
type AdmissionStore interface {
	// AddAdmission records an admission to the room's present opening after check
	// has looked at what decides about it, and counts a use of its code. What is
	// locked for the same person in that opening is locked for this admission
	// too, and what else is set for them it inherits ([Admission.InheritOverrides]).
	// Until tokenDies the room counts as joined by the subject even if they
	// never connect. A use of a code with a limit is pending then. ErrNotFound,
	// also for a code of another room.
	AddAdmission(ctx context.Context, admission Admission, tokenDies time.Time, check func(JoinContext) error,
		e *Event) (Admission, error)

	// Admission finds an admission by its identity, and its room as it is at that
	// moment. ErrNotFound.
	Admission(ctx context.Context, identity string) (Admission, Room, error)

	// RevokeAdmissions ends the named admissions, the approvals behind them, and
	// the other admissions by the same approvals. With a code it ends all
	// admissions by that code and the approvals that were last used with it; that
	// costs the same for any number of them. A block is stored with it. Those
	// revoked before stay as they are; the event is written even if nobody was
	// left to revoke.
	RevokeAdmissions(ctx context.Context, r Revocation, e *Event) error

	// LockAdmissions takes a source away from admissions of a room, or gives it
	// back, even while it is locked for all. It lists the identities for which
	// that changed something.
	LockAdmissions(ctx context.Context, roomID string, identities []string, source Source, locked bool,
		e *Event) ([]string, error)

	// UpdateOverrides reads an admission and its room, lets change alter the
	// overrides of the admission, and stores these. ErrNotFound.
	UpdateOverrides(ctx context.Context, identity string, change func(*Admission, Room) error,
		e *Event) (Admission, error)

	// LockForAll takes a source away from everybody in a room except its admins,
	// and from those who join later, or gives it back to everybody. It ends what was
	// allowed of the source to others than admins ([Overrides.WithoutAllowed]). The
	// identities in except are left out: a lock for all does not hold for them, and
	// what is given back to all is not given back to them. It says whether that
	// changed the room, and lists the identities to which something was given back
	// that was locked for them alone.
	LockForAll(ctx context.Context, roomID string, source Source, locked bool, except []string,
		e *Event) (changed bool, unlocked []string, err error)

	// LockedIn lists the identities in a room for which the source is locked.
	LockedIn(ctx context.Context, roomID string, source Source) ([]string, error)

	// Blocks lists the blocks of a room, oldest first.
	Blocks(ctx context.Context, roomID string) ([]Block, error)

	// Unblock lifts the block that was made by an identity. ErrNotFound.
	Unblock(ctx context.Context, roomID, identity string, e *Event) error
}

// RequestStore keeps join requests.
type RequestStore interface {
	// AddJoinRequest stores a new join request of the room's present opening after
	// check has looked at the room and at the number of its requests: those made
	// in that opening, seen after seenAfter, and by no code that would let nobody
	// in when the new one is made. ErrNotFound if there is no such room.
	AddJoinRequest(ctx context.Context, r JoinRequest, seenAfter time.Time, check func(Room, RequestCount) error,
		e *Event) error

	// JoinRequest finds a request by its id. ErrNotFound.
	JoinRequest(ctx context.Context, id string) (JoinRequest, error)

	// JoinRequestBySubject finds the newest request that a subject made for a
	// user in a room and a role. ErrNotFound, also for the empty subject.
	JoinRequestBySubject(ctx context.Context, roomID, subject, userID, role string) (JoinRequest, error)

	// JoinRequests lists join requests, oldest first.
	JoinRequests(ctx context.Context, q RequestQuery) ([]JoinRequest, error)

	// UpdateJoinRequest reads a join request and its room, lets change alter
	// its state, answer and sign of life, and stores it. ErrNotFound.
	UpdateJoinRequest(ctx context.Context, id string, change func(*JoinRequest, Room) error,
		e *Event) (JoinRequest, error)

	// DropJoinRequests deletes join requests.
	DropJoinRequests(ctx context.Context, ids []string) error

	// ForgetJoinRequests deletes at most limit join requests that are not
	// approved and gave no sign of life after seenUntil.
	ForgetJoinRequests(ctx context.Context, seenUntil time.Time, limit int) error
}

// PresenceStore keeps who was inside, and when.
type PresenceStore interface {
	// SavePresence records that somebody is connected, or with LeftAt that they
	// were. Of a connection that is on record it changes nothing but the end, and
	// that once. joined and left are the events for what is new; either may be
	// nil. With joined, the code of the admission counts as entered, and the presence
	// is in a session: the one of its opening that goes on or went on meanwhile, else
	// a new one, [Presence.SessionID]. A session ends with the last presence in it. The
	// room counts as joined by their subject.
	SavePresence(ctx context.Context, p Presence, joined, left *Event) error

	// HasPresence says whether a connection is on record.
	HasPresence(ctx context.Context, sid string) (bool, error)

	// WasInside says whether an identity was connected at that moment, or came
	// a little later.
	WasInside(ctx context.Context, identity string, at time.Time) (bool, error)

	// OpenPresences lists the presences of a room that have not ended, or with an
	// empty roomID those of all rooms.
	OpenPresences(ctx context.Context, roomID string) ([]Presence, error)
}

// EventStore keeps the audit trail.
type EventStore interface {
	// Subscribe has tell called for each event that is committed from now on, as
	// it was written and with its ID: once, in the order of the IDs, when reads
	// see the change, and before the call that made it returns. It is called
	// also if that caller has given up. tell must be quick and must not call a
	// method that writes: other writes wait for it.
	Subscribe(tell func(context.Context, Event))

	// AddEvent writes an event about something that changed nothing in the store.
	AddEvent(ctx context.Context, e *Event) error

	// SetOutcome changes the outcome of an event, if it is on record.
	SetOutcome(ctx context.Context, id int64, outcome Outcome) error

	// Events lists events. When one is found, every event with a smaller id can be.
	Events(ctx context.Context, q EventQuery) ([]Event, error)

	// Forget deletes at most limit events from before since, as many ended
	// presences, sessions, admissions, entries of transcripts, expired access tokens,
	// users of issuers who were not seen since then and of whom the operator has set
	// nothing, and webhooks that were
	// delivered or given up before it, and visits of tokens that died unused by now, and
	// what is left of webhook endpoints that were removed by now, and what of sign-in
	// has expired by now: clients, grants and their access tokens. A session keeps its
	// numbers while its first presences are forgotten already; one that goes on has the
	// numbers of what is left of it. It keeps admissions of people who were
	// connected or removed since then, and those of a room's present opening with
	// which something is locked, given back or set. It deletes in transactions of a
	// bounded size, so that no other write waits long.
	Forget(ctx context.Context, since, now time.Time, limit int) error
}

// UserStore keeps users. The admissions of one who is disabled, or from before
// [Account.TokensFrom], count as revoked, unless an admin has vouched for somebody else.
type UserStore interface {
	// AddUser stores a new user. ErrUserExists.
	AddUser(ctx context.Context, a Account) error

	// User finds a user by the subject. ErrNotFound.
	User(ctx context.Context, subject string) (Account, error)

	// UpdateUser reads a user, lets change alter all but subject, source and creation
	// time, and stores it. ErrNotFound.
	UpdateUser(ctx context.Context, subject string, change func(*Account) error) (Account, error)

	// Users lists at most limit users whose subject is behind after, in the order of
	// their subjects.
	Users(ctx context.Context, after string, limit int) ([]Account, error)

	// EndingUsers lists at most limit subjects of users whose Ending is true. It is asked
	// all the time, and costs one statement.
	EndingUsers(ctx context.Context, limit int) ([]string, error)
}

// The errors of a [Store] beside "the database failed". Except with
// ErrOutcomeUnknown, which wraps its cause, nothing was changed.
var (
	ErrOutcomeUnknown = errors.New("it is not known whether the change was stored")

	ErrNotFound  = errors.New("not found")
	ErrNameTaken = errors.New("room name taken")
	ErrCodeTaken = errors.New("room code taken")

	ErrLimitReached = errors.New("limit reached")
	ErrRoomLocked   = errors.New("another instance has the room locked")
	ErrUserExists   = errors.New("user exists")
)

// JoinContext is what decides about a join.
type JoinContext struct {
	Code    RoomCode // zero without a code
	Room    Room
	Request JoinRequest // zero without a join request, or if it was deleted
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
	Unused  *bool // only codes by which nobody was inside yet, or only the others
	After   *Position
	Limit   int
}
