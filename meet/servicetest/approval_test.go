package servicetest

import (
	"fmt"
	"sync"
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// exchangeFrom goes on with a request from an address, and may show a join token.
func exchangeFrom(t *testing.T, s *System, address string, code meet.RoomCode, id, joinToken string) meet.JoinResult {
	t.Helper()
	a, err := s.Exchange(t.Context(), address, meet.JoinCall{Code: &code.Code, Name: "Eve", RequestID: id,
		JoinToken: joinToken})
	wantCode(t, "exchange from "+address, err, "")
	return a
}

// The id of a request lets in one person, however many show it at once and from
// wherever. All others wait like anybody else.
func TestOneApprovalLetsInOnePerson(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	id := exchangeFrom(t, s, "192.0.2.1", code, "", "").RequestID
	answer(t, s, room, id, true)
	var (
		all      sync.WaitGroup
		mu       sync.Mutex
		admitted []meet.JoinResult
	)
	const many = 20
	for i := range many {
		all.Go(func() {
			a := exchangeFrom(t, s, fmt.Sprintf("198.51.100.%d", i), code, id, "")
			mu.Lock()
			defer mu.Unlock()
			if !a.Waiting {
				admitted = append(admitted, a)
			} else if a.RequestID == id {
				t.Error("somebody waits by a request that was approved")
			}
		})
	}
	all.Wait()
	if len(admitted) != 1 {
		t.Fatalf("%d of %d were admitted; want one", len(admitted), many)
	}
	if n := len(waitingNow(t, s, room)); n != many-1 {
		t.Errorf("%d wait; want %d", n, many-1)
	}
	if c, _, err := s.Codes(t.Context(), Ada, room.ID, meet.CodeFilter{}); err != nil || c[0].Uses != 1 {
		t.Errorf("codes = %+v, %v; want one use", c, err)
	}
}

// Who was let in comes back as who they were: from where they asked, or with the
// token they got, from wherever. The token of another proves nothing.
func TestComingBackByAnApproval(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	const home, elsewhere = "192.0.2.1", "198.51.100.1"
	enter := func(address string) (string, meet.JoinResult) {
		t.Helper()
		id := exchangeFrom(t, s, address, code, "", "").RequestID
		answer(t, s, room, id, true)
		return id, exchangeFrom(t, s, address, code, id, "")
	}
	id, first := enter(home)
	_, other := enter("203.0.113.1")
	person := s.EnterWith(t, first)
	s.Clock.Advance(2 * meet.TokenLifetime) // a token proves who they are also when its time is over
	for what, again := range map[string]meet.JoinResult{
		"from the same address": exchangeFrom(t, s, home, code, id, ""),
		"with the token":        exchangeFrom(t, s, elsewhere, code, id, first.Token),
		"with both":             exchangeFrom(t, s, home, code, id, first.Token),
	} {
		if again.Waiting || again.Identity != first.Identity {
			t.Errorf("%s: %+v; want %s let in again", what, again, first.Identity)
		}
	}
	for what, again := range map[string]meet.JoinResult{
		"from elsewhere":               exchangeFrom(t, s, elsewhere, code, id, ""),
		"with the token of another":    exchangeFrom(t, s, elsewhere, code, id, other.Token),
		"from home, but as another":    exchangeFrom(t, s, home, code, id, other.Token),
		"with what is no token":        exchangeFrom(t, s, elsewhere, code, id, "eyJ.a.b"),
		"with no request, but a token": exchangeFrom(t, s, elsewhere, code, "", first.Token),
	} {
		if !again.Waiting || again.RequestID == id {
			t.Errorf("%s: %+v; want a new request", what, again)
		}
	}
	if _, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: person.Identity()}); err != nil {
		t.Fatal(err)
	}
	_, err := s.Exchange(t.Context(), home, meet.JoinCall{Code: &code.Code, Name: "Eve", RequestID: id,
		JoinToken: first.Token})
	wantCode(t, "after a kick", err, meet.CodeForbidden)
}

// Coming back by an approval leaves a line in the audit trail each time, so it
// is bounded like any other join.
func TestComingBackByAnApprovalIsBounded(t *testing.T) {
	t.Parallel()
	s, stopped := newLimited(t, meet.Limits{JoinsPerAddress: 4})
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	const home = "192.0.2.1"
	id := exchangeFrom(t, s, home, code, "", "").RequestID
	answer(t, s, room, id, true)
	for range 3 {
		exchangeFrom(t, s, home, code, id, "")
	}
	_, err := s.Exchange(t.Context(), home, meet.JoinCall{Code: &code.Code, Name: "Eve", RequestID: id})
	wantCode(t, "once more", err, meet.CodeRateLimited)
	if stopped.count("joins_per_address") != 1 {
		t.Error("the limit did not count whom it stopped")
	}
}

// In a full room there is a place for those alone who have it already.
func TestComingBackToAFullRoom(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{MaxParticipants: Of(1)})
	const home = "192.0.2.1"
	id := exchangeFrom(t, s, home, code, "", "").RequestID
	answer(t, s, room, id, true)
	eve := s.EnterWith(t, exchangeFrom(t, s, home, code, id, ""))
	exchangeFrom(t, s, home, code, id, "")
	eve.Leave()
	livekittest.Wait(t, "the place to be free", func() bool {
		people, err := s.Media.Participants(t.Context(), room.ID)
		return err == nil && len(people) == 0
	})
	s.Enter(t, Ada, room)
	_, err := s.Exchange(t.Context(), home, meet.JoinCall{Code: &code.Code, Name: "Eve", RequestID: id})
	wantCode(t, "back when another has the place", err, meet.CodeConflict)
}
