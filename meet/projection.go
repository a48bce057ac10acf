package meet

import (
	"context"
	"errors"
	"hash/fnv"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// This file is about what the media server is told of the people inside. The
// database says who may be inside and what they may do there; the media server
// is made to agree, whenever something changes, somebody connects, or it is
// looked at.

// roomLocks lets one call at a time project a room, so that of two changes the
// later one is what the media server hears last.
type roomLocks [64]chan struct{}

func newRoomLocks() *roomLocks {
	locks := new(roomLocks)
	for i := range locks {
		locks[i] = make(chan struct{}, 1)
	}
	return locks
}

// lock waits for the lock of a room, which a few others share.
func (l *roomLocks) lock(ctx context.Context, roomID string) (unlock func(), err error) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(roomID))
	lock := l[h.Sum32()%uint32(len(l))]
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// isValid says whether a join still lets its bearer be in the room: a kick, or
// an end of the room since, has put an end to it.
func isValid(join Admission, room Room, now time.Time) bool {
	return join.RoomID == room.ID && room.Active(now) && join.RevokedAt.IsZero() && !join.Returned &&
		!join.CreatedAt.Before(room.OpenedAt)
}

// mediaPrecision is how exact the times are that the media server tells.
const mediaPrecision = time.Second

// checkAdmission refuses whose tokens are dead, and says why: errRemoved by a kick
// or because they are blocked and hold a token from before, errSessionOver by
// the end of the room since. Of those whom a block means only because they came
// the same way, or claim to be the same, who was inside when it was made may stay
// and come back.
func (s *Service) checkAdmission(ctx context.Context, join Admission, room Room) error {
	switch {
	case !join.RevokedAt.IsZero():
		return errRemoved
	case join.Returned:
		return errReturned
	case !isValid(join, room, s.now()):
		return errSessionOver
	case join.Admin:
		return nil
	}
	blocks, err := s.store.Blocks(ctx, room.ID)
	if err != nil {
		return s.storeError(err, "")
	}
	for _, b := range blocks {
		switch {
		case b.matchesProven(join):
			return errRemoved
		case !b.matchesClaim(join):
			continue
		}
		switch was, err := s.store.WasInside(ctx, join.Identity, b.CreatedAt.Add(-mediaPrecision)); {
		case err != nil:
			return s.storeError(err, "")
		case !was:
			return errRemoved
		}
	}
	return nil
}

// Why a token of somebody who was let in is dead (errReturned is another one).
// Both are told to the client that has it, which would otherwise take it for a
// token that has expired, for which it is enough to ask for another one.
var (
	errRemoved = &Error{Code: CodeForbidden, Message: "You were removed from the room",
		Hint: "Ask a host to invite you again."}

	// LiveKit's clients look for the words "requested room does not exist", and
	// try without end to find another way in where a 404 does not have them.
	errSessionOver = &Error{Code: CodeNotFound, Message: "The requested room does not exist any more: it has ended",
		Hint: "If it was opened again, join it anew."}
)

// isTokenRevoked says whether an error of mayBeInside is that a token is dead.
func isTokenRevoked(err error) bool {
	return errors.Is(err, errRemoved) || errors.Is(err, errSessionOver) || errors.Is(err, errReturned)
}

// roleOf is the role of somebody who was let in. Of those who came without a
// code it follows the room's mode.
func roleOf(join Admission, room Room) string {
	if join.Code == "" && (join.Role == RoleGuest || join.Role == RoleViewer) {
		return roleWithoutCode(room, false)
	}
	return join.Role
}

// grantsOf is what somebody who was let in may do now.
func (s *Service) grantsOf(join Admission, room Room) Grants {
	role, _ := s.roles.Get(roleOf(join, room)) // the zero role grants nothing
	return role.Grants(room.Settings).without(allCovered(locksOf(join, room)))
}

// Entry is what the media server has to know about somebody who connects.
type Entry struct {
	Known  bool // false: they did not come through here, and their token is all there is
	Grants Grants
}

// AuthorizeSession is asked by the media server about somebody who is connecting with a
// good token. It refuses whose token is dead, as [Service.BeforeConnect] does.
func (s *Service) AuthorizeSession(ctx context.Context, roomID, identity string) (Entry, error) {
	join, err := s.admissionOf(ctx, roomID, identity)
	switch {
	case errors.Is(err, ErrNotFound):
		return Entry{}, nil
	case err != nil:
		return Entry{}, s.storeError(err, "")
	}
	room, err := s.store.RoomByID(ctx, roomID)
	if err != nil {
		return Entry{}, s.storeError(err, "")
	}
	if err := s.checkAdmission(ctx, join, room); err != nil {
		return Entry{}, err
	}
	return Entry{Known: true, Grants: s.grantsOf(join, room)}, nil
}

// admissionOf finds the admission of somebody inside a room. The media server calls
// a second connection of theirs identity#something.
func (s *Service) admissionOf(ctx context.Context, roomID, identity string) (Admission, error) {
	join, err := s.store.Admission(ctx, identity)
	if base, _, second := strings.Cut(identity, "#"); errors.Is(err, ErrNotFound) && second {
		join, err = s.store.Admission(ctx, base)
	}
	if err == nil && join.RoomID != roomID {
		return Admission{}, ErrNotFound
	}
	return join, err
}

// maxParallelGrants is how many participants are set anew at a time.
const maxParallelGrants = 8

// project sets the rights of everybody inside a room anew, as the database has
// them now.
func (s *Service) project(ctx context.Context, roomID string) error {
	unlock, err := s.locks.lock(ctx, roomID)
	if err != nil {
		return err
	}
	defer unlock()
	room, err := s.store.RoomByID(ctx, roomID)
	if err != nil || !room.Active(s.now()) {
		return err
	}
	people, err := s.media.Participants(ctx, roomID)
	if err != nil {
		return err
	}
	return s.projectOnto(ctx, room, people)
}

// projectOnto sets the rights of people who are inside. The room's lock is held.
func (s *Service) projectOnto(ctx context.Context, room Room, people []Participant) error {
	var (
		all   sync.WaitGroup
		slots = make(chan struct{}, maxParallelGrants)
		mu    sync.Mutex
		errs  []error
	)
	for _, person := range people {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := s.setGrants(ctx, room, person); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// setGrants gives somebody inside the rights that are theirs. Those who did not
// come through here keep what they have.
func (s *Service) setGrants(ctx context.Context, room Room, person Participant) error {
	join, err := s.admissionOf(ctx, room.ID, person.Identity)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	}
	role, want := roleOf(join, room), s.grantsOf(join, room)
	if person.Role == role && person.Grants.Equal(want) {
		return nil
	}
	err = s.media.SetGrants(ctx, room.ID, person.Identity, role, want)
	if isNotFound(err) {
		return nil // they have just left
	}
	return err
}

// withAdmission completes what the media server says of somebody by what the database
// knows: it has the last word on who is who.
func (s *Service) withAdmission(ctx context.Context, room Room, person Participant) (Participant, Admission, error) {
	join, err := s.admissionOf(ctx, room.ID, person.Identity)
	switch {
	case errors.Is(err, ErrNotFound):
		person.Admin, person.Known = false, false
		return person, Admission{}, nil
	case err != nil:
		return person, Admission{}, s.storeError(err, "")
	}
	person.Name, person.UserID, person.Role, person.Admin = join.Name, join.UserID, roleOf(join, room), join.Admin
	person.Known, person.Locked = true, locksOf(join, room)
	person.Verified, person.Label = join.verified(), join.Label
	return person, join, nil
}

// projectOrLog brings the rights of those inside up to date after a change that
// is stored already. What fails is made good by [Service.Reconcile].
func (s *Service) projectOrLog(ctx context.Context, room Room) (told bool) {
	ctx, cancel := withBudget(ctx)
	defer cancel()
	if err := s.project(ctx, room.ID); err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "could not tell everybody inside a room what they may do; it is repeated", slog.String("room", room.ID), slog.Any("err", err))
		return false
	}
	return true
}
