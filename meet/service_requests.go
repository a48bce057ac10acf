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

// ask gives the join request that decides about a join: the one that id names,
// else the one that the subject has made before, else a new one. It is waiting
// or approved.
func (s *Service) ask(ctx context.Context, p Principal, room Room, join Join, id string) (JoinRequest, error) {
	now := s.now()
	request, err := s.findRequest(ctx, p, room, join, id)
	switch {
	case errors.Is(err, ErrNotFound) && id != "":
		return JoinRequest{}, requestOver()
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
		return JoinRequest{}, requestOver()
	}
	return request, s.storeError(err, "")
}

// findRequest finds a living request for this very join: the same caller, on
// the same person's behalf, in the same role. Without a subject the id alone
// says whose it is.
func (s *Service) findRequest(ctx context.Context, p Principal, room Room, join Join, id string) (request JoinRequest, err error) {
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

func (s *Service) newRequest(ctx context.Context, p Principal, room Room, join Join) (JoinRequest, error) {
	now := s.now()
	request := JoinRequest{ID: s.random.letters(requestLetters), RoomID: room.ID, Caller: p.key(), Subject: p.ID, UserID: join.UserID,
		Name: join.Name, Role: join.Role, Code: join.Code, Label: join.Label, State: RequestWaiting, CreatedAt: now, SeenAt: now}
	e := s.event(ctx, p, Requested, room, requestName(request.ID),
		request.who(map[string]string{"participant_name": hide(request.Name, request.Code), "role": request.Role}))
	err := s.store.AddJoinRequest(ctx, request, now.Add(-RequestLifetime), func(room Room, n RequestCount) error {
		switch {
		case n.Caller >= maxRequestsPerCaller:
			return &Error{Code: CodeRateLimited, Message: "Too many join requests", RetryAfter: signOfLife,
				Hint: "Whoever has a request_id goes on with it; others try again when the host has answered some."}
		case n.Waiting >= maxRequests:
			return &Error{Code: CodeConflict, Message: "Too many people are waiting to be let into this room",
				Hint: "Try again when its host has let some of them in."}
		}
		return s.checkEntry(RoomCode{}, room, now)
	}, e)
	if err != nil {
		return JoinRequest{}, s.storeError(err, "")
	}
	s.bell.ring(room.ID)
	s.logEvent(ctx, e)
	return request, nil
}

// waiting lists who waits to be let into a room now, the longest first, and
// would get in if they were.
func (s *Service) waiting(ctx context.Context, room Room) ([]JoinRequest, error) {
	now := s.now()
	if !room.Active(now) || !room.Settings.RequireApproval {
		return nil, nil
	}
	asked, err := s.store.JoinRequests(ctx, RequestQuery{RoomID: room.ID, State: RequestWaiting,
		CreatedFrom: room.OpenedAt, SeenAfter: now.Add(-RequestLifetime), Limit: MaxPage})
	if err != nil {
		return nil, s.storeError(err, "")
	}
	open := map[string]bool{"": true} // codes that still let somebody in
	requests := make([]JoinRequest, 0, len(asked))
	for _, r := range asked {
		if _, known := open[r.Code]; !known {
			code, _, err := s.store.CodeAndRoom(ctx, r.Code)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return nil, s.storeError(err, "")
			}
			open[r.Code] = err == nil && code.Check(now) == nil
		}
		if open[r.Code] {
			requests = append(requests, r)
		}
	}
	return requests, nil
}

// AnswerJoinRequest lets somebody in who waits, or not. A refusal is the end
// of the request; an approval can be taken back for the person's next joins.
func (s *Service) AnswerJoinRequest(ctx context.Context, p Principal, ref, id string, approve bool) (JoinRequest, error) {
	room, err := s.resolveFor(ctx, p, ActAnswer, ref)
	if err != nil {
		return JoinRequest{}, err
	}
	return s.answer(ctx, p, room, id, approve)
}

// answer is given by p, who was found to be entitled to it.
func (s *Service) answer(ctx context.Context, p Principal, room Room, id string, approve bool) (JoinRequest, error) {
	if err := checkRequestID(id); err != nil {
		return JoinRequest{}, err
	}
	now, state, action := s.now(), RequestRefused, Refused
	if approve {
		state, action = RequestApproved, Approved
	}
	e := s.event(ctx, p, action, room, requestName(id), nil)
	request, err := s.store.UpdateJoinRequest(ctx, id, func(r *JoinRequest, in Room) error {
		if in.ID != room.ID || !r.Living(in, now) || r.State == RequestRefused && approve {
			return ErrNotFound
		}
		e.Action, e.Details = "", r.who(map[string]string{"participant_name": hide(r.Name, r.Code), "role": r.Role})
		if r.State != state {
			r.State, r.AnsweredBy, r.AnsweredAt = state, p.ID, now
			e.Action = action
		}
		return nil
	}, e)
	if errors.Is(err, ErrNotFound) {
		return JoinRequest{}, requestNotFound()
	}
	if err != nil {
		return JoinRequest{}, s.storeError(err, "")
	}
	s.bell.ring(room.ID)
	s.logEvent(ctx, e)
	return request, nil
}

// requestName is as much of a request's id as a record may hold: whoever has
// all of it can go on with it.
func requestName(id string) string { return id[:6] }
