package meet

import "context"

// Person is a participant with what the database says of them. Where the two
// differ, the database is right.
type Person struct {
	Participant // what LiveKit says

	Known    bool   // Roomkey admitted them; if not, the database says nothing of them
	Name     string // display name
	UserID   string // as it was claimed, unless Verified
	Verified bool   // an access token, or signing in, proved that they are UserID
	Role     string
	Admin    bool      // an admin of the room or a superadmin who joined as themself
	Label    string    // of the code they came by
	Locked   []Source  // what moderators have taken from them
	Set      Overrides // what else moderators have set for them

	admission Admission // zero unless Known
}

// person adds to a participant what the database says of them.
func (c *core) person(ctx context.Context, room Room, in Participant) (Person, error) {
	admission, known, err := c.findAdmission(ctx, room.ID, in.Identity)
	switch {
	case err != nil:
		return Person{}, err
	case !known:
		return Person{Participant: in, Name: in.Profile.Name, UserID: in.UserID, Role: in.Profile.Role}, nil
	}
	return Person{Participant: in, Known: true, admission: admission,
		Name: admission.Name, UserID: admission.UserID, Verified: admission.verified(), Role: roleOf(admission, room),
		Admin: admission.Admin, Label: admission.Label, Locked: locksOf(admission, room), Set: admission.Overrides}, nil
}

// persons adds to participants what the database says of them.
func (c *core) persons(ctx context.Context, room Room, inside []Participant) ([]Person, error) {
	people := make([]Person, len(inside))
	for i, participant := range inside {
		var err error
		if people[i], err = c.person(ctx, room, participant); err != nil {
			return nil, err
		}
	}
	return people, nil
}

// participantsOf leaves out what the database says of people.
func participantsOf(people []Person) []Participant {
	participants := make([]Participant, len(people))
	for i, person := range people {
		participants[i] = person.Participant
	}
	return participants
}
