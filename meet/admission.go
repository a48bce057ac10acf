package meet

import (
	"context"
	"errors"
	"strings"
	"time"
)

// verdict is the answer to the question whether a person may be inside a room.
type verdict int

// The verdicts. The zero value is a no.
const (
	verdictRemoved     verdict = iota // a moderator removed them, or blocked the person
	verdictOpeningOver                // the opening they were admitted to is over
	verdictReturned                   // the use of their code was given back
	verdictUnknown                    // Roomkey did not admit them: a recorder or an agent with the operator's key
	verdictInside                     // they may be inside
)

// Why the join token of an admitted person does not count any more. The client
// is told: it would otherwise take the token for an expired one and ask for
// another one.
var (
	errRemoved = &Error{Code: CodeForbidden, Message: "You were removed from the room",
		Reason: ReasonRemoved, Hint: "Ask a host to invite you again."}

	// LiveKit's clients look for the words "requested room does not exist". A
	// 404 without them makes the clients try other ways in without end.
	errOpeningOver = &Error{Code: CodeNotFound, Message: "The requested room does not exist any more: it has ended",
		Hint: "If it was opened again, join it anew."}

	// A person may join again by the same code, as with an expired token.
	errReturned = &Error{Code: CodeUnauthenticated, Hint: "Join the room anew.",
		Message: "This join token does not count any more: it was not used in time"}
)

// err gives the error for a person whose join token does not count any more,
// nil for everybody else.
func (v verdict) err() error {
	switch v {
	case verdictInside, verdictUnknown:
		return nil
	case verdictOpeningOver:
		return errOpeningOver
	case verdictReturned:
		return errReturned
	default:
		return errRemoved
	}
}

// access is what the database says of one identity at one room.
type access struct {
	verdict   verdict
	room      Room      // zero if there is no such room
	admission Admission // zero with verdictUnknown

	// secondConnection says that the identity is LiveKit's name of a second
	// connection beside the one that was admitted.
	secondConnection bool
}

// admission decides whether an identity may be inside a room now. Every check of
// that question goes through here.
func (c *core) admission(ctx context.Context, roomID, identity string) (access, error) {
	admission, room, known, err := c.findAdmissionAndRoom(ctx, roomID, identity)
	if err == nil && !known {
		room, _, err = c.findRoom(ctx, roomID)
		return access{verdict: verdictUnknown, room: room}, err
	}
	if err != nil {
		return access{}, err
	}
	v, err := c.decide(ctx, admission, room)
	return access{verdict: v, room: room, admission: admission, secondConnection: identity != admission.Identity}, err
}

// findRoom finds a room by its id; known is false if there is none.
func (c *core) findRoom(ctx context.Context, roomID string) (room Room, known bool, err error) {
	room, err = c.store.RoomByID(ctx, roomID)
	if errors.Is(err, ErrNotFound) {
		return Room{}, false, nil
	}
	return room, err == nil, c.storeError(err, "")
}

// findAdmission finds the admission of an identity in a room, as it is now; known
// is false if there is none. LiveKit calls a second connection of the same identity
// identity#something.
func (c *core) findAdmission(ctx context.Context, roomID, identity string) (_ Admission, known bool, err error) {
	admission, _, known, err := c.findAdmissionAndRoom(ctx, roomID, identity)
	return admission, known, err
}

func (c *core) findAdmissionAndRoom(
	ctx context.Context, roomID, identity string,
) (_ Admission, _ Room, known bool, err error) {
	admission, room, err := c.store.Admission(ctx, identity)
	if first, _, second := strings.Cut(identity, "#"); errors.Is(err, ErrNotFound) && second {
		admission, room, err = c.store.Admission(ctx, first)
	}
	if errors.Is(err, ErrNotFound) || err == nil && admission.RoomID != roomID {
		return Admission{}, Room{}, false, nil
	}
	admission = admission.at(c.now())
	admission.Admin = admission.IsAdminOf(room)
	return admission, room, err == nil, c.storeError(err, "")
}

// decide says whether an admission lets its person be inside the room now.
func (c *core) decide(ctx context.Context, admission Admission, room Room) (verdict, error) {
	switch {
	case !admission.RevokedAt.IsZero():
		return verdictRemoved, nil
	case admission.Returned:
		return verdictReturned, nil
	case !isValid(admission, room, c.now()):
		return verdictOpeningOver, nil
	case admission.Admin:
		return verdictInside, nil
	}
	blocked, err := c.isBlocked(ctx, admission, room)
	if err != nil || blocked {
		return verdictRemoved, err
	}
	return verdictInside, nil
}

// isValid says whether an admission belongs to the present opening of its room
// and was neither revoked nor returned. Blocks are not looked at.
func isValid(admission Admission, room Room, now time.Time) bool {
	return admission.RoomID == room.ID && room.Active(now) && admission.RevokedAt.IsZero() && !admission.Returned &&
		admission.Opening == room.Opening
}

// mediaPrecision is how exact LiveKit's times are.
const mediaPrecision = time.Second

// isBlocked says whether a block ends an admission from before it. A block also
// matches people who only came the same way, or claim the same user id. Those
// of them who were inside when the block was made may stay and come back.
func (c *core) isBlocked(ctx context.Context, admission Admission, room Room) (bool, error) {
	if !room.HasBlocks {
		return false, nil
	}
	blocks, err := c.store.Blocks(ctx, room.ID)
	if err != nil {
		return false, c.storeError(err, "")
	}
	for _, b := range blocks {
		if b.matchesProven(admission) {
			return true, nil
		}
		if !b.matchesClaim(admission) {
			continue
		}
		inside, err := c.store.WasInside(ctx, admission.Identity, b.CreatedAt.Add(-mediaPrecision))
		if err != nil || !inside {
			return true, c.storeError(err, "")
		}
	}
	return false, nil
}
