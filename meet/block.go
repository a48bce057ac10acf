package meet

import "time"

// Block keeps a person out of a room until it is lifted. A person is known by the
// subject of their access token; without one by the user id they typed. Because
// anybody can leave their access token at home, the code they came by and a
// public room's page let in only people with an access token then.
type Block struct {
	RoomID    string
	Identity  string // that was kicked; the block is lifted by it
	Subject   string // proven, or vouched for by the room's admin; may be empty
	UserID    string // claimed; empty where it is proven or nothing was claimed
	Code      string // by which they came; empty for a join by name
	Label     string // of that code
	Verified  bool   // an access token proved that they are Subject
	Name      string // display name
	Reason    string
	BlockedBy string // subject
	CreatedAt time.Time
}

// newBlock makes the block of an admitted person.
func newBlock(a Admission, by, reason string, now time.Time) Block {
	b := Block{RoomID: a.RoomID, Identity: a.Identity, Code: a.Code, Label: a.Label,
		Verified: a.Subject != "" && !a.Vouched, Name: a.Name, Reason: reason, BlockedBy: by, CreatedAt: now}
	switch {
	case a.Subject == "":
		b.UserID = a.UserID
	case a.Vouched:
		b.Subject = a.UserID
	default:
		b.Subject = a.Subject
		if !a.joinsAsSelf() {
			b.UserID = a.UserID
		}
	}
	return b
}

// joinsAsSelf says whether a person with an access token joined as its subject,
// and not on behalf of somebody else.
func (a Admission) joinsAsSelf() bool {
	return a.Subject != "" && a.UserID == CleanText(a.Subject, MaxUserID)
}

// matchesProven says whether a person has proven to be the blocked one, or
// somebody with an access token says that they are.
func (b Block) matchesProven(a Admission) bool {
	return b.Subject != "" && (b.Subject == a.UserID || b.Subject == a.Subject && !a.Vouched)
}

// matchesClaim says whether a person only claims to be the blocked one, or has no
// access token and comes by a way that is open to the blocked one: the same code,
// or the page of a public room. It never matches people who have proven who they
// are or whom an admin vouches for: otherwise a stranger could get them blocked.
func (b Block) matchesClaim(a Admission) bool {
	if a.Vouched || a.joinsAsSelf() {
		return false
	}
	sameWay := a.Subject == "" && (a.Code == "" || a.Code == b.Code)
	return sameWay || b.UserID != "" && b.UserID == a.UserID
}

// checkBlocks refuses blocked people. Admins never are.
func checkBlocks(blocks []Block, a Admission) error {
	for _, b := range blocks {
		switch {
		case a.Admin:
		case b.matchesProven(a) || b.UserID != "" && b.UserID == a.UserID && b.matchesClaim(a):
			return &Error{Code: CodeForbidden, Message: "You are blocked from this room", Reason: ReasonBlocked,
				Hint: "Ask its host to lift the block."}
		case b.matchesClaim(a):
			e := &Error{Code: CodeForbidden, Message: "The host has blocked somebody who came this way",
				Reason: ReasonWayBlocked, Hint: "Ask the host for another link."}
			if a.Code == "" {
				e.Message = "The host has blocked somebody, so this page lets in only people with an access token"
			}
			return e
		}
	}
	return nil
}

// Revocation says which admissions to end.
type Revocation struct {
	RoomID     string
	Identities []string // these,
	Code       string   // and those who came by this code, unless it is empty
	At         time.Time
	By         string // subject or identity
	Block      *Block // nil blocks nobody
}
