package meet

import (
	"context"
	"testing"
	"testing/synctest"
)

// nobodyEnds is a shared database that counts how often it is asked for users who were
// disabled.
type nobodyEnds struct {
	Store
	asked int
}

func (s *nobodyEnds) Shared() bool { return true }

func (s *nobodyEnds) EndingUsers(context.Context, int) ([]string, error) {
	s.asked++
	return nil, nil
}

// Where other instances tell that a user was disabled, that is looked at at once, and
// nothing else is a reason before the time has come.
func TestDisabledUsersAreLookedForWhenThatIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &nobodyEnds{}
		e := &Enforcer{core: &core{store: store}, usersEnd: make(chan struct{}, 1)}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- e.WatchDisabled(ctx) }()
		for _, c := range []struct {
			told Event
			want int
		}{
			{Event{RoomID: "room", Action: Kicked}, 1}, {Event{}, 2},
			{Event{RoomID: "room", Action: Joined}, 2}, {Event{}, 3},
		} {
			e.onUsersEnd(c.told)
			synctest.Wait()
			if store.asked != c.want {
				t.Errorf("after %q the database was asked %d times, want %d", c.told.Action, store.asked, c.want)
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("WatchDisabled: %v", err)
		}
	})
}
