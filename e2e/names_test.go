package e2e_test

import (
	"slices"
	"sync"
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// trackNames are all that a track can be announced as.
var trackNames = append([]meet.Source{meet.UnknownSource}, meet.Sources...)

// named is somebody who publishes under a name, whatever it is.
type named struct {
	person
	name meet.Source
}

// What is locked for everyone is locked for who comes later, whatever their
// tracks are called: no sound, or no picture. Admins are exempt.
func TestLocksHoldWhateverATrackIsCalled(t *testing.T) {
	for _, what := range []struct {
		name, tool string
		sends      meet.Source
		own        []meet.Source // names that fit what is sent
		came       func(*livekittest.Person, string) bool
	}{
		{"sound", "mute_participant", meet.Microphone, []meet.Source{meet.Microphone, meet.ScreenShareAudio, meet.UnknownSource}, (*livekittest.Person).Heard},
		{"picture", "disable_participant_video", meet.Camera, []meet.Source{meet.Camera, meet.ScreenShare, meet.UnknownSource}, (*livekittest.Person).Saw},
	} {
		t.Run(what.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				s := w.open(t, nil)
				host, witness := s.host(), s.guest("witness")
				late := s.exchange(meet.RoleGuest, "late") // has a token from before the lock
				var out stopped
				s.do(what.tool, arg{"identity": "*", "lock": true}, &out)
				if !slices.Equal(out.Locked, []string{witness.pass.Identity}) || out.Message == "" {
					t.Errorf("%s *: got %+v, want the witness locked", what.tool, out)
				}
				s.lockedForAll(what.sends)
				people := []named{{s.enter(late), what.sends}}
				for _, name := range trackNames {
					people = append(people, named{s.guest("named " + string(name)), name})
				}
				var all sync.WaitGroup
				for _, p := range people {
					p.WaitMayPublish(what.sends, false)
					all.Go(func() {
						p.ClaimSource(p.name)
						err := p.TryPublish(what.sends)
						if err == nil && (s.mode == inside || slices.Contains(what.own, p.name)) {
							t.Errorf("%s publishes %s as %s, want that refused", p.pass.Identity, what.name, p.name)
						}
					})
				}
				all.Wait()
				for _, p := range people {
					if s.mode == foreign && !slices.Contains(what.own, p.name) {
						p.WaitDisconnected() // there the lie is seen when the track is
					} else if what.came(witness.Person, p.pass.Identity) {
						t.Errorf("%s as %s reached the witness", what.name, p.name)
					}
				}
				publish(t, host, what.sends)
				livekittest.Wait(t, "the host's to come", func() bool { return witness.Receives(host.pass.Identity, what.sends) })

				speaker := people[0]
				s.do(what.tool, arg{"identity": speaker.pass.Identity, "lock": false}, &out)
				if !slices.Equal(out.Unlocked, []string{speaker.pass.Identity}) {
					t.Errorf("giving it back to one: got %+v", out)
				}
				speaker.WaitMayPublish(what.sends, true)
				s.lockedForAll(what.sends)
				s.do(what.tool, arg{"identity": "*", "lock": true}, nil)
				speaker.WaitMayPublish(what.sends, false)
				s.do(what.tool, arg{"identity": "*", "lock": false}, nil)
				s.lockedForAll()
				s.guest("afterwards").WaitMayPublish(what.sends, true)
				witness.WaitMayPublish(what.sends, true)
			})
		})
	}
}

// lockedForAll checks what get_room shows.
func (s *scene) lockedForAll(want ...meet.Source) {
	s.t.Helper()
	var out struct {
		LockedForAll []meet.Source `json:"locked_for_all"`
	}
	s.do("get_room", nil, &out)
	if out.LockedForAll == nil || !slices.Equal(out.LockedForAll, want) {
		s.t.Errorf("get_room: locked_for_all is %v, want %v", out.LockedForAll, want)
	}
}

// What somebody publishes when they are locked goes, under each name that it
// can have; a screen alone can be stopped and locked as well.
func TestStopAndLockScreens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		witness, ada := s.guest("witness"), s.guest("ada")
		receives := func(sources ...meet.Source) {
			t.Helper()
			for _, source := range meet.Sources {
				want := slices.Contains(sources, source)
				livekittest.Wait(t, string(source)+" of ada", func() bool { return witness.Receives(ada.pass.Identity, source) == want })
			}
		}
		again := func(sources ...meet.Source) { // unmutes, or publishes anew
			t.Helper()
			for _, source := range sources {
				ada.WaitMayPublish(source, true)
				if ada.Muted(source) {
					ada.SetMuted(source, false)
				} else {
					publish(t, ada, source)
				}
			}
		}
		again(meet.Sources...)
		receives(meet.Sources...)

		steps := []struct {
			tool      string
			arguments arg
			lock      bool
			left      []meet.Source
		}{
			{"mute_participant", arg{}, false, []meet.Source{meet.Camera, meet.ScreenShare}},
			{"mute_participant", arg{}, true, []meet.Source{meet.Camera, meet.ScreenShare}},
			{"disable_participant_video", arg{}, false, []meet.Source{meet.Microphone, meet.ScreenShareAudio, meet.ScreenShare}},
			{"disable_participant_video", arg{}, true, []meet.Source{meet.Microphone, meet.ScreenShareAudio}},
			{"disable_participant_video", arg{"source": "screen_share"}, false, []meet.Source{meet.Microphone, meet.ScreenShareAudio, meet.Camera}},
			{"disable_participant_video", arg{"source": "screen_share"}, true, []meet.Source{meet.Microphone, meet.ScreenShareAudio, meet.Camera}},
			{"disable_participant_video", arg{"source": "all"}, false, []meet.Source{meet.Microphone, meet.ScreenShareAudio}},
			{"disable_participant_video", arg{"source": "all"}, true, []meet.Source{meet.Microphone, meet.ScreenShareAudio}},
		}
		for _, step := range steps {
			call := arg{"identity": ada.pass.Identity}
			for k, v := range step.arguments {
				call[k] = v
			}
			if step.lock {
				call["lock"] = true
			}
			var out stopped
			s.do(step.tool, call, &out)
			receives(step.left...)
			gone := slices.DeleteFunc(slices.Clone(meet.Sources), func(source meet.Source) bool { return slices.Contains(step.left, source) })
			if got := len(out.Muted) + len(out.Disabled); got != len(gone) {
				t.Errorf("%s %v: got %+v, want %v stopped", step.tool, call, out, gone)
			}
			if step.lock {
				for _, source := range gone {
					ada.WaitMayPublish(source, false)
				}
				call["lock"] = false
				s.do(step.tool, call, nil)
			}
			again(gone...)
			receives(meet.Sources...)
		}
	})
}
