package meet

import (
	"context"
	"errors"
)

// Exchange redeems the code of a call for a person without an access token who
// connects from address. What they typed is cleaned, not refused. Every code
// that opens nothing now gives the same error, so that a guesser learns
// nothing. In place of a join request that is over a new one is made: people
// cannot do that themselves.
func (s *Service) Exchange(ctx context.Context, address string, call JoinCall) (JoinResult, error) {
	p := Principal{Role: Anonymous, Address: address}
	call.RoomID = nil
	result, waited, err := s.joinAsPerson(ctx, p, call)
	return result, s.hideReason(ctx, p, err, waited)
}

// joinAsPerson is joinOrWait for a person in a browser.
func (s *Service) joinAsPerson(ctx context.Context, p Principal, call JoinCall) (JoinResult, bool, error) {
	p, call = call.asSignedIn(p)
	call.Name, call.UserID = CleanText(call.Name, MaxDisplayName), CleanText(call.UserID, MaxUserID)
	result, waited, err := s.joinOrWait(ctx, p, call)
	var e *Error
	if call.RequestID != "" && errors.As(err, &e) && e.Code != CodeForbidden && e.Field == "request_id" {
		call.RequestID = ""
		return s.joinOrWait(ctx, p, call)
	}
	return result, waited, err
}

// hideReason hides from a caller without an access token why a code opens
// nothing, and counts the attempt. It does not count a caller who has waited: the
// code was good until then.
func (s *Service) hideReason(ctx context.Context, p Principal, err error, waited bool) error {
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeNotFound && e.Code != CodeInvalid && e.Code != CodeGone {
		return err
	}
	if e.Code != CodeNotFound && !waited { // lookUpCode has counted a code that is not found
		if limited := s.guesses.countWrong(ctx, p.key()); limited != nil {
			s.onLimit(limitGuesses)
			return limited
		}
	}
	return &Error{Code: CodeNotFound, Message: "This code does not open a room",
		Hint: "Check it with the person who gave it to you.", Err: err}
}
