package meet

import (
	"context"
	"sync"
)

// RoomMutexes has one mutex for each room, so that of two changes of a room the
// later one is the last that LiveKit hears of. They are about the calls of one
// instance; between instances [InstanceStore.LockRoom] does the same. The zero value
// is ready.
type RoomMutexes struct {
	mu    sync.Mutex
	rooms map[string]*roomMutex
}

type roomMutex struct {
	held  chan struct{} // holds one value while the mutex is locked
	users int           // who hold it or wait for it
}

// Lock waits until the room's mutex is free, or ctx ends.
func (m *RoomMutexes) Lock(ctx context.Context, roomID string) (unlock func(), err error) {
	mutex := m.enter(roomID)
	select {
	case mutex.held <- struct{}{}:
		return func() {
			<-mutex.held
			m.leave(roomID, mutex)
		}, nil
	case <-ctx.Done():
		m.leave(roomID, mutex)
		return nil, ctx.Err()
	}
}

func (m *RoomMutexes) enter(roomID string) *roomMutex {
	m.mu.Lock()
	defer m.mu.Unlock()
	mutex := m.rooms[roomID]
	if mutex == nil {
		mutex = &roomMutex{held: make(chan struct{}, 1)}
		if m.rooms == nil {
			m.rooms = map[string]*roomMutex{}
		}
		m.rooms[roomID] = mutex
	}
	mutex.users++
	return mutex
}

func (m *RoomMutexes) leave(roomID string, mutex *roomMutex) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if mutex.users--; mutex.users == 0 {
		delete(m.rooms, roomID)
	}
}
