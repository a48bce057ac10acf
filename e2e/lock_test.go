package e2e_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// stopped is what mute_participant and disable_participant_video answer.
type stopped struct {
	Muted    []stoppedTrack `json:"muted_tracks"`
	Disabled []stoppedTrack `json:"disabled_tracks"`
	Locked   []string
	Unlocked []string
	Message  string
}

type stoppedTrack struct{ Identity, Source string }

// locking is a source that can be locked, and how.
type locking struct {
	source, other meet.Source
	tool          string
}

var (
	locksMicrophone = locking{meet.Microphone, meet.Camera, "mute_participant"}
	locksCamera     = locking{meet.Camera, meet.Microphone, "disable_participant_video"}
)

// Who is locked cannot publish again by any way that is theirs, keeps all else,
// and publishes again when it is given back.
func TestLockMicrophone(t *testing.T) {
	each(t, func(t *testing.T, w *world) { testLock(t, w, locksMicrophone) })
}

func TestLockCamera(t *testing.T) {
	each(t, func(t *testing.T, w *world) { testLock(t, w, locksCamera) })
}

func testLock(t *testing.T, w *world, what locking) {
	s := w.open(t, nil)
	row := "4 lock " + string(what.source)
	loud, silent, witness := s.guest("loud"), s.guest("silent"), s.guest("witness")
	publish(t, loud, what.source)
	livekittest.Wait(t, "the witness to get it", func() bool { return witness.Receives(loud.pass.Identity, what.source) })

	var out stopped
	began := s.do(what.tool, arg{"identity": loud.pass.Identity, "lock": true}, &out)
	s.atOnce(row+" of who publishes: told", "told", loud.WaitMayPublish(what.source, false).Sub(began))
	s.atOnce(row+" of who publishes", "track gone", loud.WaitTrackGone(what.source).Sub(began))
	s.atOnce(row+" of who publishes: for others", "not received", witness.WaitNotReceiving(loud.pass.Identity, what.source).Sub(began))
	if len(out.Muted)+len(out.Disabled) != 1 || !slices.Equal(out.Locked, []string{loud.pass.Identity}) {
		t.Errorf("%s: got %+v, want one track and loud locked", what.tool, out)
	}
	began = s.do(what.tool, arg{"identity": silent.pass.Identity, "lock": true}, &out)
	s.atOnce(row+" of who does not publish", "told", silent.WaitMayPublish(what.source, false).Sub(began))

	// A person may know better than to ask for a token anew, or worse.
	anew := s.guest("loud")
	silent.ShowToken(silent.pass.Token)
	began = time.Now()
	silent.Restart()
	s.atOnce(row+": back with the original token", "still locked", silent.WaitMayPublish(what.source, false).Sub(began))
	s.atOnce(row+": asks anew with the same user_id", "still locked", anew.WaitMayPublish(what.source, false).Sub(began))
	s.cannotPublish(what.source, witness, loud, silent, anew)
	s.checkLocked(what.source, loud, silent, anew)

	publish(t, loud, what.other)
	loud.Send("still here")
	witness.WaitMessage("still here")
	livekittest.Wait(t, "the witness to get the other source", func() bool { return witness.Receives(loud.pass.Identity, what.other) })

	for _, p := range []person{loud, silent} {
		began = s.do(what.tool, arg{"identity": p.pass.Identity, "lock": false}, &out)
		s.atOnce(row+": given back", "told", p.WaitMayPublish(what.source, true).Sub(began))
		publish(t, p, what.source)
		livekittest.Wait(t, "the witness to get it again", func() bool { return witness.Receives(p.pass.Identity, what.source) })
	}
	s.checkLocked(what.source)
	if n := len(s.events("participant.locked")); n != 2 {
		t.Errorf("events of two locks: got %d", n)
	}
	if n := len(s.events("participant.unlocked")); n != 2 {
		t.Errorf("events of two unlocks: got %d", n)
	}
}

func publish(t *testing.T, p person, source meet.Source) {
	t.Helper()
	p.Publish(source)
}

// cannotPublish has all of them try at once, and the witness get nothing. The
// SDK gives up after 10 s.
func (s *scene) cannotPublish(source meet.Source, witness person, people ...person) {
	s.t.Helper()
	var all sync.WaitGroup
	for _, p := range people {
		all.Go(func() {
			if err := p.TryPublish(source); err == nil {
				s.t.Errorf("%s publishes %s, want that refused", p.pass.Identity, source)
			}
		})
	}
	all.Wait()
	for _, p := range people {
		if witness.Receives(p.pass.Identity, source) {
			s.t.Errorf("the witness gets %s of %s, want nothing", source, p.pass.Identity)
		}
	}
}

// checkLocked compares who is shown as locked.
func (s *scene) checkLocked(source meet.Source, people ...person) {
	s.t.Helper()
	want, got := []string{}, []string{}
	for _, p := range people {
		want = append(want, p.pass.Identity)
	}
	inside, _ := s.roster()
	for _, p := range inside {
		if slices.Contains(p.Locked, string(source)) {
			got = append(got, p.Identity)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		s.t.Errorf("locked: got %v, want %v", got, want)
	}
}

// Everyone but admins is muted, and named. Who only claims to be an admin, in a
// token signed by somebody who has LiveKit's key, is none.
func TestMuteEveryone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		host, ada, bob := s.host(), s.guest("ada"), s.guest("bob")
		pretender := s.enter(s.mint("pretender", map[string]string{"admin": "true", "role": "host", "user_id": s.admin}))
		var out stopped
		s.do("mute_participant", arg{"identity": "*"}, &out)
		if len(out.Muted) != 0 || out.Message != "nothing to mute" {
			t.Errorf("mute * in silence: got %+v, want nothing to mute", out)
		}
		for _, p := range []person{host, ada, pretender} {
			publish(t, p, meet.Microphone)
			livekittest.Wait(t, "bob to hear them", func() bool { return bob.Receives(p.pass.Identity, meet.Microphone) })
		}

		began := s.do("mute_participant", arg{"identity": "*", "lock": true}, &out)
		s.atOnce("4 mute and lock *", "not heard", bob.WaitNotReceiving(ada.pass.Identity, meet.Microphone).Sub(began))
		s.atOnce("11 mute *: who only claims to be an admin", "not heard", bob.WaitNotReceiving(pretender.pass.Identity, meet.Microphone).Sub(began))
		muted := []string{}
		for _, track := range out.Muted {
			muted = append(muted, track.Identity)
		}
		if want := sorted(ada, pretender); !slices.Equal(slices.Sorted(slices.Values(muted)), want) {
			t.Errorf("muted: got %v, want %v", muted, want)
		}
		if want := sorted(ada, bob); !slices.Equal(slices.Sorted(slices.Values(out.Locked)), want) {
			t.Errorf("locked: got %v, want %v", out.Locked, want)
		}
		bob.WaitMayPublish(meet.Microphone, false)
		if !bob.Receives(host.pass.Identity, meet.Microphone) || !host.MayPublish(meet.Microphone) {
			t.Error("the host was muted, want everyone but admins")
		}
		table.add("11 mute *: the admin", s.mode, "still heard")

		began = s.do("mute_participant", arg{"identity": "*", "lock": false}, &out)
		s.atOnce("4 unlock *", "told", ada.WaitMayPublish(meet.Microphone, true).Sub(began))
		bob.WaitMayPublish(meet.Microphone, true)
		if want := sorted(ada, bob); !slices.Equal(slices.Sorted(slices.Values(out.Unlocked)), want) {
			t.Errorf("unlocked: got %v, want %v", out.Unlocked, want)
		}
	})
}

func sorted(people ...person) (ids []string) {
	for _, p := range people {
		ids = append(ids, p.pass.Identity)
	}
	slices.Sort(ids)
	return ids
}
