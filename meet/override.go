package meet

import (
	"slices"
	"time"
)

// Property is something about one person that a moderator can set.
type Property string

// The properties. The four after the name are rights.
const (
	PropertyRole        Property = "role"
	PropertyName        Property = "name"
	PropertyMicrophone           = Property(Microphone)
	PropertyCamera               = Property(Camera)
	PropertyScreenShare          = Property(ScreenShare)
	PropertyChat        Property = "chat"
)

// allowed is the value of a right that somebody has.
const allowed = "true"

// Rights are the properties that are allowed or not. Three are named after the
// source that they are about.
var Rights = []Property{PropertyMicrophone, PropertyCamera, PropertyScreenShare, PropertyChat}

// Properties are all properties, in the order in which they are shown.
var Properties = append([]Property{PropertyRole, PropertyName}, Rights...)

// Override is what a moderator has set for one person, in place of what follows
// from their admission, their role and the room. The tags are the names in the
// database.
type Override struct {
	Value string    `json:"value"`          // of a right: "true" or "false"
	At    time.Time `json:"at"`             // when it was set
	Until time.Time `json:"until,omitzero"` // when it ends; zero is with the room
	Then  string    `json:"then,omitempty"` // what was set before it and holds again after Until; empty is nothing
}

// Overrides are all that moderators have set for one person.
type Overrides map[Property]Override

// at gives the overrides that hold at that time.
func (o Overrides) at(now time.Time) Overrides {
	var holding Overrides
	for property, override := range o {
		if !override.Until.IsZero() && !now.Before(override.Until) {
			override = Override{Value: override.Then, At: override.At}
		}
		if override.Value != "" {
			holding = holding.with(property, override)
		}
	}
	return holding
}

// with gives the overrides with another one. It may write into o.
func (o Overrides) with(property Property, override Override) Overrides {
	if o == nil {
		o = Overrides{}
	}
	o[property] = override
	return o
}

// next gives the override of a moderator who sets a property while o holds. What
// was set until the end of the room holds again after one for a time.
func (o Overrides) next(property Property, value string, now, until time.Time) Override {
	next, before := Override{Value: value, At: now, Until: until}, o[property]
	switch {
	case until.IsZero():
	case before.Until.IsZero():
		next.Then = before.Value
	default:
		next.Then = before.Then
	}
	return next
}

// EndsNext is when the first of the overrides ends; zero is never.
func (o Overrides) EndsNext() time.Time {
	var next time.Time
	for _, override := range o {
		if until := override.Until; !until.IsZero() && (next.IsZero() || until.Before(next)) {
			next = until
		}
	}
	return next
}

// over lists the properties whose overrides have ended by then.
func (o Overrides) over(now time.Time) (ended []string) {
	for _, property := range Properties {
		if until := o[property].Until; !until.IsZero() && !now.Before(until) {
			ended = append(ended, string(property))
		}
	}
	return ended
}

// keep gives the overrides with only those values that ok accepts, and says
// whether that is another thing than before.
func (o Overrides) keep(ok func(Property, string) bool) (kept Overrides, changed bool) {
	for property, override := range o {
		if override.Then != "" && !ok(property, override.Then) {
			override.Then, changed = "", true
		}
		if !ok(property, override.Value) {
			override, changed = Override{Value: override.Then, At: override.At}, true
		}
		if override.Value != "" {
			kept = kept.with(property, override)
		}
	}
	return kept, changed
}

// givesNothing says whether a value lets nobody do more than without it. A role
// may.
func givesNothing(property Property, value string) bool {
	return property == PropertyName || property != PropertyRole && value != allowed
}

// InheritOverrides has an admission begin with what moderators have set for the
// same person before. What was set last counts. What may give them something is
// left out, unless an access token proves who they are, and they were not removed
// since.
func (a *Admission) InheritOverrides(earlier []Admission) {
	for _, before := range earlier {
		overrides := before.Overrides
		if a.Subject == "" || !before.RevokedAt.IsZero() {
			overrides, _ = overrides.keep(givesNothing)
		}
		for property, override := range overrides {
			if !a.Overrides[property].At.After(override.At) {
				a.Overrides = a.Overrides.with(property, override)
			}
		}
	}
}

// WithoutAllowed gives the overrides as they are after a lock of a source for
// everyone, which ends what was allowed to single people before. changed says
// whether it ended anything.
func (o Overrides) WithoutAllowed(locked Source) (rest Overrides, changed bool) {
	return o.keep(func(property Property, value string) bool {
		return value != allowed || !slices.Contains(lockCovers[locked], Source(property))
	})
}

// allows says whether a moderator has allowed a source to the person.
func (o Overrides) allows(source Source) bool { return o[Property(source)].Value == allowed }

// apply gives the grants of a person for whom moderators have set something. The
// sound of a shared screen goes with the screen and the microphone.
func (o Overrides) apply(g Grants) Grants {
	for _, right := range Rights {
		switch value := o[right].Value; {
		case value == "":
		case right == PropertyChat:
			g.Data = value == allowed
		case value == allowed:
			g = g.with(Source(right))
		default:
			g = g.without(takenWith[right])
		}
	}
	if (o.allows(Microphone) || o.allows(ScreenShare)) && g.may(Microphone) && g.may(ScreenShare) {
		g = g.with(ScreenShareAudio)
	}
	return g
}

// takenWith are the sources that nobody may publish without a right. Sound is
// sound, whatever its track is called.
var takenWith = map[Property][]Source{
	PropertyMicrophone:  {Microphone, ScreenShareAudio},
	PropertyCamera:      {Camera},
	PropertyScreenShare: {ScreenShare, ScreenShareAudio},
}
