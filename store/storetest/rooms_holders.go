package storetest

import (
	"errors"
	"testing"

	"roomkey/meet"
)

// holder gives "creator seconds" for who had a name last, if they gave it up
// later than at(since).
func (b testStore) holder(name string, since int) string {
	b.t.Helper()
	creator, gaveUp, err := b.NameHolder(b.t.Context(), name, at(since))
	switch {
	case errors.Is(err, meet.ErrNotFound):
		return "nobody"
	case err != nil:
		b.t.Fatalf("NameHolder(%s): %v", name, err)
	}
	return creator + " " + gaveUp.Sub(noon).String()
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
	{"ActiveRoomsAreCounted", func(t *testing.T, b testStore) {
		count := func(creator string, seconds, most int) int {
			t.Helper()
			n, err := b.ActiveRooms(t.Context(), creator, at(seconds), most)
			wantErr(t, "ActiveRooms", err, nil)
			return n
		}
		b.create(newRoom("one"))
		b.create(newRoom("two", expiresAt(at(5))))
		b.create(newRoom("over", ended))
		b.create(newRoom("bob's", createdBy("bob"), func(r *meet.Room) { r.AdminID = "ann" }))
		wantSame(t, "ann's", count("ann", 4, 10), 2)
		wantSame(t, "ann's, two of which one is due", count("ann", 5, 10), 1)
		wantSame(t, "ann's, at most one", count("ann", 4, 1), 1)
		wantSame(t, "bob's", count("bob", 0, 10), 1)
		wantSame(t, "nobody's", count("", 0, 10), 0)
	}},
}
