package meet

import "context"

// BeforeConnect is called for everybody who is about to connect with a join
// token. It refuses a token that does not count any more, also one whose time is
// over: CodeForbidden if its bearer was removed, CodeNotFound if the opening is
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
// with a good join token, and refuses like [Enforcer.BeforeConnect].
func (e *Enforcer) AuthorizeConnection(ctx context.Context, roomID, identity string) (Authorized, error) {
	a, err := e.admission(ctx, roomID, identity)
	if err == nil {
		err = a.verdict.err()
	}
	if err != nil || a.verdict == verdictUnknown {
		return Authorized{}, err
	}
	return Authorized{Known: true, Admin: a.admission.Admin, Profile: e.profileOf(a.admission, a.room)}, nil
}

// Authorized is what counts of somebody who is connecting.
type Authorized struct {
	Known   bool    // false: Roomkey did not admit them, and their token is all there is
	Admin   bool    // they come in however many are inside
	Profile Profile // in place of what their token says
}
