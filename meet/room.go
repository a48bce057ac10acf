package meet

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Room is a named meeting place. The database is the truth about it. Its media
// room is made when needed and can be made again.
type Room struct {
	ID        string // UUID; also the name of the media room, because names are used again
	Name      string
	Title     string   // what people call it; may be empty
	CreatedBy string   // subject of the principal who created it
	AdminID   string   // subject of its admin
	Admins    []string // subjects of its co-admins, sorted; AdminID is none of them
	State     RoomState
	EndedBy   string    // subject who ended it; empty unless State is RoomEnded
	EndedAt   time.Time // zero while active

	IsPublic        bool
	Mode            Mode
	MaxParticipants int // 0 is unlimited
	Settings        Settings
	LockedForAll    []Source  // in the present opening, for everybody except admins, also people who come later
	StartsAt        time.Time // before it only hosts get in; zero is at once
	ExpiresAt       time.Time // zero is never

	HasBlocks bool // whether anybody is blocked from it; the store says so

	Opening   int // the present opening or the last one: 1 at first, one more each time the room is opened again
	CreatedAt time.Time
	UpdatedAt time.Time
}

// RoomState is where a room is in its life.
type RoomState string

// The states of a room.
const (
	RoomActive  RoomState = "active"
	RoomEnded   RoomState = "ended"   // by somebody: EndedBy
	RoomExpired RoomState = "expired" // by its own ExpiresAt
)

// Active says whether people may be in the room now. An expired room is not active
// even before the sweeper has marked it.
func (r Room) Active(now time.Time) bool {
	return r.State == RoomActive && (r.ExpiresAt.IsZero() || now.Before(r.ExpiresAt))
}

// brief is all that a stranger may know of a private room: its name, and whether
// it is active. Everything else is zero.
func (r Room) brief(now time.Time) Room {
	short := Room{Name: r.Name, State: RoomEnded}
	if r.Active(now) {
		short.State = RoomActive
	}
	return short
}

// IsBrief says whether only the room's name and state are told, because the caller
// may know no more of it.
func (r Room) IsBrief() bool { return r.ID == "" }

// NewRoom is what RoomStore.CreateRoom stores, and on what conditions.
type NewRoom struct {
	Room
	Codes []RoomCode

	// ErrLimitReached if the creator has Most active rooms already; 0 is no limit.
	Most int

	// If it is not zero, a name that a room of another creator gave up later than
	// that is refused with ErrNameTaken, too. RoomStore.NameUse says who that was.
	UnusedSince time.Time
}

// NameUse says who has a room name, and who had it until recently.
type NameUse struct {
	Taken bool // by an active room
	Due   bool // by a room that is marked as active, but whose time has come: that one has given it up

	GaveUpBy string    // creator of the room that gave it up last; empty if there is none
	GaveUpAt time.Time // when that room ended, expired or took another name
}

// reopen begins a new opening of a room that is over: nothing that was granted in
// an earlier one counts in it. If the end that the room was given has come
// already, the room has no end until it is given a new one.
func (r *Room) reopen(now time.Time) {
	r.State, r.EndedBy, r.EndedAt, r.LockedForAll = RoomActive, "", time.Time{}, nil
	r.Opening++
	if !r.ExpiresAt.IsZero() && !now.Before(r.ExpiresAt) {
		r.ExpiresAt = time.Time{}
	}
}

// Mode decides which role somebody gets who joins without a code.
type Mode string

// The modes of a room.
const (
	Standard Mode = "standard" // guest
	Webinar  Mode = "webinar"  // viewer
)

// Modes are all modes, for schemas and messages.
var Modes = []Mode{Standard, Webinar}

// RoomChange names what is to be different; nil leaves a field as it is.
type RoomChange struct {
	Name            *string
	Title           *string
	IsPublic        *bool
	Mode            *Mode
	MaxParticipants *int
	StartsAt        *time.Time     // in the past: at once
	ExpiresIn       *time.Duration // from now; 0 is never
	ExpiresAt       *time.Time     // in place of ExpiresIn
	ExtendBy        *time.Duration // from the present end, else from now
	Settings        SettingsChange

	Admins  *[]string // the co-admins; empty is none
	AdminID *string   // to whom the room is handed over
}

// rightsDiffer says whether people inside may do something else, or are somebody
// else, when a room has become another.
func rightsDiffer(was, is Room) bool {
	everything := Role{Publish: Sources, Subscribe: true, Chat: true}
	return was.Mode != is.Mode || !sameAdmins(was, is) ||
		!everything.Grants(was.Settings).Equal(everything.Grants(is.Settings))
}

// differences gives what differs between two states of a room, with the new values,
// for the audit trail.
func differences(was, is Room) map[string]string {
	d := map[string]string{}
	note := func(name string, before, now any) {
		if before != now {
			d[name] = fmt.Sprint(now)
		}
	}
	note("name", was.Name, is.Name)
	note("title", was.Title, is.Title)
	note("is_public", was.IsPublic, is.IsPublic)
	note("mode", was.Mode, is.Mode)
	note("max_participants", was.MaxParticipants, is.MaxParticipants)
	note("admins", strings.Join(was.Admins, ", "), strings.Join(is.Admins, ", "))
	if was.AdminID != "" { // a new room has the admin who made it
		note("admin_id", was.AdminID, is.AdminID)
	}
	is.Settings.noteDifferences(was.Settings, d)
	if !was.StartsAt.Equal(is.StartsAt) {
		d["starts_at"] = formatTime(is.StartsAt)
	}
	if !was.ExpiresAt.Equal(is.ExpiresAt) {
		d["expires_at"] = formatTime(is.ExpiresAt)
	}
	return d
}

// sortedKeys gives the names of what differs. It is never nil.
func sortedKeys(differences map[string]string) []string {
	keys := slices.AppendSeq(make([]string, 0, len(differences)), maps.Keys(differences))
	slices.Sort(keys)
	return keys
}

// The bounds of numbers in a room or a code.
const (
	MaxParticipants = 100_000
	MaxLifetime     = 10 * 365 * 24 * time.Hour
	MaxUses         = 1_000_000_000
)

// apply checks every field of the change and writes it into r.
func (c RoomChange) apply(r *Room, now time.Time) error {
	if c.Name != nil {
		name, err := CheckRoomName(*c.Name)
		if err != nil {
			return err
		}
		r.Name = name
	}
	if c.Mode != nil {
		if *c.Mode != Standard && *c.Mode != Webinar {
			return Invalid("mode", "mode must be standard or webinar", "Leave it out for standard.")
		}
		r.Mode = *c.Mode
	}
	if c.MaxParticipants != nil {
		if *c.MaxParticipants < 0 || *c.MaxParticipants > MaxParticipants {
			return Invalid("max_participants", "max_participants must be between 0 and 100000", "0 means unlimited.")
		}
		r.MaxParticipants = *c.MaxParticipants
	}
	if err := c.applySchedule(r, now); err != nil {
		return err
	}
	assign(&r.IsPublic, c.IsPublic)
	c.Settings.apply(&r.Settings)
	if (c.Settings.KeepChat != nil || c.Settings.E2EE != nil) && r.Settings.KeepChat && r.Settings.E2EE {
		return Invalid("settings.keep_chat", "the chat of an end-to-end encrypted room cannot be kept",
			"Only the people inside have its key. Set one of keep_chat and e2ee to false.")
	}
	return c.appoint(r)
}

// assign writes *value to *field unless value is absent.
func assign[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// expiresAt gives the time after a span from now; the zero time, never, for 0.
func expiresAt(in time.Duration, now time.Time) (time.Time, error) {
	switch {
	case in < 0 || in > MaxLifetime:
		return time.Time{}, Invalid("expires_in_seconds", "expires_in_seconds must be between 0 and 315360000",
			"0 means never.")
	case in == 0:
		return time.Time{}, nil
	}
	return now.Add(in), nil
}

// The bounds of a room name, in characters.
const (
	MinRoomName = 3
	MaxRoomName = 63
)

// CheckRoomName gives the name trimmed and in lower case, or says which rule it
// breaks. It is part of URLs, so it has only characters that need no escaping.
func CheckRoomName(name string) (string, error) {
	name = normalizeName(name)
	switch n := utf8.RuneCountInString(name); {
	case n < MinRoomName:
		return "", Invalid("name", msgNameShort, "Leave name out to have one made.")
	case n > MaxRoomName:
		return "", Invalid("name", msgNameLong, "Choose a shorter one.")
	case !isSlug(name):
		return "", Invalid("name", msgNameChars, "No hyphen at either end and no two in a row; team-standup would do.")
	}
	return name, nil
}

// normalizeName trims and lowers ASCII letters only: other alphabets have
// characters whose lower case is an ASCII letter.
func normalizeName(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, strings.TrimSpace(s))
}

func isSlug(s string) bool {
	if strings.HasPrefix(s, "-") || strings.HasSuffix(s, "-") || strings.Contains(s, "--") {
		return false
	}
	return onlySlugCharacters(s)
}

func onlySlugCharacters(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return true
}

// Relationship is why a room is in somebody's list.
type Relationship string

// The relationships, the strongest first.
const (
	RelCreator     Relationship = "creator"
	RelAdmin       Relationship = "admin"       // administers it and did not create it
	RelParticipant Relationship = "participant" // was inside as this subject, or has a join token that is valid now
	RelPublic      Relationship = "public"
	RelNone        Relationship = "none" // only superadmins see such rooms: private ones of others
)

// Scope narrows a list of rooms. The empty scope is own, joined and public.
type Scope string

// The scopes of [Service.Rooms].
const (
	ScopeMine   Scope = "mine"
	ScopeJoined Scope = "joined"
	ScopePublic Scope = "public"
	ScopeAll    Scope = "all" // superadmins only

	// ScopeVisible is as much as somebody may see: all rooms for superadmins,
	// own, joined and public ones for others.
	ScopeVisible Scope = "visible"
)

// Scopes are the scopes that agents choose from, for schemas and messages.
var Scopes = []Scope{ScopeMine, ScopeJoined, ScopePublic, ScopeAll}
