package meet

import "sync"

// chatsToLookAt are the rooms about which something has happened that may decide
// whether their chat is kept.
type chatsToLookAt struct {
	mu    sync.Mutex
	rooms map[string]bool // true: its chat may have been kept until now
	all   bool            // events were missed, or there are too many rooms
	wake  chan struct{}   // holds a value when there is something new
}

func newChatsToLookAt() *chatsToLookAt {
	return &chatsToLookAt{rooms: map[string]bool{}, wake: make(chan struct{}, 1)}
}

const maxChatsToLookAt = 1000

// onEvent is called for every event. The zero Event means that some were missed.
func (c *chatsToLookAt) onEvent(e Event) {
	if e.Action == RoomCreated || e.Action == RoomReopened { // nobody is inside yet
		return
	}
	if e.Action.Kind() == "room" || e.Action == Joined || e.Action == Left || e.RoomID == "" {
		kept, known := e.Details["settings.keep_chat"]
		elsewhere := e.Details == nil // another instance does not tell what was changed
		c.add(e.RoomID, e.Action == RoomUpdated && (elsewhere || known && kept == "false"))
	}
}

// add notes a room; the empty one is all.
func (c *chatsToLookAt) add(room string, wasKept bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if room == "" || len(c.rooms) >= maxChatsToLookAt {
		c.all = true
		clear(c.rooms)
	} else if !c.all {
		c.rooms[room] = c.rooms[room] || wasKept
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// take gives what was noted since the last call.
func (c *chatsToLookAt) take() (rooms map[string]bool, all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rooms, all = c.rooms, c.all
	c.rooms, c.all = map[string]bool{}, false
	return rooms, all
}
