package e2e_test

import (
	"slices"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// updated is what update_participant answers.
type updated struct {
	Participant struct {
		Name, Role string
		Set        []struct {
			Property string
			Until    time.Time
		}
	}
	Changed, May []string
	Message      string
}

// A right holds at once and without joining anew, beyond what the room allows, and
// not a moment longer than its time: also if roomkey was down when that was over.
func TestARightForATimeOverARestart(t *testing.T) {
	each(t, arg{"settings": arg{"allow_screen_share": false}}, func(t *testing.T, s *system) {
		eve, witness := s.guest("eve"), s.guest("witness")
		var out updated
		call := arg{"identity": "eve", "allow": arg{"screen_share": true}, "for_seconds": 20}
		began := s.do("update_participant", call, &out)
		eve.WaitMayPublish(meet.ScreenShare, true)
		s.atOnce("15 a right", began)
		if !slices.Contains(out.May, "screen_share") || len(out.Participant.Set) != 1 || out.Message != "" {
			t.Fatalf("update_participant: got %+v, want the right to share the screen, for a time", out)
		}
		eve.Publish(meet.ScreenShare)
		witness.WaitReceives(eve.pass.Identity, meet.ScreenShare, true)
		s.cannotPublish(meet.ScreenShare, eve, witness)

		s.kill()
		livekittest.Wait(t, "the time to be over", func() bool { return time.Now().After(out.Participant.Set[0].Until) })
		s.run()
		s.waitEvents(1, "participant.update_ended")
		s.waitInside(eve, witness) // the LiveKit inside has ended with roomkey
		eve.WaitMayPublish(meet.ScreenShare, false)
		witness.WaitReceives(eve.pass.Identity, meet.ScreenShare, false)
		s.cannotPublish(meet.ScreenShare, witness, eve)
		livekittest.Wait(t, "eve to publish, who is listed before her SDK is ready", func() bool {
			return eve.Connected() && eve.TryPublish(meet.Camera) == nil
		})
		witness.WaitReceives(eve.pass.Identity, meet.Camera, true)
	})
}

// Somebody inside gets another role and name, and everybody sees both, without
// anybody connecting anew.
func TestPromoteAndRename(t *testing.T) {
	each(t, arg{"mode": "webinar"}, func(t *testing.T, s *system) {
		witness := s.guest("witness")
		dave := s.enter(s.exchange(meet.RoleViewer, "dave"))
		sid := dave.Room().LocalParticipant.SID()
		seen := func(name, role string) {
			t.Helper()
			livekittest.Wait(t, role+" "+name+" to be seen", func() bool {
				them := witness.Room().GetParticipantByIdentity(dave.pass.Identity)
				return them != nil && them.Name() == name && them.Attributes()["role"] == role
			})
		}
		seen("dave", "viewer")
		s.cannotPublish(meet.Microphone, witness, dave)
		var out updated
		began := s.do("update_participant", arg{"identity": "dave", "role": "host", "name": "Dr. Dave"}, &out)
		dave.WaitMayPublish(meet.Microphone, true)
		seen("Dr. Dave", "host")
		s.atOnce("15 a promotion", began)
		if want := []string{"role", "name"}; !slices.Equal(out.Changed, want) || out.Participant.Role != "host" {
			t.Errorf("update_participant: got %+v, want a host with changed %v", out, want)
		}
		dave.Publish(meet.Microphone)
		witness.WaitReceives(dave.pass.Identity, meet.Microphone, true)

		s.do("update_participant", arg{"identity": "Dr. Dave", "role": "viewer"}, nil)
		dave.WaitMayPublish(meet.Microphone, false)
		witness.WaitReceives(dave.pass.Identity, meet.Microphone, false)
		seen("Dr. Dave", "viewer")
		if got := dave.Room().LocalParticipant.SID(); got != sid || !dave.Connected() {
			t.Errorf("the connection is %s, want %s as before", got, sid)
		}
		s.waitEvents(2, "participant.updated")
	})
}
