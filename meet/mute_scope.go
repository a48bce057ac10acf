package meet

import (
	"context"
	"slices"
)

// VideoSource says which pictures to stop.
type VideoSource string

// The pictures that can be stopped.
const (
	VideoCamera VideoSource = "camera"       // with a lock the shared screen as well: no picture passes
	VideoScreen VideoSource = "screen_share" // the shared screen alone
	VideoAll    VideoSource = "all"          // both, and each is locked by itself
)

// VideoSources are all of them, for schemas and messages.
var VideoSources = []VideoSource{VideoCamera, VideoScreen, VideoAll}

// muteScope is one of the things that can be stopped.
type muteScope struct {
	sources []Source // that a lock takes away
	action  EventAction
	matches func(Track) bool
	check   func(identity string) error
}

// videoScope is what a call about pictures means.
func videoScope(call MuteCall) (muteScope, error) {
	what := muteScope{sources: []Source{Camera}, action: VideoDisabled, matches: Track.isCamera, check: checkSingleIdentity}
	if call.Lock != nil { // for everyone only what holds: stopping all cameras once helps nobody
		what.check = checkIdentity
	}
	switch call.Source {
	case "", VideoCamera:
		if call.Lock != nil {
			what.matches = Track.isPicture
		}
	case VideoScreen:
		what.sources, what.matches = []Source{ScreenShare}, Track.isScreen
	case VideoAll:
		what.sources, what.matches = []Source{Camera, ScreenShare}, Track.isPicture
	default:
		return muteScope{}, Invalid("source", "source must be camera, screen_share or all", "Leave it out for camera.")
	}
	return what, nil
}

// storeLock takes the sources away: from the people, or from all but admins,
// also from those who come later. It gives the room as it is then.
func (s *Service) storeLock(ctx context.Context, p Principal, room Room, people []Person, call MuteCall, what muteScope) (Room, MuteResult, error) {
	done := MuteResult{Locked: []string{}}
	for _, source := range what.sources {
		e := s.event(ctx, p, Locked, room, call.Identity,
			s.identityDetailsOf(ctx, room, call.Identity, map[string]string{"source": string(source)}))
		if call.Identity != Everyone {
			e.Details["identities"] = identities(participantsOf(people))
			changed, err := s.store.LockAdmissions(ctx, room.ID, identityList(participantsOf(people)), source, true, e)
			if err != nil {
				return room, done, s.storeError(err, "")
			}
			done.Locked = merge(done.Locked, changed)
			continue
		}
		free := slices.DeleteFunc(slices.Clone(people), func(p Person) bool { return slices.Contains(p.Locked, source) })
		e.Details["identities"] = identities(participantsOf(free))
		changed, _, err := s.store.LockForAll(ctx, room.ID, source, true, e)
		if err != nil {
			return room, done, s.storeError(err, "")
		}
		done.ForAll = done.ForAll || changed
		done.Locked = merge(done.Locked, identityList(participantsOf(free)))
	}
	if call.Identity != Everyone {
		return room, done, nil
	}
	room, err := s.store.RoomByID(ctx, room.ID)
	return room, done, s.storeError(err, "")
}

// storeUnlock gives the sources back, as storeLock takes them away.
func (s *Service) storeUnlock(ctx context.Context, p Principal, room Room, people []Person, call MuteCall, what muteScope) (Room, MuteResult, error) {
	done := MuteResult{Unlocked: []string{}}
	for _, source := range what.sources {
		e := s.event(ctx, p, Unlocked, room, call.Identity,
			s.identityDetailsOf(ctx, room, call.Identity, map[string]string{"source": string(source), "identities": call.Identity}))
		if call.Identity != Everyone {
			changed, err := s.store.LockAdmissions(ctx, room.ID, []string{call.Identity}, source, false, e)
			if err != nil {
				return room, done, s.storeError(err, "")
			}
			done.Unlocked = merge(done.Unlocked, changed)
			continue
		}
		locked, err := s.store.LockedIn(ctx, room.ID, source)
		if err != nil {
			return room, done, s.storeError(err, "")
		}
		held := slices.DeleteFunc(slices.Clone(people),
			func(p Person) bool { return !slices.Contains(p.Locked, source) })
		e.Details["identities"] = shortList(merge(locked, identityList(participantsOf(held))))
		changed, unlocked, err := s.store.LockForAll(ctx, room.ID, source, false, e)
		if err != nil {
			return room, done, s.storeError(err, "")
		}
		done.ForAll = done.ForAll || changed
		done.Unlocked = merge(merge(done.Unlocked, unlocked), identityList(participantsOf(held)))
	}
	room, err := s.store.RoomByID(ctx, room.ID)
	return room, done, s.storeError(err, "")
}

// merge gives list with those of more that it has not.
func merge(list, more []string) []string {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}
