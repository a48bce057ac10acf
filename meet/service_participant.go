package meet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// ParticipantChange says what is to be different of one person inside. Nil leaves
// something as it is.
type ParticipantChange struct {
	Identity string // or what else stands for one person inside
	Role     *string
	Name     *string
	Allow    RightsChange
	For      *time.Duration // how long it holds; nil is until the room ends
}

// RightsChange names the rights to give or to take. Agents read the doc tags.
type RightsChange struct {
	Microphone  *bool `json:"microphone" doc:"And screen sound"`
	Camera      *bool `json:"camera" doc:"Be seen"`
	ScreenShare *bool `json:"screen_share" doc:"Share a screen"`
	Chat        *bool `json:"chat" doc:"Write"`
}

// UpdatedParticipant is a person after a call that was to change them.
type UpdatedParticipant struct {
	Person
	Changed []Property // what is not as before
	May     []Property // all the rights that they have now
}

// UpdateParticipant sets the role, the name or rights of one person inside, for a
// time or until the room ends. It holds at once, without joining anew, and when
// they connect again. When they join anew, it holds if an access token proves that
// it is the same person; what only takes something holds as a lock does. Rights
// that are given go beyond the role, the settings and what is locked for everyone
// by then, but not beyond a lock on the person.
//
// [Enforcer.Sweep] ends what was set for a time.
func (s *Service) UpdateParticipant(
	ctx context.Context, p Principal, ref string, change ParticipantChange,
) (UpdatedParticipant, error) {
	identity, badIdentity := checkOnePerson(change.Identity)
	values, badChange := s.checkParticipantChange(change)
	room, err := s.resolveForChange(ctx, p, ActUpdateParticipant, ref, badIdentity, badChange)
	if err != nil {
		return UpdatedParticipant{}, err
	}
	return s.updateInside(ctx, p, room, identity, values, change.For)
}

// updateInside is [Service.UpdateParticipant] by p, who is allowed to. What is to be
// set was checked.
func (s *Service) updateInside(
	ctx context.Context, p Principal, room Room, identity string, values map[Property]string, limit *time.Duration,
) (UpdatedParticipant, error) {
	ctx, release, err := s.lockRoom(ctx, room.ID)
	if err != nil {
		return UpdatedParticipant{}, err
	}
	defer release()
	person, err := s.personInside(ctx, room, identity)
	if err == nil {
		err = checkMayBeSet(person, values)
	}
	if err != nil {
		return UpdatedParticipant{}, err
	}
	changed, err := s.storeOverrides(ctx, p, room, person.admission, values, limit)
	if err != nil {
		return UpdatedParticipant{}, err
	}
	return s.applyOverrides(ctx, room, person, changed)
}

// checkOnePerson checks what stands for one person.
func checkOnePerson(identity string) (string, error) {
	identity, err := checkIdentity("identity", identity)
	if err == nil && identity == Everyone {
		err = Invalid("identity", "identity must stand for one participant",
			"To change what everybody may do, use update_room with settings, or mute_participant with lock.")
	}
	return identity, err
}

// checkParticipantChange gives what is to be set, as overrides have it.
func (s *Service) checkParticipantChange(change ParticipantChange) (map[Property]string, error) {
	values := map[Property]string{}
	if change.Role != nil {
		if err := s.checkRole(*change.Role); err != nil {
			return nil, err
		}
		values[PropertyRole] = *change.Role
	}
	if change.Name != nil {
		name, err := checkText("name", *change.Name, MaxDisplayName)
		if err == nil && name == "" {
			err = Invalid("name", "name must not be empty", "Leave name out to keep the one they have.")
		}
		if err != nil {
			return nil, err
		}
		values[PropertyName] = cutBytes(name, maxNameBytes)
	}
	for right, value := range map[Property]*bool{
		PropertyMicrophone: change.Allow.Microphone, PropertyCamera: change.Allow.Camera,
		PropertyScreenShare: change.Allow.ScreenShare, PropertyChat: change.Allow.Chat,
	} {
		if value != nil {
			values[right] = strconv.FormatBool(*value)
		}
	}
	if len(values) == 0 {
		return nil, Invalid("", "nothing to change was given", "Give role, name, or allow with at least one right.")
	}
	if d := change.For; d != nil && (*d < time.Second || *d > MaxLifetime) {
		return nil, Invalid("for_seconds", fmt.Sprintf("for_seconds must be between 1 and %d", MaxLifetime/time.Second),
			"Leave it out for as long as the room is open.")
	}
	return values, nil
}

// personInside finds the one person inside whom a moderator means.
func (s *Service) personInside(ctx context.Context, room Room, given string) (Person, error) {
	inside, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return Person{}, errMediaUnavailable(err)
	}
	identity, err := s.whom(ctx, room, inside, given)
	if err != nil {
		return Person{}, err
	}
	at := slices.IndexFunc(inside, func(p Participant) bool { return p.Identity == identity })
	if at < 0 {
		return Person{}, errParticipantNotFound()
	}
	person, err := s.person(ctx, room, inside[at])
	if err == nil && person.Known && !person.admission.RevokedAt.IsZero() { // they are being removed
		err = errParticipantNotFound()
	}
	return person, err
}

// checkMayBeSet refuses what cannot be set for a person.
func checkMayBeSet(person Person, values map[Property]string) error {
	role, given := values[PropertyRole]
	switch {
	case !person.Known:
		return &Error{Code: CodeConflict, Message: "This participant did not come through Roomkey and cannot be changed",
			Hint: "Mute them without lock, or kick them."}
	case given && person.Admin && role != RoleHost:
		return &Error{Code: CodeForbidden, Message: "An admin of the room is always a host in it", Field: "role",
			Hint: "Leave role out."}
	}
	return nil
}

// storeOverrides sets properties of an admission, and gives those that were not so
// before.
func (s *Service) storeOverrides(
	ctx context.Context, p Principal, room Room, admission Admission, values map[Property]string, d *time.Duration,
) (changed []Property, err error) {
	now, until := s.now(), time.Time{}
	if d != nil {
		until = now.Add(*d)
	}
	e := s.event(ctx, p, Updated, room, admission.Identity, nil)
	_, err = s.store.UpdateOverrides(ctx, admission.Identity, func(a *Admission, room Room) error {
		is := a.at(now)
		details := map[string]string{"participant_name": redactCode(is.Name, is.Code)}
		a.Overrides, changed = maps.Clone(is.Overrides), []Property{}
		for _, property := range Properties {
			value, given := values[property]
			next := is.Overrides.next(property, value, now, until)
			if !given || is.has(property, next, room) {
				continue
			}
			a.Overrides = a.Overrides.with(property, next)
			changed = append(changed, property)
			details[string(property)] = redactCode(value, is.Code)
		}
		if !until.IsZero() {
			details["until"] = until.Format(time.RFC3339)
		}
		e.Action = Updated
		if len(changed) == 0 {
			e.Action = ""
		}
		e.setDetails(is.identityDetails(details))
		return nil
	}, e)
	if errors.Is(err, ErrNotFound) {
		return nil, errParticipantNotFound()
	}
	return changed, s.storeError(err, "")
}

// has says whether it changes nothing to set a property of an admission, which is
// as it is now.
func (a Admission) has(property Property, next Override, room Room) bool {
	is, set := a.Overrides[property]
	switch {
	case set:
		return is.Value == next.Value && is.Until.Equal(next.Until)
	case !next.Until.IsZero():
		return false
	}
	return property == PropertyRole && next.Value == roleOf(a, room) || property == PropertyName && next.Value == a.Name
}

// applyOverrides tells LiveKit what is set for a person, and gives the person as
// they are now. The caller holds the room's mutex.
func (s *Service) applyOverrides(
	ctx context.Context, room Room, person Person, changed []Property,
) (UpdatedParticipant, error) {
	in := person.Participant
	admission, room, known, err := s.findAdmissionAndRoom(ctx, room.ID, in.Identity)
	switch {
	case err != nil:
		return UpdatedParticipant{}, errAfterChange(err)
	case !known:
		return UpdatedParticipant{}, errParticipantNotFound()
	}
	if err := s.setProfile(ctx, room, admission, in); err != nil {
		return UpdatedParticipant{}, errNotApplied(err)
	}
	grants := s.profileOf(admission, room).Grants
	// LiveKit has ended what they may not publish any more.
	in.Tracks = slices.DeleteFunc(in.Tracks, func(t Track) bool { return !grants.may(t.Source) })
	updated := UpdatedParticipant{Changed: changed, May: []Property{}}
	for _, right := range Rights {
		if grants.may(Source(right)) || right == PropertyChat && grants.Data {
			updated.May = append(updated.May, right)
		}
	}
	updated.Person, err = s.person(ctx, room, in)
	return updated, errAfterChange(err)
}
