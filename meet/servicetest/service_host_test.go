package servicetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// everyHostAction is all that hosts can do.
var everyHostAction = []meet.HostAction{
	meet.HostMute, meet.HostStopCamera, meet.HostStopScreen, meet.HostLock, meet.HostUnlock, meet.HostRemove,
	meet.HostBlock, meet.HostMakeHost, meet.HostMakeGuest, meet.HostRename, meet.HostLowerHand, meet.HostMuteAll,
	meet.HostLockRoom, meet.HostUnlockRoom, meet.HostEndForAll,
}

// hosted is a room with a host and a guest inside who came by codes.
type hosted struct {
	*System
	t           *testing.T
	room        meet.Room
	guestCode   string
	token       string // of the host
	host, guest *livekittest.Person
}

func newHosted(t *testing.T, options ...Option) *hosted {
	t.Helper()
	s := New(t, options...)
	room := s.NewRoom(t, meet.RoomChange{})
	a, host := enterByCode(t, s, s.NewCode(t, room, meet.RoleHost, meet.CodeChange{}).Code, "hal")
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}).Code
	_, guest := enterByCode(t, s, code, "eve")
	return &hosted{System: s, t: t, room: room, guestCode: code, token: a.Token, host: host, guest: guest}
}

// do has the host do something, to the guest where it is about a person.
func (h *hosted) do(action meet.HostAction) {
	h.t.Helper()
	wantCode(h.t, string(action), h.try(h.token, action, h.guest.Identity()), "")
}

func (h *hosted) try(token string, action meet.HostAction, identity string) error {
	h.t.Helper()
	return h.ModerateAsHost(h.t.Context(), token, meet.HostCall{Action: action, Identity: identity, Name: "Evelyn"})
}

func (h *hosted) view() meet.HostView {
	h.t.Helper()
	view, err := h.HostView(h.t.Context(), h.token, "", 0)
	wantCode(h.t, "view", err, "")
	return view
}

// A host does to somebody what an admin can, and the record says that it was they.
func TestHostsModerate(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.guest.PublishMicrophone()
	h.guest.PublishCamera()
	h.guest.Publish(meet.ScreenShare)
	tracksAtServer(t, h.System, h.room, h.guest, 3)
	h.do(meet.HostMute)
	h.guest.WaitMuted(meet.Microphone)
	h.do(meet.HostStopCamera)
	h.guest.WaitMuted(meet.Camera)
	h.do(meet.HostStopScreen)
	h.guest.WaitMuted(meet.ScreenShare)

	before := h.view()
	held := make(chan meet.HostView, 1)
	go func() {
		view, _ := h.HostView(t.Context(), h.token, before.Version, time.Minute)
		held <- view
	}()
	livekittest.Wait(t, "the call to wait", func() bool { return h.Waiters(h.room.ID) == 1 })
	h.do(meet.HostLock)
	for _, source := range meet.Sources {
		h.guest.WaitMayPublish(source, false)
	}
	if view := <-held; !slices.Equal(view.Locked, []string{h.guest.Identity()}) || view.Version == before.Version {
		t.Errorf("the view after a lock: %+v; want the guest locked", view)
	}
	h.do(meet.HostUnlock)
	for _, source := range meet.Sources {
		h.guest.WaitMayPublish(source, true)
	}
	h.do(meet.HostLockRoom)
	if view := h.view(); len(view.Locked) != 0 || !view.RoomLocked || !slices.Equal(view.Rights, meet.HostRights) {
		t.Errorf("the view of a locked room: %+v; want all rights, and nobody locked", view)
	}
	waiting, err := exchange(t, h.System, h.guestCode, "late")
	if err != nil || waiting.RequestID == "" || len(h.view().Requests) != 1 {
		t.Errorf("a newcomer in a locked room: %+v, %v; want one who waits", waiting, err)
	}
	h.do(meet.HostUnlockRoom)
	_, err = exchange(t, h.System, h.guestCode, "late")
	wantCode(t, "a newcomer after that", err, "")
	h.do(meet.HostRemove)
	h.guest.WaitDisconnected()

	events, _, err := h.Events(t.Context(), Ada, meet.EventFilter{RoomID: &h.room.ID, Limit: Of(100)})
	wantCode(t, "events", err, "")
	var actions []meet.EventAction
	for _, e := range events {
		if e.Actor == h.host.Identity() && e.Action != meet.Joined {
			actions = append(actions, e.Action)
		}
	}
	slices.Reverse(actions)
	want := []meet.EventAction{meet.Muted, meet.VideoDisabled, meet.VideoDisabled,
		meet.Locked, meet.Locked, meet.Locked, meet.Unlocked, meet.Unlocked, meet.Unlocked,
		meet.RoomUpdated, meet.RoomUpdated, meet.Kicked}
	if !slices.Equal(actions, want) {
		t.Errorf("on record of the host: %v, want %v", actions, want)
	}
}

func TestHostsBlockAndEnd(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	h.do(meet.HostBlock)
	h.guest.WaitDisconnected()
	_, err := exchange(t, h.System, h.guestCode, "eve")
	wantCode(t, "the blocked person's next join", err, meet.CodeForbidden)
	wantCode(t, "once more", h.try(h.token, meet.HostRemove, h.guest.Identity()), meet.CodeNotFound)
	h.do(meet.HostEndForAll)
	h.host.WaitDisconnected()
	wantCode(t, "after the end", h.try(h.token, meet.HostMuteAll, ""), meet.CodeForbidden)
}

// Everyone is everyone else: neither the host who asks nor an admin is muted.
func TestHostsMuteEveryoneElse(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	ada := h.Enter(t, Ada, h.room)
	for _, person := range []*livekittest.Person{h.host, h.guest, ada} {
		person.PublishMicrophone()
		tracksAtServer(t, h.System, h.room, person, 1)
	}
	h.do(meet.HostMuteAll)
	h.guest.WaitMuted(meet.Microphone)
	if h.host.Muted(meet.Microphone) || ada.Muted(meet.Microphone) {
		t.Error("the host or the admin was muted as well")
	}
	if view := h.view(); !slices.Equal(view.Admins, []string{ada.Identity()}) {
		t.Errorf("admins: %v, want Ada", view.Admins)
	}
	// However the admin is called.
	for _, identity := range []string{ada.Identity(), "Ada", "ada_", Ada.ID} {
		for _, action := range []meet.HostAction{meet.HostLock, meet.HostRemove, meet.HostBlock, meet.HostRename} {
			wantCode(t, string(action)+" of "+identity, h.try(h.token, action, identity), meet.CodeForbidden)
		}
	}
	h.do(meet.HostMute)
	for name, identity := range map[string]string{
		"themself": h.host.Identity(), "everyone": meet.Everyone, "nobody": "", "a wish": "eve\nbob"} {
		wantCode(t, name, h.try(h.token, meet.HostRemove, identity), meet.CodeInvalid)
	}
	wantCode(t, "somebody who is not inside", h.try(h.token, meet.HostMute, "nobody_here"), meet.CodeNotFound)
	wantCode(t, "an unknown action", h.try(h.token, "crown", h.guest.Identity()), meet.CodeInvalid)
}

func TestWhoIsNoHostModeratesNothing(t *testing.T) {
	t.Parallel()
	roles := append(meet.BuiltinRoles(),
		meet.Role{Name: "usher", Subscribe: true, Admit: true},
		meet.Role{Name: "sound", Subscribe: true, Moderate: []meet.HostRight{meet.RightMute}})
	h := newHosted(t, func(c *meet.Config) { c.Roles = roles })
	enter := func(role string) string {
		a, _ := enterByCode(t, h.System, h.NewCode(t, h.room, role, meet.CodeChange{}).Code, role)
		return a.Token
	}
	guest, viewer, usher, sound := enter(meet.RoleGuest), enter(meet.RoleViewer), enter("usher"), enter("sound")
	outside, err := exchange(t, h.System, h.guestCode, "outside")
	wantCode(t, "exchange", err, "")
	for _, action := range everyHostAction {
		for name, token := range map[string]string{
			"guest": guest, "viewer": viewer, "usher": usher, "outside": outside.Token} {
			wantCode(t, string(action)+" by "+name, h.try(token, action, h.guest.Identity()), meet.CodeForbidden)
		}
		wantCode(t, string(action)+" without a token", h.try("x.y.z", action, ""), meet.CodeUnauthenticated)
		if !slices.Contains([]meet.HostAction{meet.HostMute, meet.HostMuteAll, meet.HostLowerHand}, action) {
			wantCode(t, string(action)+" by sound", h.try(sound, action, h.guest.Identity()), meet.CodeForbidden)
		}
	}
	wantCode(t, "mute by sound", h.try(sound, meet.HostMute, h.guest.Identity()), "")
	for token, want := range map[string][]meet.HostRight{usher: {meet.RightAdmit}, sound: {meet.RightMute}} {
		view, err := h.HostView(t.Context(), token, "", 0)
		if err != nil || !slices.Equal(view.Rights, want) {
			t.Errorf("rights: %v, %v; want %v", view.Rights, err, want)
		}
	}
	_, err = h.AnswerAsHost(t.Context(), sound, "aaaaaaaaaaaaaaaaaaaaaaaaaa", true)
	wantCode(t, "an answer by sound", err, meet.CodeForbidden)
}

// Under disable_destructive hosts remove nobody, and are not told that they could.
func TestHostsUnderTheCeiling(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	ctx := meet.WithoutDestruction(t.Context())
	for _, action := range []meet.HostAction{meet.HostRemove, meet.HostBlock, meet.HostEndForAll} {
		err := h.ModerateAsHost(ctx, h.token, meet.HostCall{Action: action, Identity: h.guest.Identity()})
		wantCode(t, string(action), err, meet.CodeForbidden)
	}
	view, err := h.HostView(ctx, h.token, "", 0)
	want := []meet.HostRight{meet.RightAdmit, meet.RightMute, meet.RightVideo, meet.RightLock, meet.RightInvite,
		meet.RightRole, meet.RightRename}
	if err != nil || !slices.Equal(view.Rights, want) {
		t.Errorf("rights: %v, %v; want %v", view.Rights, err, want)
	}
}

// A host hands out codes of roles with no more rights than their own.
func TestHostsInvite(t *testing.T) {
	t.Parallel()
	roles := append(meet.BuiltinRoles(),
		meet.Role{Name: "usher", Subscribe: true, Moderate: []meet.HostRight{meet.RightAdmit, meet.RightInvite}},
		meet.Role{Name: "vip", Subscribe: true, SkipApproval: true},
		meet.Role{Name: "seller", Subscribe: true, Moderate: []meet.HostRight{meet.RightInvite}})
	h := newHosted(t, func(c *meet.Config) { c.Roles = roles })
	for name, c := range map[string]struct{ gives, keeps []string }{
		"host":   {[]string{"host", "guest", "viewer", "usher", "vip", "seller"}, nil},
		"usher":  {[]string{"guest", "viewer", "usher", "vip", "seller"}, []string{"host"}},
		"seller": {[]string{"guest", "viewer", "seller"}, []string{"host", "usher", "vip", "none", ""}},
		"guest":  {nil, []string{"guest", "viewer"}},
	} {
		a, _ := enterByCode(t, h.System, h.NewCode(t, h.room, name, meet.CodeChange{}).Code, name)
		for _, role := range c.gives {
			code, err := h.InviteAsHost(t.Context(), a.Token, role)
			if err != nil || code.Role != role || code.Code != h.NewCode(t, h.room, role, meet.CodeChange{}).Code {
				t.Errorf("%s invites as %s: %+v, %v; want the code of that role", name, role, code, err)
			}
		}
		for _, role := range c.keeps {
			_, err := h.InviteAsHost(t.Context(), a.Token, role)
			wantCode(t, name+" invites as "+role, err, meet.CodeForbidden)
		}
		view, err := h.HostView(t.Context(), a.Token, "", 0)
		if name != "guest" && (err != nil || !slices.Equal(view.Roles, c.gives)) {
			t.Errorf("%s is offered %v, %v; want %v", name, view.Roles, err, c.gives)
		}
	}
	off := false
	_, err := h.UpdateCode(t.Context(), Ada, h.guestCode, meet.CodeChange{Enabled: &off}, false)
	wantCode(t, "switch a code off", err, "")
	_, err = h.InviteAsHost(t.Context(), h.token, meet.RoleGuest)
	wantCode(t, "the code that is off", err, meet.CodeGone)
}

// Everybody may raise a hand. Moderators see since when, and a host lowers it.
func TestHands(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	a, bob := enterByCode(t, h.System, h.guestCode, "bob")
	raised := func() time.Time {
		roster, err := h.Roster(t.Context(), Ada, h.room.ID)
		wantCode(t, "roster", err, "")
		for _, person := range roster.Participants {
			if person.Identity == bob.Identity() {
				return person.HandRaisedAt
			}
		}
		t.Fatal("Bob is not in the roster")
		return time.Time{}
	}
	for _, lower := range []func() error{
		func() error { return h.RaiseHand(t.Context(), a.Token, false) },
		func() error { return h.try(h.token, meet.HostLowerHand, bob.Identity()) },
	} {
		wantCode(t, "raise", h.RaiseHand(t.Context(), a.Token, true), "")
		if got, now := raised(), h.Clock.Now().Truncate(time.Millisecond); !got.Equal(now) {
			t.Errorf("raised at %v, want now: %v", got, now)
		}
		if role := bob.Attributes()["role"]; role != meet.RoleGuest {
			t.Errorf("the role is %q after a hand was raised", role)
		}
		wantCode(t, "lower", lower(), "")
		if got := raised(); !got.IsZero() {
			t.Errorf("raised at %v after it was lowered", got)
		}
	}
	wantCode(t, "lowered by a guest", h.try(a.Token, meet.HostLowerHand, h.guest.Identity()), meet.CodeForbidden)
	bob.Leave()
	wantCode(t, "raised outside", h.RaiseHand(t.Context(), a.Token, true), meet.CodeForbidden)
	wantCode(t, "raised by nobody", h.RaiseHand(t.Context(), "x.y.z", true), meet.CodeUnauthenticated)
}

// A host makes another one, who may moderate at once, and takes it back.
func TestHostsMakeHosts(t *testing.T) {
	t.Parallel()
	roles := append(meet.BuiltinRoles(),
		meet.Role{Name: "usher", Subscribe: true, Moderate: []meet.HostRight{meet.RightRole}})
	h := newHosted(t, func(c *meet.Config) { c.Roles = roles })
	a, bob := enterByCode(t, h.System, h.guestCode, "bob")
	u, _ := enterByCode(t, h.System, h.NewCode(t, h.room, "usher", meet.CodeChange{}).Code, "usher")
	wantCode(t, "more than their own", h.try(u.Token, meet.HostMakeHost, bob.Identity()), meet.CodeForbidden)
	wantCode(t, "make a host", h.try(h.token, meet.HostMakeHost, bob.Identity()), "")
	wantCode(t, "the new host mutes", h.try(a.Token, meet.HostMute, h.guest.Identity()), "")
	wantCode(t, "make a guest", h.try(h.token, meet.HostMakeGuest, bob.Identity()), "")
	wantCode(t, "the former host mutes", h.try(a.Token, meet.HostMute, h.guest.Identity()), meet.CodeForbidden)
}

// A host gives somebody another name, cleaned like one that people type themselves.
func TestHostsRename(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	rename := func(name string) error {
		return h.ModerateAsHost(t.Context(), h.token,
			meet.HostCall{Action: meet.HostRename, Identity: h.guest.Identity(), Name: name})
	}
	wantCode(t, "rename", rename(" Evelyn\u202e\u200bs "+strings.Repeat("x", 10_000)), "")
	roster, err := h.Roster(t.Context(), Ada, h.room.ID)
	wantCode(t, "roster", err, "")
	want := meet.CleanText("Evelyns "+strings.Repeat("x", 10_000), meet.MaxDisplayName)
	for _, person := range roster.Participants {
		if person.Identity == h.guest.Identity() && person.Name != want {
			t.Errorf("the name is %q, want %q", person.Name, want)
		}
	}
	wantCode(t, "no name", rename(" \u200b "), meet.CodeInvalid)
}
