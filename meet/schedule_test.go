package meet

import (
	"strings"
	"testing"
	"time"
)

var today = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func of[T any](v T) *T { return &v }

// An end is given in one way of three.
func TestEnds(t *testing.T) {
	t.Parallel()
	hour := today.Add(time.Hour)
	open, limited := Room{}, Room{ExpiresAt: hour}
	for name, c := range map[string]struct {
		room   Room
		change RoomChange
		want   time.Time
		field  string // of the error
	}{
		"nothing":                {limited, RoomChange{}, hour, ""},
		"a span":                 {limited, RoomChange{ExpiresIn: of(2 * time.Hour)}, today.Add(2 * time.Hour), ""},
		"never":                  {limited, RoomChange{ExpiresIn: of(time.Duration(0))}, time.Time{}, ""},
		"a time":                 {open, RoomChange{ExpiresAt: of(hour)}, hour, ""},
		"a time of another zone": {open, RoomChange{ExpiresAt: of(hour.In(time.FixedZone("", 3600)))}, hour, ""},
		"both":                   {open, RoomChange{ExpiresAt: of(hour), ExpiresIn: of(time.Hour)}, hour, "expires_at"},
		"the past":               {open, RoomChange{ExpiresAt: of(today.Add(-time.Second))}, hour, "expires_at"},
		"now":                    {open, RoomChange{ExpiresAt: of(today)}, hour, "expires_at"},
		"the year 1":             {open, RoomChange{ExpiresAt: &time.Time{}}, hour, "expires_at"},
		"in eleven years":        {open, RoomChange{ExpiresAt: of(today.AddDate(11, 0, 0))}, hour, "expires_at"},
		"later":                  {limited, RoomChange{ExtendBy: of(time.Minute)}, hour.Add(time.Minute), ""},
		"later without an end":   {open, RoomChange{ExtendBy: of(time.Minute)}, today.Add(time.Minute), ""},
		"later by nothing":       {limited, RoomChange{ExtendBy: of(time.Duration(0))}, hour, "extend_seconds"},
		"earlier":                {limited, RoomChange{ExtendBy: of(-time.Minute)}, hour, "extend_seconds"},
		"later by a century":     {limited, RoomChange{ExtendBy: of(MaxLifetime)}, hour, "extend_seconds"},
		"later, and a time": {open, RoomChange{ExtendBy: of(time.Minute), ExpiresAt: of(hour)}, hour,
			"extend_seconds"},
		"later, and never": {limited, RoomChange{ExtendBy: of(time.Minute), ExpiresIn: new(time.Duration)}, hour,
			"extend_seconds"},
		"before the start": {open, RoomChange{StartsAt: of(hour), ExpiresAt: of(today.Add(time.Minute))}, hour,
			"expires_at"},
		"at the start": {open, RoomChange{StartsAt: of(hour), ExpiresAt: of(hour)}, hour, "expires_at"},
		"a span before the start": {open, RoomChange{StartsAt: of(hour), ExpiresIn: of(time.Minute)}, hour,
			"expires_in_seconds"},
		"a start behind the end":  {limited, RoomChange{StartsAt: of(hour.Add(time.Minute))}, hour, "starts_at"},
		"a start, and no end":     {open, RoomChange{StartsAt: of(hour)}, time.Time{}, ""},
		"a start, and never":      {limited, RoomChange{StartsAt: of(hour), ExpiresIn: new(time.Duration)}, time.Time{}, ""},
		"a start of an hour ago":  {open, RoomChange{StartsAt: of(today.Add(-time.Hour))}, time.Time{}, ""},
		"a start of last year":    {open, RoomChange{StartsAt: of(today.AddDate(-1, 0, 0))}, hour, "starts_at"},
		"a start in eleven years": {open, RoomChange{StartsAt: of(today.AddDate(11, 0, 0))}, hour, "starts_at"},
		"an end a moment later":   {open, RoomChange{StartsAt: of(hour), ExpiresAt: of(hour.Add(1))}, hour, "expires_at"},
	} {
		room := c.room
		err := c.change.apply(&room, today)
		if c.field != "" {
			if !IsCode(err, CodeInvalid) || AsError(err).Field != c.field || AsError(err).Hint == "" {
				t.Errorf("%s: %v; want an error about %s", name, err, c.field)
			}
		} else if err != nil || !room.ExpiresAt.Equal(c.want) || room.ExpiresAt.Location() != time.UTC {
			t.Errorf("%s: ends at %v, %v; want %v", name, room.ExpiresAt, err, c.want)
		}
	}
	var code RoomCode
	if err := (CodeChange{ExpiresAt: &hour}).apply(&code, today); err != nil || !code.ExpiresAt.Equal(hour) {
		t.Errorf("a code: ends at %v, %v; want %v", code.ExpiresAt, err, hour)
	}
	if err := (CodeChange{ExpiresAt: &hour, ExpiresIn: of(time.Hour)}).apply(&code, today); !IsCode(err, CodeInvalid) {
		t.Errorf("a code with both: %v; want an error", err)
	}
}

// A title is a line of text. It is what people call the room.
func TestTitles(t *testing.T) {
	t.Parallel()
	weekly := "Wöchentliches Treffen 🎉"
	for title, want := range map[string]string{
		"  " + weekly + " ": weekly, strings.Repeat("ü", 100): strings.Repeat("ü", 100),
		strings.Repeat("a", 101): "error", "two\nlines": "error", "turned\u202earound": "error", "no\u200bwidth": "error",
		"\xff": "error",
	} {
		var room Room
		err := RoomChange{Title: &title}.apply(&room, today)
		if want == "error" {
			if !IsCode(err, CodeInvalid) || AsError(err).Field != "title" {
				t.Errorf("%q: %v; want an error about the title", title, err)
			}
		} else if err != nil || room.Title != want || room.ShownTitle() != want {
			t.Errorf("%q: %q, %v; want %q", title, room.Title, err, want)
		}
	}
	if shown := (Room{Name: "standup"}).ShownTitle(); shown != "standup" {
		t.Errorf("without a title the room is called %q, want its name", shown)
	}
}
