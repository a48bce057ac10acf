package meet

import (
	"context"
	"errors"
)

// hasToWait says whether a host has to approve a join. Nobody has to approve what
// an admin does, also when the admin joins on behalf of somebody else.
func (s *Service) hasToWait(p Principal, room Room, roleName string) bool {
	role, _ := s.roles.Get(roleName)
	return room.Settings.RequireApproval && !role.SkipApproval && !isAdmin(p, &room)
}

// findOrMakeRequest gives the join request that decides about a join: the one with
// the id, without an id an earlier one of the same subject, else a new one. It is
// waiting or approved.
func (s *Service) findOrMakeRequest(
	ctx context.Context, p Principal, room Room, a Admission, id string,
) (JoinRequest, error) {
	now := s.now()
	request, err := s.findRequest(ctx, p, room, a, id)
	switch {
	case errors.Is(err, ErrNotFound) && id != "":
		return JoinRequest{}, errRequestOver()
	case errors.Is(err, ErrNotFound):
		return s.newRequest(ctx, p, room, a)
	case err != nil:
		return JoinRequest{}, s.storeError(err, "")
	case request.State == RequestRefused && id == "":
		return s.newRequest(ctx, p, room, a)
	case request.State == RequestRefused:
		return JoinRequest{}, &Error{Code: CodeForbidden, Message: "The host did not let you in", Field: "request_id",
			Reason: ReasonRefused, Hint: "Leave request_id out to ask once more."}
	case now.Sub(request.SeenAt) < signOfLife:
		return request, nil
	}
	request, err = s.store.UpdateJoinRequest(ctx, request.ID, func(r *JoinRequest, _ Room) error {
		r.SeenAt = now
		return nil
	}, nil)
	if errors.Is(err, ErrNotFound) {
		return JoinRequest{}, errRequestOver()
	}
	return request, s.storeError(err, "")
}

// findRequest finds a living request for the same join: by the same subject, on
// behalf of the same person, in the same role. A caller without an access token
// proves with the id that the request is theirs.
func (s *Service) findRequest(
	ctx context.Context, p Principal, room Room, a Admission, id string,
) (request JoinRequest, err error) {
	if id != "" {
		request, err = s.store.JoinRequest(ctx, id)
	} else {
		request, err = s.store.JoinRequestBySubject(ctx, room.ID, p.ID, a.UserID, a.Role)
	}
	same := request.Subject == p.ID && request.UserID == a.UserID && request.Role == a.Role
	if err == nil && (!same || !request.Living(room, s.now())) {
		err = ErrNotFound
	}
	return request, err
}

func (s *Service) newRequest(ctx context.Context, p Principal, room Room, a Admission) (JoinRequest, error) {
	if err := s.checkJoinRate(p, a); err != nil {
		return JoinRequest{}, err
	}
	now := s.now()
	request := JoinRequest{
		ID: s.random.letters(requestLetters), RoomID: room.ID, Caller: p.key(), Subject: p.ID, UserID: a.UserID,
		Name: a.Name, Role: a.Role, Code: a.Code, Label: a.Label, State: RequestWaiting,
		Opening: room.Opening, CreatedAt: now, SeenAt: now,
	}
	e := s.event(ctx, p, Requested, room, shortRequestID(request.ID), request.eventDetails())
	err := s.store.AddJoinRequest(ctx, request, now.Add(-RequestLifetime), func(room Room, n RequestCount) error {
		if err := s.checkWaitingLimits(n); err != nil {
			return err
		}
		return s.checkOpen(RoomCode{}, room, now)
	}, e)
	return request, s.storeError(err, "")
}

// waitingRequests lists at most limit requests that wait now and would let their
// person in if they were approved, the oldest first.
func (s *Service) waitingRequests(ctx context.Context, room Room, limit int) ([]JoinRequest, error) {
	now := s.now()
	if !room.Active(now) || !room.Settings.RequireApproval {
		return nil, nil
	}
	requests, err := s.store.JoinRequests(ctx, RequestQuery{
		RoomID: room.ID, State: RequestWaiting, Opening: room.Opening,
		SeenAfter: now.Add(-RequestLifetime), OpenAt: now, Limit: limit,
	})
	return requests, s.storeError(err, "")
}

// dropBlocked deletes the requests of people that a block keeps out, so that they
// do not hide the requests of others or use up their places.
func (s *Service) dropBlocked(ctx context.Context, room Room) error {
	blocks, err := s.store.Blocks(ctx, room.ID)
	if err != nil {
		return err
	}
	requests, err := s.waitingRequests(ctx, room, maxWaiting)
	if err != nil {
		return err
	}
	var blocked []string
	for _, r := range requests {
		a := Admission{RoomID: r.RoomID, Subject: r.Subject, UserID: r.UserID, Role: r.Role, Code: r.Code}
		if checkBlocks(blocks, a) != nil {
			blocked = append(blocked, r.ID)
		}
	}
	return s.store.DropJoinRequests(ctx, blocked)
}

// maxWaiting is more requests than a room ever has.
const maxWaiting = 100_000

// shortRequestID is the part of a request's id that may be on record: with all of
// it anybody could continue the request.
func shortRequestID(id string) string { return id[:6] }
