package embedded_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"

	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// A person who sends more than allowed is slowed down; nothing is lost.
func TestDataIsSlowedDown(t *testing.T) {
	t.Parallel()
	const perSecond, atOnce, more = 10, 8 * 10, 15
	s, limits := startLimited(t, meet.ParticipantLimits{DataMessagesPerSecond: perSecond})
	a, b := joinSeeing(t, s)
	began := time.Now()
	for n := range atOnce + more {
		a.Send(fmt.Sprint(n))
	}
	b.WaitMessage(fmt.Sprint(atOnce + more - 1))
	if took := time.Since(began); took < more*time.Second/perSecond {
		t.Errorf("%d messages came within %v", atOnce+more, took)
	}
	for n, message := range b.Messages() {
		if message != fmt.Sprint(n) {
			t.Fatalf("message %d is %s: something was lost", n, message)
		}
	}
	limits.check(t, "data_per_second")
}

// resend waits until it is done. On a busy machine LiveKit drops what a receiver
// does not take within 50 ms, so what did not come in five seconds is sent again.
func resend(t *testing.T, again func(), done func() bool) {
	t.Helper()
	sent := time.Now()
	livekittest.Wait(t, "the messages to come", func() bool {
		if done() {
			return true
		}
		if time.Since(sent) > 5*time.Second {
			again()
			sent = time.Now()
		}
		return false
	})
}

// Bytes count as messages do, on whatever channel they come.
func TestBytesAreSlowedDown(t *testing.T) {
	t.Parallel()
	const perSecond = 16 << 10 // eight times 16 KiB may come at once
	s, _ := startLimited(t, meet.ParticipantLimits{DataBytesPerSecond: perSecond})
	a, b := joinSeeing(t, s)
	began := time.Now()
	const n = 8 + 2
	for i := range n {
		a.Send(fmt.Sprint(i, strings.Repeat(" ", perSecond)))
	}
	again := func() { a.Send("again" + strings.Repeat(" ", perSecond)) }
	resend(t, again, func() bool { return len(b.Messages()) >= n })
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("%d KiB came within %v", n*perSecond>>10, took)
	}
}

// stuck is a participant who takes nothing that they are sent.
func stuck(t *testing.T, s *embedded.Server, identity string) {
	t.Helper()
	release := make(chan struct{})
	callback := lksdk.NewRoomCallback()
	callback.OnDataPacket = func(lksdk.DataPacket, lksdk.DataReceiveParams) { <-release }
	room := lksdk.NewRoom(callback)
	if err := room.JoinWithToken(s.URL(), token(t, s, "room", identity)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(release); room.Disconnect() })
}

// Nothing is kept for a receiver that does not take it. Not parallel: it looks at
// the memory of the process.
func TestNothingIsKeptForThoseWhoDoNotListen(t *testing.T) {
	s, _ := startLimited(t, meet.ParticipantLimits{DataBytesPerSecond: 1 << 30, DataMessagesPerSecond: 1 << 20})
	a, b := join(t, s)
	stuck(t, s, "stuck")
	livekittest.Wait(t, "all to see each other", func() bool { return a.Sees("b") && b.Sees("a") && a.Sees("stuck") })
	const size, count = 60 << 10, 80
	before := heap()
	for n := range count {
		a.Send(fmt.Sprint(n, strings.Repeat(" ", size)))
		livekittest.Wait(t, "the other one to have it", func() bool { return len(b.Messages()) > n })
	}
	received := 0
	for _, message := range b.Messages() {
		received += len(message)
	}
	if kept := heap() - before - received; kept > count*size*2/3 { // all of it without a bound, and some is the test's own
		t.Errorf("of %d KiB sent, %d KiB are kept for somebody who takes nothing", count*size>>10, kept>>10)
	}
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Each data channel costs the server a goroutine and a buffer.
func TestDataChannelsAreBounded(t *testing.T) {
	t.Parallel()
	s, limits := startLimited(t, meet.ParticipantLimits{})
	a := livekittest.Join(t, s.URL(), token(t, s, "room", "a"))
	pc := a.Room().LocalParticipant.GetPublisherPeerConnection()
	livekittest.Wait(t, "a connection", func() bool { return pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
	var opened, ended atomic.Int32
	const many = 60
	for n := range many {
		dc, err := pc.CreateDataChannel(fmt.Sprint("channel ", n), nil)
		if err != nil {
			t.Fatal(err)
		}
		dc.OnOpen(func() { opened.Add(1) })
		dc.OnClose(func() { ended.Add(1) })
	}
	livekittest.Wait(t, "the server to close those that are too many", func() bool {
		return opened.Load() == many && ended.Load() >= many-16
	})
	limits.check(t, "data_channels")
	if !a.Connected() {
		t.Error("the connection is gone as well")
	}
}
