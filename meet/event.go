package meet

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
)

// Event is one line of the audit trail: who did what to which room, code or
// participant, when, through what, and how it went. It never holds a token, a
// whole code or a whole request id.
type Event struct {
	ID       int64 // grows from line to line; given by the store
	At       time.Time
	RoomID   string
	RoomName string // as it was then
	AdminID  string // the room's admin, who may read the event
	Actor    string // a subject, an identity, "anonymous" or "roomkey"
	Caller   Caller

	Action  EventAction
	Target  string // an identity, or the beginning of a code or a request id; empty is the room; or see UserAdded
	Outcome Outcome
	Details map[string]string // what else there is to know, by name

	RequestID string // of the call, as the log has it
}

// EventAction is what was done, as kind.verb.
type EventAction string

// The actions. Each leaves exactly one event.
const (
	RoomCreated    EventAction = "room.created"
	RoomUpdated    EventAction = "room.updated"
	RoomReopened   EventAction = "room.reopened"
	RoomWasEnded   EventAction = "room.ended"
	RoomHasExpired EventAction = "room.expired"
	RoomCleared    EventAction = "room.cleared" // its media room had come back after its end

	CodesCreated EventAction = "code.created"
	CodeUpdated  EventAction = "code.updated"
	CodeRotated  EventAction = "code.rotated"
	UseReturned  EventAction = "code.use_returned" // by somebody who never got inside

	Admitted      EventAction = "participant.admitted" // was given a token
	Joined        EventAction = "participant.joined"   // is connected
	Left          EventAction = "participant.left"     // is gone, for whatever reason: each Joined has one
	Visited       EventAction = "participant.visited"  // saw who is inside by signalling alone, and is gone
	Kicked        EventAction = "participant.kicked"
	Unblocked     EventAction = "participant.unblocked"
	Removed       EventAction = "participant.removed" // came back with a token that is dead
	Muted         EventAction = "participant.muted"
	VideoDisabled EventAction = "participant.video_disabled"
	Locked        EventAction = "participant.locked"
	Unlocked      EventAction = "participant.unlocked"
	Updated       EventAction = "participant.updated"      // role, name or rights
	UpdateEnded   EventAction = "participant.update_ended" // what was set for a time is over

	MessageSent EventAction = "message.sent" // by an agent; what it says is not on record

	Requested EventAction = "request.created"
	Approved  EventAction = "request.approved"
	Refused   EventAction = "request.refused"

	// About no room. The target is the user's subject, or the id of the token.
	UserAdded    EventAction = "user.added"
	UserUpdated  EventAction = "user.updated" // has another role
	UserDisabled EventAction = "user.disabled"
	UserEnabled  EventAction = "user.enabled"
	TokenRevoked EventAction = "token.revoked"
)

// EventKind is what an event is about: the part of its action before the dot.
type EventKind string

// EventKinds are all kinds, for schemas and messages.
var EventKinds = []EventKind{"room", "code", "participant", "message", "request", "user", "token"}

// Kind is what the action is about.
func (a EventAction) Kind() EventKind {
	kind, _, _ := strings.Cut(string(a), ".")
	return EventKind(kind)
}

// Outcome is how an action went.
type Outcome string

// The outcomes.
const (
	OutcomeOK         Outcome = "ok"
	OutcomeIncomplete Outcome = "incomplete" // the media server stopped answering in the middle
)

// systemActor is who acts when nobody asked: the sweeper, or the hand that
// puts a kicked person out again.
const systemActor = "roomkey"

// anonymousActor is who acts without an access token.
const anonymousActor = "anonymous"

// EventQuery says which events to list, newest first unless OldestFirst.
type EventQuery struct {
	RoomID string    // empty is every room
	Admin  string    // only events of rooms with this admin, or co-admin if there is no RoomID; empty is every one
	Kind   EventKind // empty is every kind
	Target string    // only events about it, by its whole text; empty is every one

	Since, Until time.Time // only from one on, only before the other; zero is no bound
	After        int64     // only ids above this; 0 is from the oldest on
	Before       int64     // only ids below this; 0 is to the newest

	OldestFirst bool
	Limit       int
}

// logAttrs writes an event for the log, under the names that list_events uses.
func (e Event) logAttrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("actor", e.Actor), slog.String("via", string(e.Caller.Via)), slog.String("client", e.Caller.Client),
		slog.String("room_id", e.RoomID), slog.String("room_name", e.RoomName), slog.String("target", e.Target),
		slog.String("outcome", string(e.Outcome)), slog.String("request_id", e.RequestID),
	}
	for _, name := range slices.Sorted(maps.Keys(e.Details)) {
		attrs = append(attrs, slog.String("details."+name, e.Details[name]))
	}
	return attrs
}
