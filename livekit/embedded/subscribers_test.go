package embedded_test

import (
	"slices"
	"testing"

	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// A person who may not subscribe gets no data: not what is for all, and not what is for
// them. They may still send, and get it all as soon as they may.
func TestNoDataWithoutTheRightToSubscribe(t *testing.T) {
	t.Parallel()
	s := start(t, config())
	const room = "room"
	a, b := join(t, s)
	deaf := livekittest.Join(t, s.URL(), tokenWith(t, s, room, "deaf", meet.Grants{Data: true}))
	livekittest.Wait(t, "them to see each other", func() bool { return a.Sees("b") && a.Sees("deaf") && b.Sees("a") })

	send := func(text string, to ...string) {
		t.Helper()
		options := []lksdk.DataPublishOption{
			lksdk.WithDataPublishReliable(true), lksdk.WithDataPublishDestination(to)}
		if err := a.Room().LocalParticipant.PublishDataPacket(lksdk.UserData([]byte(text)), options...); err != nil {
			t.Fatal(err)
		}
	}
	send("for all")
	send("for deaf", "deaf")
	send("for both", "deaf", "b")
	deaf.Send("from deaf")
	b.WaitMessage("from deaf")
	for want, again := range map[string]func(){
		"for all":  func() { send("for all") },
		"for both": func() { send("for both", "deaf", "b") },
	} {
		resend(t, again, func() bool { return slices.Contains(b.Messages(), want) })
	}
	if got := b.Messages(); slices.Contains(got, "for deaf") {
		t.Errorf("b got %q: what is for deaf went to all", got)
	}

	hearing := meet.Profile{Role: meet.RoleGuest, Grants: meet.Grants{Subscribe: true, Data: true}}
	if err := newAdapter(t, s.URL()).SetProfile(t.Context(), room, "deaf", hearing); err != nil {
		t.Fatal(err)
	}
	send("for all again") // comes last, on the same channel
	deaf.WaitMessage("for all again")
	if got := deaf.Messages(); len(got) != 1 {
		t.Errorf("deaf got %q, want only what came when they may subscribe", got)
	}
}
