package meet

import (
	"maps"
	"testing"
)

// No detail of an event has a code or a token, whatever it is called; but a room
// may be called like a code.
func TestEventDetailsAreRedacted(t *testing.T) {
	t.Parallel()
	var e Event
	e.setDetails(map[string]string{"name": "wpi-srjb-wer", "reason": "wpi-srjb-wer", "label": "for wpi-srjb-wer",
		"some new detail": "eyJhbGciOi.eyJzdWIi.c2ln", "role": "guest"})
	want := map[string]string{"name": "wpi-srjb-wer", "reason": "wpi…", "label": "for wpi…",
		"some new detail": "eyJ…", "role": "guest"}
	if !maps.Equal(e.Details, want) {
		t.Errorf("got %v, want %v", e.Details, want)
	}
}
