package meet

import (
	"testing"
	"time"
)

// A list takes the cursors that it gave and no others: a wrong one is refused and
// does not give some page.
func TestCursorsOfOneListOnly(t *testing.T) {
	t.Parallel()
	want := Position{At: time.UnixMilli(1_700_000_000_123).UTC(), Key: "wpi-srjb-wer"}
	given := positionCursor(listOfCodes("a"), want)
	if got, err := parsePositionCursor(listOfCodes("a"), given); err != nil || got == nil || *got != want {
		t.Errorf("its own cursor = %+v, %v; want %+v", got, err, want)
	}
	for what, c := range map[string]struct{ list, cursor string }{
		"of another room": {listOfCodes("b"), given}, "of the rooms": {listOfRooms, given},
		"of events": {listOfCodes("a"), cursor(listOfEvents("a"), "zz")}, "a word": {listOfCodes("a"), "abc"},
		"a longer one": {listOfCodes("a"), given + "A"}, "a shorter one": {listOfCodes("a"), given[:len(given)-2]},
		"made up":     {listOfCodes("a"), cursor(listOfCodes("a"), "x y")},
		"no place":    {listOfCodes("a"), cursor(listOfCodes("a"), "")},
		"a zero byte": {listOfCodes("a"), cursor(listOfCodes("a"), "1 a\x00")},
	} {
		if got, err := parsePositionCursor(c.list, c.cursor); !IsCode(err, CodeInvalid) {
			t.Errorf("%s: %+v, %v; want invalid", what, got, err)
		}
	}
	for _, c := range []string{"abc", cursor(listOfEvents(""), "-5"), cursor(listOfEvents(""), "!"), given} {
		if got, err := parseEventCursor("", c); !IsCode(err, CodeInvalid) {
			t.Errorf("events from %q: %d, %v; want invalid", c, got, err)
		}
	}
}
