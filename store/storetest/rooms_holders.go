package storetest

import (
	"context"
	"testing"
	"time"

	"roomkey/meet"
)

// holder gives "creator seconds" for who had a name last, if they gave it up
// later than at(since).
func (b testStore) holder(name string, since int) string {
	b.t.Helper()
	use, err := b.NameUse(b.t.Context(), name, noon, at(since))
	if err != nil {
		b.t.Fatalf("NameUse(%s): %v", name, err)
	}
	if use.GaveUpBy == "" {
		return "nobody"
	}
	return use.GaveUpBy + " " + use.GaveUpAt.Sub(noon).String()
}

func endedAt(seconds int) func(*meet.Room) {
	return func(r *meet.Room) { r.State, r.EndedBy, r.EndedAt = meet.RoomEnded, "root", at(seconds) }
}

func renamed(name string, seconds int) func(*meet.Room) {
	return func(r *meet.Room) { r.Name, r.UpdatedAt = name, at(seconds) }
}

var holderTests = []test{
	{"WhoHadANameLast", func(t *testing.T, b testStore) {
		wantSame(t, "a name nobody had", b.holder("room", 0), "nobody")
		b.create(newRoom("room"))
		wantSame(t, "an active room", b.holder("room", 0), "nobody")
		b.update("id-room", endedAt(5))
		wantSame(t, "ended", b.holder("room", 4), "ann 5s")
		wantSame(t, "ended at that moment", b.holder("room", 5), "nobody")
		b.create(newRoom("room", id("second"), createdBy("bob"), createdAt(at(6)), expiresAt(at(7))))
		wantSame(t, "another one is active", b.holder("room", 0), "ann 5s")
		if _, err := b.ExpireRooms(t.Context(), at(9), 10, noLine); err != nil {
			t.Fatal(err)
		}
		wantSame(t, "expired", b.holder("room", 0), "bob 7s")
		b.reopen("id-room")
		b.update("id-room", endedAt(8))
		wantSame(t, "the older one was opened again", b.holder("room", 0), "ann 8s")
		wantSame(t, "another name", b.holder("other", 0), "nobody")
	}},
	{"ANameThatWasChangedIsGivenUp", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.update("id-room", renamed("other", 5))
		wantSame(t, "renamed", b.holder("room", 4), "ann 5s")
		wantSame(t, "its new name", b.holder("other", 0), "nobody")
		b.create(newRoom("room", id("second"), createdBy("bob")))
		b.update("second", endedAt(6))
		wantSame(t, "ended later than that", b.holder("room", 0), "bob 6s")
		b.update("second", renamed("third", 9)) // what is over gives nothing up any more
		wantSame(t, "renamed after its end", b.holder("room", 0), "bob 6s")
		b.update("id-room", renamed("room", 10))
		b.update("id-room", renamed("other", 11))
		wantSame(t, "renamed again", b.holder("room", 0), "ann 11s")
	}},
	{"FormerNamesAreForgotten", func(t *testing.T, b testStore) {
		b.create(newRoom("one"))
		b.update("id-one", renamed("two", 5))
		b.update("id-one", renamed("three", 7))
		for range 2 {
			wantErr(t, "ForgetNames", b.ForgetNames(t.Context(), at(6), 10), nil)
		}
		wantSame(t, "one", b.holder("one", 0), "nobody")
		wantSame(t, "two", b.holder("two", 0), "ann 7s")
	}},
	{"ActiveRoomsOfACreatorAreBounded", func(t *testing.T, b testStore) {
		create := func(what string, most int, want error, room meet.Room) {
			t.Helper()
			wantErr(t, what, b.CreateRoom(t.Context(), meet.NewRoom{Room: room, Most: most}, nil), want)
		}
		create("the first", 2, nil, newRoom("one"))
		create("the second", 2, nil, newRoom("two", expiresAt(at(5))))
		create("of another creator", 2, nil, newRoom("bob's", createdBy("bob"), func(r *meet.Room) { r.AdminID = "ann" }))
		create("one too many", 2, meet.ErrLimitReached, newRoom("three", createdAt(at(4))))
		create("without a limit", 0, nil, newRoom("three", createdAt(at(4))))
		create("when one is due", 3, nil, newRoom("four", createdAt(at(5))))
		b.end("id-one")
		reopen := func(most, seconds int) error {
			return errOf(b.UpdateRoom(t.Context(), "id-one", func(r *meet.Room) error {
				r.State, r.EndedBy, r.EndedAt, r.UpdatedAt = meet.RoomActive, "", time.Time{}, at(seconds)
				return nil
			}, most, nil))
		}
		wantErr(t, "opened again, too many", reopen(2, 6), meet.ErrLimitReached)
		wantSame(t, "still ended", b.room("id-one").State, meet.RoomEnded)
		wantErr(t, "opened again", reopen(3, 6), nil)
		wantErr(t, "changed while active", reopen(1, 7), nil)
	}},
	{"NoMoreRoomsThanTheLimitAtOnce", func(t *testing.T, b testStore) {
		errs := together(t.Context(), 12, func(ctx context.Context, i int) error {
			return b.CreateRoom(ctx, meet.NewRoom{Room: newRoom(numbered("room", i)), Most: 3}, nil)
		})
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else {
				wantErr(t, "one too many", err, meet.ErrLimitReached)
			}
		}
		wantSame(t, "made", made, 3)
	}},
}
