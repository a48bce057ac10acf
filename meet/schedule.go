package meet

import "time"

// MaxTitle is the longest title of a room, in characters.
const MaxTitle = 100

// startGrace is how long ago a start may be that is given: the present time, by a
// clock that is behind. Earlier ones are mistakes, such as the year before.
const startGrace = 24 * time.Hour

// Started says whether the room lets in everybody whom it is for. Before, only
// hosts come in.
func (r Room) Started(now time.Time) bool { return !now.Before(r.StartsAt) }

// ShownTitle is what people call the room: its title, or its name without one.
func (r Room) ShownTitle() string {
	if r.Title != "" {
		return r.Title
	}
	return r.Name
}

// applySchedule writes title, start and end into r.
func (c RoomChange) applySchedule(r *Room, now time.Time) (err error) {
	if c.Title != nil {
		if r.Title, err = checkText("title", *c.Title, MaxTitle); err != nil {
			return err
		}
	}
	if c.StartsAt != nil {
		if r.StartsAt, err = checkMoment("starts_at", *c.StartsAt, now, startGrace); err != nil {
			return err
		}
	}
	end, given, err := newEnd(c.ExpiresIn, c.ExpiresAt, now)
	switch {
	case err != nil:
		return err
	case c.ExtendBy != nil && given:
		return Invalid("extend_seconds", "extend_seconds cannot be given together with another end",
			"Give extend_seconds to move the end that the room has, or expires_at for a new one.")
	case c.ExtendBy != nil:
		if end, err = extended(*r, *c.ExtendBy, now); err != nil {
			return err
		}
	case !given:
		end = r.ExpiresAt
	}
	r.ExpiresAt = end
	if (given || c.StartsAt != nil) && !end.IsZero() && !end.After(r.StartsAt) {
		return c.endsTooEarly(*r)
	}
	return nil
}

// givesEnd says whether the change says when the room ends.
func (c RoomChange) givesEnd() bool {
	return c.ExpiresIn != nil || c.ExpiresAt != nil || c.ExtendBy != nil
}

// endsTooEarly refuses an end that is not after the start.
func (c RoomChange) endsTooEarly(r Room) error {
	field := "starts_at"
	switch {
	case c.ExpiresAt != nil:
		field = "expires_at"
	case c.ExpiresIn != nil:
		field = "expires_in_seconds"
	}
	return Invalid(field, "the room would end at "+formatTime(r.ExpiresAt)+", before it starts at "+formatTime(r.StartsAt),
		"Give an expires_at that is later than starts_at; expires_in_seconds counts from now.")
}

// extended gives the end of a room that is to last longer: later than its present
// end, or than now if it has none.
func extended(r Room, by time.Duration, now time.Time) (time.Time, error) {
	from := r.ExpiresAt
	if from.IsZero() {
		from = now
	}
	end := from.Add(by)
	switch {
	case by <= 0 || by > MaxLifetime || end.After(now.Add(MaxLifetime)):
		return time.Time{}, Invalid("extend_seconds", "extend_seconds must be between 1 and 315360000",
			"The end may be at most ten years from now.")
	case !end.After(now):
		return time.Time{}, Invalid("extend_seconds", "the room would still have ended at "+formatTime(end),
			"Give an expires_at that is still to come. It is "+formatTime(now)+" now.")
	}
	return end, nil
}

// newEnd gives the end that a change gives as a span from now or as a time, the zero
// time for never. given is false where it gives neither.
func newEnd(in *time.Duration, at *time.Time, now time.Time) (end time.Time, given bool, err error) {
	switch {
	case in != nil && at != nil:
		return end, true, Invalid("expires_at", "expires_at and expires_in_seconds cannot be given together",
			"Give one of them.")
	case in != nil:
		end, err = expiresAt(*in, now)
		return end, true, err
	case at != nil:
		end, err = checkMoment("expires_at", *at, now, 0)
		return end, true, err
	}
	return end, false, nil
}

// checkMoment refuses a time that is longer ago than grace, or too far away. What
// it gives is as exact as the database.
func checkMoment(field string, at, now time.Time, grace time.Duration) (time.Time, error) {
	at = at.UTC().Truncate(time.Millisecond)
	hint := "It is " + formatTime(now) + " now."
	switch {
	case at.After(now.Add(MaxLifetime)):
		return at, Invalid(field, field+" must be at most ten years from now", hint)
	case !at.After(now.Add(-grace)):
		return at, Invalid(field, field+" must not be in the past", hint)
	}
	return at, nil
}
