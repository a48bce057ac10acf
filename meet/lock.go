package meet

import "slices"

// lockCovers is what a lock on a source keeps from being published. Sound is sound
// whatever its track is called, and a screen is a picture. What is of no known
// source nobody is given in the first place.
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

// locksOf is what moderators have taken from somebody who was let in: from
// them, or from all but admins unless it was given back to them.
func locksOf(join Admission, room Room) []Source {
	locked := slices.Clone(join.Locked)
	if join.Admin {
		return locked
	}
	for _, source := range room.LockedForAll.List() {
		if !slices.Contains(locked, source) && !slices.Contains(join.Unlocked, source) {
			locked = append(locked, source)
		}
	}
	return locked
}

// SourceSet is a set of sources that can be compared. The zero value is empty.
type SourceSet struct{ Microphone, Camera, ScreenShare bool }

// place is where the set keeps a source, nil for one that cannot be locked.
func (set *SourceSet) place(source Source) *bool {
	switch source {
	case Microphone:
		return &set.Microphone
	case Camera:
		return &set.Camera
	case ScreenShare:
		return &set.ScreenShare
	}
	return nil
}

// Has says whether a source is in the set.
func (set SourceSet) Has(source Source) bool {
	place := set.place(source)
	return place != nil && *place
}

// Set puts a source into the set, or takes it out.
func (set *SourceSet) Set(source Source, in bool) {
	if place := set.place(source); place != nil {
		*place = in
	}
}

// List gives the sources of the set, never nil.
func (set SourceSet) List() []Source {
	list := []Source{}
	for _, source := range Sources {
		if set.Has(source) {
			list = append(list, source)
		}
	}
	return list
}
