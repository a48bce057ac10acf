package meet

import (
	"context"
	"testing"
)

// A mutex is for one room, a wait for it ends with its context, and it is forgotten when
// nobody uses it.
func TestRoomMutexes(t *testing.T) {
	t.Parallel()
	var mutexes RoomMutexes
	unlock, err := mutexes.Lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	other, err := mutexes.Lock(t.Context(), "b")
	if err != nil {
		t.Fatalf("another room: %v", err)
	}
	other()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := mutexes.Lock(gone, "a"); err == nil {
		t.Error("a locked mutex was locked once more")
	}
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		if again, err := mutexes.Lock(t.Context(), "a"); err == nil {
			again()
		}
	}()
	unlock()
	<-waited
	if n := len(mutexes.rooms); n != 0 {
		t.Errorf("%d mutexes are kept, want none", n)
	}
}
