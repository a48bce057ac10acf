// Package offline gives tests a service on a real database whose media server
// cannot be reached. Unlike package meettest it links no LiveKit.
package offline

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roomkey/livekit"
	"roomkey/meet"
	"roomkey/store"
	"roomkey/store/storetest"
)

// LiveKit is where nobody listens, as far as a machine has such a place.
const LiveKit = "http://127.0.0.1:1"

// New completes a configuration with a database of its own, and makes the service.
func New(tb testing.TB, c meet.Config) (*meet.Service, *meet.Enforcer, *store.DB) {
	tb.Helper()
	db, _ := OpenStore(tb)
	media := livekit.New(livekit.Config{URL: LiveKit, APIKey: "key", APISecret: strings.Repeat("s", 32)})
	c.Store, c.Media = db, media
	service, enforcer := meet.New(c)
	return service, enforcer, db
}

// OpenStore gives an empty database that ends with the test, and its file.
func OpenStore(tb testing.TB) (db *store.DB, path string) {
	tb.Helper()
	path = filepath.Join(tb.TempDir(), "roomkey.db")
	content, err := emptyStore()
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err == nil {
		db, err = store.Open(tb.Context(), path)
	}
	if err != nil {
		tb.Fatalf("open the store: %v", err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Errorf("close the store: %v", err)
		}
	})
	return db, path
}

var emptyStore = storetest.EmptyFile(func(path string) (io.Closer, error) {
	return store.Open(context.Background(), path)
})
