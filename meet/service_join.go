package meet

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// TokenLifetime is how long a join token lets somebody connect. Once
// connected, they stay until they leave or are removed.
const TokenLifetime = 10 * time.Minute

// JoinCall says who wants to join what.
type JoinCall struct {
	RoomID *string // id or name of the room,
	Code   *string // or a code
	Name   string  // display name; empty is the principal's, then the user id
	UserID string  // on whose behalf; empty is the principal itself

	// RequestID goes on with a join request; empty makes one where the room
	// asks for approval. Wait is how long to wait for the answer to it.
	RequestID string
	Wait      time.Duration

	// StillMay is asked before a call that has waited goes on; an error ends it:
	// the access token may have been revoked meanwhile. Nil is always.
	StillMay func() error

	// JoinToken is one that the caller was given before. It proves that they
	// are who the request has let in.
	JoinToken string

	onPage bool // by a person on the join page
}

// JoinResult is what lets somebody in, or with Waiting the request that has to
// be approved first; then only RequestID and Room are set.
type JoinResult struct {
	Waiting   bool
	RequestID string

	Token      string // for the media server
	LiveKitURL string
	JoinURL    string // the same in a browser
	Identity   string // unique to this join
	Role       string
	ExpiresAt  time.Time // when the token stops letting in
	Room       Room
}

// Join admits p to a room, by name or by code, in the role that follows. Where
// the room asks for approval and p has to wait for it, it gives an admission
// that is waiting: the same call with its RequestID goes on. An error that ends
// the wait comes with the admission that was waiting.
func (s *Service) Join(ctx context.Context, p Principal, call JoinCall) (JoinResult, error) {
	a, err := s.join(ctx, p, call)
	if err != nil || !a.Waiting || call.Wait <= 0 || call.RequestID == "" {
		return a, err // whoever has just asked is told their request's id first
	}
	err = s.await(ctx, waiter{room: a.Room.ID, request: a.RequestID}, call.Wait, func() (bool, error) {
		if call.StillMay != nil {
			if err := call.StillMay(); err != nil {
				return false, err
			}
		}
		now, err := s.join(ctx, p, call)
		if err == nil {
			a = now
		}
		return !a.Waiting, err
	})
	return a, err
}

// maxJoinAttempts is how often a join is decided anew because the approval it needs
// has changed meanwhile.
const maxJoinAttempts = 3

func (s *Service) join(ctx context.Context, p Principal, call JoinCall) (a JoinResult, err error) {
	for range maxJoinAttempts {
		a, err = s.tryJoin(ctx, p, call)
		if !errors.Is(err, errNotApproved) {
			return a, err
		}
	}
	return a, err
}

func (s *Service) tryJoin(ctx context.Context, p Principal, call JoinCall) (JoinResult, error) {
	room, join, err := s.resolveJoin(ctx, p, call)
	if err != nil {
		return JoinResult{}, err
	}
	s.identify(p, room, &join)
	if err := s.refuseBlocked(ctx, room, join); err != nil {
		return JoinResult{}, err
	}
	if s.hasToWait(p, room, join.Role) {
		request, err := s.findOrMakeRequest(ctx, p, room, join, call.RequestID)
		if err != nil {
			return JoinResult{}, err
		}
		if request.State == RequestWaiting {
			return JoinResult{Waiting: true, RequestID: request.ID, Room: room}, nil
		}
		if request.isUsed(join) {
			return s.comeBack(ctx, p, room, request, call.JoinToken)
		}
		join.RequestID, join.Name = request.ID, request.Name // the one the host has seen
	}
	if err := s.checkJoinRate(p, join); err != nil {
		return JoinResult{}, err
	}
	return s.admit(ctx, p, room, join)
}

// refuseBlocked refuses who is blocked before they are asked to wait.
func (s *Service) refuseBlocked(ctx context.Context, room Room, join Admission) error {
	blocks, err := s.store.Blocks(ctx, room.ID)
	if err != nil {
		return s.storeError(err, "")
	}
	return checkBlocks(blocks, join)
}

// resolveJoin finds the room that a call is about and the role in which it would
// let p in now.
func (s *Service) resolveJoin(ctx context.Context, p Principal, call JoinCall) (Room, Admission, error) {
	if (call.RoomID == nil) == (call.Code == nil) {
		return Room{}, Admission{}, Invalid("room_id", "exactly one of room_id and code must be given",
			"Give room_id to join by id or name, or code to join by a room code.")
	}
	name, err := checkText("name", call.Name, MaxDisplayName)
	if err != nil {
		return Room{}, Admission{}, err
	}
	userID, err := checkText("user_id", call.UserID, MaxUserID)
	if err != nil {
		return Room{}, Admission{}, err
	}
	if call.RequestID != "" {
		if err := checkRequestID(call.RequestID); err != nil {
			return Room{}, Admission{}, err
		}
	}
	join := Admission{Subject: p.ID, UserID: userID, Name: name, CreatedAt: s.now()}
	var room Room
	if call.Code != nil {
		room, err = s.joinByCode(ctx, p, call, &join)
	} else {
		room, err = s.joinByName(ctx, p, call, &join)
	}
	return room, join, err
}

// Exchange redeems the code of a call for somebody without an access token who
// connects from address. What they typed is cleaned, not refused. Every code
// that opens nothing now gives the same error, so that a guesser learns
// nothing. A join request that is over is made anew: a person cannot help it.
func (s *Service) Exchange(ctx context.Context, address string, call JoinCall) (JoinResult, error) {
	p := Principal{Role: Anonymous, Address: address}
	call.RoomID, call.Name, call.UserID = nil, CleanText(call.Name, MaxDisplayName), CleanText(call.UserID, MaxUserID)
	admission, err := s.joinAgainIfOver(ctx, p, call)
	return admission, s.hideReason(p, err, admission.Waiting)
}

// joinAgainIfOver is Join for people: a request that is over is made anew.
func (s *Service) joinAgainIfOver(ctx context.Context, p Principal, call JoinCall) (JoinResult, error) {
	admission, err := s.Join(ctx, p, call)
	var e *Error
	if call.RequestID != "" && errors.As(err, &e) && e.Code != CodeForbidden && e.Field == "request_id" {
		call.RequestID = ""
		return s.Join(ctx, p, call)
	}
	return admission, err
}

// hideReason hides from a caller without an access token why a code opens
// nothing, and counts the attempt; not of somebody who waited, and whose code
// was a good one until then.
func (s *Service) hideReason(p Principal, err error, waited bool) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Code == CodeNotFound: // counted by lookUpCode
	case (e.Code == CodeInvalid || e.Code == CodeGone) && waited:
	case e.Code == CodeInvalid || e.Code == CodeGone:
		if limited := s.guesses.countWrong(p.key()); limited != nil {
			s.onLimit(limitGuesses)
			return limited
		}
	default:
		return err
	}
	return &Error{Code: CodeNotFound, Message: "This code does not open a room",
		Hint: "Check it with whoever gave it to you.", Err: err}
}

func (s *Service) joinByCode(ctx context.Context, p Principal, call JoinCall, join *Admission) (Room, error) {
	if err := authorize(p, ActRedeemCode, nil); err != nil {
		return Room{}, err
	}
	if limited := s.guesses.check(p.key()); limited != nil && !s.isExpected(ctx, p, call) {
		s.onLimit(limitGuesses)
		return Room{}, limited
	}
	code, room, err := s.lookUpCode(ctx, p, *call.Code)
	if err != nil {
		return Room{}, err
	}
	if err := s.checkEntry(code, room, join.CreatedAt); err != nil {
		return Room{}, err
	}
	join.Code, join.Label, join.Role = code.Code, code.Label, code.Role
	return room, nil
}

// isExpected says whether a call goes on with a request of the caller's at the
// room that its code opens. Those who wait behind one address must not be shut
// out by the guesses of a neighbour; nor must a request help to guess codes of
// other rooms.
func (s *Service) isExpected(ctx context.Context, p Principal, call JoinCall) bool {
	canonical, ok := ParseCode(*call.Code)
	if !ok || call.RequestID == "" {
		return false
	}
	request, err := s.store.JoinRequest(ctx, call.RequestID)
	return err == nil && request.Subject == p.ID && request.Caller == p.key() && request.Code == canonical
}

// checkEntry says whether the code (none when joining by name) and the room
// let somebody in at that moment.
func (s *Service) checkEntry(code RoomCode, room Room, now time.Time) error {
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
	e := &Error{Code: CodeGone, Message: "The room has ended", Hint: "Its admin can open it again: update_room with is_active true."}
	if room.State != RoomEnded {
		e.Message = "The room has expired"
	}
	return e
}

func (s *Service) joinByName(ctx context.Context, p Principal, call JoinCall, join *Admission) (room Room, err error) {
	if call.onPage && p.Role == Anonymous {
		room, err = s.publicRoom(ctx, p, *call.RoomID)
	} else {
		room, err = s.resolveFor(ctx, p, ActJoinRoom, *call.RoomID)
	}
	if err != nil {
		return Room{}, err
	}
	if err := s.checkEntry(RoomCode{}, room, join.CreatedAt); err != nil {
		return Room{}, err
	}
	join.Role = roleWithoutCode(room, isAdmin(p, &room) && s.joinsAsSelf(p, *join))
	return room, nil
}

// joinsAsSelf says whether p joins as itself and not on somebody's behalf.
func (s *Service) joinsAsSelf(p Principal, join Admission) bool {
	return p.ID != "" && (join.UserID == "" || join.UserID == p.ID)
}

// identify fills in who is joining. The identity is unique to this join: a
// second device, an agent acting for somebody, or a stranger who types
// somebody's user id never throws anyone out.
func (s *Service) identify(p Principal, room Room, join *Admission) {
	join.RoomID = room.ID
	join.Admin = isAdmin(p, &room) && s.joinsAsSelf(p, *join)
	join.Vouched = isAdmin(p, &room) && !join.Admin
	if join.Name == "" && s.joinsAsSelf(p, *join) {
		join.Name = CleanText(p.Name, MaxDisplayName)
	}
	if join.UserID == "" {
		join.UserID = CleanText(p.ID, MaxUserID)
	}
	join.Person = personOf(*join)
	prefix := identityPrefix(*join)
	if join.Name == "" {
		join.Name = CleanText(prefix, MaxDisplayName)
	}
	join.Name = cutBytes(join.Name, maxNameBytes)
	join.Identity = prefix + "_" + s.random.letters(12)
}

// What the media server takes of a name and of an identity, in bytes; of the
// latter the random part is taken off.
const (
	maxNameBytes     = 256
	maxIdentityBytes = 240
)

// identityPrefix makes a user id fit for an identity, which is on record: it
// holds no code, nor the # by which the media server names second connections.
func identityPrefix(join Admission) string {
	prefix := cutBytes(strings.ReplaceAll(redactCode(join.UserID, join.Code), "#", "_"), maxIdentityBytes)
	if prefix == "" {
		return "guest"
	}
	return prefix
}

// personOf names the person who joins, as far as that can be known: the bearer
// of an access token, whoever an admin vouches for, and of those without a token
// who says to be the same and comes by the same code.
func personOf(join Admission) string {
	switch {
	case join.Vouched:
		return "subject " + join.UserID
	case join.Subject != "":
		return "subject " + join.Subject
	case join.UserID != "":
		return "code " + join.Code + " " + join.UserID
	}
	return ""
}

// errNotApproved is for a join whose approval was taken back, was used by
// somebody else, or began to be needed, while the media server was asked.
var errNotApproved = &Error{Code: CodeForbidden, Message: "The host did not let you in", Hint: "Try again."}

// admit makes the media room, sees that there is room in it, puts the join on
// record and signs the token. Nothing is counted before the media server has
// answered.
func (s *Service) admit(ctx context.Context, p Principal, room Room, join Admission) (JoinResult, error) {
	budget, cancel := withBudget(ctx)
	defer cancel()
	if err := s.ensureMediaRoom(budget, room); err != nil {
		return JoinResult{}, errMediaUnavailable(err)
	}
	if err := s.checkCapacity(budget, room, ""); err != nil {
		return JoinResult{}, err
	}
	expires := join.CreatedAt.Add(TokenLifetime)
	e := s.admittedEvent(ctx, p, room, join)
	join, err := s.store.AddAdmission(ctx, join, expires, func(door JoinContext) error {
		room = door.Room
		if err := checkBlocks(door.Blocks, join); err != nil {
			return err
		}
		approved := door.Request.State == RequestApproved && door.Request.Living(room, s.now())
		if s.hasToWait(p, room, join.Role) && (!approved || door.Request.isUsed(join)) {
			return errNotApproved
		}
		return s.checkEntry(door.Code, room, s.now())
	}, e)
	if err != nil {
		if room.State != RoomActive {
			s.markUncleared(ctx, room)
		}
		return JoinResult{}, s.codeError(err)
	}
	token, err := s.media.Token(join, s.profileOf(join, room), expires)
	if err != nil {
		return JoinResult{}, AsError(err)
	}
	return s.joinResult(room, join, token, expires), nil
}

// checkCapacity refuses when the room is full. Who is inside already has a seat.
func (s *Service) checkCapacity(ctx context.Context, room Room, identity string) error {
	if room.MaxParticipants == 0 {
		return nil
	}
	inside, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return errMediaUnavailable(err)
	}
	if len(inside) < room.MaxParticipants || identity != "" && slices.ContainsFunc(inside, func(p Participant) bool { return p.Identity == identity }) {
		return nil
	}
	return &Error{Code: CodeConflict, Message: "The room is full",
		Hint: "Try again when somebody has left, or let its admin raise max_participants (update_room)."}
}

func (s *Service) admittedEvent(ctx context.Context, p Principal, room Room, join Admission) *Event {
	e := s.event(ctx, p, Admitted, room, join.Identity,
		join.identityDetails(map[string]string{"participant_name": redactCode(join.Name, join.Code), "role": join.Role}))
	if join.Code != "" {
		e.Details["code"] = FirstGroup(join.Code)
	}
	return e
}

// joinResult is what lets somebody in who is on record.
func (s *Service) joinResult(room Room, join Admission, token string, expires time.Time) JoinResult {
	a := JoinResult{Token: token, LiveKitURL: s.links.LiveKit, JoinURL: s.links.Room(room.Name),
		Identity: join.Identity, Role: join.Role, ExpiresAt: expires, Room: room}
	if join.Code != "" {
		a.JoinURL = s.links.Code(join.Code)
	}
	return a
}
