package meet

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"time"
)

// This file is what hosts inside a room do on the join page. They show the join
// token with which they came.

// host is somebody inside a room who has rights over others there.
type host struct {
	Principal // for the record: a guest by their identity
	room      Room
	admin     bool // of the room
	rights    []HostRight
	people    []Participant // who is inside, as LiveKit says
}

// HostView is what a host inside a room sees of it beside the call.
type HostView struct {
	Inside       bool // false: the caller is not inside now, and the rest is empty
	Rights       []HostRight
	RoomLocked   bool     // newcomers wait until a host lets them in
	LockedForAll []Source // taken from everyone but admins
	Locked       []string // the people inside from whom something was taken
	Admins       []string // the people inside who are admins of the room
	Roles        []string // in which the host may invite
	Requests     []JoinRequest
	Version      string // tells this view from others
}

// HostView shows a room to the bearer of a join token who is a host inside it.
// While the view has the given version, it waits for another one, for wait at most.
func (s *Service) HostView(ctx context.Context, joinToken, version string, wait time.Duration) (HostView, error) {
	roomID, identity, _ := s.media.ReadToken(joinToken)
	var view HostView
	err := s.await(ctx, waiter{room: roomID, identity: identity}, wait, func() (bool, error) {
		view = HostView{}
		h, err := s.hostOf(ctx, joinToken)
		switch {
		case errors.Is(err, errNotInside):
			return true, nil
		case err != nil:
			return false, err
		}
		view, err = s.viewFor(ctx, h)
		return view.Version != version, err
	})
	return view, err
}

func (s *Service) viewFor(ctx context.Context, h host) (view HostView, err error) {
	view = HostView{Inside: true, Rights: rightsLeft(h.rights, destructionAllowed(ctx)),
		RoomLocked: h.room.Settings.RequireApproval, LockedForAll: h.room.LockedForAll, Locked: []string{},
		Admins: []string{}, Roles: s.rolesToGive(h)}
	for _, source := range []Source{Microphone, Camera, ScreenShare} {
		locked, err := s.store.LockedIn(ctx, h.room.ID, source)
		if err != nil {
			return HostView{}, s.storeError(err, "")
		}
		view.Locked = merge(view.Locked, locked)
	}
	inside := identityList(h.people)
	view.Locked = slices.DeleteFunc(view.Locked, func(one string) bool { return !slices.Contains(inside, one) })
	for _, person := range h.people {
		if person.Profile.Admin {
			view.Admins = append(view.Admins, person.Identity)
		}
	}
	if slices.Contains(h.rights, RightAdmit) {
		if view.Requests, err = s.waitingRequests(ctx, h.room, MaxPage); err != nil {
			return HostView{}, err
		}
	}
	view.Version = view.version()
	return view, nil
}

// version tells views apart.
func (v HostView) version() string {
	h := fnv.New64a()
	fmt.Fprint(h, v.Rights, v.RoomLocked, v.LockedForAll, v.Locked, v.Admins)
	for _, r := range v.Requests {
		_, _ = h.Write([]byte(r.ID))
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// AnswerAsHost is [Service.AnswerJoinRequest] by the bearer of a join token.
func (s *Service) AnswerAsHost(ctx context.Context, joinToken, id string, approve bool) (JoinRequest, error) {
	h, err := s.hostOf(ctx, joinToken)
	if err == nil {
		err = h.check(RightAdmit)
	}
	if err != nil {
		return JoinRequest{}, err
	}
	return s.answer(ctx, h.Principal, h.room, id, approve)
}

// ModerateAsHost does what the bearer of a join token does to others inside, as the
// method for agents of the same effect would.
func (s *Service) ModerateAsHost(ctx context.Context, joinToken string, call HostCall) error {
	h, err := s.hostOf(ctx, joinToken)
	if err != nil {
		return err
	}
	action, known := hostActions[call.Action]
	if !known {
		return Invalid("action", "There is no such action", "Send one of those that the page offers.")
	}
	if err := h.check(action.right); err != nil {
		return err
	}
	if action.destructive {
		if err := checkDestructionAllowed(ctx); err != nil {
			return err
		}
	}
	if call.Action == HostRename {
		if call.Name, err = cleanNewName(call.Name); err != nil {
			return err
		}
	}
	if call.Identity, err = s.checkHostTarget(ctx, h, action, call.Identity); err != nil {
		return err
	}
	if err := s.checkChangeRate(h.Principal); err != nil {
		return err
	}
	return s.moderate(ctx, h, call)
}

// RaiseHand has everybody inside know that the bearer of a join token has a hand up,
// or not any more.
func (s *Service) RaiseHand(ctx context.Context, joinToken string, raised bool) error {
	h, err := s.insideBy(ctx, joinToken, false)
	if err == nil {
		err = s.checkChangeRate(h.Principal)
	}
	if err != nil {
		return err
	}
	var at time.Time
	if raised {
		at = s.now()
	}
	if err = s.media.SetHand(ctx, h.room.ID, h.ID, at); isNotFound(err) { // they have left meanwhile
		return errNotInside
	}
	return err
}

// checkHostTarget checks whom an action is about: one person inside, not the host
// themself, and not an admin who is spared.
func (s *Service) checkHostTarget(ctx context.Context, h host, action hostAction, given string) (string, error) {
	if action.aboutRoom {
		return "", nil
	}
	identity, err := checkIdentity("identity", given)
	if err == nil {
		identity, err = s.whom(ctx, h.room, h.people, identity)
	}
	switch {
	case err != nil:
		return "", err
	case identity == h.ID || identity == Everyone:
		return "", Invalid("identity", "identity must be that of another person", "Choose somebody else who is inside.")
	case !action.sparesAdmin || h.admin:
		return identity, nil
	}
	admission, known, err := s.findAdmission(ctx, h.room.ID, identity)
	if err == nil && known && admission.Admin {
		err = &Error{Code: CodeForbidden, Message: "A host may not do this to an admin of the room",
			Hint: "Only an admin of the room may."}
	}
	return identity, err
}

func (s *Service) moderate(ctx context.Context, h host, call HostCall) (err error) {
	yes, no := true, false
	mute := func(call MuteCall, scope muteScope) {
		if err == nil {
			_, err = s.muteIn(ctx, h.Principal, h.room, call, scope)
		}
	}
	pictures := func(source VideoSource, lock *bool) {
		call := MuteCall{Identity: call.Identity, Source: source, Lock: lock}
		scope, _ := videoScope(call) // fails only for another source
		mute(call, scope)
	}
	switch call.Action {
	case HostMute:
		mute(MuteCall{Identity: call.Identity}, soundScope)
	case HostMuteAll:
		mute(MuteCall{Identity: Everyone, Except: []string{h.ID}}, soundScope)
	case HostStopCamera:
		pictures(VideoCamera, nil)
	case HostStopScreen:
		pictures(VideoScreen, nil)
	case HostLock:
		mute(MuteCall{Identity: call.Identity, Lock: &yes}, soundScope)
		pictures(VideoAll, &yes)
	case HostUnlock:
		mute(MuteCall{Identity: call.Identity, Lock: &no}, soundScope)
		pictures(VideoAll, &no)
	case HostRemove, HostBlock:
		_, err = s.kickFrom(ctx, h.Principal, h.room,
			KickCall{Identity: call.Identity, Block: call.Action == HostBlock})
	case HostMakeHost:
		err = s.setRoleFor(ctx, h, call.Identity, RoleHost)
	case HostMakeGuest:
		err = s.setRoleFor(ctx, h, call.Identity, roleWithoutCode(h.room, false))
	case HostRename:
		_, err = s.updateInside(ctx, h.Principal, h.room, call.Identity,
			map[Property]string{PropertyName: call.Name}, nil)
	case HostLowerHand:
		err = s.media.SetHand(ctx, h.room.ID, call.Identity, time.Time{})
	case HostLockRoom:
		err = s.lockRoomFor(ctx, h, true)
	case HostUnlockRoom:
		err = s.lockRoomFor(ctx, h, false)
	case HostEndForAll:
		_, _, err = s.end(ctx, h.Principal, h.room)
	}
	return err
}

// cleanNewName makes the name that a host has typed for somebody harmless.
func cleanNewName(typed string) (string, error) {
	name := cutBytes(CleanText(typed, MaxDisplayName), maxNameBytes)
	if name == "" {
		return "", Invalid("name", "name must not be empty", "Type the name that the person is to have.")
	}
	return name, nil
}

// setRoleFor gives somebody a role, if it has no more rights than the host.
func (s *Service) setRoleFor(ctx context.Context, h host, identity, name string) error {
	role, _ := s.roles.Get(name)
	if h.lacks(role) {
		return errMoreRights()
	}
	_, err := s.updateInside(ctx, h.Principal, h.room, identity, map[Property]string{PropertyRole: name}, nil)
	return err
}

// lacks says whether a role has rights that the host has not.
func (h host) lacks(role Role) bool {
	return slices.ContainsFunc(role.Moderate, func(r HostRight) bool { return !slices.Contains(h.rights, r) })
}

// lockRoomFor has newcomers wait, or wait no more.
func (s *Service) lockRoomFor(ctx context.Context, h host, locked bool) error {
	change, next := RoomChange{Settings: SettingsChange{RequireApproval: &locked}}, h.room
	if err := change.apply(&next, s.now()); err != nil {
		return err
	}
	allowed := func(*Room) error { return nil } // the right to is that of a role
	_, err := s.updateTo(ctx, h.Principal, h.room, roomUpdate{next, change, false, allowed})
	return err
}

// hostOf finds the host who bears a join token.
func (s *Service) hostOf(ctx context.Context, joinToken string) (host, error) {
	return s.insideBy(ctx, joinToken, true)
}

// insideBy finds who bears a join token. The token proves who its bearer is, even
// when it has expired, and nothing else: LiveKit is asked whether they are inside
// the room now, and the database what they may do.
func (s *Service) insideBy(ctx context.Context, joinToken string, asHost bool) (host, error) {
	roomID, identity, ok := s.media.ReadToken(joinToken)
	if !ok {
		return host{}, &Error{Code: CodeUnauthenticated, Message: "A join token is needed", Hint: "Join the room first."}
	}
	a, err := s.admission(ctx, roomID, identity)
	switch {
	case err != nil:
		return host{}, err
	case a.verdict == verdictUnknown || a.secondConnection:
		return host{}, errNotInside
	}
	role, _ := s.roles.Get(roleOf(a.admission, a.room))
	rights := role.hostRights(a.admission.Admin)
	if asHost && len(rights) == 0 {
		return host{}, errNoHost("")
	}
	if a.verdict != verdictInside { // though LiveKit may not have been told yet
		return host{}, errNotInside
	}
	people, err := s.media.Participants(ctx, roomID)
	if err != nil {
		return host{}, errMediaUnavailable(err)
	}
	if !slices.Contains(identityList(people), identity) {
		return host{}, errNotInside
	}
	return host{Principal: Principal{ID: identity, Name: a.admission.Name, Role: Guest},
		room: a.room, admin: a.admission.Admin, rights: rights, people: people}, nil
}

// check refuses a host who lacks a right.
func (h host) check(right HostRight) error {
	if slices.Contains(h.rights, right) {
		return nil
	}
	return errNoHost(right)
}

// errNoHost is for somebody whose role lacks a right, or all of them.
func errNoHost(right HostRight) error {
	e := &Error{Code: CodeForbidden, Message: "You are not a host of this room",
		Hint: "Only the room's admin may, and people whose role has rights in the configuration (moderate)."}
	if right != "" {
		e.Message = "Your role does not have the right " + string(right)
	}
	return e
}

var errNotInside = &Error{Code: CodeForbidden, Message: "You are not inside the room", Hint: "Join it first."}
