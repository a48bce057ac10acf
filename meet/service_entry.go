package meet

import (
	"cmp"
	"context"
	"strings"
	"time"
)

// entry is where a join call leads.
type entry struct {
	room Room
	code RoomCode // zero when joining by name
	role string   // of the person inside
}

// checkJoinCall checks the texts of a call, and gives it with them trimmed.
func checkJoinCall(call JoinCall) (_ JoinCall, err error) {
	if (call.RoomID == nil) == (call.Code == nil) {
		return call, Invalid("room_id", "exactly one of room_id and code must be given",
			"Give room_id to join by id or name, or code to join by a room code.")
	}
	if call.Name, err = checkText("name", call.Name, MaxDisplayName); err != nil {
		return call, err
	}
	if call.UserID, err = checkText("user_id", call.UserID, MaxUserID); err != nil {
		return call, err
	}
	if call.RequestID != "" {
		err = checkRequestID(call.RequestID)
	}
	return call, err
}

// forSelf says whether p joins as itself and not on behalf of somebody else.
func (c JoinCall) forSelf(p Principal) bool {
	return p.ID != "" && (c.UserID == "" || c.UserID == p.ID)
}

// resolveEntry finds the room of a call, and the role in which p would join it
// now. The call has a code or a room.
func (s *Service) resolveEntry(ctx context.Context, p Principal, call JoinCall) (e entry, err error) {
	if call.Code != nil {
		e, err = s.entryByCode(ctx, p, call)
	} else {
		e, err = s.entryByName(ctx, p, call)
	}
	if err != nil {
		return entry{}, err
	}
	return e, s.nameSuccessor(ctx, p, e.room, e.code, s.checkOpen(e.code, e.room, s.now()))
}

func (s *Service) entryByCode(ctx context.Context, p Principal, call JoinCall) (entry, error) {
	if err := authorize(p, ActRedeemCode, nil); err != nil {
		return entry{}, err
	}
	if limited := s.guesses.check(p.key()); limited != nil && !s.isExpected(ctx, p, call) {
		s.onLimit(limitGuesses)
		return entry{}, limited
	}
	code, room, err := s.lookUpCode(ctx, p, *call.Code)
	return entry{room: room, code: code, role: code.Role}, err
}

// isExpected says whether a call continues a request that the caller has made with
// its code. People who wait must not be shut out because a neighbour at the same
// address guesses codes; and a request must not help to guess other codes.
func (s *Service) isExpected(ctx context.Context, p Principal, call JoinCall) bool {
	canonical, ok := readCode(*call.Code)
	if !ok || call.RequestID == "" {
		return false
	}
	request, err := s.store.JoinRequest(ctx, call.RequestID)
	return err == nil && request.Subject == p.ID && request.Caller == p.key() && request.Code == canonical
}

func (s *Service) entryByName(ctx context.Context, p Principal, call JoinCall) (e entry, err error) {
	if call.onPage && p.Role == Anonymous {
		e.room, err = s.publicRoom(ctx, p, *call.RoomID)
	} else {
		e.room, err = s.resolveFor(ctx, p, ActJoinRoom, *call.RoomID)
	}
	e.role = roleWithoutCode(e.room, isAdmin(p, &e.room) && call.forSelf(p))
	if err == nil {
		err = s.checkCodeRequired(p, e.room, e.role)
	}
	return e, err
}

// checkCodeRequired refuses people without a code where the room requires one,
// unless they may wait for a host's approval.
func (s *Service) checkCodeRequired(p Principal, room Room, role string) error {
	switch {
	case !room.Settings.RequireCode || isAdmin(p, &room) || s.hasToWait(p, room, role):
		return nil
	case !isKnown(p):
		return authorize(p, ActJoinRoom, nil) // the same as of a private room: the page asks for a code
	}
	return &Error{Code: CodeForbidden, Message: "This room lets in only people with a room code", Field: "code",
		Reason: ReasonCodeRequired, Hint: "Ask its admin for one, and join with code in place of room_id."}
}

// checkSignedIn refuses people who have not proved who they are where the room requires
// it. Nobody can do that for another one, and it does not replace a code.
func checkSignedIn(room Room, a Admission) error {
	if !room.Settings.RequireSignIn || a.verified() {
		return nil
	}
	return &Error{Code: CodeForbidden, Message: "This room lets in only people who have signed in",
		Reason: ReasonSignInRequired,
		Hint: "Open the link of the room or the code in a browser and sign in there, or join with an access token of " +
			"your own."}
}

// asSignedIn gives who calls, and the call, of a person who has signed in on the page.
func (c JoinCall) asSignedIn(p Principal) (Principal, JoinCall) {
	if p.Role == Anonymous && c.SignedIn.ID != "" {
		p.ID, p.Name = c.SignedIn.ID, c.SignedIn.Name
		c.Name, c.UserID = p.Name, ""
	}
	return p, c
}

// checkOpen says whether a code (zero when joining by name) and its room let
// people in at that moment.
func (s *Service) checkOpen(code RoomCode, room Room, now time.Time) error {
	if code.Code != "" {
		if err := code.Check(now); err != nil {
			return err
		}
		if _, ok := s.roles.Get(code.Role); !ok {
			return &Error{Code: CodeGone, Message: "The role of this room code no longer exists", Field: "code",
				Hint: "The room's admin can make codes for the roles that do (create_room_codes)."}
		}
	}
	if room.Active(now) {
		return nil
	}
	e := &Error{Code: CodeGone, Message: "The room has ended",
		Hint: "Its admin can open it again: update_room with is_active true."}
	if room.State != RoomEnded {
		e.Message = "The room has expired"
	}
	return e
}

// newAdmission is the admission that a call asks for. Its identity is unique: a
// second device, an agent that acts for somebody, or a stranger who types the
// user id of somebody removes nobody.
func (s *Service) newAdmission(p Principal, call JoinCall, e entry) Admission {
	self, admin := call.forSelf(p), isAdmin(p, &e.room)
	a := Admission{
		RoomID: e.room.ID, Subject: p.ID, UserID: cmp.Or(call.UserID, CleanText(p.ID, MaxUserID)), Name: call.Name,
		Role: e.role, Vouched: admin && !self, Code: e.code.Code, Label: e.code.Label,
		CreatedAt: s.now(),
	}
	if self {
		if a.Admin = admin; isKnown(p) {
			a.Principal = p.usedRole()
		}
		a.Name = cmp.Or(a.Name, CleanText(p.Name, MaxDisplayName))
	}
	prefix := identityPrefix(a)
	a.Name = cutBytes(cmp.Or(a.Name, CleanText(prefix, MaxDisplayName)), maxNameBytes)
	a.Person = personOf(a)
	a.Identity = prefix + "_" + s.random.letters(12)
	return a
}

// The longest name and identity that LiveKit takes, in bytes; the random part of
// the identity is subtracted.
const (
	maxNameBytes     = 256
	maxIdentityBytes = 240
)

// identityPrefix makes an identity's first part of a user id. Identities are on
// record, so it contains no code; nor the # with which LiveKit marks second
// connections.
func identityPrefix(a Admission) string {
	prefix := cutBytes(strings.ReplaceAll(redactCode(a.UserID, a.Code), "#", "_"), maxIdentityBytes)
	return cmp.Or(prefix, "guest")
}

// personOf names the person of an admission, empty if nobody can know: the bearer
// of an access token, the person that an admin vouches for, and without a token
// the user id together with the code.
func personOf(a Admission) string {
	switch {
	case a.Vouched:
		return "subject " + a.UserID
	case a.Subject != "":
		return "subject " + a.Subject
	case a.UserID != "":
		return "code " + a.Code + " " + a.UserID
	}
	return ""
}
