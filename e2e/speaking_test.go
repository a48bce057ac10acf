package e2e_test

import (
	"testing"
	"time"

	"roomkey/livekit/livekittest"
)

// Of a foreign LiveKit it is counted for how long people speak: in rooms that keep
// their chat, and in all others if the configuration says so, but for encrypted ones.
func TestSpeakingOnAForeignLiveKit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		heard, other arg // rooms
		env          string
	}{
		"kept chat": {heard: arg{"settings": arg{"keep_chat": true}}, other: arg{"name": "other"}, env: "false"},
		"all rooms": {heard: arg{}, other: arg{"name": "other", "settings": arg{"e2ee": true}}, env: "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, foreign, c.heard, "ROOMKEY_LIVEKIT_COUNT_SPEAKING="+c.env)
			ada, bob := s.guest("ada"), s.guest("bob")
			began := time.Now()
			speaks := ada.PublishVoice()
			speaks.Store(true)
			s.waitSpoken("ada", 3)
			speaks.Store(false)
			spoke := time.Since(began)
			if n := s.scribes(); n != 1 {
				t.Errorf("%d of roomkey's own participants are inside, want one", n)
			}
			s.waitSpoken("bob", 0)
			ada.Leave()
			bob.Leave()
			livekittest.Wait(t, "nobody to be left", func() bool { return s.scribes() == 0 })
			if got := s.spoken("ada"); got == nil || *got < 3 || float64(*got) > spoke.Seconds()+2 {
				t.Errorf("Ada spoke for %v seconds, want 3 to %v", got, spoke)
			}

			s.createRoom(c.other)
			carl := s.guest("carl")
			carl.PublishVoice().Store(true)
			livekittest.Wait(t, "Carl to be in a session", func() bool { return len(s.sessions()) == 1 })
			if got := s.spoken("carl"); got != nil || s.scribes() != 0 {
				t.Errorf("Carl was heard for %d seconds, with %d of roomkey's own inside", *got, s.scribes())
			}
		})
	}
}

// spoken is for how many seconds somebody was heard in the room's only session; nil is
// that nobody listened.
func (s *system) spoken(userID string) *int {
	s.t.Helper()
	for _, session := range s.sessions() {
		for _, a := range session.People {
			if a.UserID == userID {
				return a.SecondsSpeaking
			}
		}
	}
	return nil
}

func (s *system) waitSpoken(userID string, seconds int) {
	s.t.Helper()
	livekittest.Wait(s.t, userID+" to have been heard", func() bool {
		got := s.spoken(userID)
		return got != nil && *got >= seconds
	})
}
