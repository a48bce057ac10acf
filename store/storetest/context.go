package storetest

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"roomkey/meet"
)

var contextTests = []test{
	{"EveryMethodIsCalled", func(t *testing.T, b bed) {
		called := map[string]bool{"Subscribe": true} // which waits for nothing
		for _, call := range calls(b) {
			name, _, _ := strings.Cut(call.name, " ")
			called[name] = true
		}
		for method := range reflect.TypeFor[meet.Store]().Methods() {
			if !called[method.Name] {
				t.Errorf("calls has no %s", method.Name)
			}
		}
	}},
	{"NobodyWaitsNothingHappens", func(t *testing.T, b bed) {
		room := b.create(newRoom("room", expiresAt(at(1))), newCode("aaa", "host", limited(9)))
		b.create(newRoom("over", ended))
		code := b.code("aaa")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, call := range calls(b) {
			wantErr(t, call.name, call.do(ctx), context.Canceled)
		}
		wantSame(t, "room", b.room(room.ID), room)
		wantSame(t, "code", b.code("aaa"), code)
		wantSame(t, "uncleared", b.uncleared(10), []string{"id-over"})
		wantSame(t, "lines", b.targets(), []string{})
		wantSame(t, "blocks", b.blocks(room.ID), []meet.Block(nil))
		wantSame(t, "presences", b.onRecord("s"), []string{})
		_, err := b.RoomByName(t.Context(), "late")
		wantErr(t, "RoomByName", err, meet.ErrNotFound)
	}},
	{"ACallAfterACancelledOneWorks", func(t *testing.T, b bed) {
		b.create(newRoom("room", expiresAt(at(1))), newCode("aaa", "host", limited(9)))
		for _, call := range calls(b) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_ = call.do(ctx)
			wantErr(t, call.name, call.do(t.Context()), nil)
		}
	}},
}

type call struct {
	name string
	do   func(ctx context.Context) error
}

// calls is every method with arguments that succeed in a store which holds
// the active id-room, due at(1), with the host's code aaa, which has a limit.
// They are called in this order.
func calls(s meet.Store) []call {
	return []call{
		{"Ping", s.Ping},
		{"CreateRoom", func(ctx context.Context) error { return s.CreateRoom(ctx, newRoom("late"), nil, nil) }},
		{"RoomByID", func(ctx context.Context) error { _, err := s.RoomByID(ctx, "id-room"); return err }},
		{"RoomByName", func(ctx context.Context) error { _, err := s.RoomByName(ctx, "room"); return err }},
		{"NameTaken", func(ctx context.Context) error { _, err := s.NameTaken(ctx, "room", noon); return err }},
		{"Rooms", func(ctx context.Context) error {
			_, err := s.Rooms(ctx, meet.RoomQuery{All: true, Now: noon, Limit: 10})
			return err
		}},
		{"Rooms in no scope", func(ctx context.Context) error { _, err := s.Rooms(ctx, meet.RoomQuery{Limit: 10}); return err }},
		{"UpdateRoom", func(ctx context.Context) error {
			_, err := s.UpdateRoom(ctx, "id-room", func(r *meet.Room) error { r.MaxParticipants = 7; return nil }, nil)
			return err
		}},
		{"AddAdmission", func(ctx context.Context) error {
			_, err := s.AddAdmission(ctx, byCode("one", "aaa"), tokenDies, welcome, nil)
			return err
		}},
		{"PendingUses", func(ctx context.Context) error { _, err := s.PendingUses(ctx, noon, 10); return err }},
		{"EndPending", func(ctx context.Context) error { return s.EndPending(ctx, "one", noon) }},
		{"ReturnUse", func(ctx context.Context) error { return s.ReturnUse(ctx, "one", about(meet.UseReturned, "")) }},
		{"KeepUse", func(ctx context.Context) error { return s.KeepUse(ctx, "nobody") }},
		{"EnsureCodes", func(ctx context.Context) error {
			_, err := s.EnsureCodes(ctx, "id-room", []meet.RoomCode{newCode("bbb", "guest")}, allRoles, noon, nil)
			return err
		}},
		{"Codes", func(ctx context.Context) error {
			_, err := s.Codes(ctx, meet.CodeQuery{RoomID: "id-room", Limit: 10})
			return err
		}},
		{"CodeAndRoom", func(ctx context.Context) error { _, _, err := s.CodeAndRoom(ctx, "aaa"); return err }},
		{"UpdateCode", func(ctx context.Context) error {
			_, err := s.UpdateCode(ctx, "aaa", func(c *meet.RoomCode) error { c.Enabled = false; return nil }, nil, nil)
			return err
		}},
		{"ReplaceCode", func(ctx context.Context) error {
			_, err := s.ReplaceCode(ctx, "aaa", "ccc", noon, func(meet.RoomCode) error { return nil }, nil)
			return err
		}},
		{"ExpireRooms", func(ctx context.Context) error { _, err := s.ExpireRooms(ctx, at(1), 10, noLine); return err }},
		{"Admission", func(ctx context.Context) error { _, err := s.Admission(ctx, "one"); return err }},
		{"RevokeAdmissions", func(ctx context.Context) error {
			block := newBlock("nobody")
			return s.RevokeAdmissions(ctx, meet.Revocation{RoomID: "id-room", Identities: []string{"nobody"}, Code: "aaa", At: noon, Block: &block}, about(meet.Kicked, ""))
		}},
		{"Blocks", func(ctx context.Context) error { _, err := s.Blocks(ctx, "id-room"); return err }},
		{"Unblock", func(ctx context.Context) error { return s.Unblock(ctx, "id-room", "nobody", about(meet.Unblocked, "")) }},
		{"LockAdmissions", func(ctx context.Context) error {
			_, err := s.LockAdmissions(ctx, "id-room", []string{"one"}, mic, true, about(meet.Locked, ""))
			return err
		}},
		{"LockForAll", func(ctx context.Context) error {
			_, _, err := s.LockForAll(ctx, "id-room", mic, true, about(meet.Locked, ""))
			return err
		}},
		{"LockedIn", func(ctx context.Context) error { _, err := s.LockedIn(ctx, "id-room", mic); return err }},
		{"SavePresence", func(ctx context.Context) error {
			return s.SavePresence(ctx, connected("s"), about(meet.Joined, ""), nil)
		}},
		{"HasPresence", func(ctx context.Context) error { _, err := s.HasPresence(ctx, "s"); return err }},
		{"WasInside", func(ctx context.Context) error { _, err := s.WasInside(ctx, "ann_1", noon); return err }},
		{"OpenPresences", func(ctx context.Context) error { _, err := s.OpenPresences(ctx, ""); return err }},
		{"AddEvent", func(ctx context.Context) error { return s.AddEvent(ctx, about(meet.RoomCleared, "")) }},
		{"Events", func(ctx context.Context) error { _, err := s.Events(ctx, meet.EventQuery{Limit: 10}); return err }},
		{"Events of a room", func(ctx context.Context) error {
			_, err := s.Events(ctx, meet.EventQuery{RoomID: "id-room", Limit: 10})
			return err
		}},
		{"SetOutcome", func(ctx context.Context) error { return s.SetOutcome(ctx, 1, meet.OutcomeIncomplete) }},
		{"AddJoinRequest", func(ctx context.Context) error {
			count := func(meet.Room, meet.RequestCount) error { return nil }
			r := newRequest("late", 0, func(r *meet.JoinRequest) { r.Subject = "eve" })
			return s.AddJoinRequest(ctx, r, time.Time{}, count, about(meet.Requested, ""))
		}},
		{"JoinRequest", func(ctx context.Context) error { _, err := s.JoinRequest(ctx, "late"); return err }},
		{"JoinRequestBySubject", func(ctx context.Context) error {
			_, err := s.JoinRequestBySubject(ctx, "id-room", "eve", "e", "guest")
			return err
		}},
		{"JoinRequests", func(ctx context.Context) error {
			_, err := s.JoinRequests(ctx, meet.RequestQuery{RoomID: "id-room", State: meet.RequestWaiting, Limit: 10})
			return err
		}},
		{"UpdateJoinRequest", func(ctx context.Context) error {
			change := func(r *meet.JoinRequest, _ meet.Room) error { r.State = meet.RequestApproved; return nil }
			_, err := s.UpdateJoinRequest(ctx, "late", change, about(meet.Approved, ""))
			return err
		}},
		{"ForgetJoinRequests", func(ctx context.Context) error { return s.ForgetJoinRequests(ctx, at(1e6), 10) }},
		{"DropJoinRequests", func(ctx context.Context) error { return s.DropJoinRequests(ctx, []string{"none"}) }},
		{"NameHolder", func(ctx context.Context) error {
			_, _, err := s.NameHolder(ctx, "room", time.Time{}) // expired by now
			return err
		}},
		{"ActiveRooms", func(ctx context.Context) error { _, err := s.ActiveRooms(ctx, "ann", noon, 10); return err }},
		{"Forget", func(ctx context.Context) error { _, err := s.Forget(ctx, at(1e6), at(1e6), 10); return err }},
		{"ForgetNames", func(ctx context.Context) error { return s.ForgetNames(ctx, at(1e6), 10) }},
		{"UnclearedRooms", func(ctx context.Context) error { _, err := s.UnclearedRooms(ctx, 10); return err }},
		{"SetCleared", func(ctx context.Context) error { _, err := s.SetCleared(ctx, "id-over", true); return err }},
	}
}
