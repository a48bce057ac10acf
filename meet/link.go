package meet

import "strings"

// People and agents paste whole links where a code or a room is asked for.

// maxLink is more than any link of this server has, in bytes.
const maxLink = 2048

// linkedTo gives what the last parts of a link name: /join/{code}, /m/{name} or
// roomkey://rooms/{name}. Of what is no such link it gives false.
func linkedTo(text string) (kind, value string, ok bool) {
	text = strings.Trim(strings.TrimSpace(text), `<>"'(),.`)
	if len(text) > maxLink {
		return "", "", false
	}
	text, _, _ = strings.Cut(text, "#")
	text, _, _ = strings.Cut(text, "?")
	parts := strings.Split(strings.TrimRight(text, "/"), "/")
	if len(parts) < 3 {
		return "", "", false
	}
	kind, value = parts[len(parts)-2], parts[len(parts)-1]
	switch {
	case kind == "join":
		return "code", value, true
	case kind == "m", kind == "rooms" && parts[0] == "roomkey:":
		return "room", value, true
	}
	return "", "", false
}

// readCode is [ParseCode] that also takes the link of a code.
func readCode(written string) (string, bool) {
	if kind, value, ok := linkedTo(written); ok && kind == "code" {
		written = value
	}
	return ParseCode(written)
}

// readLinks puts a link that was given as a room or as a code where it belongs.
func (c JoinCall) readLinks() JoinCall {
	switch {
	case c.RoomID != nil && c.Code == nil:
		if kind, value, ok := linkedTo(*c.RoomID); ok && kind == "code" {
			c.RoomID, c.Code = nil, &value
		}
	case c.Code != nil && c.RoomID == nil:
		if kind, value, ok := linkedTo(*c.Code); ok && kind == "room" {
			c.RoomID, c.Code = &value, nil
		}
	}
	return c
}
