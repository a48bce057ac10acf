package storetest

import (
	"context"
	"slices"
	"testing"

	"roomkey/meet"
)

func limited(uses int) func(*meet.RoomCode) { return func(c *meet.RoomCode) { c.MaxUses = uses } }

// pending gives the identities of the pending uses that are due by then.
func (b testStore) pending(seconds int) []string {
	b.t.Helper()
	uses, err := b.PendingUses(b.t.Context(), at(seconds), 10)
	if err != nil {
		b.t.Fatalf("PendingUses: %v", err)
	}
	return names(uses, func(u meet.PendingUse) string { return u.Identity })
}

const tokensDead = 600 // tokenDies, in seconds after noon

var useTests = []test{
	{"AUseOfALimitedCodeIsPending", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest", limited(3)), newCode("bbb", "guest", label("x")))
		b.join(byCode("one", "aaa"))
		b.join(byCode("free", "bbb"))
		b.join(byCode("named", ""))
		wantSame(t, "due a moment before", b.pending(tokensDead-1), []string{})
		uses, err := b.PendingUses(t.Context(), tokenDies, 10)
		wantErr(t, "PendingUses", err, nil)
		wantSame(t, "due", uses, []meet.PendingUse{{Identity: "one", RoomID: "id-room", Code: "aaa"}})
	}},
	{"ARefusedJoinLeavesNoPendingUse", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest", limited(3)))
		wantErr(t, "AddJoin", b.admit(t.Context(), byCode("one", "aaa"), func(meet.JoinContext) error { return errRefused }),
			errRefused)
		wantSame(t, "due", b.pending(tokensDead), []string{})
	}},
	{"AUseIsGivenBackOnce", func(t *testing.T, b testStore) {
		ctx := t.Context()
		b.create(newRoom("room"), newCode("aaa", "guest", limited(3)))
		b.join(byCode("one", "aaa"))
		b.join(byCode("two", "aaa"))
		wantErr(t, "ReturnUse of a living admission", b.ReturnUse(ctx, "one", nil), meet.ErrNotFound)
		wantErr(t, "EndPending", b.EndPending(ctx, "one", at(5)), nil)
		join, _, err := b.Admission(ctx, "one")
		wantErr(t, "Join", err, nil)
		failIf(t, !join.Returned || !join.RevokedAt.IsZero(), "the admission: %+v; want it ended, but not by anybody", join)
		if other, _, err := b.Admission(ctx, "two"); err != nil || other.Returned {
			t.Errorf("the other admission: %+v, %v; want it to live", other, err)
		}
		wantSame(t, "uses before", b.code("aaa").Uses, 2)
		wantSame(t, "due at once", b.pending(5), []string{"one"})
		wantErr(t, "EndPending again", b.EndPending(ctx, "one", at(6)), nil)
		wantErr(t, "ReturnUse", b.ReturnUse(ctx, "one", nil), nil)
		wantSame(t, "uses", b.code("aaa").Uses, 1)
		wantErr(t, "ReturnUse again", b.ReturnUse(ctx, "one", nil), meet.ErrNotFound)
		wantErr(t, "EndPending of what is given back", b.EndPending(ctx, "one", at(7)), meet.ErrNotFound)
		wantSame(t, "uses in the end", b.code("aaa").Uses, 1)
		wantSame(t, "due in the end", b.pending(tokensDead), []string{"two"})
	}},
	{"AUseThatIsKeptIsNotGivenBack", func(t *testing.T, b testStore) {
		ctx := t.Context()
		b.create(newRoom("room"), newCode("aaa", "guest", limited(3)))
		b.join(byCode("one", "aaa"))
		for range 2 {
			wantErr(t, "KeepUse", b.KeepUse(ctx, "one"), nil)
		}
		wantErr(t, "KeepUse of nobody", b.KeepUse(ctx, "nobody"), nil)
		wantErr(t, "EndPending", b.EndPending(ctx, "one", at(5)), meet.ErrNotFound)
		wantErr(t, "ReturnUse", b.ReturnUse(ctx, "one", nil), meet.ErrNotFound)
		if join, _, err := b.Admission(ctx, "one"); err != nil || join.Returned {
			t.Errorf("the admission: %+v, %v; want it to live", join, err)
		}
		wantSame(t, "uses", b.code("aaa").Uses, 1)

		// Also between the two steps.
		b.join(byCode("two", "aaa"))
		wantErr(t, "EndPending", b.EndPending(ctx, "two", at(5)), nil)
		wantErr(t, "KeepUse", b.KeepUse(ctx, "two"), nil)
		wantErr(t, "ReturnUse", b.ReturnUse(ctx, "two", nil), meet.ErrNotFound)
		wantSame(t, "uses", b.code("aaa").Uses, 2)
	}},
	{"WhoWasPutOutUsedTheirCode", func(t *testing.T, b testStore) {
		ctx := t.Context()
		b.create(newRoom("room"), newCode("aaa", "guest", limited(3)))
		b.join(byCode("one", "aaa"))
		wantErr(t, "RevokeJoins", b.RevokeAdmissions(ctx,
			meet.Revocation{RoomID: "id-room", Identities: []string{"one"}, At: at(3), By: "ann"}, nil), nil)
		wantErr(t, "EndPending", b.EndPending(ctx, "one", at(5)), meet.ErrNotFound)
		wantErr(t, "ReturnUse", b.ReturnUse(ctx, "one", nil), meet.ErrNotFound)
		wantSame(t, "uses", b.code("aaa").Uses, 1)
		wantSame(t, "due", b.pending(tokensDead), []string{})
	}},
	{"ReturningTakesTheApprovalFromNobody", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest", limited(3)))
		b.ask(newRequest("asked", 1))
		_, err := b.UpdateJoinRequest(t.Context(), "asked", func(r *meet.JoinRequest, _ meet.Room) error {
			r.State, r.AnsweredBy, r.AnsweredAt = meet.RequestApproved, "ann", at(2)
			return nil
		}, nil)
		wantErr(t, "UpdateJoinRequest", err, nil)
		join := byCode("one", "aaa")
		join.RequestID = "asked"
		b.join(join)
		wantErr(t, "EndPending", b.EndPending(t.Context(), "one", at(5)), nil)
		if r, err := b.JoinRequest(t.Context(), "asked"); err != nil || r.State != meet.RequestApproved {
			t.Errorf("the approval: %+v, %v; want it to stand", r, err)
		}
	}},
	{"TheSoonestDueComeFirst", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest", limited(9)))
		for i, identity := range []string{"one", "two", "three"} {
			_, err := b.AddAdmission(t.Context(), byCode(identity, "aaa"), at(30-10*i), welcome, nil)
			wantErr(t, "AddJoin", err, nil)
		}
		uses, err := b.PendingUses(t.Context(), at(30), 2)
		wantErr(t, "PendingUses", err, nil)
		wantSame(t, "the first two", names(uses, func(u meet.PendingUse) string { return u.Identity }),
			[]string{"three", "two"})
	}},
	{"TheLineComesWithTheUse", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest", limited(3)))
		b.join(byCode("one", "aaa"))
		e := func() *meet.Event {
			return &meet.Event{At: at(6), RoomID: "id-room", RoomName: "room", AdminID: "ann", Actor: "roomkey",
				Action: meet.UseReturned, Outcome: meet.OutcomeOK}
		}
		wantErr(t, "ReturnUse", b.ReturnUse(t.Context(), "one", e()), meet.ErrNotFound)
		wantErr(t, "EndPending", b.EndPending(t.Context(), "one", at(5)), nil)
		wantErr(t, "ReturnUse", b.ReturnUse(t.Context(), "one", e()), nil)
		events, err := b.Events(t.Context(), meet.EventQuery{RoomID: "id-room", Limit: 10})
		wantErr(t, "Events", err, nil)
		wantSame(t, "lines", names(events, func(e meet.Event) string { return string(e.Action) }),
			[]string{string(meet.UseReturned)})
	}},
	// Uses go back and forth while many want the code: never are more admitted
	// that have not been given back than the code lets in.
	{"NeverOneTooMany", func(t *testing.T, b testStore) {
		const uses, callers = 3, 40
		b.create(newRoom("room"), newCode("aaa", "guest", limited(uses)))
		inside := make([]bool, callers)
		errs := together(t.Context(), callers, func(ctx context.Context, i int) error {
			identity := numbered("guest", i)
			for { // as somebody does who tries again and again
				err := b.admit(ctx, byCode(identity, "aaa"), func(door meet.JoinContext) error { return door.Code.Check(at(1)) })
				switch {
				case meet.IsCode(err, meet.CodeGone):
					return nil
				case err != nil:
					return err
				case i%4 == 0: // gets inside
					inside[i] = true
					return b.KeepUse(ctx, identity)
				}
				if err := b.EndPending(ctx, identity, at(2)); err != nil {
					return err
				}
				if err := b.ReturnUse(ctx, identity, nil); err != nil {
					return err
				}
				identity += "x"
				if len(identity) > 30 {
					return nil
				}
			}
		})
		for _, err := range errs {
			wantErr(t, "a caller", err, nil)
		}
		n := len(slices.DeleteFunc(inside, func(in bool) bool { return !in }))
		wantSame(t, "uses", b.code("aaa").Uses, n)
		failIf(t, n > uses, "%d got inside by a code for %d", n, uses)
	}},
}
