package meet

import "time"

// Presence is one connection of somebody to a media room, from beginning to end.
type Presence struct {
	SID      string // the media server's id of the connection
	RoomID   string
	RoomSID  string // of the media room, to tell it from later ones of the same name
	Identity string
	Subject  string // of the admission; empty without an access token
	Opening  int    // of the room, in which they were admitted
	Person   string // the same for all connections of one person to the room, and for nobody else
	JoinedAt time.Time
	LeftAt   time.Time // zero while connected

	SessionEnd SessionEnd     // with LeftAt: why their session ends if nobody else is inside
	Speaking   *time.Duration // for how long they were heard speaking; nil where nobody listens
}

// MediaEvent is what one webhook of LiveKit's tells. It may come late, twice, in
// any order, or not at all: it is a reason to look, and what it says holds only
// for the room and the connection that its ids name.
type MediaEvent struct {
	ID          string // the same for repetitions
	Kind        MediaEventKind
	At          time.Time
	RoomID      string
	RoomSID     string
	Participant Participant // zero for events about rooms
	Reason      string      // why a connection ended, in plain words
}

// MediaEventKind is what has happened.
type MediaEventKind string

// The kinds that mean something here; others are ignored.
const (
	MediaRoomStarted       MediaEventKind = "room_started"
	MediaRoomFinished      MediaEventKind = "room_finished"
	MediaParticipantJoined MediaEventKind = "participant_joined"
	MediaParticipantLeft   MediaEventKind = "participant_left"
	MediaConnectionAborted MediaEventKind = "participant_connection_aborted" // before they were quite there
	MediaTrackPublished    MediaEventKind = "track_published"                // Participant.Tracks has it
)
