package embedded_test

import (
	"maps"
	"testing"

	"roomkey/livekit/livekittest"
)

// The server knows of everybody inside whether they are speaking now.
func TestSpeaking(t *testing.T) {
	t.Parallel()
	s := start(t, config())
	if got := s.Speaking(); len(got) != 0 {
		t.Errorf("in an empty server: %v", got)
	}
	a, b := join(t, s)
	sidA, sidB := a.Room().LocalParticipant.SID(), b.Room().LocalParticipant.SID()
	speaks := a.PublishVoice()
	wait := func(what string, want map[string]bool) {
		t.Helper()
		livekittest.Wait(t, what, func() bool { return maps.Equal(s.Speaking(), want) })
	}
	wait("two silent people", map[string]bool{sidA: false, sidB: false})
	speaks.Store(true)
	wait("one to speak", map[string]bool{sidA: true, sidB: false})
	speaks.Store(false)
	wait("them to be silent again", map[string]bool{sidA: false, sidB: false})
	b.Leave()
	wait("one to be left", map[string]bool{sidA: false})
}
