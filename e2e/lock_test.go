package e2e_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// moderated is what mute_participant and disable_participant_video answer.
type moderated struct {
	Muted    []struct{ Identity string } `json:"muted_tracks"`
	Disabled []struct{ Identity string } `json:"disabled_tracks"`
	Locked   []string
	Unlocked []string
	Message  string
}

func (m moderated) tracks() int { return len(m.Muted) + len(m.Disabled) }

// A locked person cannot publish again in any way of their own, keeps all else,
// and publishes again when the lock is lifted.
func TestLock(t *testing.T) {
	for _, what := range []struct {
		source, other meet.Source
		tool          string
	}{
		{meet.Microphone, meet.Camera, "mute_participant"},
		{meet.Camera, meet.Microphone, "disable_participant_video"},
	} {
		t.Run(string(what.source), func(t *testing.T) {
			each(t, nil, func(t *testing.T, s *system) {
				row := "4 lock " + string(what.source)
				loud, silent, witness := s.guest("loud"), s.guest("silent"), s.guest("witness")
				loud.Publish(what.source)
				witness.WaitReceives(loud.pass.Identity, what.source, true)

				var out moderated
				began := s.do(what.tool, arg{"identity": loud.pass.Identity, "lock": true}, &out)
				loud.WaitMayPublish(what.source, false)
				loud.WaitTrackGone(what.source)
				witness.WaitReceives(loud.pass.Identity, what.source, false)
				s.atOnce(row+": track gone", began)
				if out.tracks() != 1 || !slices.Equal(out.Locked, identities(loud)) {
					t.Errorf("%s: got %+v, want one track and loud locked", what.tool, out)
				}
				s.do(what.tool, arg{"identity": silent.pass.Identity, "lock": true}, nil)
				silent.WaitMayPublish(what.source, false)

				anew := s.guest("loud") // asks for another token with the same user_id
				silent.ShowToken(silent.pass.Token)
				began = time.Now()
				silent.Restart()
				silent.WaitMayPublish(what.source, false)
				s.atOnce(row+": back with the original token", began)
				anew.WaitMayPublish(what.source, false)
				s.cannotPublish(what.source, witness, loud, silent, anew)
				s.checkLocked(what.source, loud, silent, anew)
				loud.Publish(what.other)
				loud.Send("still here")
				witness.WaitMessage("still here")
				witness.WaitReceives(loud.pass.Identity, what.other, true)

				for _, p := range []person{loud, silent} {
					began = s.do(what.tool, arg{"identity": p.pass.Identity, "lock": false}, nil)
					p.WaitMayPublish(what.source, true)
					s.atOnce(row+": lifted", began)
					p.Publish(what.source)
					witness.WaitReceives(p.pass.Identity, what.source, true)
				}
				s.checkLocked(what.source)
				s.waitEvents(2, "participant.locked")
				s.waitEvents(2, "participant.unlocked")
			})
		})
	}
}

// cannotPublish has all of them try, and the witness get nothing.
func (s *system) cannotPublish(source meet.Source, witness person, people ...person) {
	s.t.Helper()
	for _, p := range people {
		if err := p.TryPublish(source); err == nil {
			s.t.Errorf("%s publishes %s, want that refused", p.pass.Identity, source)
		}
	}
	for _, p := range people {
		if witness.Receives(p.pass.Identity, source) {
			s.t.Errorf("the witness gets %s of %s, want nothing", source, p.pass.Identity)
		}
	}
}

// checkLocked checks who is shown as locked.
func (s *system) checkLocked(source meet.Source, people ...person) {
	s.t.Helper()
	got := []string{}
	for _, p := range s.participants() {
		if slices.Contains(p.Locked, string(source)) {
			got = append(got, p.Identity)
		}
	}
	slices.Sort(got)
	if want := identities(people...); !slices.Equal(got, want) {
		s.t.Errorf("locked: got %v, want %v", got, want)
	}
}

// What is locked for everyone is locked for people who come later, whatever their
// tracks are called: no sound, or no picture. Admins are exempt, and people who only
// claim to be one, in a token signed with LiveKit's key, are not.
func TestLockForEveryone(t *testing.T) {
	for _, what := range []struct {
		name, tool string
		sends      meet.Source
		own        []meet.Source // names that fit what is sent
		got        func(*livekittest.Person, string) bool
	}{
		{"sound", "mute_participant", meet.Microphone,
			[]meet.Source{meet.Microphone, meet.ScreenShareAudio, meet.UnknownSource}, (*livekittest.Person).Heard},
		{"picture", "disable_participant_video", meet.Camera,
			[]meet.Source{meet.Camera, meet.ScreenShare, meet.UnknownSource}, (*livekittest.Person).Saw},
	} {
		t.Run(what.name, func(t *testing.T) {
			each(t, nil, func(t *testing.T, s *system) {
				host, witness := s.enter(s.joinAs(admin)), s.guest("witness")
				late := s.exchange(meet.RoleGuest, "late") // has a token from before the lock
				claims := map[string]string{"admin": "true", "role": "host", "user_id": admin}
				pretender := s.enter(s.mint("pretender", claims))
				pretender.Publish(what.sends)
				witness.WaitReceives("pretender", what.sends, true)

				var out moderated
				began := s.do(what.tool, arg{"identity": "*", "lock": true}, &out)
				witness.WaitReceives("pretender", what.sends, false)
				s.atOnce("4 lock "+what.name+" of everyone", began)
				if !slices.Equal(out.Locked, identities(witness)) || out.tracks() != 1 {
					t.Errorf("%s *: got %+v, want the witness locked and the pretender stopped", what.tool, out)
				}
				s.checkLockedForAll(what.sends)
				names := append([]meet.Source{meet.UnknownSource}, meet.Sources...)
				people := map[meet.Source]person{}
				for _, name := range names {
					p := s.guest("named " + string(name))
					people[name] = p
					p.WaitMayPublish(what.sends, false)
					p.ClaimSource(name)
					err := p.TryPublish(what.sends)
					if err == nil && (s.mode == inside || slices.Contains(what.own, name)) {
						t.Errorf("%s publishes %s, want that refused", p.pass.Identity, what.name)
					}
				}
				speaker := s.enter(late)
				speaker.WaitMayPublish(what.sends, false)
				s.cannotPublish(what.sends, witness, speaker)
				for name, p := range people {
					if s.mode == foreign && !slices.Contains(what.own, name) {
						p.WaitDisconnected() // there the false name is seen when the track is
					} else if what.got(witness.Person, p.pass.Identity) {
						t.Errorf("%s as %s reached the witness", what.name, name)
					}
				}
				host.Publish(what.sends)
				witness.WaitReceives(host.pass.Identity, what.sends, true)

				s.do(what.tool, arg{"identity": speaker.pass.Identity, "lock": false}, &out)
				if !slices.Equal(out.Unlocked, identities(speaker)) {
					t.Errorf("lifting it for one: got %+v", out)
				}
				speaker.WaitMayPublish(what.sends, true)
				s.checkLockedForAll(what.sends)
				s.do(what.tool, arg{"identity": "*", "lock": true}, nil)
				speaker.WaitMayPublish(what.sends, false)
				s.do(what.tool, arg{"identity": "*", "lock": false}, nil)
				s.checkLockedForAll()
				s.guest("afterwards").WaitMayPublish(what.sends, true)
				witness.WaitMayPublish(what.sends, true)
			})
		})
	}
}

// checkLockedForAll checks what get_room shows.
func (s *system) checkLockedForAll(want ...meet.Source) {
	s.t.Helper()
	var out struct {
		LockedForAll []meet.Source `json:"locked_for_all"`
	}
	s.do("get_room", nil, &out)
	if out.LockedForAll == nil || !slices.Equal(out.LockedForAll, want) {
		s.t.Errorf("get_room: locked_for_all is %v, want %v", out.LockedForAll, want)
	}
}

// Each tool stops and locks the sources that it is for, and no other.
func TestStopAndLockSources(t *testing.T) {
	each(t, nil, func(t *testing.T, s *system) {
		witness, ada := s.guest("witness"), s.guest("ada")
		receives := func(except ...meet.Source) {
			t.Helper()
			for _, source := range meet.Sources {
				witness.WaitReceives(ada.pass.Identity, source, !slices.Contains(except, source))
			}
		}
		again := func(sources ...meet.Source) { // unmutes, or publishes anew
			t.Helper()
			for _, source := range sources {
				ada.WaitMayPublish(source, true)
				ada.WaitStopped(source)
				if ada.Muted(source) {
					ada.SetMuted(source, false)
				} else {
					ada.Publish(source)
				}
			}
			receives()
		}
		again(meet.Sources...)
		const mute, video = "mute_participant", "disable_participant_video"
		sound := []meet.Source{meet.Microphone, meet.ScreenShareAudio}
		pictures := []meet.Source{meet.Camera, meet.ScreenShare}
		for _, step := range []struct {
			tool      string
			arguments arg
			stopped   []meet.Source // without a lock; a lock of the camera takes more
			locked    []meet.Source
		}{
			{mute, nil, sound, sound},
			{video, nil, pictures[:1], pictures},
			{video, arg{"source": "screen_share"}, pictures[1:], pictures[1:]},
			{video, arg{"source": "all"}, pictures, pictures},
		} {
			call := arg{"identity": ada.pass.Identity}
			maps.Copy(call, step.arguments)
			for _, lock := range []bool{false, true} {
				gone := step.stopped
				if lock {
					gone, call["lock"] = step.locked, true
				}
				var out moderated
				s.do(step.tool, call, &out)
				receives(gone...)
				if out.tracks() != len(gone) {
					t.Errorf("%s %v: got %+v, want %v stopped", step.tool, call, out, gone)
				}
				if lock {
					for _, source := range gone {
						ada.WaitMayPublish(source, false)
					}
					call["lock"] = false
					s.do(step.tool, call, nil)
				}
				again(gone...)
			}
		}
	})
}
