package meet

import "context"

// One approval lets in one person. The first admission uses it. The same person may
// come back by it: with an access token as a new admission, without one under the
// identity from before, so that it is never two people at a time. Without an
// access token the person is known by the join token, or by the address of the
// request, because the answer with the token can get lost.

// isUsed says whether an approval has let somebody in who may be another person:
// without an access token the id of the request does not prove who it is.
func (r JoinRequest) isUsed(a Admission) bool { return r.Admitted != "" && a.Subject == "" }

// comeBack lets the person of a used approval in again. Anybody else is told that
// the request is over.
func (s *Service) comeBack(
	ctx context.Context, p Principal, room Room, request JoinRequest, joinToken string,
) (JoinResult, error) {
	roomID, identity, ok := s.media.ReadToken(joinToken)
	if !ok && request.Caller == p.key() {
		roomID, identity = room.ID, request.Admitted
	}
	if roomID != room.ID {
		return JoinResult{}, errRequestOver()
	}
	admission, room, known, err := s.findAdmissionAndRoom(ctx, room.ID, identity)
	switch {
	case err != nil:
		return JoinResult{}, err
	case !known || admission.RequestID != request.ID:
		return JoinResult{}, errRequestOver()
	}
	switch v, err := s.decide(ctx, admission, room); {
	case err != nil:
		return JoinResult{}, err
	case v == verdictReturned:
		return JoinResult{}, errRequestOver()
	case v != verdictInside:
		return JoinResult{}, v.err()
	}
	if err := s.checkJoinRate(p, admission); err != nil { // each time leaves an event
		return JoinResult{}, err
	}
	if err := s.prepareMediaRoom(ctx, room, admission); err != nil {
		return JoinResult{}, err
	}
	result, err := s.signed(room, admission, s.now().Add(TokenLifetime))
	if err != nil {
		return JoinResult{}, err
	}
	if err := s.record(ctx, s.admittedEvent(ctx, p, room, admission)); err != nil {
		return JoinResult{}, err
	}
	return result, nil
}
