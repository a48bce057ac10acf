package meet

import "time"

// Block keeps a person out of a room until it is lifted. A person is known by
// the subject of an access token. Who came without one is known by the user
// id they typed. Anybody can leave their token at home, so the code they came by,
// and the page of a public room, let nobody in then who cannot prove to be
// somebody else.
type Block struct {
	RoomID    string
	Identity  string // whom it was made for; it is lifted by it
	Subject   string // proven, or vouched for by the room's admin; may be empty
	UserID    string // claimed; empty where it is proven or nothing was claimed
	Code      string // they came by; empty for a join by name
	Label     string // of that code
	Verified  bool   // an access token proved that they are Subject
	Name      string // display name
	Reason    string
	BlockedBy string // subject
	CreatedAt time.Time
}

// newBlock is about the person who came into a room by a join.
func newBlock(join Admission, by, reason string, now time.Time) Block {
	b := Block{RoomID: join.RoomID, Identity: join.Identity, Code: join.Code, Label: join.Label,
		Verified: join.Subject != "" && !join.Vouched, Name: join.Name, Reason: reason, BlockedBy: by, CreatedAt: now}
	switch {
	case join.Subject == "":
		b.UserID = join.UserID
	case join.Vouched:
		b.Subject = join.UserID
	default:
		b.Subject = join.Subject
		if !join.joinsAsSelf() {
			b.UserID = join.UserID
		}
	}
	return b
}

// joinsAsSelf says whether somebody with an access token joined as who they are
// and not on somebody's behalf.
func (j Admission) joinsAsSelf() bool {
	return j.Subject != "" && j.UserID == CleanText(j.Subject, MaxUserID)
}

// matchesProven says whether the block is on whoever joins, and they have proven, or
// somebody with an access token says, that they are who is blocked.
func (b Block) matchesProven(join Admission) bool {
	return b.Subject != "" && (b.Subject == join.UserID || b.Subject == join.Subject && !join.Vouched)
}

// matchesClaim says whether whoever joins only claims to be who is blocked, or cannot
// say who they are and comes a way that is open to who is blocked: by the same
// code, or by the page of a public room, which anybody finds. What is claimed stands for nobody who has an access token
// or whom an admin vouches for: a stranger must not get them blocked.
func (b Block) matchesClaim(join Admission) bool {
	if join.Vouched || join.joinsAsSelf() {
		return false
	}
	sameWay := join.Subject == "" && (join.Code == "" || join.Code == b.Code)
	return sameWay || b.UserID != "" && b.UserID == join.UserID
}

// checkBlocks refuses who is blocked. The admin never is.
func checkBlocks(blocks []Block, join Admission) error {
	for _, b := range blocks {
		switch {
		case join.Admin:
		case b.matchesProven(join) || b.UserID != "" && b.UserID == join.UserID && b.matchesClaim(join):
			return &Error{Code: CodeForbidden, Message: "You are blocked from this room", Hint: "Ask its host to lift the block."}
		case b.matchesClaim(join):
			e := &Error{Code: CodeForbidden, Message: "The host has blocked somebody who came this way",
				Hint: "Ask the host for another link."}
			if join.Code == "" {
				e.Message = "The host has blocked somebody, so this page lets in only people with an access token"
			}
			return e
		}
	}
	return nil
}

// Revocation says whose admissions to end.
type Revocation struct {
	RoomID     string
	Identities []string // these,
	Code       string   // and those who came by this code, unless it is empty
	At         time.Time
	By         string // subject or identity
	Block      *Block // nil blocks nobody
}
