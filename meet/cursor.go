package meet

import (
	"encoding/base64"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// A cursor is the opaque text with which the next call of a list continues. It
// holds a place, and a checksum over it and the name of the list: what another list
// gave, or somebody made up, would give a page that nobody asked for.

// cursor writes a place in a list as a cursor.
func cursor(list, place string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(place + " " + checksum(list, place)))
}

// parseCursor reads a cursor of a list; the empty one is the start, the empty place.
func parseCursor(list, s string) (place string, err error) {
	if s == "" {
		return "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(s[:min(len(s), maxCursor)])
	if i := strings.LastIndexByte(string(text), ' '); err == nil && i > 0 {
		place = string(text[:i])
		if string(text[i+1:]) == checksum(list, place) {
			return place, nil
		}
	}
	return "", errBadCursor()
}

func errBadCursor() error {
	return Invalid("cursor", "cursor is not one that this list gave",
		"Pass next_cursor of the previous answer unchanged, or leave it out.")
}

const maxCursor = 200

func checksum(list, place string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(list + "\n" + place))
	return strconv.FormatUint(uint64(h.Sum32()), 36)
}

// positionCursor writes a position in a list as a cursor.
func positionCursor(list string, p Position) string {
	return cursor(list, strconv.FormatInt(p.At.UnixMilli(), 10)+" "+p.Key)
}

// parsePositionCursor reads a cursor of a list; the empty one is the start, nil.
func parsePositionCursor(list, s string) (*Position, error) {
	place, err := parseCursor(list, s)
	if err != nil || place == "" {
		return nil, err
	}
	at, key, found := strings.Cut(place, " ")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !found || !onlySlugCharacters(key) { // the checksum is no secret
		return nil, errBadCursor()
	}
	return &Position{At: time.UnixMilli(ms).UTC(), Key: key}, nil
}

// The names of lists, for their cursors. What was a place in the codes or events
// of one room is none in those of another.
const (
	listOfRooms  = "rooms"
	listOfTokens = "tokens"
	listOfUsers  = "users"
)

func listOfDeliveries(endpointID string) string { return "deliveries to " + endpointID }

func listOfCodes(roomID string) string { return "codes of " + roomID }

// listOfEvents takes the empty id for all rooms.
func listOfEvents(roomID string) string { return "events of " + roomID }

func listOfSessions(roomID string) string { return "sessions of " + roomID }

// listOfAttendees is that of the people of a session.
func listOfAttendees(sessionID string) string { return "people of " + sessionID }
