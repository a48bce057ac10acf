package meet

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// Session is one run of a room: from the first person in to the last one out, or
// to the end of the room.
type Session struct {
	ID           string
	RoomID       string
	Opening      int // of the room, in which it was
	StartedAt    time.Time
	EndedAt      time.Time // zero while somebody is inside
	EndedBecause SessionEnd
	People       int // how many different people were inside
	Peak         int // the most of them at a time
}

// SessionEnd is why a session ended.
type SessionEnd string

// The ends of a session. Kicked people have left, too.
const (
	EveryoneLeft       SessionEnd = "everyone_left"
	SessionRoomEnded   SessionEnd = "room_ended"
	SessionRoomExpired SessionEnd = "room_expired"
)

// SessionQuery says which sessions to list.
type SessionQuery struct {
	RoomID string
	Before *Position // only sessions that started before this place; nil is from the newest on
	Limit  int
}

// StayQuery says of which people of a session to list the connections.
type StayQuery struct {
	SessionID string
	After     *Position // only people who came after this place: when they came first, and Person
	Limit     int       // at most so many people
}

// Stay is a connection in a session, and who it was.
type Stay struct {
	Presence
	Admission Admission // without what moderators have changed
}

// Attendee is one person in a session, with all their connections.
type Attendee struct {
	Identity    string // of the newest connection
	Name        string
	UserID      string // as it was claimed, unless Verified
	Verified    bool   // an access token proved that they are UserID
	Label       string // of the code they came by
	Role        string // that they were admitted in
	JoinedAt    time.Time
	LeftAt      time.Time      // zero while they are inside
	Inside      time.Duration  // with several connections at a time, each moment counts once
	Speaking    *time.Duration // nil where nobody listened
	Connections int
}

// SessionID is the id of the session that begins with the presence. It says
// nothing about either.
func (p Presence) SessionID() string { return opaque("session " + p.SID) }

// personKey stands for the person of an admission among the connections to its
// room. It says nothing about who that is.
func (a Admission) personKey() string {
	return opaque("person " + a.RoomID + " " + cmp.Or(a.Person, "identity "+a.Identity))
}

// opaque gives a short text of letters and digits that stands for another one.
func opaque(text string) string { return strings.ToLower(countKey(text)) }

// CountPeople says of how many different people presences are, and how many of
// them were inside at a time. One without an end goes on.
func CountPeople(presences []Presence) (people, peak int) {
	type step struct {
		at     time.Time
		enters bool
		person string
	}
	var steps []step
	for _, p := range presences {
		steps = append(steps, step{p.JoinedAt, true, p.Person})
		if !p.LeftAt.IsZero() {
			steps = append(steps, step{latest(p.LeftAt, p.JoinedAt.Add(time.Millisecond)), false, p.Person})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int {
		if c := a.at.Compare(b.at); c != 0 || a.enters == b.enters {
			return c
		}
		if a.enters { // who leaves in that moment is out before
			return 1
		}
		return -1
	})
	connections, inside := map[string]int{}, 0
	for _, s := range steps {
		if s.enters {
			if connections[s.person]++; connections[s.person] == 1 {
				inside++
			}
			peak = max(peak, inside)
			continue
		}
		if connections[s.person]--; connections[s.person] == 0 {
			inside--
		}
	}
	return len(connections), peak
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// attendee sums up the connections of one person, the first of which came first.
func attendee(stays []Stay, now time.Time) Attendee {
	newest := stays[len(stays)-1].Admission
	a := Attendee{
		Identity: newest.Identity, Name: newest.Name, UserID: newest.UserID, Verified: newest.verified(),
		Label: newest.Label, Role: newest.Role, JoinedAt: stays[0].JoinedAt, Connections: len(stays),
	}
	var counted time.Time // until when
	stillInside := false
	for _, s := range stays {
		until := s.LeftAt
		if until.IsZero() {
			until, stillInside = latest(now, s.JoinedAt), true
		}
		if from := latest(s.JoinedAt, counted); from.Before(until) {
			a.Inside += until.Sub(from)
		}
		counted, a.LeftAt = latest(counted, until), latest(a.LeftAt, until)
		if s.Speaking != nil {
			if a.Speaking == nil {
				a.Speaking = new(time.Duration)
			}
			*a.Speaking += *s.Speaking
		}
	}
	if a.Speaking != nil {
		*a.Speaking = min(*a.Speaking, a.Inside) // two devices may hear one voice
	}
	if stillInside {
		a.LeftAt = time.Time{}
	}
	return a
}

// SessionStore keeps the sessions of rooms, which [PresenceStore].SavePresence
// begins and ends.
type SessionStore interface {
	// Sessions lists the sessions of a room, newest first.
	Sessions(ctx context.Context, q SessionQuery) ([]Session, error)

	// Session finds a session by its id. ErrNotFound.
	Session(ctx context.Context, id string) (Session, error)

	// Stays lists the connections in a session: people in the order in which they
	// came first, and the connections of each in the order of their beginnings.
	Stays(ctx context.Context, q StayQuery) ([]Stay, error)

	// AddSpeaking adds to the time for which connections were heard speaking, 0
	// for those that were only listened to. It gives the connections that are not
	// on record.
	AddSpeaking(ctx context.Context, heard map[string]time.Duration) (unknown []string, err error)

	// NoteSeen notes that all who are inside were there at that moment, if they
	// were seen at least since then before; the zero time asks for nothing.
	NoteSeen(ctx context.Context, at, since time.Time) error

	// LastSeen says when all who are inside were seen there last: the last NoteSeen,
	// or the coming of the first person when nobody was inside. Zero if never.
	LastSeen(ctx context.Context) (time.Time, error)
}
