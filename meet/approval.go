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

// spent says whether an approval is for somebody else than the person who asks: it has
// let somebody in, and of who has no access token the request's id proves nothing.
func (r JoinRequest) spent(join Join) bool { return r.Admitted != "" && join.Subject == "" }

// comeBack lets the person in again whom an approval has let in. requestOver if
// it is not them.
func (s *Service) comeBack(ctx context.Context, p Principal, room Room, request JoinRequest, joinToken string) (Admission, error) {
	roomID, identity, ok := s.media.ReadToken(joinToken)
	if !ok && request.Caller == p.key() {
		roomID, identity = room.ID, request.Admitted
	}
	if roomID != room.ID {
		return Admission{}, requestOver()
	}
	join, err := s.joinOf(ctx, room.ID, identity)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && join.RequestID != request.ID:
		return Admission{}, requestOver()
	case err != nil:
		return Admission{}, s.storeError(err, "")
	}
	if err := s.mayBeInside(ctx, join, room); err != nil {
		if IsCode(err, CodeUnauthenticated) {
			return Admission{}, requestOver()
		}
		return Admission{}, err
	}
	if err := s.mayJoin(p, join); err != nil { // it leaves a line in the audit trail each time
		return Admission{}, err
	}
	budget, cancel := withBudget(ctx)
	defer cancel()
	if err := s.ensureFresh(budget, room); err != nil {
		return Admission{}, mediaUnavailable(err)
	}
	if err := s.findSeat(budget, room, join.Identity); err != nil {
		return Admission{}, err
	}
	expires := s.now().Add(TokenLifetime)
	token, err := s.media.Token(join, s.grantsOf(join, room), expires)
	if err != nil {
		return Admission{}, AsError(err)
	}
	if err := s.record(ctx, s.admittedEvent(ctx, p, room, join)); err != nil {
		return Admission{}, err
	}
	return s.admission(room, join, token, expires), nil
}
