package meet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// AnswerJoinRequest approves or refuses a join request. A refused request is over;
// an approval can be refused later, for the next joins of the person.
func (s *Service) AnswerJoinRequest(
	ctx context.Context, p Principal, ref, id string, approve bool,
) (JoinRequest, error) {
	room, err := s.resolveForChange(ctx, p, ActAnswer, ref)
	if err != nil {
		return JoinRequest{}, err
	}
	return s.answer(ctx, p, room, id, approve)
}

// AnswerJoinRequests is [Service.AnswerJoinRequest] for several requests: those
// with the ids, each once, or all that wait now. missing are the ids without a request that
// could be answered.
func (s *Service) AnswerJoinRequests(
	ctx context.Context, p Principal, ref string, ids []string, all, approve bool,
) (answered []JoinRequest, missing []string, err error) {
	if all {
		ids = nil
	}
	var badID error
	once := make([]string, 0, len(ids))
	for _, id := range ids {
		badID = cmp.Or(badID, checkRequestID(id))
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	ids = once
	room, err := s.resolveForChange(ctx, p, ActAnswer, ref, badID)
	if err != nil {
		return nil, nil, err
	}
	if all {
		waiting, err := s.waitingRequests(ctx, room, maxWaiting)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range waiting {
			ids = append(ids, r.ID)
		}
	}
	return s.answerEach(ctx, p, room, ids, approve)
}

// maxParallelAnswers is how many requests are answered at a time: they share commits.
const maxParallelAnswers = 16

func (s *Service) answerEach(
	ctx context.Context, p Principal, room Room, ids []string, approve bool,
) (answered []JoinRequest, missing []string, err error) {
	requests, errs := make([]JoinRequest, len(ids)), make([]error, len(ids))
	inParallel(len(ids), maxParallelAnswers, func(i int) {
		requests[i], errs[i] = s.answer(ctx, p, room, ids[i], approve)
	})
	for i, id := range ids {
		switch {
		case errs[i] == nil:
			answered = append(answered, requests[i])
		case IsCode(errs[i], CodeNotFound):
			missing = append(missing, id)
		default:
			err = errs[i]
		}
	}
	if err != nil {
		return nil, nil, &Error{Code: AsError(err).Code,
			Message: fmt.Sprintf("%d of %d join requests were answered", len(answered), len(ids)),
			Hint:    "The database stopped answering. Repeat the call in a few seconds.", Err: err}
	}
	return answered, missing, nil
}

// answer answers one request for p, who is allowed to.
func (s *Service) answer(ctx context.Context, p Principal, room Room, id string, approve bool) (JoinRequest, error) {
	if err := checkRequestID(id); err != nil {
		return JoinRequest{}, err
	}
	now, state, action := s.now(), RequestRefused, Refused
	if approve {
		state, action = RequestApproved, Approved
	}
	e := s.event(ctx, p, action, room, shortRequestID(id), nil)
	request, err := s.store.UpdateJoinRequest(ctx, id, func(r *JoinRequest, in Room) error {
		if in.ID != room.ID || !r.Living(in, now) || r.State == RequestRefused && approve {
			return ErrNotFound
		}
		e.Action = ""
		e.setDetails(r.eventDetails())
		if r.State != state {
			r.State, r.AnsweredBy, r.AnsweredAt = state, p.ID, now
			e.Action = action
		}
		return nil
	}, e)
	if errors.Is(err, ErrNotFound) {
		return JoinRequest{}, errRequestNotFound()
	}
	return request, s.storeError(err, "")
}
