package e2e_test

import (
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// Who opened signalling alone has seen who is inside, and is on record for it:
// as somebody who looked in, unless they were found inside meanwhile.
func TestVisitsBySignallingAloneAreOnRecord(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		s.guest("somebody")
		p := s.exchange(meet.RoleGuest, "visitor")
		livekittest.Look(t, p.url(), p.Token)
		livekittest.Wait(t, "the end of the visit to be on record", func() bool {
			return s.about("participant.visited", p.Identity)+s.about("participant.left", p.Identity) == 1
		})
	})
}
