package storetest

import (
	"context"
	"time"

	"roomkey/meet"
)

// change is a method that takes an event, with arguments that succeed once in
// a store that stage has prepared.
type change struct {
	name    string
	handsIn bool // a function that may refuse; it calls inside
	do      func(ctx context.Context, b bed, e *meet.Event, inside func() error) error
}

// stage prepares a store for changes and for calls that fail.
func (b bed) stage() {
	b.t.Helper()
	b.create(newRoom("taken"))
	b.create(newRoom("due", expiresAt(at(1))))
	b.create(newRoom("room"), newCode("aaa", "guest"), newCode("old", "host"), newCode("off", "speaker"))
	b.join(byCode("inside", "aaa"))
	b.join(byCode("guest", "aaa"))
	b.ask(newRequest("asked", 1))
	b.block(newBlock("blocked"))
}

func changes() []change {
	return []change{
		{"CreateRoom", false, func(ctx context.Context, b bed, e *meet.Event, _ func() error) error {
			return b.CreateRoom(ctx, newRoom("new"), []meet.RoomCode{newCode("new", "host")}, e)
		}},
		{"UpdateRoom", true, func(ctx context.Context, b bed, e *meet.Event, inside func() error) error {
			_, err := b.UpdateRoom(ctx, "id-room", func(*meet.Room) error { return inside() }, e)
			return err
		}},
		{"ExpireRooms", false, func(ctx context.Context, b bed, e *meet.Event, _ func() error) error {
			_, err := b.ExpireRooms(ctx, at(1), 1, func(meet.Room) *meet.Event { return e })
			return err
		}},
		{"EnsureCodes", false, func(ctx context.Context, b bed, e *meet.Event, _ func() error) error {
			_, err := b.EnsureCodes(ctx, "id-room", []meet.RoomCode{newCode("bbb", "viewer")}, append(allRoles, "speaker"), noon, e)
			return err
		}},
		{"EnsureCodes that only disables", false, func(ctx context.Context, b bed, e *meet.Event, _ func() error) error {
			_, err := b.EnsureCodes(ctx, "id-room", nil, allRoles, noon, e)
			return err
		}},
		{"UpdateCode", true, func(ctx context.Context, b bed, e *meet.Event, inside func() error) error {
			_, err := b.UpdateCode(ctx, "aaa", func(*meet.RoomCode) error { return inside() }, nil, e)
			return err
		}},
		{"ReplaceCode", true, func(ctx context.Context, b bed, e *meet.Event, inside func() error) error {
			_, err := b.ReplaceCode(ctx, "old", "fresh", noon, func(meet.RoomCode) error { return inside() }, e)
			return err
		}},
		{"AddJoin", true, func(ctx context.Context, b bed, e *meet.Event, inside func() error) error {
			_, err := b.AddAdmission(ctx, byCode("late", "aaa"), tokenDies, func(meet.JoinContext) error { return inside() }, e)
			return err
		}},
		{"RevokeJoins", false, func(ctx context.Context, b bed, e *meet.Event, _ func() error) error {
			return b.RevokeAdmissions(ctx, meet.Revocation{RoomID: "id-room", Identities: []string{"guest"}, At: noon, By: "ann"}, e)
		}},
		{"LockJoins", false, func(ctx context.Context, b bed, e *meet.Event, _ func() error) error {
			_, err := b.LockAdmissions(ctx, "id-room", []string{"nobody", "inside", "inside", "guest"}, meet.Microphone, true, e)
			return err
		}},
		{"LockJoins, back", false, func(ctx context.Context, b bed, e *meet.Event, _ func() error) error {
			_, err := b.LockAdmissions(ctx, "id-room", []string{"inside", "guest"}, meet.Microphone, false, e)
			return err
		}},
		{"LockForAll", false, func(ctx context.Context, b bed, e *meet.Event, _ func() error) error {
			_, _, err := b.LockForAll(ctx, "id-room", meet.Microphone, true, e)
			return err
		}},
		{"LockForAll, back", false, func(ctx context.Context, b bed, e *meet.Event, _ func() error) error {
			_, _, err := b.LockForAll(ctx, "id-room", meet.Microphone, false, e)
			return err
		}},
		{"Unblock", false, func(ctx context.Context, b bed, e *meet.Event, _ func() error) error {
			return b.Unblock(ctx, "id-room", "blocked", e)
		}},
		{"AddJoinRequest", true, func(ctx context.Context, b bed, e *meet.Event, inside func() error) error {
			return b.AddJoinRequest(ctx, newRequest("new", 1), time.Time{}, func(meet.Room, meet.RequestCount) error { return inside() }, e)
		}},
		{"UpdateJoinRequest", true, func(ctx context.Context, b bed, e *meet.Event, inside func() error) error {
			_, err := b.UpdateJoinRequest(ctx, "asked", func(*meet.JoinRequest, meet.Room) error { return inside() }, e)
			return err
		}},
		{"SavePresence", false, func(ctx context.Context, b bed, e *meet.Event, _ func() error) error {
			return b.SavePresence(ctx, connected("s"), e, nil)
		}},
		{"SavePresence, its end", false, func(ctx context.Context, b bed, e *meet.Event, _ func() error) error {
			return b.SavePresence(ctx, gone("s", 9), about(meet.Joined, "not new"), e)
		}},
		{"AddEvent", false, func(ctx context.Context, b bed, e *meet.Event, _ func() error) error {
			return b.AddEvent(ctx, e)
		}},
	}
}

// failing is calls on the stage whose change fails after something of it was
// done, or before anything was.
func failing(ctx context.Context, b bed) map[string]func(e *meet.Event) error {
	yes := func(meet.RoomCode) error { return nil }
	return map[string]func(e *meet.Event) error{
		"CreateRoom with a taken name": func(e *meet.Event) error { return b.CreateRoom(ctx, newRoom("taken", id("new")), nil, e) },
		"CreateRoom with a taken code": func(e *meet.Event) error {
			return b.CreateRoom(ctx, newRoom("new"), []meet.RoomCode{newCode("new", "host"), newCode("aaa", "guest")}, e)
		},
		"UpdateRoom to a taken name": func(e *meet.Event) error {
			_, err := b.UpdateRoom(ctx, "id-room", func(r *meet.Room) error { r.Name = "taken"; return nil }, e)
			return err
		},
		"UpdateRoom of none": func(e *meet.Event) error {
			_, err := b.UpdateRoom(ctx, "nowhere", func(*meet.Room) error { return nil }, e)
			return err
		},
		"EnsureCodes with a taken code": func(e *meet.Event) error {
			_, err := b.EnsureCodes(ctx, "id-room", []meet.RoomCode{newCode("new", "viewer"), newCode("old", "cook")}, allRoles, noon, e)
			return err
		},
		"EnsureCodes of no room": func(e *meet.Event) error {
			_, err := b.EnsureCodes(ctx, "nowhere", nil, allRoles, noon, e)
			return err
		},
		"UpdateCode of none": func(e *meet.Event) error {
			_, err := b.UpdateCode(ctx, "none", func(*meet.RoomCode) error { return nil }, nil, e)
			return err
		},
		"ReplaceCode by a taken one": func(e *meet.Event) error { _, err := b.ReplaceCode(ctx, "old", "aaa", noon, yes, e); return err },
		"ReplaceCode of none":        func(e *meet.Event) error { _, err := b.ReplaceCode(ctx, "none", "new", noon, yes, e); return err },
		"AddJoin of an identity there is": func(e *meet.Event) error {
			_, err := b.AddAdmission(ctx, byCode("inside", "aaa"), tokenDies, welcome, e)
			return err
		},
		"AddJoin by no code": func(e *meet.Event) error {
			_, err := b.AddAdmission(ctx, byCode("late", "none"), tokenDies, welcome, e)
			return err
		},
		"RevokeJoins with a block of no room": func(e *meet.Event) error {
			return b.RevokeAdmissions(ctx, meet.Revocation{RoomID: "id-room", Identities: []string{"inside"}, At: noon, By: "ann",
				Block: &meet.Block{RoomID: "nowhere", Identity: "inside", CreatedAt: noon}}, e)
		},
		"Unblock of nobody": func(e *meet.Event) error { return b.Unblock(ctx, "id-room", "nobody", e) },
		"AddJoinRequest of an id there is": func(e *meet.Event) error {
			return b.AddJoinRequest(ctx, newRequest("asked", 1), time.Time{}, func(meet.Room, meet.RequestCount) error { return nil }, e)
		},
		"UpdateJoinRequest of none": func(e *meet.Event) error {
			_, err := b.UpdateJoinRequest(ctx, "none", func(*meet.JoinRequest, meet.Room) error { return nil }, e)
			return err
		},
		"SavePresence in no room": func(e *meet.Event) error {
			p := connected("s")
			p.RoomID = "nowhere"
			err := b.SavePresence(ctx, p, e, nil)
			return err
		},
	}
}
