package meet

import "slices"

// lockCovers is what a lock on a source keeps from being published. Sound is sound
// whatever its track is called, and a shared screen is a picture. Nobody may
// publish an unknown source in the first place.
var lockCovers = map[Source][]Source{
	Microphone:  {Microphone, ScreenShareAudio},
	Camera:      {Camera, ScreenShare},
	ScreenShare: {ScreenShare},
}

// allCovered gives all that locks on some sources keep from being published.
func allCovered(locked []Source) []Source {
	var all []Source
	for _, source := range locked {
		all = append(all, source)
		all = append(all, lockCovers[source]...)
	}
	return all
}

// locksOf is what moderators have taken from an admitted person: from them alone,
// or together with all.
func locksOf(admission Admission, room Room) []Source {
	return merge(slices.Clone(admission.Locked), locksForAllOf(admission, room))
}

// locksForAllOf is what is taken from a person together with all but admins, unless
// it was given back or allowed to them.
func locksForAllOf(admission Admission, room Room) (locked []Source) {
	if admission.IsAdminOf(room) {
		return nil
	}
	for _, source := range room.LockedForAll {
		if !slices.Contains(admission.Unlocked, source) && !admission.Overrides.allows(source) {
			locked = append(locked, source)
		}
	}
	return locked
}
