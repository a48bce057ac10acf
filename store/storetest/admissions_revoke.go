package storetest

import (
	"context"
	"testing"

	"roomkey/meet"
)

// newBlock is a block in id-room with no field at its zero value.
func newBlock(identity string, change ...func(*meet.Block)) meet.Block {
	block := meet.Block{RoomID: "id-room", Identity: identity, Subject: "eve", UserID: "e", Code: "aaa", Name: "Eve",
		Reason:    "rude",
		BlockedBy: "ann", CreatedAt: at(3)}
	for _, c := range change {
		c(&block)
	}
	return block
}

func blockedAt(seconds int) func(*meet.Block) {
	return func(b *meet.Block) { b.CreatedAt = at(seconds) }
}

func (b testStore) block(block meet.Block) {
	b.t.Helper()
	b.revoke(meet.Revocation{RoomID: block.RoomID, At: block.CreatedAt, By: "ann", Block: &block})
}

func (b testStore) revoke(r meet.Revocation) {
	b.t.Helper()
	if r.RoomID == "" {
		r.RoomID = "id-room"
	}
	if err := b.RevokeAdmissions(b.t.Context(), r, nil); err != nil {
		b.t.Fatalf("RevokeJoins(%+v): %v", r, err)
	}
}

func (b testStore) blocks(roomID string) []meet.Block {
	b.t.Helper()
	blocks, err := b.Blocks(b.t.Context(), roomID)
	if err != nil {
		b.t.Fatalf("Blocks(%s): %v", roomID, err)
	}
	return blocks
}

func (b testStore) joinOf(identity string) meet.Admission {
	b.t.Helper()
	join, _, err := b.Admission(b.t.Context(), identity)
	if err != nil {
		b.t.Fatalf("Join(%s): %v", identity, err)
	}
	return join
}

// revoked gives "identity seconds" for those whose tokens are dead.
func (b testStore) revoked(identities ...string) []string {
	b.t.Helper()
	dead := []string{}
	for _, identity := range identities {
		if when := b.joinOf(identity).RevokedAt; !when.IsZero() {
			dead = append(dead, identity+" "+when.Sub(noon).String())
		}
	}
	return dead
}

// seenBlocks gives the blocks that the check of another join sees.
func (b testStore) seenBlocks(join meet.Admission) []meet.Block {
	b.t.Helper()
	var seen []meet.Block
	err := b.admit(b.t.Context(), join, func(door meet.JoinContext) error { seen = door.Blocks; return nil })
	if err != nil {
		b.t.Fatalf("AddJoin(%s): %v", join.Identity, err)
	}
	return seen
}

var revocationTests = []test{
	{"OnlyTheNamedAreRevoked", func(t *testing.T, b testStore) {
		b.create(newRoom("other"))
		b.create(newRoom("room"), newCode("aaa", "guest"), newCode("bbb", "host"))
		b.join(meet.Admission{Identity: "elsewhere", RoomID: "id-other", Role: "guest", CreatedAt: noon})
		all := []string{"elsewhere", "a1", "a2", "b1", "named", "left"}
		for _, join := range []meet.Admission{byCode("a1", "aaa"), byCode("a2", "aaa"), byCode("b1", "bbb"),
			byCode("named", ""), byCode("left", "")} {
			b.join(join)
		}
		wantSame(t, "at first", b.revoked(all...), []string{})
		b.revoke(meet.Revocation{At: at(1), By: "ann"})
		wantSame(t, "nobody named, and no code", b.revoked(all...), []string{})
		b.revoke(meet.Revocation{Identities: []string{"nobody", "named", "elsewhere"}, At: at(2), By: "ann"})
		wantSame(t, "by identity", b.revoked(all...), []string{"named 2s"})
		b.revoke(meet.Revocation{Code: "aaa", Identities: []string{"named"}, At: at(3), By: "ann"})
		wantSame(t, "by code", b.revoked(all...), []string{"a1 3s", "a2 3s", "named 2s"})
		b.revoke(meet.Revocation{RoomID: "id-other", Code: "bbb", At: at(4), By: "ann"})
		wantSame(t, "by the code of another room", b.revoked(all...), []string{"a1 3s", "a2 3s", "named 2s"})
	}},
	{"TheFirstRevocationStays", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		b.join(byCode("one", "aaa"))
		b.revoke(meet.Revocation{Identities: []string{"one"}, At: at(2), By: "ann"})
		b.revoke(meet.Revocation{Identities: []string{"one", "one"}, At: at(3), By: "bob"})
		b.revoke(meet.Revocation{Code: "aaa", At: at(4), By: "bob"})
		wantSame(t, "revoked", b.revoked("one"), []string{"one 2s"})
	}},
	{"ALaterJoinIsNotRevoked", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		b.join(byCode("one", "aaa"))
		b.revoke(meet.Revocation{Code: "aaa", Identities: []string{"two"}, At: at(2), By: "ann"})
		b.join(byCode("two", "aaa"))
		wantSame(t, "revoked", b.revoked("one", "two"), []string{"one 2s"})
	}},
	{"TheApprovalGoesWithTheJoin", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		other := func(r *meet.JoinRequest) { r.Code = "bbb" }
		b.ask(newRequest("by identity", 1, inState(meet.RequestApproved), other))
		b.ask(newRequest("by code", 1, inState(meet.RequestApproved)))
		b.ask(newRequest("left", 1, inState(meet.RequestApproved), other))
		b.ask(newRequest("waiting", 1, other))
		for id, code := range map[string]string{"by identity": "", "by code": "aaa", "left": "", "waiting": ""} {
			join := byCode("joined "+id, code)
			join.RequestID = id
			b.join(join)
		}
		b.revoke(meet.Revocation{Identities: []string{"joined by identity", "joined waiting"}, Code: "aaa", At: at(5),
			By: "cem"})
		for id, want := range map[string]meet.RequestState{"by identity": meet.RequestRefused, "by code": meet.RequestRefused,
			"left": meet.RequestApproved, "waiting": meet.RequestWaiting} {
			got, err := b.JoinRequest(t.Context(), id)
			wantErr(t, "JoinRequest", err, nil)
			wantRequest := newRequest(id, 1, inState(want), other)
			if id == "by code" {
				wantRequest.Code = "aaa"
			}
			wantRequest.Admitted = "joined " + id
			if want == meet.RequestRefused {
				wantRequest.AnsweredBy, wantRequest.AnsweredAt = "cem", at(5)
			}
			wantSame(t, "request "+id, got, wantRequest)
		}
	}},
	{"ARevokedCodeTakesTheApprovalsThatWereUsedWithIt", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"), newCode("bbb", "host"))
		b.ask(newRequest("waiting", 1))
		for _, id := range []string{"not used yet", "used before", "used with bbb last", "used after"} {
			b.ask(newRequest(id, 1, inState(meet.RequestApproved)))
		}
		use := func(id, code string) {
			t.Helper()
			join := byCode(id+" "+code, code)
			join.RequestID = id
			b.join(join)
		}
		use("used before", "bbb")
		use("used before", "aaa")
		use("used before", "")
		use("used with bbb last", "aaa")
		use("used with bbb last", "bbb")
		b.revoke(meet.Revocation{Code: "aaa", At: at(2), By: "ann"})
		use("used after", "aaa")
		_, err := b.UpdateJoinRequest(t.Context(), "waiting", func(r *meet.JoinRequest, _ meet.Room) error {
			r.State = meet.RequestApproved
			return nil
		}, nil)
		wantErr(t, "UpdateJoinRequest", err, nil)
		approved := meet.RequestQuery{RoomID: "id-room", State: meet.RequestApproved, Opening: 1, Limit: 10}
		wantSame(t, "approved", b.asking(approved), []string{"not used yet", "used after", "used with bbb last", "waiting"})
		b.revoke(meet.Revocation{Code: "aaa", At: at(3), By: "ann"})
		wantSame(t, "approved after another", b.asking(approved), []string{"not used yet", "used with bbb last", "waiting"})
	}},
	{"EveryRevocationOfACodeCounts", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		all := []string{"one", "two", "three"}
		for i, identity := range all {
			b.join(byCode(identity, "aaa"))
			b.revoke(meet.Revocation{Code: "aaa", At: at(i + 1), By: "ann"})
		}
		b.join(byCode("four", "aaa"))
		wantSame(t, "revoked", b.revoked(append(all, "four")...), []string{"one 1s", "two 2s", "three 3s"})
	}},
	{"AnApprovalTakesAllItsJoinsWithIt", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		for _, id := range []string{"eve's", "bob's"} {
			b.ask(newRequest(id, 1, inState(meet.RequestApproved)))
		}
		for identity, id := range map[string]string{"eve 1": "eve's", "eve 2": "eve's", "bob": "bob's", "carol": ""} {
			join := byCode(identity, "")
			join.RequestID = id
			b.join(join)
		}
		b.revoke(meet.Revocation{Identities: []string{"eve 1"}, At: at(5), By: "cem"})
		wantSame(t, "revoked", b.revoked("eve 1", "eve 2", "bob", "carol"), []string{"eve 1 5s", "eve 2 5s"})
	}},
	{"ACodeChangesTogetherWithItsRevocation", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		b.join(byCode("one", "aaa"))
		r := meet.Revocation{RoomID: "id-room", Code: "aaa", At: at(4), By: "ann"}
		_, err := b.UpdateCode(t.Context(), "aaa", func(*meet.RoomCode) error { return errRefused }, &r,
			about(meet.CodeUpdated, "aaa"))
		wantErr(t, "UpdateCode", err, errRefused)
		wantSame(t, "after a refused change", b.revoked("one"), []string{})
		code, err := b.UpdateCode(t.Context(), "aaa", func(c *meet.RoomCode) error { c.Enabled = false; return nil }, &r,
			about(meet.CodeUpdated, "aaa"))
		wantErr(t, "UpdateCode", err, nil)
		wantSame(t, "enabled", code.Enabled, false)
		wantSame(t, "revoked", b.revoked("one"), []string{"one 4s"})
		wantSame(t, "lines", len(b.events(meet.EventQuery{})), 1)
	}},
	{"AFailedRevocationLeavesNothing", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		b.ask(newRequest("asked", 1, inState(meet.RequestApproved)))
		join := byCode("one", "aaa")
		join.RequestID = "asked"
		b.join(join)
		block := newBlock("one", func(b *meet.Block) { b.RoomID = "nowhere" })
		err := b.RevokeAdmissions(t.Context(), meet.Revocation{RoomID: "id-room", Identities: []string{"one"}, At: at(2),
			By: "ann", Block: &block}, nil)
		failIf(t, err == nil, "somebody was blocked from a room that is not there")
		wantSame(t, "revoked", b.revoked("one"), []string{})
		request, err := b.JoinRequest(t.Context(), "asked")
		wantErr(t, "JoinRequest", err, nil)
		wantSame(t, "approval", request.State, meet.RequestApproved)
	}},
	{"AKickIsOnRecordEvenOfWhoHasNoJoin", func(t *testing.T, b testStore) { // nor need a repetition be quiet
		b.create(newRoom("room"))
		err := b.RevokeAdmissions(t.Context(), meet.Revocation{RoomID: "id-room", Identities: []string{"recorder"}, At: at(2),
			By: "ann"}, about(meet.Kicked, "recorder"))
		wantErr(t, "RevokeJoins", err, nil)
		wantSame(t, "lines", b.targets(), []string{"recorder"})
	}},
}

var blockTests = []test{
	{"BlocksComeBackAsTheyWereOldestFirst", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.create(newRoom("other"))
		wantSame(t, "at first", b.blocks("id-room"), []meet.Block(nil))
		want := []meet.Block{newBlock("z", blockedAt(1)), newBlock("a", blockedAt(2)), newBlock("b", blockedAt(2)),
			{RoomID: "id-room", Identity: "bare", CreatedAt: at(3)}}
		elsewhere := newBlock("z", func(b *meet.Block) { b.RoomID = "id-other" })
		for _, block := range append([]meet.Block{elsewhere}, want[3], want[1], want[2], want[0]) {
			b.block(block)
		}
		wantSame(t, "blocks", b.blocks("id-room"), want)
		wantSame(t, "blocks elsewhere", b.blocks("id-other"), []meet.Block{elsewhere})
		wantSame(t, "blocks nowhere", b.blocks("nowhere"), []meet.Block(nil))
	}},
	{"TheNewerBlockOfAnIdentityCounts", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.block(newBlock("one"))
		want := meet.Block{RoomID: "id-room", Identity: "one", Subject: "s", UserID: "u", Code: "c", Name: "N",
			Reason: "again", BlockedBy: "cem", CreatedAt: at(9)}
		b.block(want)
		wantSame(t, "blocks", b.blocks("id-room"), []meet.Block{want})
	}},
	{"ABlockIsMadeWithTheRevocation", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.join(byCode("one", ""))
		block := newBlock("one")
		b.revoke(meet.Revocation{Identities: []string{"one"}, At: at(2), By: "ann", Block: &block})
		wantSame(t, "revoked", b.revoked("one"), []string{"one 2s"})
		wantSame(t, "blocks", b.blocks("id-room"), []meet.Block{block})
	}},
	{"ARoomSaysWhetherAnybodyIsBlocked", func(t *testing.T, b testStore) {
		b.create(newRoom("other"))
		b.block(newBlock("x", func(b *meet.Block) { b.RoomID = "id-other" }))
		b.create(newRoom("room"), newCode("aaa", "guest"))
		b.join(byCode("in", "aaa"))
		check := func(doing string, want bool) {
			t.Helper()
			_, byCode, _ := b.CodeAndRoom(t.Context(), "aaa")
			_, byAdmission, _ := b.Admission(t.Context(), "in")
			byName, _ := b.RoomByName(t.Context(), "room")
			updated := b.update("id-room", func(*meet.Room) {})
			for i, room := range []meet.Room{b.room("id-room"), b.room("id-room"), byName, byCode, byAdmission, updated} {
				failIf(t, room.HasBlocks != want, "%s, read %d: HasBlocks is %v", doing, i, room.HasBlocks)
			}
		}
		check("at first", false)
		b.block(newBlock("one"))
		check("after a block", true)
		wantErr(t, "Unblock", b.Unblock(t.Context(), "id-room", "one", nil), nil)
		check("when it is lifted", false)
	}},
	{"UnblockLiftsOneBlock", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.create(newRoom("other"))
		b.join(byCode("one", ""))
		b.revoke(meet.Revocation{Identities: []string{"one"}, At: at(2), By: "ann"})
		b.block(newBlock("one"))
		b.block(newBlock("two"))
		for _, none := range [][2]string{{"id-other", "one"}, {"nowhere", "one"}, {"id-room", "nobody"}, {"id-room", ""}} {
			wantErr(t, "Unblock", b.Unblock(t.Context(), none[0], none[1], nil), meet.ErrNotFound)
		}
		wantErr(t, "Unblock", b.Unblock(t.Context(), "id-room", "one", nil), nil)
		wantSame(t, "blocks", b.blocks("id-room"), []meet.Block{newBlock("two")})
		wantErr(t, "Unblock again", b.Unblock(t.Context(), "id-room", "one", nil), meet.ErrNotFound)
		wantSame(t, "revoked", b.revoked("one"), []string{"one 2s"}) // the tokens stay dead
	}},
	{"TheNextJoinSeesABlock", func(t *testing.T, b testStore) {
		b.create(newRoom("other"))
		b.create(newRoom("room"), newCode("aaa", "guest"))
		b.block(newBlock("x", func(b *meet.Block) { b.RoomID = "id-other" }))
		for i, code := range []string{"aaa", ""} {
			n := string(rune('0' + i))
			wantSame(t, "before", b.seenBlocks(byCode("before "+n, code)), []meet.Block(nil))
			b.block(newBlock("one"))
			wantSame(t, "after", b.seenBlocks(byCode("after "+n, code)), []meet.Block{newBlock("one")})
			b.block(newBlock("two", blockedAt(4)))
			wantSame(t, "after another", b.seenBlocks(byCode("later "+n, code)),
				[]meet.Block{newBlock("one"), newBlock("two", blockedAt(4))})
			for _, identity := range []string{"one", "two"} {
				wantErr(t, "Unblock", b.Unblock(t.Context(), "id-room", identity, nil), nil)
			}
			wantSame(t, "lifted", b.seenBlocks(byCode("at last "+n, code)), []meet.Block(nil))
		}
	}},
	{"NobodySlipsInAfterABlock", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		var after []string // joins that began when the block had been answered for
		wantAllDone(t, "operation", 8, func(ctx context.Context, i int) error {
			if i == 0 {
				block := newBlock("one")
				if err := b.RevokeAdmissions(ctx, meet.Revocation{RoomID: "id-room", At: noon, By: "ann", Block: &block},
					nil); err != nil {
					return err
				}
				for k := range 20 {
					if b.admit(ctx, byCode(numbered("after", k), "aaa"), ifNobodyIsBlocked) == nil {
						after = append(after, numbered("after", k))
					}
				}
				return nil
			}
			for k := range 20 {
				if err := b.admit(ctx, byCode(numbered("guest", i*100+k), "aaa"), ifNobodyIsBlocked); err != nil &&
					err != errRefused { //nolint:errorlint // as it is
					return err
				}
			}
			return nil
		})
		wantSame(t, "who came after the block", after, []string(nil))
	}},
}

func ifNobodyIsBlocked(door meet.JoinContext) error {
	if len(door.Blocks) > 0 {
		return errRefused
	}
	return nil
}
