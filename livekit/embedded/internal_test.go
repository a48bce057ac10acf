package embedded

import (
	"strings"
	"testing"
	"time"
)

// LiveKit ends itself when its HTTP server fails.
func TestServerThatDiesSaysSo(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), Config{APIKey: "key", APISecret: strings.Repeat("s", minSecret)})
	if err != nil {
		t.Fatal(err)
	}
	s.lk.Stop(true)
	select {
	case <-s.Done():
	case <-time.After(time.Minute):
		t.Fatal("LiveKit has ended and Done is not closed")
	}
	if s.Err() == nil {
		t.Error("LiveKit has ended by itself and Err is nil")
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("Stop of what has ended: %v", err)
	}
}
