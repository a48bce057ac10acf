package tokens

import (
	"context"
	"sync"
	"time"

	"roomkey/store"
)

// maxUsed is how many tokens are remembered until they are written down.
const maxUsed = 10_000

// Used remembers which access tokens were used, so that no call has to write it down.
// The zero value is ready.
type Used struct {
	mu sync.Mutex
	at map[string]time.Time // by id
}

func (u *Used) note(id string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.at == nil {
		u.at = map[string]time.Time{}
	}
	if _, known := u.at[id]; known || len(u.at) < maxUsed {
		u.at[id] = at
	}
}

// Write writes down what was used since it was called last.
func (u *Used) Write(ctx context.Context, db *store.DB) error {
	u.mu.Lock()
	at := u.at
	u.at = nil
	u.mu.Unlock()
	return db.NoteTokensUsed(ctx, at)
}
