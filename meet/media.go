package meet

import (
	"context"
	"time"
)

// Media is the media server as this package needs it. A media room's name is
// the id of the [Room] it belongs to.
//
// Implementations put a deadline on every call and give an *Error with
// CodeUnavailable when the server does not answer in time or at all. None of
// the methods is called inside a database transaction.
type Media interface {
	// EnsureRoom makes the media room, or brings the existing one up to
	// date. It never disturbs the people inside.
	EnsureRoom(ctx context.Context, room Room) error

	// DeleteRoom removes everyone and the media room, and says whether there
	// was one.
	DeleteRoom(ctx context.Context, roomID string) (existed bool, err error)

	// Participants lists who is connected now. A media room that does not
	// exist has none.
	Participants(ctx context.Context, roomID string) ([]Participant, error)

	// Counts says how many are connected, for those of the rooms that have
	// a media room.
	Counts(ctx context.Context, roomIDs []string) (map[string]int, error)

	// Remove disconnects a participant; CodeNotFound if nobody in the room
	// has that identity.
	Remove(ctx context.Context, roomID, identity string) error

	// SetGrants makes grants all that a participant may do from now on, and
	// takes away at once what they publish beyond it. role is what others are
	// told about them. CodeNotFound if nobody in the room has that identity.
	SetGrants(ctx context.Context, roomID, identity, role string, grants Grants) error

	// Rooms lists the media rooms that live now, also those of others on the
	// same server.
	Rooms(ctx context.Context) ([]MediaRoom, error)

	// MuteTrack stops a published track at the server. It reports false if
	// the track or its participant is gone by now.
	MuteTrack(ctx context.Context, roomID, identity, trackID string) (bool, error)

	// Token signs what lets somebody into the media room until expires.
	Token(join Admission, grants Grants, expires time.Time) (string, error)

	// ReadToken says whom a token of Token's was made for and for which room,
	// also of one whose time is over or which the server made anew for
	// somebody connected. False for any other token.
	ReadToken(token string) (roomID, identity string, ok bool)

	// Ping says whether the server answers.
	Ping(ctx context.Context) error
}

// MediaRoom is a room as the media server has it.
type MediaRoom struct {
	ID           string // its name there
	SID          string // tells it from earlier and later ones of the same name
	Participants int    // roughly; may be some seconds old
}

// Participant is somebody connected to a media room now.
type Participant struct {
	Identity string // unique per join
	SID      string // of this connection: tells it from earlier and later ones
	Name     string // display name
	UserID   string // as the token said; not proven unless its holder had an access token
	Role     string
	Admin    bool // the room's admin or a superadmin, joining as themself
	JoinedAt time.Time
	Active   bool // their connection for sound and picture stands; false while it is being made
	Tracks   []Track
	Grants   Grants // what they may do now

	// The database's word, not the media server's.
	Known    bool     // came through here
	Locked   []Source // what a moderator has taken from them
	Verified bool     // an access token proved that they are UserID
	Label    string   // of the code they came by
}

// Track is something a participant publishes.
type Track struct {
	ID     string
	Source Source
	Audio  bool // sound, not picture
	Muted  bool
}

// isSound says whether the track is what muting is about: whatever its publisher
// calls it, also the sound of a shared screen.
func (t Track) isSound() bool { return t.Audio }

// isPicture says whether the track is what a camera lock is about.
func (t Track) isPicture() bool { return !t.Audio }

// isScreen says whether the track is the picture of a shared screen.
func (t Track) isScreen() bool { return !t.Audio && t.Source == ScreenShare }

// isCamera says whether the track is a picture that is not a shared screen.
func (t Track) isCamera() bool { return !t.Audio && t.Source != ScreenShare }

// isMislabeled says whether the track is named after a source of the other kind, by
// which somebody gets past what they may publish.
func (t Track) isMislabeled() bool {
	switch t.Source {
	case Microphone, ScreenShareAudio:
		return !t.Audio
	case Camera, ScreenShare:
		return t.Audio
	}
	return false
}

// Admission is one admission to a room. It is on record before its token is given
// out, because the database decides later who came by which code.
type Admission struct {
	Identity  string
	RoomID    string
	Subject   string // of the access token it was asked with; empty without one
	UserID    string
	Name      string
	Role      string
	Admin     bool
	Vouched   bool   // an admin let them in on their behalf: Subject is the admin's, not theirs
	Person    string // the same for all joins that are known to be of one person; empty where nobody can know
	Code      string // the code it came by; empty for a join by name
	Label     string // of that code
	RequestID string // the approved join request it came by; empty where none was needed
	CreatedAt time.Time

	Returned  bool      // its use of a code was given back, because its bearer never got inside; its tokens are dead
	RevokedAt time.Time // when its tokens died, because a moderator put its bearer out; zero while they live
	Locked    []Source  // what a moderator has taken away
	Unlocked  []Source  // what a moderator has given back although it is taken from all
}
