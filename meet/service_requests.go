package meet

import (
	"context"
	"errors"
)

// hasToWait says whether somebody has to be let in. An admin's word is an
// approval, also for those on whose behalf it joins.
func (s *Service) hasToWait(p Principal, room Room, roleName string) bool {
	role, _ := s.roles.Get(roleName)
	return room.Settings.RequireApproval && !role.SkipApproval && !isAdmin(p, &room)
}

// findOrMakeRequest gives the join request that decides about a join: the one that id names,
// else the one that the subject has made before, else a new one. It is waiting
// or approved.
func (s *Service) findOrMakeRequest(ctx context.Context, p Principal, room Room, join Admission, id string) (JoinRequest, error) {
	now := s.now()
	request, err := s.findRequest(ctx, p, room, join, id)
	switch {
	case errors.Is(err, ErrNotFound) && id != "":
		return JoinRequest{}, errRequestOver()
	case errors.Is(err, ErrNotFound):
		return s.newRequest(ctx, p, room, join)
	case err != nil:
		return JoinRequest{}, s.storeError(err, "")
	case request.State == RequestRefused && id == "":
		return s.newRequest(ctx, p, room, join)
	case request.State == RequestRefused:
		return JoinRequest{}, &Error{Code: CodeForbidden, Message: "The host did not let you in", Field: "request_id",
			Hint: "Leave request_id out to ask once more."}
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

// findRequest finds a living request for this very join: the same caller, on
// the same person's behalf, in the same role. Without a subject the id alone
// says whose it is.
func (s *Service) findRequest(ctx context.Context, p Principal, room Room, join Admission, id string) (request JoinRequest, err error) {
	if id != "" {
		request, err = s.store.JoinRequest(ctx, id)
	} else {
		request, err = s.store.JoinRequestBySubject(ctx, room.ID, p.ID, join.UserID, join.Role)
	}
	if err == nil && (request.Subject != p.ID || request.UserID != join.UserID || request.Role != join.Role || !request.Living(room, s.now())) {
		err = ErrNotFound
	}
	return request, err
}

func (s *Service) newRequest(ctx context.Context, p Principal, room Room, join Admission) (JoinRequest, error) {
	if err := s.checkJoinRate(p, join); err != nil {
		return JoinRequest{}, err
	}
	now := s.now()
	request := JoinRequest{ID: s.random.letters(requestLetters), RoomID: room.ID, Caller: p.key(), Subject: p.ID, UserID: join.UserID,
		Name: join.Name, Role: join.Role, Code: join.Code, Label: join.Label, State: RequestWaiting, Session: room.Session, CreatedAt: now, SeenAt: now}
	e := s.event(ctx, p, Requested, room, shortRequestID(request.ID),
		request.identityDetails(map[string]string{"participant_name": redactCode(request.Name, request.Code), "role": request.Role}))
	err := s.store.AddJoinRequest(ctx, request, now.Add(-RequestLifetime), func(room Room, n RequestCount) error {
		if err := s.checkWaitingLimits(n); err != nil {
			return err
		}
		return s.checkOpen(RoomCode{}, room, now)
	}, e)
	return request, s.storeError(err, "")
}

// waitingRequests lists who waits to be let into a room now, the longest first, and
// would get in if they were: limit at most.
func (s *Service) waitingRequests(ctx context.Context, room Room, limit int) ([]JoinRequest, error) {
	now := s.now()
	if !room.Active(now) || !room.Settings.RequireApproval {
		return nil, nil
	}
	asked, err := s.store.JoinRequests(ctx, RequestQuery{RoomID: room.ID, State: RequestWaiting,
		Session: room.Session, SeenAfter: now.Add(-RequestLifetime), OpenAt: now, Limit: limit})
	return asked, s.storeError(err, "")
}

// dropBlocked forgets the requests of those who would not get in any more,
// because a block means them: they must neither bury nor hold up the others.
func (s *Service) dropBlocked(ctx context.Context, room Room) error {
	blocks, err := s.store.Blocks(ctx, room.ID)
	if err != nil {
		return err
	}
	asked, err := s.waitingRequests(ctx, room, maxWaiting)
	if err != nil {
		return err
	}
	var over []string
	for _, r := range asked {
		if checkBlocks(blocks, Admission{RoomID: r.RoomID, Subject: r.Subject, UserID: r.UserID, Role: r.Role, Code: r.Code}) != nil {
			over = append(over, r.ID)
		}
	}
	return s.store.DropJoinRequests(ctx, over)
}

// maxWaiting is more than wait at any room.
const maxWaiting = 100_000

// shortRequestID is as much of a request's id as a record may hold: whoever has
// all of it can go on with it.
func shortRequestID(id string) string { return id[:6] }
