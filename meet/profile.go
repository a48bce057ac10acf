package meet

import (
	"context"
	"errors"
	"log/slog"
	"sync"
)

// Profile is everything that LiveKit is told of one person.
type Profile struct {
	Name   string // display name
	Role   string
	Admin  bool   // an admin of the room
	Grants Grants // what they may do now
}

// Equal says whether two profiles are the same.
func (p Profile) Equal(other Profile) bool {
	return p.Name == other.Name && p.Role == other.Role && p.Admin == other.Admin && p.Grants.Equal(other.Grants)
}

// roleOf is the present role of an admitted person. The role of a person who
// joined without a code follows from whether they are an admin and from the room's
// mode, unless a moderator has set it.
func roleOf(admission Admission, room Room) string {
	_, set := admission.Overrides[PropertyRole]
	if admin := admission.IsAdminOf(room); admission.Code == "" && (admin || !set) {
		return roleWithoutCode(room, admin)
	}
	return admission.Role
}

// profileOf is the profile of an admitted person. What a moderator has allowed them
// goes beyond role, settings and what is locked for all, but not beyond what is
// locked for them.
func (c *core) profileOf(admission Admission, room Room) Profile {
	name := roleOf(admission, room)
	role, _ := c.roles.Get(name) // the zero role grants nothing
	grants := role.Grants(room.Settings).without(allCovered(locksForAllOf(admission, room)))
	grants = admission.Overrides.apply(grants).without(allCovered(admission.Locked))
	return Profile{Name: admission.Name, Role: name, Admin: admission.IsAdminOf(room), Grants: grants}
}

// project tells LiveKit the present profiles of everybody inside a room.
func (c *core) project(ctx context.Context, roomID string) error {
	unlock, err := c.lock(ctx, roomID)
	if err != nil {
		return err
	}
	defer unlock()
	room, err := c.store.RoomByID(ctx, roomID)
	if err != nil || !room.Active(c.now()) {
		return err
	}
	people, err := c.media.Participants(ctx, roomID)
	if err != nil {
		return err
	}
	return c.projectOnto(ctx, room, people)
}

// maxParallelProfiles is how many profiles are told at a time.
const maxParallelProfiles = 8

// projectOnto tells LiveKit the present profiles of people who are inside. The
// caller holds the room's mutex.
func (c *core) projectOnto(ctx context.Context, room Room, people []Participant) error {
	errs := make([]error, len(people))
	inParallel(len(people), maxParallelProfiles, func(i int) {
		admission, known, err := c.findAdmission(ctx, room.ID, people[i].Identity)
		if known { // people whom Roomkey did not admit keep what they have
			err = c.setProfile(ctx, room, admission, people[i])
		}
		errs[i] = err
	})
	return errors.Join(errs...)
}

// inParallel calls work with 0 to n-1, in at most limit goroutines at a time, and
// waits for all of them.
func inParallel(n, limit int, work func(i int)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, limit)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			work(i)
		})
	}
	all.Wait()
}

// setProfile corrects what LiveKit has of an admitted person.
func (c *core) setProfile(ctx context.Context, room Room, admission Admission, person Participant) error {
	want := c.profileOf(admission, room)
	if person.Profile.Equal(want) {
		return nil
	}
	err := c.media.SetProfile(ctx, room.ID, person.Identity, want)
	if isNotFound(err) {
		return nil // they have just left
	}
	return err
}

// projectOrLog is project for a change that is stored already. What fails is
// repeated by [Enforcer.Reconcile].
func (c *core) projectOrLog(ctx context.Context, room Room) {
	ctx, cancel := withBudget(ctx)
	defer cancel()
	if err := c.project(ctx, room.ID); err != nil {
		c.log.LogAttrs(ctx, slog.LevelWarn, "could not tell everybody inside a room what they may do; it is repeated",
			slog.String("room", room.ID), slog.Any("err", err))
	}
}
