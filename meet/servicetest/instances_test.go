package servicetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// What is told to one instance holds at the others at once, whatever they have
// remembered.
func TestWhatOneInstanceDoesHoldsAtTheOthers(t *testing.T) {
	t.Parallel()
	all := Instances(t, 2)
	a, b := all[0], all[1]
	room := a.NewRoom(t, meet.RoomChange{})
	code := a.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	for range 2 {
		mustRedeem(t, b, code.Code) // so that b remembers room and code
	}
	next, _, err := a.RotateCode(t.Context(), Ada, code.Code, false)
	wantCode(t, "rotate", err, "")
	_, err = redeem(t, b, code.Code)
	wantCode(t, "redeem a rotated code", err, meet.CodeNotFound)
	mustRedeem(t, b, next.Code)

	_, err = a.UpdateCode(t.Context(), Ada, next.Code, meet.CodeChange{Enabled: Of(false)}, false)
	wantCode(t, "disable", err, "")
	_, err = redeem(t, b, next.Code)
	wantCode(t, "redeem a disabled code", err, meet.CodeNotFound)

	_, _, err = b.EndRoom(t.Context(), Ada, room.ID, room.Name)
	wantCode(t, "end", err, "")
	_, err = a.Join(t.Context(), Bob, meet.JoinCall{RoomID: &room.ID})
	wantCode(t, "join a room that has ended", err, meet.CodeGone)
}

// A person who is removed at one instance stays out, whichever instance hears of their return.
func TestAKickHoldsAtEveryInstance(t *testing.T) {
	t.Parallel()
	all := Instances(t, 3)
	room := all[0].NewRoom(t, meet.RoomChange{})
	admission := all[1].Admit(t, Bob, room)
	all[2].EnterWith(t, admission)
	_, err := all[0].Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: admission.Identity})
	wantCode(t, "kick", err, "")
	for i, hears := range []func(*System, meet.Participant) error{
		func(s *System, p meet.Participant) error {
			return s.HandleMediaEvent(t.Context(), meet.MediaEvent{ID: "back", Kind: meet.MediaParticipantJoined,
				RoomID: room.ID, RoomSID: "RM_1", At: time.Now(), Participant: p})
		},
		func(s *System, _ meet.Participant) error { return s.Reconcile(t.Context()) },
	} {
		back, err := livekittest.TryJoin(t, all[0].URL, admission.Token) // LiveKit alone lets them in
		if err != nil {
			t.Fatal(err)
		}
		people, err := all[0].Media.Participants(t.Context(), room.ID)
		if err != nil || len(people) != 1 {
			t.Fatalf("people inside: %v, %v; want one", people, err)
		}
		wantCode(t, "hear of the return", hears(all[1+i], people[0]), "")
		back.WaitDisconnected()
	}
	// The use and the line are there once for each time.
	if n := countEvents(t, all[0], room, meet.Removed); n != 2 {
		t.Errorf("%d lines about the removal, want 2", n)
	}
}

// Who waits at one instance is let in at another. Without being woken they would
// wait for the minute that they asked for, and be told to go on waiting.
func TestWaitingEndsByAnotherInstance(t *testing.T) {
	t.Parallel()
	all := Instances(t, 2)
	waits, acts := all[0], all[1]
	for name, c := range map[string]struct {
		happens func(room meet.Room, code meet.RoomCode, id string)
		want    meet.ErrorCode
	}{
		"approved": {func(room meet.Room, _ meet.RoomCode, id string) { answer(t, acts, room, id, true) }, ""},
		"refused": {func(room meet.Room, _ meet.RoomCode, id string) { answer(t, acts, room, id, false) },
			meet.CodeForbidden},
		"rotated": {func(_ meet.Room, code meet.RoomCode, _ string) {
			_, _, err := acts.RotateCode(t.Context(), Ada, code.Code, false)
			wantCode(t, "rotate", err, "")
		}, meet.CodeNotFound},
		"ended": {func(room meet.Room, _ meet.RoomCode, _ string) {
			_, _, err := acts.EndRoom(t.Context(), Ada, room.ID, room.Name)
			wantCode(t, "end", err, "")
		}, meet.CodeNotFound},
	} {
		room, code := roomWithApproval(t, waits, meet.RoomChange{})
		id := askToJoin(t, waits, code, "").RequestID
		var result meet.JoinResult
		ended := make(chan error, 1)
		go func() {
			var err error
			result, err = waits.Exchange(t.Context(), "192.0.2.1",
				meet.JoinCall{Code: &code.Code, RequestID: id, Wait: time.Minute})
			ended <- err
		}()
		livekittest.Wait(t, "the call to wait", func() bool { return waits.Waiters(room.ID) == 1 })
		c.happens(room, code, id)
		began := time.Now()
		wantCode(t, name, <-ended, c.want)
		if c.want == "" && result.Token == "" {
			t.Errorf("%s: got %+v; want a token", name, result)
		}
		t.Logf("%s: the call at the other instance was answered after %v", name, time.Since(began))
	}
}

// Three instances give no more than one would: neither uses nor guesses.
func TestInstancesShareWhatIsLimited(t *testing.T) {
	t.Parallel()
	all := Instances(t, 3)
	room := all[0].NewRoom(t, meet.RoomChange{})
	code := all[0].NewCode(t, room, meet.RoleGuest, meet.CodeChange{MaxUses: Of(5)})
	var in atomic.Int32
	var wg sync.WaitGroup
	for i := range 18 {
		wg.Go(func() {
			_, err := all[i%3].Exchange(t.Context(), fmt.Sprint("198.51.100.", i), meet.JoinCall{Code: &code.Code, Name: "Bob"})
			if err == nil {
				in.Add(1)
			}
		})
	}
	wg.Wait()
	if in.Load() != 5 {
		t.Errorf("%d came in by a code for five", in.Load())
	}

	from := func(s *System, code string) error {
		_, err := s.Exchange(t.Context(), "192.0.2.77", meet.JoinCall{Code: &code, Name: "Eve"})
		return err
	}
	for i := range 10 {
		wantCode(t, "a wrong code", from(all[i%3], fmt.Sprintf("aaaaaaaaa%c", 'a'+i)), meet.CodeNotFound)
	}
	open := all[0].NewCode(t, room, meet.RoleViewer, meet.CodeChange{}) // at one instance nobody has guessed ten times
	for i, s := range all {
		livekittest.Wait(t, fmt.Sprint("instance ", i, " to refuse who has guessed"), func() bool {
			return meet.IsCode(from(s, open.Code), meet.CodeRateLimited)
		})
		wantCode(t, "somebody else", errOf(redeem(t, s, open.Code)), "")
	}
}

func errOf(_ meet.JoinResult, err error) error { return err }

// Rates are told a little later: of what one instance has let through, another one
// lets through no second time.
func TestInstancesShareRates(t *testing.T) {
	t.Parallel()
	const most = 100
	all := Instances(t, 2, func(c *meet.Config) { c.Limits = &meet.Limits{ChangesPerUser: most} })
	room := all[0].NewRoom(t, meet.RoomChange{})
	change := func(s *System) error {
		_, err := s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{MaxParticipants: Of(7)}, false)
		return err
	}
	for range most {
		wantCode(t, "change", change(all[0]), "")
	}
	wantCode(t, "announce", all[0].AnnounceCounts(t.Context()), "")
	let := 0
	livekittest.Wait(t, "the other instance to refuse", func() bool {
		err := change(all[1])
		if err == nil {
			let++
		}
		return meet.IsCode(err, meet.CodeRateLimited)
	})
	if let >= most {
		t.Errorf("the other instance let %d through, as if it had heard of none", let)
	}
}

// LiveKit may tell several instances of the same event, at the same time.
func TestInstancesHandleAnEventOnce(t *testing.T) {
	t.Parallel()
	all := Instances(t, 3)
	room := all[0].NewRoom(t, meet.RoomChange{})
	code := all[0].NewCode(t, room, meet.RoleGuest, meet.CodeChange{MaxUses: Of(9)})
	tell := func(event meet.MediaEvent) {
		t.Helper()
		var wg sync.WaitGroup
		for _, s := range all {
			wg.Go(func() {
				if err := s.HandleMediaEvent(t.Context(), event); err != nil && !errors.Is(err, meet.ErrRepeated) {
					t.Errorf("%s: %v", event.Kind, err)
				}
			})
		}
		wg.Wait()
	}
	const rounds = 5
	for i := range rounds {
		identity := mustRedeem(t, all[i%3], code.Code).Identity
		event := func(kind meet.MediaEventKind) meet.MediaEvent {
			return meet.MediaEvent{ID: fmt.Sprint(kind, i), Kind: kind, RoomID: room.ID, RoomSID: "RM_1", At: time.Now(),
				Participant: meet.Participant{Identity: identity, SID: fmt.Sprint("PA_", i), JoinedAt: time.Now()}}
		}
		if i == 0 { // who never got inside gives their use back, once
			tell(event(meet.MediaConnectionAborted))
			continue
		}
		tell(event(meet.MediaParticipantJoined))
		tell(event(meet.MediaParticipantLeft))
	}
	for action, want := range map[meet.EventAction]int{
		meet.Joined: rounds - 1, meet.Left: rounds - 1, meet.Visited: 1, meet.UseReturned: 1,
	} {
		if n := countEvents(t, all[0], room, action); n != want {
			t.Errorf("%d lines %s, want %d", n, action, want)
		}
	}
	wantUses(t, all[0], room, rounds-1)
}
