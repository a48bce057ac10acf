package storetest

import (
	"testing"
	"time"

	"roomkey/meet"
)

// said is an entry of id-room.
func said(id string, seconds int) meet.TranscriptEntry {
	return meet.TranscriptEntry{
		ID: id, RoomID: "id-room", At: at(seconds), Identity: "ann_1", Name: "Ann",
		Source: meet.FromChat, Text: "text of " + id + "\nand more",
	}
}

func (b testStore) say(entries ...meet.TranscriptEntry) {
	b.t.Helper()
	if err := b.AddTranscript(b.t.Context(), entries); err != nil {
		b.t.Fatalf("AddTranscript: %v", err)
	}
}

// transcript gives the ids of entries of id-room.
func (b testStore) transcript(q meet.TranscriptQuery) []string {
	b.t.Helper()
	q.RoomID = "id-room"
	if q.Limit == 0 {
		q.Limit = 100
	}
	entries, err := b.Transcript(b.t.Context(), q)
	if err != nil {
		b.t.Fatalf("Transcript(%+v): %v", q, err)
	}
	return names(entries, func(e meet.TranscriptEntry) string { return e.ID })
}

var transcriptTests = []test{
	{"EntriesComeBackAsTheyWere", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.say(said("a", 1))
		got, err := b.Transcript(t.Context(), meet.TranscriptQuery{RoomID: "id-room", Limit: 10})
		wantErr(t, "Transcript", err, nil)
		wantSame(t, "entries", got, []meet.TranscriptEntry{said("a", 1)})
	}},
	{"AnEntryIsStoredOnce", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.say(said("a", 1))
		b.say(said("a", 9), said("b", 2))
		wantSame(t, "entries", b.transcript(meet.TranscriptQuery{}), []string{"a", "b"})
	}},
	{"AllOrNothing", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		elsewhere := said("b", 2)
		elsewhere.RoomID = "none"
		if err := b.AddTranscript(t.Context(), []meet.TranscriptEntry{said("a", 1), elsewhere}); err == nil {
			t.Error("an entry of no room was stored")
		}
		wantSame(t, "entries", b.transcript(meet.TranscriptQuery{}), []string{})
	}},
	{"AreListedInOrderByTimeAndWriter", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.create(newRoom("other"))
		bob, elsewhere := said("d", 3), said("e", 3)
		bob.Identity, elsewhere.RoomID = "bob_1", "id-other"
		b.say(bob, said("c", 3), said("b", 2), said("a", 9), elsewhere)
		wantSame(t, "all", b.transcript(meet.TranscriptQuery{}), []string{"b", "c", "d", "a"})
		wantSame(t, "two", b.transcript(meet.TranscriptQuery{Limit: 2}), []string{"b", "c"})
		wantSame(t, "the next", b.transcript(meet.TranscriptQuery{After: &meet.Position{At: at(3), Key: "c"}}),
			[]string{"d", "a"})
		wantSame(t, "since and until", b.transcript(meet.TranscriptQuery{Since: at(3), Until: at(9)}), []string{"c", "d"})
		wantSame(t, "of Bob", b.transcript(meet.TranscriptQuery{Identity: "bob_1"}), []string{"d"})
		wantSame(t, "until 1970", b.transcript(meet.TranscriptQuery{Until: time.UnixMilli(1)}), []string{})
	}},
	{"EachSessionHasItsOwn", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.save(stay("a", "ann", 1, 10))
		b.save(stay("b", "bob", 30, 40))
		b.say(said("a", 5), said("b", 8), said("late", 12), said("c", 31))
		newest := b.sessions()
		wantSame(t, "sessions", len(newest), 2)
		second, first := newest[0], newest[1]
		wantSame(t, "the first", b.transcript(meet.TranscriptQuery{Session: &first}), []string{"a", "b", "late"})
		wantSame(t, "since", b.transcript(meet.TranscriptQuery{Session: &first, Since: at(8), Until: at(12)}),
			[]string{"b"})
		wantSame(t, "since before it", b.transcript(meet.TranscriptQuery{Session: &second, Since: at(1)}), []string{"c"})
		wantSame(t, "behind a place", b.transcript(meet.TranscriptQuery{
			Session: &first, After: &meet.Position{At: at(5), Key: "a"},
		}), []string{"b", "late"})
	}},
	{"SizesAreCounted", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		bob, umlauts := said("b", 3), said("c", 4)
		bob.Identity, bob.Text, umlauts.Text = "bob_1", "12345", "äöü"
		b.say(said("a", 1), bob, umlauts)
		got, err := b.TranscriptSizes(t.Context(), "id-room", at(2))
		wantErr(t, "TranscriptSizes", err, nil)
		wantSame(t, "sizes", got, map[string]meet.TranscriptSize{
			"bob_1": {Entries: 1, Bytes: 5}, "ann_1": {Entries: 1, Bytes: 6},
		})
	}},
	{"OldEntriesAreForgotten", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.say(said("a", 1), said("b", 2), said("c", 5))
		due := func(seconds int) bool {
			t.Helper()
			due, err := b.Due(t.Context(), meet.DueQuery{Now: noon, Since: at(seconds)})
			wantErr(t, "Due", err, nil)
			return due.Old
		}
		wantSame(t, "due", []bool{due(1), due(2)}, []bool{false, true})
		b.forget(at(5), noon, 1)
		wantSame(t, "with limit 1", len(b.transcript(meet.TranscriptQuery{})), 2)
		b.forget(at(5), noon, 10)
		wantSame(t, "left", b.transcript(meet.TranscriptQuery{}), []string{"c"})
	}},
}
