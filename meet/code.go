package meet

import (
	"strconv"
	"strings"
	"time"
)

// RoomCode is a short key to one room in one role. There is at most one current
// code for a room, role and label.
type RoomCode struct {
	Code    string // canonical: ten letters in groups, like wpi-srjb-wer
	RoomID  string
	Role    string
	Label   string // tells codes of one role apart; may be empty
	Email   string // of the person whom the code is for; may be empty
	Enabled bool
	Uses    int // how many joins it has let in
	MaxUses int // 0 is unlimited

	ExpiresAt  time.Time // zero is never
	LastUsedAt time.Time // zero is never
	EnteredAt  time.Time // when somebody who came by it was inside first; zero is never
	CreatedAt  time.Time
	UpdatedAt  time.Time
	RetiredAt  time.Time // when another code took its place; zero while current

	// Blocked is not stored: somebody who came by the code is blocked, so nobody
	// without an access token can use it.
	Blocked bool
}

// reasonClosed says why the code lets nobody in now; empty if it does.
func (c RoomCode) reasonClosed(now time.Time) string {
	switch {
	case !c.RetiredAt.IsZero():
		return "This room code was replaced by a new one"
	case !c.Enabled:
		return "This room code is disabled"
	case !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt):
		return "This room code has expired"
	case c.MaxUses > 0 && c.Uses >= c.MaxUses:
		return "This room code is used up"
	}
	return ""
}

// Check refuses a code that lets nobody in now. It is asked inside the transaction
// that counts the use.
func (c RoomCode) Check(now time.Time) error {
	if why := c.reasonClosed(now); why != "" {
		return &Error{Code: CodeGone, Message: why, Field: "code",
			Hint: "The room's admin can give out another one (create_room_codes, update_room_code)."}
	}
	return nil
}

// CodeChange names what is to be different; nil leaves a field as it is.
type CodeChange struct {
	Enabled   *bool
	ExpiresIn *time.Duration // from now; 0 is never
	ExpiresAt *time.Time     // in place of ExpiresIn
	MaxUses   *int           // 0 is unlimited
	Email     *string
}

// apply writes the change into code after checking every field of it.
func (c CodeChange) apply(code *RoomCode, now time.Time) error {
	end, given, err := newEnd(c.ExpiresIn, c.ExpiresAt, now)
	if err != nil {
		return err
	}
	if given {
		code.ExpiresAt = end
	}
	if c.MaxUses != nil {
		if *c.MaxUses < 0 || *c.MaxUses > MaxUses {
			return Invalid("max_uses", "max_uses must be between 0 and 1000000000", "0 means unlimited.")
		}
		code.MaxUses = *c.MaxUses
	}
	assign(&code.Enabled, c.Enabled)
	assign(&code.Email, c.Email)
	return nil
}

// codeDifferences gives what differs between two states of a code, with the new
// values, for the audit trail.
func codeDifferences(was, is RoomCode) map[string]string {
	d := map[string]string{}
	if was.Enabled != is.Enabled {
		d["enabled"] = strconv.FormatBool(is.Enabled)
	}
	if was.MaxUses != is.MaxUses {
		d["max_uses"] = strconv.Itoa(is.MaxUses)
	}
	if !was.ExpiresAt.Equal(is.ExpiresAt) {
		d["expires_at"] = formatTime(is.ExpiresAt)
	}
	if was.Email != is.Email {
		d["email"] = "changed" // the address is not for the audit trail
	}
	return d
}

// formatTime writes a time that may be never.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.RFC3339)
}

const codeLetters = 10

// ParseCode reads a code as people write it: in any case, with spaces, without
// hyphens. It gives the canonical form, or false unless there are ten letters a-z.
func ParseCode(s string) (string, bool) {
	if len(s) > 4*codeLetters {
		return "", false
	}
	letters := make([]byte, 0, codeLetters)
	for _, r := range s {
		switch {
		case 'A' <= r && r <= 'Z':
			r += 'a' - 'A'
		case 'a' <= r && r <= 'z':
		case r == '-' || r == ' ' || r == '\u00a0' || r == '\u2010' || r == '\u2011' || r == '\u2013':
			continue // hyphens and spaces, also the typographic ones
		default:
			return "", false
		}
		if len(letters) == codeLetters {
			return "", false
		}
		letters = append(letters, byte(r))
	}
	if len(letters) != codeLetters {
		return "", false
	}
	return group(string(letters)), true
}

// group writes ten letters as xxx-xxxx-xxx.
func group(letters string) string {
	return strings.Join([]string{letters[:3], letters[3:7], letters[7:]}, "-")
}

// FirstGroup is the part of a code that may be in a log.
func FirstGroup(code string) string {
	head, _, _ := strings.Cut(code, "-")
	return head
}
