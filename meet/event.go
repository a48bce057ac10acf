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

	Deed    Deed
	Target  string // an identity, or the beginning of a code or a request id; empty is the room
	Outcome Outcome
	Details map[string]string // what else there is to know, by name

	RequestID string // of the call, as the log has it
}

// Deed is what was done, as kind.verb.
type Deed string

// The deeds. Each leaves exactly one event.
const (
	RoomCreated  Deed = "room.created"
	RoomUpdated  Deed = "room.updated"
	RoomReopened Deed = "room.reopened"
	RoomWasEnded Deed = "room.ended"
	RoomHasEnded Deed = "room.expired"
	RoomCleared  Deed = "room.cleared" // its media room had come back after its end

	CodesCreated Deed = "code.created"
	CodeUpdated  Deed = "code.updated"
	CodeRotated  Deed = "code.rotated"

	Admitted      Deed = "participant.admitted" // was given a token
	Joined        Deed = "participant.joined"   // is connected
	Left          Deed = "participant.left"     // of their own accord, or lost
	Kicked        Deed = "participant.kicked"
	Unblocked     Deed = "participant.unblocked"
	Removed       Deed = "participant.removed" // came back with a token that is dead
	Muted         Deed = "participant.muted"
	VideoDisabled Deed = "participant.video_disabled"
	Locked        Deed = "participant.locked"
	Unlocked      Deed = "participant.unlocked"

	Requested Deed = "request.created"
	Approved  Deed = "request.approved"
	Refused   Deed = "request.refused"
)

// EventKind is what an event is about: the part of its deed before the dot.
type EventKind string

// EventKinds are all kinds, for schemas and messages.
var EventKinds = []EventKind{"room", "code", "participant", "request"}

// Kind is what the deed is about.
func (d Deed) Kind() EventKind {
	kind, _, _ := strings.Cut(string(d), ".")
	return EventKind(kind)
}

// Outcome is how a deed went.
type Outcome string

// The outcomes.
const (
	OutcomeOK         Outcome = "ok"
	OutcomeIncomplete Outcome = "incomplete" // the media server stopped answering in the middle
)

// actorItself is who acts when nobody asked: the sweeper, or the hand that
// puts a kicked person out again.
const actorItself = "roomkey"

// EventQuery says which events to list, newest first.
type EventQuery struct {
	RoomID string    // empty is every room
	Admin  string    // only events of rooms with this admin; empty is every one
	Kind   EventKind // empty is every kind
	Before int64     // only ids below this; 0 is from the newest on
	Limit  int
}

// logAttrs writes an event for the log, under the names that list_events uses.
func (e Event) logAttrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("actor", e.Actor), slog.String("via", string(e.Caller.Via)), slog.String("client", e.Caller.Client),
		slog.String("room_id", e.RoomID), slog.String("room_name", e.RoomName), slog.String("target", e.Target), slog.String("outcome", string(e.Outcome)),
		slog.String("request_id", e.RequestID)}
	for _, name := range slices.Sorted(maps.Keys(e.Details)) {
		attrs = append(attrs, slog.String("details."+name, e.Details[name]))
	}
	return attrs
}
