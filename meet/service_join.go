package meet

import (
	"context"
	"errors"
	"slices"
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

	// RequestID continues a join request; empty makes a new one where the room
	// requires approval. Wait is how long to wait for the answer to it.
	RequestID string
	Wait      time.Duration

	// StillMay is called each time before a call that waits looks again. Its error
	// ends the call: the access token may have been revoked. Nil means yes.
	StillMay func() error

	// JoinToken is one that the caller got before. It proves that they are the
	// person who was let in by the request.
	JoinToken string

	// SignedIn is who a person without an access token has proved to be on the join page,
	// by signing in. They come in under that name, and may do no more than others. Zero
	// is nobody.
	SignedIn Principal

	onPage bool // made by a person on the join page
}

// JoinResult is what a person needs to connect. With Waiting a host has to
// approve the request first, or the room has to start; then only Room is set, and
// RequestID or StartsAt.
type JoinResult struct {
	Waiting    bool
	RequestID  string
	StartsAt   time.Time     // nobody can be asked before; zero with a RequestID
	RetryAfter time.Duration // until the next call of somebody who waits for the start

	Token      string // for the media server
	LiveKitURL string
	JoinURL    string // the same in a browser
	Identity   string // unique to this join
	Role       string
	ExpiresAt  time.Time // when the token stops letting in
	Room       Room
}

// Join lets p into a room, by name or by code, in the role that follows from it.
// Where a host has to approve that, the result is Waiting. The same call with
// its RequestID continues, and waits for the answer for call.Wait. Before the room
// starts the result is Waiting, too, and the same call waits for the start.
func (s *Service) Join(ctx context.Context, p Principal, call JoinCall) (JoinResult, error) {
	call = call.readLinks()
	result, _, err := s.joinOrWait(ctx, p, call)
	result.Room = result.Room.forEyesOf(p)
	if err != nil || !result.Waiting || call.Code != nil {
		return result, err
	}
	stranger, err := s.isStranger(ctx, p, result.Room)
	if stranger {
		result.Room = result.Room.brief(s.now())
	}
	return result, err
}

// joinOrWait is Join. waited says whether the call got as far as to wait, also if it
// has failed since.
func (s *Service) joinOrWait(
	ctx context.Context, p Principal, call JoinCall,
) (result JoinResult, waited bool, err error) {
	result, err = s.join(ctx, p, call)
	switch {
	case err != nil || !result.Waiting || call.Wait <= 0:
		return result, false, err
	case result.waitsForStart():
		result, err = s.awaitStart(ctx, p, call, result)
		return result, true, err
	case call.RequestID == "": // a new request is answered with its id
		return result, false, nil
	}
	err = s.await(ctx, waiter{room: result.Room.ID, request: result.RequestID}, call.Wait, func() (bool, error) {
		var err error
		result, err = s.joinAgain(ctx, p, call)
		return !result.Waiting, err
	})
	if err != nil {
		return JoinResult{}, true, err
	}
	return result, true, nil
}

// joinAgain is join for a call that has waited.
func (s *Service) joinAgain(ctx context.Context, p Principal, call JoinCall) (JoinResult, error) {
	if call.StillMay != nil {
		if err := call.StillMay(); err != nil {
			return JoinResult{}, err
		}
	}
	return s.join(ctx, p, call)
}

// maxJoinAttempts is how often a join is tried again because what it depends on has
// changed meanwhile: the approval, or the room's start.
const maxJoinAttempts = 3

func (s *Service) join(ctx context.Context, p Principal, call JoinCall) (result JoinResult, err error) {
	for range maxJoinAttempts {
		result, err = s.tryJoin(ctx, p, call)
		if !errors.Is(err, errNotApproved) && !errors.Is(err, errNotStarted) {
			break
		}
	}
	return result, err
}

// tryJoin resolves the call, decides whether the person has to wait, and admits
// them if not.
func (s *Service) tryJoin(ctx context.Context, p Principal, call JoinCall) (JoinResult, error) {
	call, err := checkJoinCall(call)
	if err != nil {
		return JoinResult{}, err
	}
	e, err := s.resolveEntry(ctx, p, call)
	if err != nil {
		return JoinResult{}, err
	}
	admission := s.newAdmission(p, call, e)
	if err := checkSignedIn(e.room, admission); err != nil {
		return JoinResult{}, err
	}
	if err := s.refuseBlocked(ctx, e.room, admission); err != nil {
		return JoinResult{}, err
	}
	if s.hasToWaitForStart(p, e.room, e.role) {
		return s.notStarted(e.room), nil
	}
	if s.hasToWait(p, e.room, e.role) {
		request, err := s.findOrMakeRequest(ctx, p, e.room, admission, call.RequestID)
		switch {
		case err != nil:
			return JoinResult{}, err
		case request.State == RequestWaiting:
			return JoinResult{Waiting: true, RequestID: request.ID, Room: e.room}, nil
		case request.isUsed(admission):
			return s.comeBack(ctx, p, e.room, request, call.JoinToken)
		}
		admission.RequestID, admission.Name = request.ID, request.Name // the name that the host has seen
	}
	if err := s.checkJoinRate(p, admission); err != nil {
		return JoinResult{}, err
	}
	return s.admit(ctx, p, e.room, admission)
}

// refuseBlocked refuses blocked people before they are told to wait.
func (s *Service) refuseBlocked(ctx context.Context, room Room, admission Admission) error {
	if !room.HasBlocks {
		return nil
	}
	blocks, err := s.store.Blocks(ctx, room.ID)
	if err != nil {
		return s.storeError(err, "")
	}
	return checkBlocks(blocks, admission)
}

// errNotApproved is for a join whose approval was taken back, was used by
// somebody else, or was not needed before LiveKit was asked.
var errNotApproved = &Error{Code: CodeForbidden, Message: "The host did not let you in", Hint: "Try again."}

// admit records an admission and signs its join token. Nothing is counted before
// LiveKit has answered.
func (s *Service) admit(ctx context.Context, p Principal, room Room, admission Admission) (JoinResult, error) {
	if err := s.prepareMediaRoom(ctx, room, admission); err != nil {
		return JoinResult{}, err
	}
	expires := admission.CreatedAt.Add(TokenLifetime)
	e := s.admittedEvent(ctx, p, room, admission)
	admission, err := s.store.AddAdmission(ctx, admission, expires, func(c JoinContext) error {
		room, admission.Admin = c.Room, admission.IsAdminOf(c.Room)
		if err := checkBlocks(c.Blocks, admission); err != nil {
			return err
		}
		if err := checkSignedIn(room, admission); err != nil {
			return err
		}
		if s.hasToWaitForStart(p, room, admission.Role) {
			return errNotStarted
		}
		approved := c.Request.State == RequestApproved && c.Request.Living(room, s.now())
		if s.hasToWait(p, room, admission.Role) && (!approved || c.Request.isUsed(admission)) {
			return errNotApproved
		}
		if admission.Code == "" && !approved {
			if err := s.checkCodeRequired(p, room, admission.Role); err != nil {
				return err
			}
		}
		return s.checkOpen(c.Code, room, s.now())
	}, e)
	if err != nil {
		if room.State != RoomActive {
			s.markUncleared(ctx, room)
		}
		return JoinResult{}, s.codeError(err)
	}
	return s.signed(room, admission.at(s.now()), expires)
}

// prepareMediaRoom makes the media room unless it exists, and refuses if it is
// full. Whom the admission is for may have a seat already; admins need none.
func (s *Service) prepareMediaRoom(ctx context.Context, room Room, admission Admission) error {
	budget, cancel := withBudget(ctx)
	defer cancel()
	if err := s.ensureMediaRoom(budget, room); err != nil {
		return errMediaUnavailable(err)
	}
	if room.MaxParticipants == 0 || admission.Admin {
		return nil
	}
	people, err := s.media.Participants(budget, room.ID)
	if err != nil {
		return errMediaUnavailable(err)
	}
	inside := func(p Participant) bool { return p.Identity == admission.Identity }
	if len(people) < room.MaxParticipants || slices.ContainsFunc(people, inside) {
		return nil
	}
	return &Error{Code: CodeConflict, Message: "The room is full",
		Hint: "Try again when somebody has left, or let its admin raise max_participants (update_room)."}
}

func (s *Service) admittedEvent(ctx context.Context, p Principal, room Room, admission Admission) *Event {
	details := map[string]string{"participant_name": redactCode(admission.Name, admission.Code), "role": admission.Role}
	if admission.Code != "" {
		details["code"] = FirstGroup(admission.Code)
	}
	return s.event(ctx, p, Admitted, room, admission.Identity, admission.identityDetails(details))
}

// signed gives the join token of an admission, and what goes with it.
func (s *Service) signed(room Room, admission Admission, expires time.Time) (JoinResult, error) {
	token, err := s.media.Token(admission, s.profileOf(admission, room), expires)
	if err != nil {
		return JoinResult{}, AsError(err)
	}
	link := s.links.Room(room.Name)
	if admission.Code != "" {
		link = s.links.Code(admission.Code)
	}
	return JoinResult{Token: token, LiveKitURL: s.links.LiveKit, JoinURL: link,
		Identity: admission.Identity, Role: roleOf(admission, room), ExpiresAt: expires, Room: room}, nil
}
