package storetest

import (
	"context"
	"time"

	"roomkey/meet"
)

// change is a method that takes an event, with arguments that succeed once in
// a store that prepare has filled.
type change struct {
	name    string
	handsIn bool // a function that may refuse; it calls inside
	do      func(ctx context.Context, e *meet.Event, inside func() error) error
}

// prepare fills a store for changes and for calls that fail.
func (b testStore) prepare() {
	b.t.Helper()
	b.create(newRoom("taken"))
	b.create(newRoom("due", expiresAt(at(1))))
	b.create(newRoom("room"), newCode("aaa", "guest"), newCode("old", "host"), newCode("off", "speaker"),
		newCode("lim", "guest", label("limited"), limited(9)))
	for identity, code := range map[string]string{"inside": "aaa", "guest": "aaa", "pending": "lim", "returned": "lim"} {
		b.join(byCode(identity, code))
	}
	b.set("guest", meet.PropertyRole, meet.Override{Value: "host", At: noon, Until: at(1)})
	wantErr(b.t, "EndPending", b.EndPending(b.t.Context(), "returned", noon), nil)
	b.ask(newRequest("asked", 1))
	b.block(newBlock("blocked"))
}

// errOf and errOf2 give the error of a call with other results.
func errOf[T any](_ T, err error) error          { return err }
func errOf2[T, U any](_ T, _ U, err error) error { return err }

type step struct {
	name    string
	handsIn bool
	do      func() error
}

func (b testStore) changes() []change {
	var changes []change
	for i, s := range b.steps(nil, nil, nil) { //nolint:staticcheck // none of them is done
		changes = append(changes, change{s.name, s.handsIn, func(ctx context.Context, e *meet.Event,
			inside func() error) error {
			return b.steps(ctx, e, inside)[i].do()
		}})
	}
	return changes
}

func (b testStore) steps(ctx context.Context, e *meet.Event, inside func() error) []step {
	everyRole := append([]string{"speaker"}, allRoles...)
	revocation := meet.Revocation{RoomID: "id-room", Identities: []string{"guest"}, At: noon, By: "ann"}
	onRoom := func(*meet.Room) error { return inside() }
	onCode := func(*meet.RoomCode) error { return inside() }
	ofCode := func(meet.RoomCode) error { return inside() }
	onJoin := func(meet.JoinContext) error { return inside() }
	onCount := func(meet.Room, meet.RequestCount) error { return inside() }
	onAdmission := func(*meet.Admission, meet.Room) error { return inside() }
	onRequest := func(*meet.JoinRequest, meet.Room) error { return inside() }
	lock := func(locked bool, identities ...string) func() error {
		return func() error { return errOf(b.LockAdmissions(ctx, "id-room", identities, mic, locked, e)) }
	}
	lockForAll := func(locked bool) func() error {
		return func() error { return errOf2(b.LockForAll(ctx, "id-room", mic, locked, nil, e)) }
	}
	ensure := func(roles []string, codes ...meet.RoomCode) func() error {
		return func() error { return errOf(b.EnsureCodes(ctx, "id-room", codes, roles, nil, noon, 0, e)) }
	}
	return []step{
		{"CreateRoom", false, func() error {
			return b.CreateRoom(ctx, roomWith(newRoom("new"), newCode("new", "host")), e)
		}},
		{"UpdateRoom", true, func() error { return errOf(b.UpdateRoom(ctx, "id-room", onRoom, 0, e)) }},
		{"ExpireRooms", false, func() error {
			return errOf(b.ExpireRooms(ctx, at(1), 1, func(meet.Room) *meet.Event { return e }))
		}},
		{"EndOverrides", false, func() error {
			return errOf(b.EndOverrides(ctx, at(1), 1, func(a *meet.Admission, _ meet.Room) *meet.Event {
				a.Overrides = nil
				return e
			}))
		}},
		{"EnsureCodes", false, ensure(everyRole, newCode("bbb", "viewer"))},
		{"EnsureCodes that only disables", false, ensure(allRoles)},
		{"EnsureCodes that changes", true, func() error {
			change := func(*meet.RoomCode) (*meet.Event, error) { return e, inside() }
			return errOf(b.EnsureCodes(ctx, "id-room", []meet.RoomCode{newCode("ccc", "guest")}, everyRole, change,
				noon, 0, nil))
		}},
		{"UpdateCode", true, func() error { return errOf(b.UpdateCode(ctx, "aaa", onCode, nil, e)) }},
		{"ReplaceCode", true, func() error { return errOf(b.ReplaceCode(ctx, "old", "fresh", noon, ofCode, nil, e)) }},
		{"AddAdmission", true, func() error {
			return errOf(b.AddAdmission(ctx, byCode("late", "aaa"), tokenDies, onJoin, e))
		}},
		{"ReturnUse", false, func() error { return b.ReturnUse(ctx, "returned", e) }},
		{"RevokeAdmissions", false, func() error { return b.RevokeAdmissions(ctx, revocation, e) }},
		{"LockAdmissions", false, lock(true, "nobody", "inside", "inside", "guest")},
		{"LockAdmissions, back", false, lock(false, "inside", "guest")},
		{"UpdateOverrides", true, func() error { return errOf(b.UpdateOverrides(ctx, "inside", onAdmission, e)) }},
		{"LockForAll", false, lockForAll(true)},
		{"LockForAll, back", false, lockForAll(false)},
		{"Unblock", false, func() error { return b.Unblock(ctx, "id-room", "blocked", e) }},
		{"AddJoinRequest", true, func() error {
			return b.AddJoinRequest(ctx, newRequest("new", 1, bySubject("eve")), time.Time{}, onCount, e)
		}},
		{"UpdateJoinRequest", true, func() error { return errOf(b.UpdateJoinRequest(ctx, "asked", onRequest, e)) }},
		{"SavePresence", false, func() error { return b.SavePresence(ctx, connected("s"), e, nil) }},
		{"SavePresence, its end", false, func() error {
			return b.SavePresence(ctx, gone("s", 9), about(meet.Joined, "not new"), e)
		}},
		{"AddEvent", false, func() error { return b.AddEvent(ctx, e) }},
	}
}

// failing is calls on such a store whose change fails after something of it was
// done, or before anything was.
func (b testStore) failing(ctx context.Context, e *meet.Event) map[string]func() error {
	yes := func(meet.RoomCode) error { return nil }
	count := func(meet.Room, meet.RequestCount) error { return nil }
	nowhere := connected("s")
	nowhere.RoomID = "nowhere"
	update := func(id string, change func(*meet.Room)) func() error {
		return func() error {
			return errOf(b.UpdateRoom(ctx, id, func(r *meet.Room) error { change(r); return nil }, 0, e))
		}
	}
	ensure := func(room string, codes ...meet.RoomCode) func() error {
		return func() error { return errOf(b.EnsureCodes(ctx, room, codes, allRoles, nil, noon, 0, e)) }
	}
	admit := func(identity, code string) func() error {
		return func() error { return errOf(b.AddAdmission(ctx, byCode(identity, code), tokenDies, welcome, e)) }
	}
	replace := func(old, successor string) func() error {
		return func() error { return errOf(b.ReplaceCode(ctx, old, successor, noon, yes, nil, e)) }
	}
	return map[string]func() error{
		"CreateRoom with a taken name": func() error { return b.CreateRoom(ctx, roomWith(newRoom("taken", id("new"))), e) },
		"CreateRoom with a taken code": func() error {
			return b.CreateRoom(ctx, roomWith(newRoom("new"), newCode("new", "host"), newCode("aaa", "guest")), e)
		},
		"UpdateRoom to a taken name":    update("id-room", func(r *meet.Room) { r.Name = "taken" }),
		"UpdateRoom of none":            update("nowhere", func(*meet.Room) {}),
		"EnsureCodes with a taken code": ensure("id-room", newCode("new", "viewer"), newCode("old", "cook")),
		"EnsureCodes of no room":        ensure("nowhere"),
		"UpdateCode of none": func() error {
			return errOf(b.UpdateCode(ctx, "none", func(*meet.RoomCode) error { return nil }, nil, e))
		},
		"ReplaceCode by a taken one":           replace("old", "aaa"),
		"ReplaceCode of none":                  replace("none", "new"),
		"AddAdmission of an identity there is": admit("inside", "aaa"),
		"AddAdmission by no code":              admit("late", "none"),
		"RevokeAdmissions with a block of no room": func() error {
			return b.RevokeAdmissions(ctx, meet.Revocation{RoomID: "id-room", Identities: []string{"inside"}, At: noon,
				By:    "ann",
				Block: &meet.Block{RoomID: "nowhere", Identity: "inside", CreatedAt: noon}}, e)
		},
		"UpdateOverrides of nobody": func() error {
			return errOf(b.UpdateOverrides(ctx, "nobody", func(*meet.Admission, meet.Room) error { return nil }, e))
		},
		"Unblock of nobody":               func() error { return b.Unblock(ctx, "id-room", "nobody", e) },
		"ReturnUse of one that is inside": func() error { return b.ReturnUse(ctx, "inside", e) },
		"AddJoinRequest of an id there is": func() error {
			return b.AddJoinRequest(ctx, newRequest("asked", 1), time.Time{},
				count, e)
		},
		"UpdateJoinRequest of none": func() error {
			return errOf(b.UpdateJoinRequest(ctx, "none", func(*meet.JoinRequest, meet.Room) error { return nil }, e))
		},
		"SavePresence in no room": func() error { return b.SavePresence(ctx, nowhere, e, nil) },
	}
}
