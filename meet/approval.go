package meet

import (
	"context"
	"errors"
)

// This file sees to it that one approval lets in one person. The first admission
// uses it. The same person comes back by it: the bearer of an access token as
// themself, anybody else under the identity that they had, so that it is never
// two people at a time. They are known by the join token that they were given, or
// by the address that they asked from: an answer can get lost.

// isUsed says whether an approval is for somebody else than the person who asks: it has
// let somebody in, and of who has no access token the request's id proves nothing.
func (r JoinRequest) isUsed(join Admission) bool { return r.Admitted != "" && join.Subject == "" }

// comeBack lets the person in again whom an approval has let in. requestOver if
// it is not them.
func (s *Service) comeBack(ctx context.Context, p Principal, room Room, request JoinRequest, joinToken string) (JoinResult, error) {
	roomID, identity, ok := s.media.ReadToken(joinToken)
	if !ok && request.Caller == p.key() {
		roomID, identity = room.ID, request.Admitted
	}
	if roomID != room.ID {
		return JoinResult{}, errRequestOver()
	}
	join, err := s.admissionOf(ctx, room.ID, identity)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && join.RequestID != request.ID:
		return JoinResult{}, errRequestOver()
	case err != nil:
		return JoinResult{}, s.storeError(err, "")
	}
	switch v, err := s.decide(ctx, join, room); {
	case err != nil:
		return JoinResult{}, err
	case v == verdictReturned:
		return JoinResult{}, errRequestOver()
	case v != verdictInside:
		return JoinResult{}, v.err()
	}
	if err := s.checkJoinRate(p, join); err != nil { // it leaves a line in the audit trail each time
		return JoinResult{}, err
	}
	if err := s.prepareMediaRoom(ctx, room, join.Identity); err != nil {
		return JoinResult{}, err
	}
	result, err := s.signed(room, join, s.now().Add(TokenLifetime))
	if err != nil {
		return JoinResult{}, err
	}
	if err := s.record(ctx, s.admittedEvent(ctx, p, room, join)); err != nil {
		return JoinResult{}, err
	}
	return result, nil
}
