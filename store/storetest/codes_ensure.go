package storetest

import (
	"context"
	"testing"
	"time"

	"roomkey/meet"
)

// ensure calls EnsureCodes for room at(1) and gives the codes.
func (b testStore) ensure(roles []string, fresh ...meet.RoomCode) []string {
	b.t.Helper()
	codes, err := b.EnsureCodes(b.t.Context(), "id-room", fresh, roles, nil, at(1), 0, nil)
	if err != nil {
		b.t.Fatalf("EnsureCodes: %v", err)
	}
	return names(codes, func(c meet.RoomCode) string { return c.Code })
}

var allRoles = []string{"host", "guest", "viewer"}

var ensureTests = []test{
	{"MissingCodesAreMadeAndExistingKept", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("guest1", "guest"), newCode("host-press1", "host", label("press")))
		got := b.ensure(allRoles, newCode("viewer2", "viewer"), newCode("guest2", "guest"), newCode("host2", "host"))
		wantSame(t, "codes in the order asked for", got, []string{"viewer2", "guest1", "host2"})
		got = b.ensure(allRoles, newCode("host3", "host"), newCode("viewer3", "viewer"), newCode("guest3", "guest"))
		wantSame(t, "codes a second time", got, []string{"host2", "viewer2", "guest1"})
		wantSame(t, "all codes", b.codes(meet.CodeQuery{RoomID: "id-room", Limit: 10}),
			[]string{"guest1", "host-press1", "host2", "viewer2"})
	}},
	{"ALabelMakesAnotherCode", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("host1", "host"))
		wantSame(t, "codes", b.ensure(allRoles, newCode("host2", "host", label("press"))), []string{"host2"})
		wantSame(t, "codes", b.ensure(allRoles, newCode("host3", "host", label("Press"))), []string{"host3"})
	}},
	{"TheSameTwiceIsOneCode", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		wantSame(t, "codes", b.ensure(allRoles, newCode("one", "host"), newCode("two", "host")), []string{"one", "one"})
	}},
	{"FreshCodesAreStoredWhole", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		want := meet.RoomCode{Code: "aaa", RoomID: "id-room", Role: "host", Label: "press", Enabled: true, MaxUses: 3,
			ExpiresAt: at(9), CreatedAt: at(1), UpdatedAt: at(1)}
		got, err := b.EnsureCodes(t.Context(), "id-room", []meet.RoomCode{want}, allRoles, nil, at(1), 0, nil)
		wantErr(t, "EnsureCodes", err, nil)
		wantSame(t, "returned", got, []meet.RoomCode{want})
		wantSame(t, "stored", b.code("aaa"), want)
	}},
	{"ExistingCodesAreChangedWithAnEventEach", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("host1", "host"), newCode("guest1", "guest"))
		host := b.code("host1")
		limit := func(c *meet.RoomCode) (*meet.Event, error) {
			c.MaxUses, c.ExpiresAt, c.UpdatedAt, c.Email = 7, at(9), at(1), "gus@example.com"
			if c.Role == "host" {
				return nil, nil // it stays as it is
			}
			return about(meet.CodeUpdated, c.Code), nil
		}
		wanted := []meet.RoomCode{newCode("host2", "host"), newCode("guest2", "guest")}
		e := about(meet.CodesCreated, "")
		got, err := b.EnsureCodes(t.Context(), "id-room", wanted, allRoles, limit, at(1), 0, e)
		wantErr(t, "EnsureCodes", err, nil)
		guest := b.code("guest1")
		wantSame(t, "codes", got, []meet.RoomCode{host, guest})
		wantSame(t, "code without an event", b.code("host1"), host)
		failIf(t, guest.MaxUses != 7 || guest.Email != "gus@example.com" ||
			!guest.ExpiresAt.Equal(at(9)) || !guest.UpdatedAt.Equal(at(1)),
			"stored %+v, want the change", guest)
		wantSame(t, "lines", b.targets(), []string{"guest1"})

		refuse := func(c *meet.RoomCode) (*meet.Event, error) { return about(meet.CodeUpdated, c.Code), errRefused }
		wanted = append(wanted, newCode("viewer2", "viewer"))
		_, err = b.EnsureCodes(t.Context(), "id-room", wanted, allRoles, refuse, at(2), 0, e)
		wantAsItIs(t, err, errRefused)
		wantSame(t, "codes after a refusal", b.codes(meet.CodeQuery{RoomID: "id-room", Limit: 10}),
			[]string{"guest1", "host1"})
	}},
	{"CodesOfARoomAreBounded", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("host1", "host"), newCode("guest1", "guest"))
		ensure := func(most int, wanted ...meet.RoomCode) error {
			return errOf(b.EnsureCodes(t.Context(), "id-room", wanted, []string{"guest", "viewer"}, nil, at(1), most, nil))
		}
		wantErr(t, "too many", ensure(2, newCode("guest2", "guest"), newCode("viewer1", "viewer")), meet.ErrLimitReached)
		wantSame(t, "codes", b.codes(meet.CodeQuery{RoomID: "id-room", Limit: 10}), []string{"guest1", "host1"})
		failIf(t, !b.code("host1").Enabled, "a refused call has disabled a code")
		wantErr(t, "existing ones", ensure(1, newCode("guest2", "guest")), nil)
		wantErr(t, "as many as allowed", ensure(3, newCode("viewer1", "viewer")), nil)
	}},
	{"CodesOfUnknownRolesAreDisabled", func(t *testing.T, b testStore) {
		b.create(newRoom("other"), newCode("other", "speaker"))
		b.create(newRoom("room"), newCode("host1", "host"), newCode("speaker1", "speaker"),
			newCode("speaker2", "speaker", label("x")), newCode("off", "dancer", disabled),
			newCode("guest-off", "guest", disabled))
		host, off := b.code("host1"), b.code("off")
		b.ensure(allRoles, newCode("viewer", "viewer"))
		for _, code := range []string{"speaker1", "speaker2"} {
			c := b.code(code)
			failIf(t, c.Enabled || !c.UpdatedAt.Equal(at(1)), "got %+v, want it disabled at %v", c, at(1))
		}
		wantSame(t, "code of a role there is", b.code("host1"), host)
		wantSame(t, "code that was disabled already", b.code("off"), off)
		failIf(t, b.code("guest-off").Enabled, "a disabled code of a role there is was enabled")
		failIf(t, !b.code("other").Enabled, "a code of another room was disabled")
	}},
	{"NothingFreshStillDisables", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("speaker", "speaker"))
		wantSame(t, "codes", b.ensure(allRoles), []string{})
		failIf(t, b.code("speaker").Enabled, "the code of an unknown role is enabled")
	}},
	{"ATakenCodeLeavesNothing", func(t *testing.T, b testStore) {
		b.create(newRoom("other"), newCode("taken", "host"))
		b.create(newRoom("room"), newCode("speaker", "speaker"))
		_, err := b.EnsureCodes(t.Context(), "id-room", []meet.RoomCode{newCode("fresh", "host"), newCode("taken", "guest")},
			allRoles, nil, at(1), 0, nil)
		wantErr(t, "EnsureCodes", err, meet.ErrCodeTaken)
		wantSame(t, "codes", b.codes(meet.CodeQuery{RoomID: "id-room", Limit: 10}), []string{"speaker"})
		failIf(t, !b.code("speaker").Enabled, "a failed call disabled a code")
	}},
	{"ARoomThatIsNotThereIsNotFound", func(t *testing.T, b testStore) {
		for _, fresh := range [][]meet.RoomCode{nil, {newCode("aaa", "host")}} {
			_, err := b.EnsureCodes(t.Context(), "nowhere", fresh, allRoles, nil, noon, 0, nil)
			wantErr(t, "EnsureCodes", err, meet.ErrNotFound)
		}
		_, _, err := b.CodeAndRoom(t.Context(), "aaa")
		wantErr(t, "CodeAndRoom", err, meet.ErrNotFound)
	}},
	{"ManyAtOnceAgreeOnOneCode", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		got := make([]string, 20)
		wantAllDone(t, "EnsureCodes", len(got), func(ctx context.Context, i int) error {
			codes, err := b.EnsureCodes(ctx, "id-room", []meet.RoomCode{newCode(numbered("code", i), "host")}, allRoles,
				nil, noon, 0, nil)
			if err == nil {
				got[i] = codes[0].Code
			}
			return err
		})
		for _, code := range got {
			wantSame(t, "code", code, got[0])
		}
	}},
}

func (b testStore) replace(code, fresh string, now time.Time) meet.RoomCode {
	b.t.Helper()
	c, err := b.ReplaceCode(b.t.Context(), code, fresh, now, func(meet.RoomCode) error { return nil }, nil, nil)
	if err != nil {
		b.t.Fatalf("ReplaceCode(%s): %v", code, err)
	}
	return c
}

var replaceTests = []test{
	{"TheSuccessorTakesOverAllButTheUses", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), meet.RoomCode{Code: "old", Role: "guest", Label: "press", Email: "ann@example.com",
			Enabled: true, Uses: 3, EnteredAt: at(-1),
			MaxUses:   5,
			ExpiresAt: at(9), LastUsedAt: at(-1), CreatedAt: at(-2), UpdatedAt: at(-2)})
		old := b.code("old")
		got := b.replace("old", "new", at(1))
		want := meet.RoomCode{Code: "new", RoomID: "id-room", Role: "guest", Label: "press", Email: "ann@example.com",
			Enabled: true, MaxUses: 5,
			ExpiresAt: at(9), CreatedAt: at(1), UpdatedAt: at(1)}
		wantSame(t, "returned", got, want)
		wantSame(t, "stored", b.code("new"), want)
		retired := b.code("old")
		failIf(t, !retired.RetiredAt.Equal(at(1)) || retired.Uses != old.Uses,
			"old code is %+v, want it retired at %v", retired, at(1))
		wantSame(t, "current codes", b.codes(meet.CodeQuery{RoomID: "id-room", Limit: 10}), []string{"new"})
		wantSame(t, "code made sure of", b.ensure(allRoles, newCode("third", "guest", label("press"))), []string{"new"})
		current, err := b.CurrentCode(t.Context(), "id-room", "guest", "press")
		failIf(t, err != nil || current.Code != "new", "the current code is %+v, %v; want the new one", current, err)
		_, err = b.CurrentCode(t.Context(), "id-room", "guest", "")
		wantErr(t, "CurrentCode with another label", err, meet.ErrNotFound)
	}},
	{"TheSuccessorOfADisabledCodeIsEnabled", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), meet.RoomCode{Code: "old", Role: "guest", CreatedAt: at(-2), UpdatedAt: at(-2)})
		failIf(t, !b.replace("old", "new", at(1)).Enabled || b.code("old").Enabled, "want the successor enabled alone")
	}},
	{"PeopleByTheOldCodeAreRevokedWithIt", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("old", "guest"))
		b.join(byCode("ann", "old"))
		_, err := b.ReplaceCode(t.Context(), "old", "new", at(1), func(meet.RoomCode) error { return nil },
			&meet.Revocation{RoomID: "id-room", Code: "old", At: at(1), By: "ada"}, nil)
		wantErr(t, "ReplaceCode", err, nil)
		b.join(byCode("bob", "new"))
		wantSame(t, "revoked", b.revoked("ann", "bob"), []string{"ann 1s"})
	}},
	{"ARetiredCodeIsTakenForEver", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("old", "host"))
		b.replace("old", "new", at(1))
		_, err := b.EnsureCodes(t.Context(), "id-room", []meet.RoomCode{newCode("old", "guest")}, allRoles, nil, noon, 0, nil)
		wantErr(t, "EnsureCodes", err, meet.ErrCodeTaken)
		err = b.CreateRoom(t.Context(), roomWith(newRoom("other"), newCode("old", "host")), nil)
		wantErr(t, "CreateRoom", err, meet.ErrCodeTaken)
	}},
	{"ATakenCodeLeavesTheOldOne", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("old", "host"), newCode("taken", "guest"))
		was := b.code("old")
		for _, fresh := range []string{"taken", "old"} {
			_, err := b.ReplaceCode(t.Context(), "old", fresh, at(1), func(meet.RoomCode) error { return nil }, nil, nil)
			wantErr(t, "ReplaceCode", err, meet.ErrCodeTaken)
			wantSame(t, "old code", b.code("old"), was)
		}
	}},
	{"ARefusedReplacementLeavesTheOldOne", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("old", "host"))
		was := b.code("old")
		_, err := b.ReplaceCode(t.Context(), "old", "new", at(1), func(c meet.RoomCode) error {
			wantSame(t, "code seen by check", c, was)
			return errRefused
		}, nil, nil)
		wantAsItIs(t, err, errRefused)
		wantSame(t, "old code", b.code("old"), was)
		_, _, err = b.CodeAndRoom(t.Context(), "new")
		wantErr(t, "CodeAndRoom", err, meet.ErrNotFound)
	}},
	{"OnlyACurrentCodeIsReplaced", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("old", "host"))
		b.replace("old", "new", at(1))
		for _, code := range []string{"old", "nope"} {
			_, err := b.ReplaceCode(t.Context(), code, "newer", at(1), func(meet.RoomCode) error { return nil }, nil, nil)
			wantErr(t, "ReplaceCode("+code+")", err, meet.ErrNotFound)
		}
		_, err := b.ReplaceCode(t.Context(), "old", "newer", at(1), func(c meet.RoomCode) error {
			failIf(t, c.RetiredAt.IsZero(), "check saw %+v, want it retired", c)
			return errRefused
		}, nil, nil)
		wantErr(t, "ReplaceCode, refused", err, errRefused)
	}},
	{"OfManyAtOnceOneReplaces", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("old", "host"))
		onlyOne(t, together(t.Context(), 20, func(ctx context.Context, i int) error {
			yes := func(meet.RoomCode) error { return nil }
			return errOf(b.ReplaceCode(ctx, "old", numbered("new", i), at(1), yes, nil, nil))
		}), meet.ErrNotFound)
		wantSame(t, "number of current codes", len(b.codes(meet.CodeQuery{RoomID: "id-room", Limit: 10})), 1)
	}},
}
