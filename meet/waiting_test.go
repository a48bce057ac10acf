package meet

import "testing"

func TestWhomAnEventConcerns(t *testing.T) {
	t.Parallel()
	host := waiter{room: "r", identity: "host_1"}
	guest := waiter{room: "r", request: "abcdefgh"}
	for _, c := range []struct {
		action      EventAction
		target      string
		host, guest bool
	}{
		{RoomUpdated, "", true, true},
		{CodeUpdated, "aaa", true, true},
		{Requested, "zzzzzz", true, false},
		{Approved, "zzzzzz", true, false},
		{Approved, "abcdef", true, true},
		{Refused, "abcdef", true, true},
		{Kicked, "host_1", true, true},
		{Joined, "host_1", false, false},
		{Updated, "host_1", true, false},
		{UpdateEnded, "host_1", true, false},
	} {
		e := Event{Action: c.action, Target: c.target}
		if gotHost, gotGuest := e.concerns(host), e.concerns(guest); gotHost != c.host || gotGuest != c.guest {
			t.Errorf("%s of %q concerns the host: %v, the guest: %v; want %v, %v",
				c.action, c.target, gotHost, gotGuest, c.host, c.guest)
		}
	}
}

func TestWakingIsNotMissed(t *testing.T) {
	t.Parallel()
	var ws waiters
	w := waiter{room: "r", identity: "host_1"}
	call, end := ws.begin(w)
	everybody := func(waiter) bool { return true }
	ws.wake("r", everybody)
	ws.wake("r", everybody) // two changes before a look need one look
	ws.wake("elsewhere", everybody)
	<-call.changed
	select {
	case <-call.changed:
		t.Error("woken twice")
	default:
	}
	newer, endNewer := ws.begin(w)
	<-call.displaced
	end()
	ws.wake("r", everybody)
	<-newer.changed
	endNewer()
	if len(ws.rooms) != 0 {
		t.Errorf("still waiting: %v", ws.rooms)
	}
}
