package meet

import (
	"cmp"
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

	// SetProfile makes profile what everybody inside is told of a participant
	// from now on. Its grants are all that they may do: what they publish beyond
	// them ends at once. CodeNotFound if nobody in the room has that identity.
	SetProfile(ctx context.Context, roomID, identity string, profile Profile) error

	// SetHand tells everybody inside since when a participant has a hand up; the
	// zero time is that it is down. It is forgotten when they leave. CodeNotFound if
	// nobody in the room has that identity.
	SetHand(ctx context.Context, roomID, identity string, raisedAt time.Time) error

	// Rooms lists the media rooms that live now, also those of others on the
	// same server.
	Rooms(ctx context.Context) ([]MediaRoom, error)

	// MuteTrack stops a published track at the server. It reports false if
	// the track or its participant is gone by now.
	MuteTrack(ctx context.Context, roomID, identity, trackID string) (bool, error)

	// SendMessage puts a message into the chat of people who are inside, as that of
	// an agent, and returns when the media server has taken it.
	SendMessage(ctx context.Context, roomID string, m Message) error

	// Follow listens to a media room until the connection for it ends: it gives tell
	// what people inside write to everybody, in order, and hears who speaks where
	// nobody else does (see [Enforcer.HearSpeakers]). ctx bounds the beginning alone.
	// tell must be quick; nil is nobody. Nobody inside sees that somebody follows: see
	// ShowChatKept.
	Follow(ctx context.Context, roomID string, tell func(ChatLine)) (Following, error)

	// ShowChatKept tells everybody inside, and who comes later, whether their chat is
	// kept.
	ShowChatKept(ctx context.Context, roomID string, kept bool) error

	// Token signs a join token, which lets an admitted person into the media
	// room with that profile until expires.
	Token(admission Admission, profile Profile, expires time.Time) (string, error)

	// ReadToken says for whom and for which room a join token was made, also if
	// it has expired, or if the server made it anew for somebody connected. False
	// for any other token.
	ReadToken(token string) (roomID, identity string, ok bool)

	// Ping says whether the server answers.
	Ping(ctx context.Context) error
}

// Following is a media room that is followed. It must be closed.
type Following interface {
	Done() <-chan struct{} // closed when the connection has ended
	Close()
}

// MediaRoom is a room as the media server has it.
type MediaRoom struct {
	ID           string // its name there
	SID          string // tells it from earlier and later ones of the same name
	Participants int    // roughly; may be some seconds old
}

// Participant is somebody connected to a media room now, as LiveKit has them.
// What the database says of them is a [Person].
type Participant struct {
	Identity string // unique to an admission
	SID      string // of this connection: tells it from earlier and later ones
	Profile  Profile
	UserID   string // as the join token says
	JoinedAt time.Time
	Active   bool // they have a media connection; false while it is being made
	Tracks   []Track

	HandRaisedAt time.Time // zero while their hand is down
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

// isMislabeled says whether the track names a source of the other kind, which
// gets its publisher past what they may publish.
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
	Principal PrincipalRole // of the access token of who joined as themself; empty for everybody else
	Admin     bool          // whether that makes them an admin of the room now; not kept by the store
	Vouched   bool          // an admin let them in on their behalf: Subject is the admin's, not theirs
	Person    string        // the same for all joins that are known to be of one person; empty where nobody can know
	Code      string        // the code it came by; empty for a join by name
	Label     string        // of that code
	RequestID string        // the approved join request it came by; empty where none was needed
	Opening   int           // of the room, in which it was made
	CreatedAt time.Time

	Returned  bool      // its use of a code was given back, because its bearer never got inside; its tokens are dead
	RevokedAt time.Time // when its tokens died, because a moderator put its bearer out; zero while they live
	Locked    []Source  // what a moderator has taken away
	Unlocked  []Source  // what a moderator has given back although it is taken from all
	Overrides Overrides // what else moderators have set for them
}

// at gives an admission as it is at that time: under the name and in the role that
// moderators have set, and without the overrides that are over.
func (a Admission) at(now time.Time) Admission {
	a.Overrides = a.Overrides.at(now)
	a.Name = cmp.Or(a.Overrides[PropertyName].Value, a.Name)
	a.Role = cmp.Or(a.Overrides[PropertyRole].Value, a.Role)
	return a
}
