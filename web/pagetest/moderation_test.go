package pagetest

import (
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// publishes waits until the server knows of a source of somebody, muted or not.
func (s *testServer) publishes(room meet.Room, name string, source meet.Source, muted bool) {
	s.t.Helper()
	livekittest.Wait(s.t, name+" to publish "+string(source), func() bool {
		return slices.ContainsFunc(s.people(room), func(p meet.Person) bool {
			return p.Name == name && slices.ContainsFunc(p.Tracks, func(t meet.Track) bool {
				return t.Source == source && t.Muted == muted
			})
		})
	})
}

func TestTheHostMutesSomebody(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	bob := s.open(wide)
	bob.join(codes["guest"], "Bob")
	bob.sends(room, "Bob", "Microphone", meet.Microphone)
	bob.sends(room, "Bob", "Camera", meet.Camera)
	identity := s.identity(room, "Bob")

	if _, err := s.Mute(t.Context(), meettest.Ada, room.ID, meet.MuteCall{Identity: identity}); err != nil {
		t.Fatal(err)
	}
	bob.readOut("The host muted you")
	bob.wait("the microphone button to say so", control("Microphone")+`.getAttribute("aria-pressed") === "false"`)
	if _, err := s.DisableVideo(t.Context(), meettest.Ada, room.ID, meet.MuteCall{Identity: identity}); err != nil {
		t.Fatal(err)
	}
	bob.readOut("The host turned your camera off")
	bob.wait("the camera button to say so", control("Camera")+`.getAttribute("aria-pressed") === "false"`)
	bob.press("Microphone") // by themself: nobody is told that it was the host
	s.publishes(room, "Bob", meet.Microphone, false)
	bob.press("Microphone")
	s.publishes(room, "Bob", meet.Microphone, true)
	bob.quiet()
}

// Who is given a right or another role has its buttons at once, and loses them with it.
// Everybody sees a new name.
func TestRightsOfOnePerson(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{AllowScreenShare: meettest.Of(false)}})
	bob, ann := s.open(wide), s.open(wide)
	bob.join(codes["viewer"], "Bob")
	ann.join(codes["guest"], "Ann")
	change := func(change meet.ParticipantChange) {
		t.Helper()
		change.Identity = s.identity(room, "Bob")
		_, err := s.UpdateParticipant(t.Context(), meettest.Ada, room.ID, change)
		must(t, err)
	}
	if bob.has("Share screen") || bob.has("Microphone") {
		t.Error("a viewer can publish")
	}
	yes, no := meettest.Of(true), meettest.Of(false)
	change(meet.ParticipantChange{Allow: meet.RightsChange{Microphone: yes, ScreenShare: yes}})
	bob.wait("the button for the screen", `!!`+control("Share screen"))
	bob.readOut("The host now lets you use screen sharing")
	bob.press("Microphone")
	s.publishes(room, "Bob", meet.Microphone, false)

	s.updateRoom(room, meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: meettest.Of(true)}})
	eve, zoe := s.open(wide), s.open(wide)
	eve.knock(codes["guest"], "Eve")
	s.waiting(room, 1)
	if bob.has("Let in Eve") {
		t.Error("a viewer can let people in")
	}
	change(meet.ParticipantChange{Role: meettest.Of(meet.RoleHost)})
	bob.readOut("Your role is now: Host")
	bob.press("Let in Eve")
	eve.screen("call")
	zoe.knock(codes["guest"], "Zoe")
	bob.wait("somebody to let in", `!!`+control("Let in Zoe"))
	change(meet.ParticipantChange{Role: meettest.Of(meet.RoleViewer), Allow: meet.RightsChange{ScreenShare: no}})
	bob.wait("the buttons to be gone", `!`+control("Let in Zoe")+` && !`+control("Share screen"))
	s.publishes(room, "Bob", meet.Microphone, false) // that right stays

	change(meet.ParticipantChange{Name: meettest.Of("Robert")})
	ann.see("Robert")
	bob.quiet("403")
	ann.quiet()
}

func TestBeingRemoved(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	bob := s.open(wide)
	bob.join(codes["guest"], "Bob")
	s.kick(room, meet.KickCall{Identity: s.identity(room, "Bob"), Reason: "too loud"})
	bob.message("removed", "You were removed from the room")
	if bob.has("Microphone") || eval[bool](bob, `!!document.querySelector("video")`) {
		t.Error("the call goes on behind the message")
	}
	// Reloading asks anew: it does not slip back in.
	bob.visit("/join/" + codes["guest"])
	bob.screen("prejoin")
	if got := s.names(room); len(got) != 0 {
		t.Errorf("inside are %v, want nobody", got)
	}
	bob.quiet()
}

// Who was removed while their connection was cut is told so when it is back,
// and comes in again only by a button.
func TestBeingRemovedWhileAway(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room := s.NewRoom(t, meet.RoomChange{})
	codes, tabs, identities := map[string]string{}, map[string]*tab{}, map[string]string{}
	for _, name := range []string{"Kicked", "Blocked", "Disabled"} {
		made, err := s.CreateCodes(t.Context(), meettest.Ada, room.ID,
			meet.CodeRequest{Role: meettest.Of("guest"), Label: name})
		must(t, err)
		codes[name] = made.Codes[0].Code
		tabs[name] = s.open(wide)
		tabs[name].join(codes[name], name)
		s.publishes(room, name, meet.Camera, false)
		identities[name] = s.identity(room, name)
	}
	s.line.cut()
	for _, tab := range tabs {
		tab.see("Connection lost")
	}
	for name, block := range map[string]bool{"Kicked": false, "Blocked": true} {
		s.kick(room, meet.KickCall{Identity: identities[name], Block: block})
	}
	s.updateCode(codes["Disabled"], meet.CodeChange{Enabled: meettest.Of(false)})
	tabs["Blocked"].run(chromedp.Navigate("about:blank")) // or its page would come back before it is loaded anew
	s.line.mend()
	tabs["Blocked"].visit("/join/" + codes["Blocked"])
	for _, tab := range tabs {
		tab.message("removed", "You were removed from the room")
	}
	tabs["Kicked"].reload() // asks anew
	tabs["Kicked"].screen("prejoin")
	if names := s.names(room); len(names) != 0 {
		t.Errorf("inside are %v, want nobody", names)
	}
	used, _, err := s.Codes(t.Context(), meettest.Ada, room.ID, meet.CodeFilter{})
	must(t, err)
	for _, code := range used {
		if code.Uses != 1 {
			t.Errorf("%s: the code was used %d times, want once", code.Label, code.Uses)
		}
	}
	tabs["Kicked"].ask("Kicked")
	tabs["Kicked"].screen("call")
	tabs["Blocked"].press("Join again")
	tabs["Blocked"].ask("Blocked")
	tabs["Blocked"].message("closed", "This link lets nobody in any more")
	tabs["Disabled"].press("Join again")
	tabs["Disabled"].message("link", "This link does not work")
}
