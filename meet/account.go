package meet

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Account is a user on record: somebody whom the operator has added, or whom an
// identity provider has proved. A subject without one is nobody special: who signs
// its tokens says what it may do.
type Account struct {
	Subject string
	Name    string // display name
	Role    PrincipalRole
	RoleSet bool   // by the operator; else the role is what the source said last
	Source  string // LocalSource, or the URL of the issuer who proves them

	PasscodeHash string // as HashPasscode makes it; empty if there is no passcode

	CreatedAt  time.Time
	LastSeenAt time.Time // zero if never; not to the minute
	DisabledAt time.Time // zero while they may come in

	// TokensFrom is since when access tokens and admissions count. Those from before
	// were ended when the user was disabled. Zero is always.
	TokensFrom time.Time

	// Ending says that people inside may still have to be removed, because the user
	// was disabled.
	Ending bool
}

// LocalSource is the source of users whom the operator has added.
const LocalSource = "local"

// Principal is who makes a call as the user.
func (a Account) Principal() Principal { return Principal{ID: a.Subject, Name: a.Name, Role: a.Role} }

// Disable ends everything that the user has: access tokens, grants and admissions do
// not count from now on, also if the user is enabled again.
func (a *Account) Disable(now time.Time) {
	if a.DisabledAt.IsZero() {
		a.DisabledAt, a.TokensFrom, a.PasscodeHash, a.Ending = now, now, "", true
	}
}

// Enable lets the user in again, with a new passcode.
func (a *Account) Enable(now time.Time, passcodeHash string) {
	a.DisabledAt, a.TokensFrom, a.PasscodeHash = time.Time{}, now, passcodeHash
}

// UserChange gives the line of the audit trail about what the operator has changed of a
// user by the command line; nil if that is nothing. A user who is added has the zero
// Account before.
func UserChange(actor string, before, after Account, now time.Time) *Event {
	var action EventAction
	details := map[string]string{"role": string(after.Role)}
	switch {
	case before.Subject == "":
		action = UserAdded
	case before.DisabledAt.IsZero() != after.DisabledAt.IsZero():
		if action, details = UserEnabled, nil; !after.DisabledAt.IsZero() {
			action = UserDisabled
		}
	case before.Role != after.Role || before.RoleSet != after.RoleSet:
		action = UserUpdated
	default:
		return nil
	}
	return commandEvent(actor, action, after.Subject, details, now)
}

// TokenRevocation gives the line of the audit trail about an access token that the
// operator has taken back by the command line. Its subject may be unknown.
func TokenRevocation(actor, id, subject string, now time.Time) *Event {
	var details map[string]string
	if subject != "" {
		details = map[string]string{"subject": subject}
	}
	return commandEvent(actor, TokenRevoked, id, details, now)
}

func commandEvent(actor string, action EventAction, target string, details map[string]string, now time.Time) *Event {
	return &Event{At: now, Actor: actor, Caller: Caller{Via: ViaCLI}, Action: action, Target: target,
		Outcome: OutcomeOK, Details: details}
}

// maxLocalName is the longest name of a local user.
const maxLocalName = 64

// CheckLocalName checks the name of a user whom the operator adds, and gives it as
// it is kept. It cannot be like the subject of another issuer's user
// ([ForeignSubject]).
func CheckLocalName(name string) (string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	isOther := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_@", r)
	}
	switch {
	case name == "" || len(name) > maxLocalName || strings.ContainsFunc(name, isOther):
		return "", Invalid("name", "the name of a user must have 1 to 64 letters a to z, digits, dots, hyphens, underscores "+
			"and @", "For example ada, or ada@example.com.")
	case name == systemActor || name == anonymousActor:
		return "", Invalid("name", "the name "+name+" is reserved", "In records it means somebody else.")
	}
	return name, nil
}

// ForeignSubject is the subject here of whom another issuer calls sub. No issuer can
// name the user of another one or a local one: the issuer's URL is a part of it.
func ForeignSubject(issuer, sub string) string {
	subject := issuer + "|" + sub
	if len(subject) <= MaxUserID && !strings.Contains(issuer, "|") && subject == CleanText(subject, MaxUserID) {
		return subject
	}
	issuerSum, sum := sha256.Sum256([]byte(issuer)), sha256.Sum256([]byte(sub))
	return "https://|" + hex.EncodeToString(issuerSum[:8]) + "|" + hex.EncodeToString(sum[:20])
}

// IsForeignSubject says whether a subject is like those of [ForeignSubject].
func IsForeignSubject(subject string) bool {
	return strings.HasPrefix(subject, "https://") || strings.HasPrefix(subject, "http://")
}
