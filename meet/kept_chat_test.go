package meet

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestKeptChatIsBounded(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	refused := 0
	c := &core{now: func() time.Time { return clock }, onLimit: func(string) { refused++ }}
	chat := newKeptChat(c, "room", map[string]TranscriptSize{
		"eve": {Entries: 100, Bytes: maxKeptOfPerson - 100*keptOverhead - 5000},
	})
	kept, n := 0, 0
	write := func(identity string) {
		n++
		chat.take(ChatLine{Identity: identity, ID: fmt.Sprint(n), Text: strings.Repeat("x", 4500)})
	}
	save := func() int {
		entries := chat.unsavedEntries()
		chat.saved(len(entries))
		kept += len(entries)
		return len(entries)
	}
	write("eve")
	write("eve")
	if got := save(); got != 1 || refused != 1 {
		t.Errorf("of Eve %d messages are kept and %d are not, want one each", got, refused)
	}
	for i := range 1000 { // while the database does not answer
		write(fmt.Sprint(i))
	}
	if got, want := save(), maxKeptUnsaved/(4000+keptOverhead); got != want {
		t.Errorf("%d messages wait for the database, want %d", got, want)
	}
	for i := range 3000 {
		write(fmt.Sprint(i))
		save()
	}
	if got, want := kept, (maxKeptOfRoom-maxKeptOfPerson+5000)/(4000+keptOverhead); got != want {
		t.Errorf("%d messages of the room are kept, want %d", got, want)
	}
	clock = clock.Add(keptPeriod + time.Second)
	write("eve")
	if got := save(); got != 1 {
		t.Errorf("a day later %d messages are kept, want one", got)
	}
	if len(chat.ofPerson) != 1 {
		t.Errorf("%d people are remembered, want one", len(chat.ofPerson))
	}
}

func TestKeptOnce(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	chat := newKeptChat(&core{now: func() time.Time { return clock }}, "room", nil)
	ids := map[string]bool{}
	for _, line := range []ChatLine{
		{Identity: "ada", ID: "1", Text: "yes"}, {Identity: "ada", ID: "1", Text: "yes"}, // repeated
		{Identity: "bob", ID: "1", Text: "yes"}, {Identity: "ada", ID: "1", Text: "no"},
		{Identity: "ada", Text: "yes"}, {Identity: "ada", Text: "yes"}, // nobody says that they are one
		{Identity: "ada", ID: "2", Text: " \x00 "}, {Text: "from nobody"},
	} {
		clock = clock.Add(time.Second)
		chat.take(line)
	}
	for _, e := range chat.unsavedEntries() {
		ids[e.ID] = true
	}
	if len(ids) != 5 {
		t.Errorf("%d messages are kept, want 5", len(ids))
	}
}
