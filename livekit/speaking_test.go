package livekit_test

import (
	"maps"
	"testing"

	"roomkey/livekit"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// On a LiveKit that is not inside, who follows a room knows who speaks: those who are
// there already, who come later, and who publish another microphone.
func TestSpeakingOnTheStockServer(t *testing.T) {
	t.Parallel()
	server := livekittest.StartServer(t, livekittest.ServerOptions{})
	w := testRoom{T: t, Server: connect(t, livekit.Config{URL: server.URL()}), url: server.URL(),
		room: meet.Room{ID: "room"}}
	t.Cleanup(w.Close)
	w.ensure()
	ada := w.join("ada", allowAll)
	adaSpeaks := ada.PublishVoice()
	adaSpeaks.Store(true)

	following, err := w.Follow(t.Context(), w.room.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer following.Close()
	sid := func(p *livekittest.Person) string { return p.Room().LocalParticipant.SID() }
	wait := func(what string, want map[string]bool) {
		t.Helper()
		livekittest.Wait(t, what, func() bool { return maps.Equal(w.Speaking(), want) })
	}
	wait("Ada to be heard, who spoke before", map[string]bool{sid(ada): true})
	bob := w.join("bob", allowAll)
	adaSpeaks.Store(false)
	wait("two silent people", map[string]bool{sid(ada): false, sid(bob): false})
	bob.PublishVoice().Store(true)
	wait("Bob to speak", map[string]bool{sid(ada): false, sid(bob): true})
	bob.Unpublish(meet.Microphone)
	wait("Bob to be without a microphone", map[string]bool{sid(ada): false, sid(bob): false})
	bob.PublishVoice().Store(true)
	wait("Bob to speak again", map[string]bool{sid(ada): false, sid(bob): true})
	bob.Leave()
	wait("Bob to be gone", map[string]bool{sid(ada): false})
	following.Close()
	wait("nobody to be heard any more", map[string]bool{})
}
