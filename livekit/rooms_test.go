package livekit_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	adapter "roomkey/livekit"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// sid is LiveKit's own id of the media room, which a new one changes.
func (w testRoom) sid() string {
	w.Helper()
	c := lksdk.NewRoomServiceClient(w.url, livekittest.APIKey, livekittest.APISecret)
	resp, err := c.ListRooms(w.Context(), &livekit.ListRoomsRequest{Names: []string{w.room.ID}})
	if err != nil || len(resp.Rooms) != 1 {
		w.Fatalf("ListRooms = %v, %v, want one room", resp, err)
	}
	return resp.Rooms[0].Sid
}

func TestDeleteRoomRemovesEveryone(t *testing.T) {
	w := setup(t)
	token := w.token("a", allowAll)
	a, b := livekittest.Join(t, w.url, token), w.join("b", meet.Grants{})
	if existed, err := w.DeleteRoom(t.Context(), w.room.ID); err != nil || !existed {
		t.Fatalf("DeleteRoom = %v, %v; want that there was one", existed, err)
	}
	for _, p := range []*livekittest.Person{a, b} {
		if reason := p.WaitDisconnected(); reason != "ROOM_DELETED" {
			t.Errorf("%s was disconnected for %s", p.Identity(), reason)
		}
	}
	if existed, err := w.DeleteRoom(t.Context(), w.room.ID); err != nil || existed {
		t.Errorf("DeleteRoom of no room = %v, %v; want that there was none", existed, err)
	}

	if status := livekittest.SignallingStatus(t, w.url, token); status != http.StatusNotFound {
		t.Errorf("a good token for a deleted room got status %d, want 404", status)
	}
	counts, err := w.Counts(t.Context(), []string{w.room.ID})
	if err != nil || len(counts) != 0 {
		t.Errorf("Counts = %v, %v, want the room to be gone", counts, err)
	}
}

// LiveKit alone makes the room again here, in about one of ten tries.
func TestJoinDuringDeleteMakesNoRoom(t *testing.T) {
	w := setup(t)
	for i := range 40 {
		w.ensure()
		token := w.token(fmt.Sprint("a", i), allowAll)
		var both sync.WaitGroup
		both.Go(func() { livekittest.SignallingStatus(t, w.url, token) })
		both.Go(func() {
			time.Sleep(time.Duration(i) * 100 * time.Microsecond) // meets another moment of the join each time
			if _, err := w.DeleteRoom(t.Context(), w.room.ID); err != nil {
				t.Errorf("DeleteRoom: %v", err)
			}
		})
		both.Wait()
		if counts, err := w.Counts(t.Context(), []string{w.room.ID}); err != nil || len(counts) != 0 {
			t.Fatalf("try %d: Counts = %v, %v, want the room to be gone", i, counts, err)
		}
	}
}

func TestLimitHoldsWhenManyComeAtOnce(t *testing.T) {
	w := setup(t)
	const limit, crowd = 3, 12
	w.room.MaxParticipants = limit
	w.ensure()
	var (
		all sync.WaitGroup
		mu  sync.Mutex
		in  int
	)
	for i := range crowd {
		token := w.token(fmt.Sprint("p", i), meet.Grants{})
		all.Go(func() {
			if _, err := livekittest.TryJoin(t, w.url, token); err == nil {
				mu.Lock()
				defer mu.Unlock()
				in++
			}
		})
	}
	all.Wait()
	if in != limit || w.count() != limit {
		t.Errorf("%d of %d came in and %d are counted, want %d", in, crowd, w.count(), limit)
	}
}

func TestEnsureRoomDisturbsNobody(t *testing.T) {
	w := setup(t)
	a, b := w.join("a", allowAll), w.join("b", allowAll)
	a.PublishMicrophone()
	livekittest.Wait(t, "b to hear a", func() bool { return b.Receives("a", meet.Microphone) })
	sid, joined := w.sid(), w.participants()["a"].JoinedAt

	for _, limit := range []int{0, 2, 1, 100, 0} { // 1 is below the number of those inside
		w.room.MaxParticipants = limit
		w.ensure()
	}
	if !a.Connected() || !b.Connected() || !b.Receives("a", meet.Microphone) {
		t.Errorf("somebody was disturbed")
	}
	if w.sid() != sid || !w.participants()["a"].JoinedAt.Equal(joined) {
		t.Errorf("the media room is not the same any more")
	}
}

func TestLimitChangesWithPeopleInside(t *testing.T) {
	w := setup(t)
	n := 0
	mayCome := func(want bool) {
		t.Helper()
		n++
		_, err := livekittest.TryJoin(t, w.url, w.token(fmt.Sprint("p", n), meet.Grants{}))
		if got := err == nil; got != want {
			t.Fatalf("with limit %d and %d inside, one more came in: %v (%v), want %v", w.room.MaxParticipants,
				w.count(), got, err, want)
		}
	}
	set := func(limit int) {
		t.Helper()
		w.room.MaxParticipants = limit
		w.ensure()
	}

	set(1)
	mayCome(true)
	mayCome(false)
	set(2)
	mayCome(true)
	mayCome(false)
	set(0)
	mayCome(true)
	mayCome(true)
	set(3) // below the four inside
	mayCome(false)
	if got := w.count(); got != 4 {
		t.Fatalf("%d are inside after the limit went below them, want 4", got)
	}
	set(5)
	mayCome(true)
	mayCome(false)

	// A place becomes free, and who comes again does not need a second one.
	if err := w.Remove(t.Context(), w.room.ID, "p1"); err != nil {
		t.Fatal(err)
	}
	mayCome(true)
	mayCome(false)
	again := fmt.Sprint("p", n-1)
	livekittest.Join(t, w.url, w.token(again, meet.Grants{}))
	if got := w.count(); got != 5 {
		t.Errorf("%d are inside after one came again, want 5", got)
	}
}

func TestLimitOfARoomMadeAgain(t *testing.T) {
	w := setup(t)
	w.room.MaxParticipants = 1
	w.ensure()
	if _, err := w.DeleteRoom(t.Context(), w.room.ID); err != nil {
		t.Fatal(err)
	}
	w.room.MaxParticipants = 0
	w.ensure()
	w.join("a", meet.Grants{})
	w.join("b", meet.Grants{})
}

func TestEmptyRoomIsRenewedInTime(t *testing.T) {
	w := setup(t)
	const emptyTimeout = 5 * time.Second
	w.Server = connect(t, adapter.Config{URL: w.url, EmptyTimeout: emptyTimeout})
	if _, err := w.DeleteRoom(t.Context(), w.room.ID); err != nil {
		t.Fatal(err)
	}
	w.ensure()
	first := w.sid()
	w.ensure()
	if w.sid() != first {
		t.Fatalf("a fresh room was renewed")
	}
	made := time.Now()
	livekittest.Wait(t, "half of the time to be over", func() bool { return time.Since(made) > emptyTimeout/2 })
	w.ensure()
	second := w.sid()
	if second == first {
		t.Fatalf("the room was not renewed, so a token given now may find none")
	}

	// With somebody inside its time does not run.
	a := w.join("a", meet.Grants{})
	made = time.Now()
	livekittest.Wait(t, "all of the time to be over", func() bool { return time.Since(made) > emptyTimeout })
	w.ensure()
	if w.sid() != second || !a.Connected() {
		t.Errorf("a room with somebody inside was renewed")
	}
}
