package storetest

import (
	"context"
	"testing"
	"time"

	"roomkey/meet"
)

// newRequest is a join request at id-room; its times follow from seconds.
func newRequest(id string, seconds int, change ...func(*meet.JoinRequest)) meet.JoinRequest {
	r := meet.JoinRequest{ID: id, RoomID: "id-room", Caller: "address 192.0.2.1", UserID: "e", Name: "Eve", Role: "guest",
		Code:  "aaa",
		State: meet.RequestWaiting, Opening: 1, CreatedAt: at(seconds), SeenAt: at(seconds)}
	for _, c := range change {
		c(&r)
	}
	return r
}

func bySubject(subject string) func(*meet.JoinRequest) {
	return func(r *meet.JoinRequest) { r.Subject, r.Caller = subject, "subject "+subject }
}

func byWay(code string) func(*meet.JoinRequest) {
	return func(r *meet.JoinRequest) { r.Code = code }
}

func inState(state meet.RequestState) func(*meet.JoinRequest) {
	return func(r *meet.JoinRequest) { r.State = state }
}

func (b testStore) ask(r meet.JoinRequest) {
	b.t.Helper()
	if err := b.AddJoinRequest(b.t.Context(), r, time.Time{}, func(meet.Room, meet.RequestCount) error { return nil },
		nil); err != nil {
		b.t.Fatalf("AddJoinRequest(%s): %v", r.ID, err)
	}
}

func (b testStore) asking(q meet.RequestQuery) []string {
	b.t.Helper()
	requests, err := b.JoinRequests(b.t.Context(), q)
	if err != nil {
		b.t.Fatalf("JoinRequests(%+v): %v", q, err)
	}
	return names(requests, func(r meet.JoinRequest) string { return r.ID })
}

var requestTests = []test{
	{"ARequestIsKeptAsItWas", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		want := newRequest("one", 1, bySubject("bob"))
		b.ask(want)
		got, err := b.JoinRequest(t.Context(), "one")
		wantErr(t, "JoinRequest", err, nil)
		wantSame(t, "request", got, want)
		got, err = b.JoinRequestBySubject(t.Context(), "id-room", "bob", "e", "guest")
		wantErr(t, "JoinRequestBySubject", err, nil)
		wantSame(t, "request by subject", got, want)
	}},
	{"CheckSeesTheRoomAndHowManyWait", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"), newCode("bbb", "host"))
		b.create(newRoom("other"))
		b.ask(newRequest("in the opening before", 30))
		room := b.nextOpening("id-room")
		b.ask(newRequest("by another code", 21, inState(meet.RequestWaiting), byWay("bbb")))
		b.ask(newRequest("by name", 21, bySubject("carl"), byWay("")))
		b.ask(newRequest("forgotten", 11, func(r *meet.JoinRequest) { r.SeenAt = at(20) }))
		b.ask(newRequest("approved", 21, inState(meet.RequestApproved)))
		b.ask(newRequest("mine", 21))
		b.ask(newRequest("mine, refused", 21, inState(meet.RequestRefused)))
		b.ask(newRequest("another's", 21, bySubject("bob")))
		b.ask(newRequest("elsewhere", 21, func(r *meet.JoinRequest) { r.RoomID = "id-other" }))
		called := false
		err := b.AddJoinRequest(t.Context(), newRequest("new", 22), at(20), func(r meet.Room, n meet.RequestCount) error {
			called = true
			wantSame(t, "room", r, room)
			wantSame(t, "count", n, meet.RequestCount{Waiting: 4, Code: 2, Caller: 3})
			return errRefused
		}, nil)
		wantAsItIs(t, err, errRefused)
		failIf(t, !called, "check was not called")
		_, err = b.JoinRequest(t.Context(), "new")
		wantErr(t, "a refused request", err, meet.ErrNotFound)
	}},
	{"WhoseCodeIsNoMoreDoesNotCount", func(t *testing.T, b testStore) {
		codes := []meet.RoomCode{newCode("open", "guest"), newCode("disabled", "guest", label("1"), disabled),
			newCode("retired", "guest", label("2")),
			newCode("expired", "guest", label("3"), func(c *meet.RoomCode) { c.ExpiresAt = at(2) }),
			newCode("expires", "guest", label("4"), func(c *meet.RoomCode) { c.ExpiresAt = at(2).Add(time.Millisecond) }),
			newCode("used up", "guest", label("5"), func(c *meet.RoomCode) { c.MaxUses, c.Uses = 2, 2 }),
			newCode("not used up", "guest", label("6"), func(c *meet.RoomCode) { c.MaxUses, c.Uses = 2, 1 })}
		b.create(newRoom("room"), codes...)
		b.replace("retired", "fresh", at(1))
		for _, code := range append(codes, meet.RoomCode{Code: "unknown"}, meet.RoomCode{Code: ""}) {
			b.ask(newRequest("by "+code.Code, 1, byWay(code.Code)))
		}
		open := []string{"by ", "by expires", "by not used up", "by open"}
		q := meet.RequestQuery{RoomID: "id-room", State: meet.RequestWaiting, Opening: 1, OpenAt: at(2), Limit: 4}
		wantSame(t, "listed", b.asking(q), open)
		_ = b.AddJoinRequest(t.Context(), newRequest("new", 2, byWay("expires")), time.Time{},
			func(_ meet.Room, n meet.RequestCount) error {
				wantSame(t, "count", n, meet.RequestCount{Waiting: 4, Code: 1, Caller: 4})
				return errRefused
			}, nil)
	}},
	{"DroppedRequestsAreGone", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		for _, id := range []string{"a", "b", "c"} {
			b.ask(newRequest(id, 1))
		}
		wantErr(t, "DropJoinRequests", b.DropJoinRequests(t.Context(), []string{"a", "none", "c"}), nil)
		wantErr(t, "DropJoinRequests of none", b.DropJoinRequests(t.Context(), nil), nil)
		wantSame(t, "left", b.left("a", "b", "c"), []string{"b"})
	}},
	{"NoMoreThanCheckAllows", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		errs := together(t.Context(), 30, func(ctx context.Context, i int) error {
			return b.AddJoinRequest(ctx, newRequest(numbered("r", i), 1), time.Time{}, func(_ meet.Room,
				n meet.RequestCount) error {
				if n.Waiting >= 5 {
					return errRefused
				}
				return nil
			}, nil)
		})
		let := 0
		for _, err := range errs {
			if err == nil {
				let++
			}
		}
		if let != 5 || len(b.asking(meet.RequestQuery{RoomID: "id-room", State: meet.RequestWaiting, Opening: 1,
			Limit: 100})) != 5 {
			t.Errorf("%d requests were let through, want 5", let)
		}
	}},
	{"WhatIsNotThereIsNotFound", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.ask(newRequest("one", 1))
		_, err := b.JoinRequest(t.Context(), "none")
		wantErr(t, "JoinRequest", err, meet.ErrNotFound)
		for _, who := range [][3]string{{"bob", "e", "guest"}, {"", "e", "guest"}} {
			_, err = b.JoinRequestBySubject(t.Context(), "id-room", who[0], who[1], who[2])
			wantErr(t, "JoinRequestBySubject", err, meet.ErrNotFound)
		}
		err = b.AddJoinRequest(t.Context(), newRequest("two", 1, func(r *meet.JoinRequest) { r.RoomID = "nowhere" }),
			time.Time{},
			func(meet.Room, meet.RequestCount) error { t.Error("check called"); return nil }, nil)
		wantErr(t, "AddJoinRequest", err, meet.ErrNotFound)
		_, err = b.UpdateJoinRequest(t.Context(), "none", func(*meet.JoinRequest,
			meet.Room) error {
			t.Error("change called")
			return nil
		}, nil)
		wantErr(t, "UpdateJoinRequest", err, meet.ErrNotFound)
		_, _, err = b.Admission(t.Context(), "nobody")
		wantErr(t, "Join", err, meet.ErrNotFound)
	}},
	{"TheNewestOfASubjectCounts", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.ask(newRequest("old", 1, bySubject("bob")))
		b.ask(newRequest("new", 3, bySubject("bob")))
		b.ask(newRequest("for another", 4, bySubject("bob"), func(r *meet.JoinRequest) { r.UserID = "f" }))
		b.ask(newRequest("of another", 5, bySubject("carl")))
		b.ask(newRequest("in another role", 6, bySubject("bob"), func(r *meet.JoinRequest) { r.Role = "viewer" }))
		got, err := b.JoinRequestBySubject(t.Context(), "id-room", "bob", "e", "guest")
		wantErr(t, "JoinRequestBySubject", err, nil)
		wantSame(t, "id", got.ID, "new")
	}},
	{"Lists", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.create(newRoom("other"))
		for i := range 4 {
			b.ask(newRequest(numbered("r", i), 10-i))
		}
		b.ask(newRequest("approved", 1, inState(meet.RequestApproved)))
		b.ask(newRequest("elsewhere", 1, func(r *meet.JoinRequest) { r.RoomID = "id-other" }))
		b.nextOpening("id-room")
		b.ask(newRequest("in the next opening", 0))
		all := meet.RequestQuery{RoomID: "id-room", State: meet.RequestWaiting, Opening: 1, SeenAfter: at(0), Limit: 10}
		wantSame(t, "oldest first", b.asking(all), []string{"r-003", "r-002", "r-001", "r-000"})
		few := all
		few.Limit = 2
		wantSame(t, "with a limit", b.asking(few), []string{"r-003", "r-002"})
		lively := all
		lively.SeenAfter = at(9)
		wantSame(t, "seen after", b.asking(lively), []string{"r-000"})
	}},
	{"AChangeIsKept", func(t *testing.T, b testStore) {
		room := b.create(newRoom("room"))
		b.ask(newRequest("one", 1))
		b.ask(newRequest("two", 1))
		got, err := b.UpdateJoinRequest(t.Context(), "one", func(r *meet.JoinRequest, in meet.Room) error {
			wantSame(t, "room seen by change", in, room)
			r.State, r.AnsweredBy, r.AnsweredAt, r.SeenAt = meet.RequestApproved, "ann", at(5), at(4)
			r.ID, r.RoomID, r.Name, r.Opening, r.CreatedAt = "x", "y", "z", 9, at(9) // these never change
			return nil
		}, nil)
		wantErr(t, "UpdateJoinRequest", err, nil)
		want := newRequest("one", 1, inState(meet.RequestApproved))
		want.AnsweredBy, want.AnsweredAt, want.SeenAt = "ann", at(5), at(4)
		wantSame(t, "changed", got, want)
		if got, err = b.JoinRequest(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		wantSame(t, "stored", got, want)
		_, err = b.UpdateJoinRequest(t.Context(), "two", func(r *meet.JoinRequest, _ meet.Room) error {
			r.State = meet.RequestApproved
			return errRefused
		}, nil)
		wantAsItIs(t, err, errRefused)
		if got, _ = b.JoinRequest(t.Context(), "two"); got.State != meet.RequestWaiting {
			t.Errorf("a refused change took effect: %+v", got)
		}
	}},
	{"WhatGaveNoSignOfLifeIsForgotten", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.ask(newRequest("a", 1))
		b.ask(newRequest("b", 2, inState(meet.RequestRefused)))
		b.ask(newRequest("c", 1, inState(meet.RequestApproved)))
		b.ask(newRequest("d", 3))
		wantErr(t, "ForgetJoinRequests", b.ForgetJoinRequests(t.Context(), at(2), 1), nil)
		wantSame(t, "number left", len(b.left("a", "b", "c", "d")), 3)
		for range 3 {
			wantErr(t, "ForgetJoinRequests", b.ForgetJoinRequests(t.Context(), at(2), 10), nil)
		}
		wantSame(t, "left", b.left("a", "b", "c", "d"), []string{"c", "d"})
	}},
	{"AClearedRoomHasNoRequests", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.create(newRoom("other"))
		b.ask(newRequest("a", 1))
		b.ask(newRequest("b", 1, inState(meet.RequestApproved)))
		b.ask(newRequest("elsewhere", 1, func(r *meet.JoinRequest) { r.RoomID = "id-other" }))
		b.setCleared("id-room") // while it is active
		wantSame(t, "left in an active room", b.left("a", "b"), []string{"a", "b"})
		b.end("id-room")
		b.mark("id-room", false)
		wantSame(t, "left before it is cleared", b.left("a", "b"), []string{"a", "b"})
		b.setCleared("id-room")
		wantSame(t, "left", b.left("a", "b", "elsewhere"), []string{"elsewhere"})
	}},
	{"AJoinIsFoundByItsIdentity", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		for _, want := range []meet.Admission{byCode("one", "aaa"), byCode("two", "")} {
			b.join(want)
			got, _, err := b.Admission(t.Context(), want.Identity)
			wantErr(t, "Join", err, nil)
			wantSame(t, "join", got, want)
		}
	}},
}

// left gives those of the ids whose requests are still there.
func (b testStore) left(ids ...string) []string {
	b.t.Helper()
	var left []string
	for _, id := range ids {
		if _, err := b.JoinRequest(b.t.Context(), id); err == nil {
			left = append(left, id)
		}
	}
	return left
}
