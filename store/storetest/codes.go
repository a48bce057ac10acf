package storetest

import (
	"fmt"
	"testing"
	"time"

	"roomkey/meet"
)

var codeTests = []test{
	{"ACodeComesBackAsItWasStored", func(t *testing.T, b testStore) {
		last := func(c *meet.RoomCode) { c.CreatedAt = at(2) }
		room := b.create(newRoom("room", public), newCode("first", "host"), newCode("last", "viewer", last),
			meet.RoomCode{Code: "full", Role: "guest", Label: "press", Enabled: true, Uses: 2, MaxUses: meet.MaxUses,
				ExpiresAt: at(5), LastUsedAt: at(4), CreatedAt: at(1), UpdatedAt: at(2)})
		for code, want := range map[string]meet.RoomCode{
			"first": {Code: "first", RoomID: room.ID, Role: "host", Enabled: true, CreatedAt: noon, UpdatedAt: noon},
			"full": {Code: "full", RoomID: room.ID, Role: "guest", Label: "press", Enabled: true, Uses: 2, MaxUses: meet.MaxUses,
				ExpiresAt: at(5), LastUsedAt: at(4), CreatedAt: at(1), UpdatedAt: at(2)},
		} {
			got, gotRoom, err := b.CodeAndRoom(t.Context(), code)
			wantErr(t, "CodeAndRoom", err, nil)
			wantSame(t, code, got, want)
			wantSame(t, "its room", gotRoom, room)
		}
		listed, err := b.Codes(t.Context(), meet.CodeQuery{RoomID: room.ID, Limit: 10})
		wantErr(t, "Codes", err, nil)
		wantSame(t, "list", listed, []meet.RoomCode{b.code("first"), b.code("full"), b.code("last")})
	}},
	{"WhoWasInsideByACode", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"), newCode("bbb", "guest", label("x")))
		yes := true
		unused := func() []string { return b.codes(meet.CodeQuery{RoomID: "id-room", Unused: &yes, Limit: 10}) }
		b.join(byCode("one", "aaa"))
		b.join(byCode("two", "aaa"))
		b.join(byCode("none", ""))
		wantSame(t, "unused while nobody is inside", unused(), []string{"aaa", "bbb"})
		save := func(sid, identity string, joinedAt time.Time, e *meet.Event) {
			p := connected(sid)
			p.Identity, p.JoinedAt = identity, joinedAt
			wantErr(t, "SavePresence", b.SavePresence(t.Context(), p, e, nil), nil)
		}
		save("s0", "one", at(1), nil) // saw who is inside, and was not inside
		save("s1", "none", at(2), about(meet.Joined, ""))
		wantSame(t, "unused after a visit", unused(), []string{"aaa", "bbb"})
		save("s2", "one", at(3), about(meet.Joined, ""))
		save("s3", "two", at(4), about(meet.Joined, ""))
		wantSame(t, "unused after two were inside", unused(), []string{"bbb"})
		entered := b.code("aaa").EnteredAt
		failIf(t, !entered.Equal(at(3)), "entered at %v, want the first at %v", entered, at(3))
	}},
	{"CodeAndRoomSeesTheRoomAsItIs", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "host", disabled))
		b.end("id-room")
		code, room, err := b.CodeAndRoom(t.Context(), "aaa")
		wantErr(t, "CodeAndRoom", err, nil)
		failIf(t, code.Enabled || room.State != meet.RoomEnded,
			"got %+v in %+v, want a disabled code and an ended room", code, room)
	}},
	{"WhatIsNotThereIsNotFound", func(t *testing.T, b testStore) {
		ctx := t.Context()
		_, _, err := b.CodeAndRoom(ctx, "nope")
		wantErr(t, "CodeAndRoom", err, meet.ErrNotFound)
		_, err = b.UpdateCode(ctx, "nope", func(*meet.RoomCode) error { t.Error("change called"); return nil }, nil, nil)
		wantErr(t, "UpdateCode", err, meet.ErrNotFound)
		wantSame(t, "codes of no room", b.codes(meet.CodeQuery{RoomID: "nope", Limit: 10}), []string{})
	}},
	{"CodesAreListedOldestFirst", func(t *testing.T, b testStore) {
		created := func(t time.Time) func(*meet.RoomCode) { return func(c *meet.RoomCode) { c.CreatedAt = t } }
		b.create(newRoom("other"), newCode("aab", "host"))
		b.create(newRoom("room"),
			newCode("zzz", "host"), newCode("new", "host", label("x"), created(at(9))), newCode("old", "guest", created(at(-9))),
			newCode("aaa", "guest", label("x"), disabled), newCode("mmm", "viewer", entered(at(2))))
		yes, no := true, false
		for _, c := range []struct {
			q    meet.CodeQuery
			want []string
		}{
			{meet.CodeQuery{}, []string{"old", "aaa", "mmm", "zzz", "new"}},
			{meet.CodeQuery{Role: "guest"}, []string{"old", "aaa"}},
			{meet.CodeQuery{Role: "speaker"}, []string{}},
			{meet.CodeQuery{Enabled: &yes}, []string{"old", "mmm", "zzz", "new"}},
			{meet.CodeQuery{Enabled: &no}, []string{"aaa"}},
			{meet.CodeQuery{Enabled: &yes, Role: "host"}, []string{"zzz", "new"}},
			{meet.CodeQuery{Unused: &yes}, []string{"old", "aaa", "zzz", "new"}},
			{meet.CodeQuery{Unused: &no}, []string{"mmm"}},
			{meet.CodeQuery{Unused: &yes, Enabled: &no}, []string{"aaa"}},
			{meet.CodeQuery{After: &meet.Position{At: noon, Key: "mmm"}}, []string{"zzz", "new"}},
			{meet.CodeQuery{After: &meet.Position{At: at(1)}}, []string{"new"}},
			{meet.CodeQuery{After: &meet.Position{At: noon, Key: "aaa"}, Role: "host", Enabled: &yes}, []string{"zzz", "new"}},
		} {
			c.q.RoomID, c.q.Limit = "id-room", 10
			wantSame(t, fmt.Sprintf("%+v", c.q), b.codes(c.q), c.want)
			if len(c.want) > 1 {
				c.q.Limit = 1
				wantSame(t, fmt.Sprintf("%+v", c.q), b.codes(c.q), c.want[:1])
			}
		}
		wantSame(t, "limit 0", b.codes(meet.CodeQuery{RoomID: "id-room"}), []string{})
	}},
	{"UpdateCodeStoresItsChange", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "host"))
		want := b.code("aaa")
		want.Enabled, want.MaxUses, want.ExpiresAt, want.UpdatedAt = false, 5, at(9), at(1)
		got, err := b.UpdateCode(t.Context(), "aaa", func(c *meet.RoomCode) error { *c = want; return nil }, nil, nil)
		wantErr(t, "UpdateCode", err, nil)
		wantSame(t, "returned", got, want)
		wantSame(t, "stored", b.code("aaa"), want)

		want.Enabled, want.MaxUses, want.ExpiresAt = true, 0, time.Time{}
		_, err = b.UpdateCode(t.Context(), "aaa", func(c *meet.RoomCode) error { *c = want; return nil }, nil, nil)
		wantErr(t, "UpdateCode", err, nil)
		wantSame(t, "stored", b.code("aaa"), want)
	}},
	{"ARefusedChangeLeavesNothing", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "host"))
		was := b.code("aaa")
		_, err := b.UpdateCode(t.Context(), "aaa", func(c *meet.RoomCode) error {
			wantSame(t, "code seen by change", *c, was)
			c.Enabled = false
			return errRefused
		}, nil, nil)
		wantAsItIs(t, err, errRefused)
		wantSame(t, "code", b.code("aaa"), was)
	}},
}
