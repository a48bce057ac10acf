package meettest

import (
	"testing"

	"roomkey/livekit"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/store"
	"roomkey/store/postgrestest"
)

// Instances gives systems that share one PostgreSQL database and one LiveKit, as
// the instances of a deployment do. Their clock is the database's, so their Clock
// is nil, and nothing in them happens by itself.
func Instances(tb testing.TB, n int, options ...Option) (all []*System) {
	tb.Helper()
	lk, err := shared()
	if err != nil {
		tb.Fatalf("start LiveKit: %v", err)
	}
	url := postgrestest.URL(tb)
	for range n {
		db, err := store.OpenURL(tb.Context(), url, store.Options{})
		if err != nil {
			tb.Fatalf("open the store: %v", err)
		}
		tb.Cleanup(func() {
			if err := db.Close(); err != nil {
				tb.Errorf("close the store: %v", err)
			}
		})
		media := livekit.New(livekit.Config{URL: lk.URL(), APIKey: livekittest.APIKey, APISecret: livekittest.APISecret,
			SingleNode: true, LockRoom: db.LockRoom})
		tb.Cleanup(media.Close)
		s := &System{Store: db, Media: media, URL: lk.URL()}
		c := meet.Config{Store: db, Media: media, Links: Links, Now: db.Now, Limits: &meet.Limits{},
			Defaults: meet.Defaults{Settings: meet.DefaultSettings()}}
		for _, option := range options {
			option(&c)
		}
		s.Service, s.Enforcer = meet.New(c)
		all = append(all, s)
	}
	return all
}
