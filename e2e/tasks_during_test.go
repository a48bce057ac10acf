package e2e_test

import (
	"net/http"
	"slices"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// company has two guests inside, who are heard and seen, and gives the codes.
func (s *script) company(arguments arg) (m made, zoe, yann person) {
	s.t.Helper()
	m = s.given(arguments)
	zoe, yann = s.comes(m.code(guest), "Zoe"), s.comes(m.code(guest), "Yann")
	for _, p := range []person{zoe, yann} {
		p.PublishMicrophone()
		p.PublishCamera()
	}
	s.hears(zoe, yann, true)
	s.sees(zoe, yann, true)
	s.hears(yann, zoe, true)
	s.sees(yann, zoe, true)
	return m, zoe, yann
}

func (s *script) hears(who, whom person, want bool) {
	s.t.Helper()
	who.WaitReceives(whom.pass.Identity, meet.Microphone, want)
}

func (s *script) sees(who, whom person, want bool) {
	s.t.Helper()
	who.WaitReceives(whom.pass.Identity, meet.Camera, want)
}

var tasksInside = []task{
	{"Who is in the meeting, and whose microphone is on?", "list_participants", yes, func(s *script) {
		m, zoe, _ := s.company(nil)
		s.comes(m.code(viewer), "Xia")
		zoe.SetMuted(meet.Microphone, true)
		var out struct {
			Participants []struct {
				Name   string
				Tracks []struct {
					Source string
					Muted  bool
				}
			}
		}
		on := func() (names []string) {
			for _, p := range out.Participants {
				for _, track := range p.Tracks {
					if track.Source == "microphone" && !track.Muted {
						names = append(names, p.Name)
					}
				}
			}
			return names
		}
		livekittest.Wait(s.t, "Zoe to be muted", func() bool { // by herself, a moment ago
			s.as(s.user, "list_participants", arg{"room_id": s.room}, &out)
			return len(on()) == 1
		})
		s.call("list_participants", arg{"room_id": s.room}, &out)
		s.same("microphones that are on", on(), "[Yann]")
		s.same("people", s.names(), "[Xia Yann Zoe]")
	}},
	{"Mute Zoe, her microphone is open", "mute_participant", yes, func(s *script) {
		_, zoe, yann := s.company(nil)
		s.call("mute_participant", arg{"room_id": s.room, "identity": "Zoe"}, nil)
		s.hears(yann, zoe, false)
		s.sees(yann, zoe, true)
		zoe.WaitMuted(meet.Microphone)
		zoe.SetMuted(meet.Microphone, false) // she may
		s.hears(yann, zoe, true)
	}},
	{"Quiet please: nobody speaks but Zoe, also none who come later", "mute_participant", partly, func(s *script) {
		m, zoe, yann := s.company(nil)
		s.call("mute_participant", arg{"room_id": s.room, "identity": "*", "except": "Zoe", "lock": true}, nil)
		s.hears(zoe, yann, false)
		yann.WaitMayPublish(meet.Microphone, false)
		s.comes(m.code(guest), "Xia").WaitMayPublish(meet.Microphone, false)
		s.hears(yann, zoe, true)
	}},
	{"Everybody may speak again", "mute_participant", yes, func(s *script) {
		_, zoe, yann := s.company(nil)
		s.as(s.user, "mute_participant", arg{"room_id": s.room, "identity": "*", "lock": true}, nil)
		yann.WaitMayPublish(meet.Microphone, false)
		yann.WaitTrackGone(meet.Microphone)
		s.call("mute_participant", arg{"room_id": s.room, "identity": "*", "lock": false}, nil)
		yann.WaitMayPublish(meet.Microphone, true)
		yann.PublishMicrophone()
		s.hears(zoe, yann, true)
	}},
	{"Yann's camera goes off and stays off", "disable_participant_video", yes, func(s *script) {
		_, zoe, yann := s.company(nil)
		s.call("disable_participant_video", arg{"room_id": s.room, "identity": "Yann", "lock": true}, nil)
		s.sees(zoe, yann, false)
		yann.WaitMayPublish(meet.Camera, false)
		s.hears(zoe, yann, true)
	}},
	{"Stop that shared screen", "disable_participant_video", yes, func(s *script) {
		_, zoe, yann := s.company(nil)
		yann.Publish(meet.ScreenShare)
		zoe.WaitReceives(yann.pass.Identity, meet.ScreenShare, true)
		s.call("disable_participant_video", arg{"room_id": s.room, "identity": "*", "source": "screen_share"}, nil)
		zoe.WaitReceives(yann.pass.Identity, meet.ScreenShare, false)
		s.sees(zoe, yann, true)
	}},
	{"Turn the chat off", "update_room", yes, func(s *script) {
		_, zoe, _ := s.company(nil)
		s.call("update_room", arg{"room_id": s.room, "settings": arg{"allow_chat": false}}, nil)
		livekittest.Wait(s.t, "Zoe not to be allowed to chat", func() bool { return !zoe.Permissions().GetCanPublishData() })
	}},
	{"From now on it is a webinar: colleagues who came by name only watch", "update_room", yes, func(s *script) {
		s.given(nil)
		colleague := s.joins("colleague")
		colleague.PublishMicrophone()
		s.call("update_room", arg{"room_id": s.room, "mode": "webinar"}, nil)
		colleague.WaitMayPublish(meet.Microphone, false)
		colleague.WaitTrackGone(meet.Microphone)
	}},
	{"Throw Mallory out, and she is not to come back", "kick_participant", yes, func(s *script) {
		m, _, _ := s.company(nil)
		mallory := s.comes(m.code(guest), "Mallory")
		s.call("kick_participant", arg{"room_id": s.room, "identity": "Mallory", "block": true, "reason": "insults"}, nil)
		mallory.WaitDisconnected()
		s.staysOut(http.StatusForbidden, m.code(guest), "Mallory", "")
		s.waitNames("Yann", "Zoe")
	}},
	{"Zoe was rude, and has just left: keep her out", "list_events, kick_participant", no, func(s *script) {
		m, zoe, yann := s.company(nil)
		zoe.Leave()
		livekittest.Wait(s.t, "that to be on record", func() bool { return s.left("Zoe") != "" })
		s.call("list_events", arg{"room_id": s.room, "kind": "participant"}, nil)
		s.call("kick_participant", arg{"room_id": s.room, "identity": s.left("Zoe"), "block": true}, nil)
		s.staysOut(http.StatusForbidden, m.code(guest), "Zoe", "")
		s.same("Yann is inside", yann.Connected(), true)
	}},
	{"That was a mistake: let Mallory in again", "kick_participant", yes, func(s *script) {
		m := s.given(nil)
		mallory := s.comes(m.code(guest), "Mallory")
		s.as(s.user, "kick_participant", arg{"room_id": s.room, "identity": "Mallory", "block": true}, nil)
		mallory.WaitDisconnected()
		s.call("kick_participant", arg{"room_id": s.room, "identity": "Mallory", "block": false}, nil)
		s.comes(m.code(guest), "Mallory")
	}},
	{"Everybody out but Zoe", "kick_participant", partly, func(s *script) {
		_, zoe, yann := s.company(nil)
		s.call("kick_participant", arg{"room_id": s.room, "identity": "*", "except": []string{"Zoe"}}, nil)
		yann.WaitDisconnected()
		s.waitNames("Zoe")
		s.same("Zoe is inside", zoe.Connected(), true)
	}},
	{"The meeting ends in a second, tell nobody", "update_room", yes, func(s *script) {
		m, zoe, yann := s.company(nil)
		s.call("update_room", arg{"room_id": s.room, "expires_in_seconds": 1}, nil)
		zoe.WaitDisconnected()
		yann.WaitDisconnected()
		s.staysOut(http.StatusNotFound, m.code(guest), "Zoe", "")
	}},
	{"The meeting is over, everybody out", "end_room", yes, func(s *script) {
		m, zoe, yann := s.company(nil)
		s.call("end_room", arg{"room_id": s.room, "confirm_name": s.room}, nil)
		zoe.WaitDisconnected()
		yann.WaitDisconnected()
		s.staysOut(http.StatusNotFound, m.code(guest), "Zoe", "")
	}},
}

// eventLine is an event as list_events shows it.
type eventLine struct {
	Action, Actor, Target string
	Details               map[string]string
}

// eventsOf gives the events of the room, the newest first.
func (s *script) eventsOf(action string) (found []eventLine) {
	s.t.Helper()
	var out struct{ Events []eventLine }
	s.as(s.user, "list_events", arg{"room_id": s.room, "limit": 100}, &out)
	return slices.DeleteFunc(out.Events, func(e eventLine) bool { return e.Action != action })
}

// left gives the identity of somebody who has left, "" if nobody of that name has.
func (s *script) left(name string) string {
	s.t.Helper()
	for _, e := range s.eventsOf("participant.left") {
		if e.Details["participant_name"] == name {
			return e.Target
		}
	}
	return ""
}
