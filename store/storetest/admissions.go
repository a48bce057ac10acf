package storetest

import (
	"context"
	"testing"

	"roomkey/meet"
)

// byCode is a join of id-room by a code.
func byCode(identity, code string) meet.Admission {
	return meet.Admission{Identity: identity, RoomID: "id-room", Subject: "ann", UserID: "a", Name: "Ann", Role: "guest",
		Principal: meet.User, Code: code,
		Opening: 1, CreatedAt: at(1)}
}

// guests gives the identities guest-000 and so on.
func guests(n int) []string {
	identities := make([]string, n)
	for i := range identities {
		identities[i] = numbered("guest", i)
	}
	return identities
}

var joinTests = []test{
	{"AJoinByCodeCountsAUse", func(t *testing.T, b testStore) {
		room := b.create(newRoom("room"), newCode("aaa", "guest"), newCode("bbb", "host"))
		want := b.code("aaa")
		for i, identity := range []string{"one", "two"} {
			seen := 0
			err := b.admit(t.Context(), byCode(identity, "aaa"), func(door meet.JoinContext) error {
				seen++
				wantSame(t, "door seen by check", door, meet.JoinContext{Code: want, Room: room})
				return nil
			})
			wantErr(t, "AddJoin", err, nil)
			failIf(t, seen == 0, "check was not called")
			want.Uses, want.LastUsedAt = i+1, at(1)
			wantSame(t, "code", b.code("aaa"), want)
		}
		if got := b.code("bbb"); got.Uses != 0 || !got.LastUsedAt.IsZero() {
			t.Errorf("another code was used: %+v", got)
		}
		wantSame(t, "admitted", b.admitted("one", "two", "three"), []string{"one", "two"})
	}},
	{"AJoinWithoutACodeUsesNone", func(t *testing.T, b testStore) {
		room := b.create(newRoom("room"), newCode("aaa", "guest"))
		was := b.code("aaa")
		err := b.admit(t.Context(), byCode("one", ""), func(door meet.JoinContext) error {
			wantSame(t, "door seen by check", door, meet.JoinContext{Room: room})
			return nil
		})
		wantErr(t, "AddJoin", err, nil)
		wantSame(t, "code", b.code("aaa"), was)
	}},
	{"CheckSeesTheRequestAsItIs", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		b.ask(newRequest("asked", 1))
		for i, id := range []string{"asked", "no such request"} {
			join := byCode(numbered("guest", i), "aaa")
			join.RequestID = id
			want, _ := b.JoinRequest(t.Context(), id)
			err := b.admit(t.Context(), join, func(door meet.JoinContext) error {
				wantSame(t, "request seen by check", door.Request, want)
				return nil
			})
			wantErr(t, "AddJoin", err, nil)
			got, room, err := b.Admission(t.Context(), join.Identity)
			wantErr(t, "Admission", err, nil)
			wantSame(t, "admission", got, join)
			wantSame(t, "room of an admission", room, b.room("id-room"))
		}
	}},
	{"ARefusedJoinLeavesNothing", func(t *testing.T, b testStore) {
		b.create(newRoom("room", createdBy("bob")), newCode("aaa", "guest"))
		was := b.code("aaa")
		for _, code := range []string{"aaa", ""} {
			err := b.admit(t.Context(), byCode("one", code), func(meet.JoinContext) error { return errRefused })
			wantAsItIs(t, err, errRefused)
		}
		wantSame(t, "code", b.code("aaa"), was)
		wantSame(t, "admitted", b.admitted("one"), []string{})
		wantSame(t, "joined rooms", b.list(meet.RoomQuery{Subject: "ann", Joined: true}), []string{})
		b.join(byCode("one", "aaa")) // the identity is still free
	}},
	{"AnIdentityIsAdmittedOnce", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		b.join(byCode("one", "aaa"))
		failIf(t, b.admit(t.Context(), byCode("one", "aaa"), welcome) == nil, "an identity was admitted twice")
		wantSame(t, "uses after a join that failed", b.code("aaa").Uses, 1)
	}},
	{"WhatIsNotThereIsNotFound", func(t *testing.T, b testStore) {
		b.create(newRoom("other"), newCode("other", "guest"))
		b.create(newRoom("room"))
		elsewhere := byCode("one", "")
		elsewhere.RoomID = "nowhere"
		for _, join := range []meet.Admission{byCode("one", "nope"), elsewhere} {
			err := b.admit(t.Context(), join, func(meet.JoinContext) error { t.Error("check called"); return nil })
			wantErr(t, "AddJoin", err, meet.ErrNotFound)
		}
		err := b.admit(t.Context(), byCode("one", "other"), welcome)
		wantErr(t, "AddJoin by another room's code", err, meet.ErrNotFound)
		wantSame(t, "uses of the other room's code", b.code("other").Uses, 0)
	}},
	{"ACodeForOneLetsOneIn", func(t *testing.T, b testStore) {
		once := func(c *meet.RoomCode) { c.MaxUses = 1 }
		b.create(newRoom("room"), newCode("once", "guest", once))
		onlyOne(t, together(t.Context(), 50, func(ctx context.Context, i int) error {
			return b.admit(ctx, byCode(numbered("guest", i), "once"), func(door meet.JoinContext) error {
				if c := door.Code; c.MaxUses > 0 && c.Uses >= c.MaxUses {
					return errRefused
				}
				return nil
			})
		}), errRefused)
		wantSame(t, "uses", b.code("once").Uses, 1)
		wantSame(t, "number of those admitted", len(b.admitted(guests(50)...)), 1)
	}},
	{"NoUseIsLost", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		wantAllDone(t, "AddJoin", 50, func(ctx context.Context, i int) error {
			return b.admit(ctx, byCode(numbered("guest", i), "aaa"), welcome)
		})
		if uses, in := b.code("aaa").Uses, len(b.admitted(guests(50)...)); uses != 50 || in != 50 {
			t.Errorf("got %d uses and %d identities, want 50", uses, in)
		}
	}},
}
