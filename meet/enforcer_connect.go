package meet

import "context"

// BeforeConnect is called for everybody who is about to connect with a join
// token. It refuses a token that does not count any more, also one whose time is
// over: CodeForbidden if its bearer was removed, CodeNotFound if the session is
// over, CodeUnauthenticated if the use of the code was given back. For an active
// room it makes the media room, because a LiveKit that was started anew knows
// none. Whether the token is good otherwise, LiveKit decides.
func (e *Enforcer) BeforeConnect(ctx context.Context, joinToken string) error {
	roomID, identity, ok := e.media.ReadToken(joinToken)
	if !ok {
		return nil
	}
	a, err := e.admission(ctx, roomID, identity)
	if err != nil {
		return err
	}
	if err := a.verdict.err(); err != nil || !a.room.Active(e.now()) {
		return err
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	if err := e.ensureMediaRoom(ctx, a.room); err != nil {
		return errMediaUnavailable(err)
	}
	if now, err := e.store.RoomByID(ctx, roomID); err == nil && !now.Active(e.now()) {
		e.markUncleared(ctx, now) // it has ended meanwhile
	}
	return nil
}

// AuthorizeConnection is called by the LiveKit inside for everybody who is connecting
// with a good join token. It gives the profile that counts in place of the
// token's, and refuses like [Enforcer.BeforeConnect]. With known false Roomkey
// did not admit them, and their token is all there is.
func (e *Enforcer) AuthorizeConnection(
	ctx context.Context, roomID, identity string,
) (_ Profile, known bool, err error) {
	a, err := e.admission(ctx, roomID, identity)
	if err == nil {
		err = a.verdict.err()
	}
	if err != nil || a.verdict == verdictUnknown {
		return Profile{}, false, err
	}
	return e.profileOf(a.admission, a.room), true, nil
}
