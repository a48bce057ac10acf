package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	"roomkey/store/postgrestest"
)

func openTokensAt(t *testing.T, path string) *Tokens {
	t.Helper()
	return openTokens(t, OpenTokens, path)
}

func openTokens(t *testing.T, open func(context.Context, string) (*Tokens, error), where string) *Tokens {
	t.Helper()
	tokens, err := open(t.Context(), where)
	if err != nil {
		t.Fatalf("OpenTokens: %v", err)
	}
	t.Cleanup(func() {
		if err := tokens.Close(); err != nil {
			t.Errorf("close tokens: %v", err)
		}
	})
	return tokens
}

func revocation(t meet.TokenRecord) *meet.Event {
	return meet.TokenRevocation("owner", t.ID, t.Subject, t.RevokedAt)
}

func newToken(id string, issued time.Time) meet.TokenRecord {
	return meet.TokenRecord{ID: id, Subject: "ann", Name: "Ann", Role: meet.User, IssuedAt: issued,
		ExpiresAt: issued.Add(time.Hour)}
}

// What a command writes beside a roomkey that runs, that one sees at once.
func TestTokensBesideARunningStore(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "room.db")
		testTokensBeside(t, openAt(t, path), openTokensAt(t, path))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		url := postgrestest.URL(t)
		if _, err := OpenTokensURL(t.Context(), url); !errors.Is(err, ErrNoDatabase) {
			t.Errorf("before a start: got %v, want %v", err, ErrNoDatabase)
		}
		testTokensBeside(t, openURL(t, url), openTokens(t, OpenTokensURL, url))
	})
}

func testTokensBeside(t *testing.T, db *DB, tokens *Tokens) {
	first, second := newToken("first", epoch), newToken("second", epoch.Add(time.Second))
	for _, token := range []meet.TokenRecord{first, second} {
		if err := tokens.Add(t.Context(), token); err != nil {
			t.Fatalf("Add: %v", err)
		}
	}
	if err := tokens.Add(t.Context(), first); err == nil {
		t.Error("an id was put on record twice")
	}
	revoked := func(id string) bool {
		t.Helper()
		state, err := db.TokenState(t.Context(), id, "ann")
		if err != nil || state.Role != "" {
			t.Errorf("TokenState: %+v, %v; want no user", state, err)
		}
		return state.Revoked
	}
	if revoked("first") || revoked("elsewhere") {
		t.Error("a token is revoked that nobody has revoked")
	}
	at := epoch.Add(time.Minute)
	got, err := tokens.Revoke(t.Context(), "first", at, false, revocation)
	first.RevokedAt = at
	if err != nil || !cmp.Equal(got, first) {
		t.Errorf("Revoke: got %+v, %v, want %+v", got, err, first)
	}
	got, err = tokens.Revoke(t.Context(), "first", at.Add(time.Hour), true, revocation)
	if err != nil || !got.RevokedAt.Equal(at) {
		t.Errorf("Revoke again: got %+v, %v, want it as it was", got, err)
	}
	if _, err := tokens.Revoke(t.Context(), "elsewhere", at, false, revocation); !errors.Is(err, meet.ErrNotFound) {
		t.Errorf("Revoke an id that is not on record: got %v, want %v", err, meet.ErrNotFound)
	}
	if !revoked("first") || revoked("second") || revoked("elsewhere") {
		t.Error("want the first to be revoked and no other")
	}
	elsewhere := meet.TokenRecord{ID: "elsewhere", RevokedAt: at}
	got, err = tokens.Revoke(t.Context(), "elsewhere", at, true, revocation)
	if err != nil || !cmp.Equal(got, elsewhere) {
		t.Errorf("Revoke an unlisted id: got %+v, %v, want %+v", got, err, elsewhere)
	}
	if !revoked("elsewhere") {
		t.Error("an unlisted id is not revoked")
	}
	for _, used := range []time.Time{at.Add(time.Second), at} { // the second one was on its way for long
		err := db.NoteTokensUsed(t.Context(), map[string]time.Time{"second": used, "nowhere": used})
		if err != nil {
			t.Errorf("NoteTokensUsed: %v", err)
		}
	}
	second.LastUsed = at.Add(time.Second)
	list, err := tokens.List(t.Context())
	if want := []meet.TokenRecord{second, first, elsewhere}; err != nil || !cmp.Equal(list, want) {
		t.Errorf("List: %v\n%s", err, cmp.Diff(want, list))
	}
	events, err := db.Events(t.Context(), meet.EventQuery{Kind: "token", Limit: 10, OldestFirst: true})
	if err != nil || len(events) != 2 || events[0].Target != "first" || events[0].Details["subject"] != "ann" ||
		events[0].Actor != "owner" || events[0].Caller.Via != meet.ViaCLI || events[1].Target != "elsewhere" {
		t.Errorf("the audit trail: %+v, %v; want each revocation once", events, err)
	}
}

// What has expired is forgotten with the events of its time. A revocation of an
// id of which nothing else is known stays.
func TestExpiredTokensAreForgotten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "room.db")
	db := openAt(t, path)
	tokens := openTokensAt(t, path)
	old, fresh := newToken("old", epoch), newToken("fresh", epoch.Add(time.Minute))
	for _, token := range []meet.TokenRecord{old, fresh} {
		if err := tokens.Add(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tokens.Revoke(t.Context(), "elsewhere", epoch, true, revocation); err != nil {
		t.Fatal(err)
	}
	since := old.ExpiresAt.Add(time.Second)
	if err := db.Forget(t.Context(), since, since, 10); err != nil {
		t.Fatal(err)
	}
	list, err := tokens.List(t.Context())
	if err != nil || len(list) != 2 || list[0].ID != "fresh" || list[1].ID != "elsewhere" {
		t.Errorf("after Forget: got %+v, %v, want fresh and elsewhere", list, err)
	}
}

// A command neither makes a database nor changes its schema.
func TestOpenTokensLeavesTheSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "room.db")
	if _, err := OpenTokens(t.Context(), path); !errors.Is(err, ErrNoDatabase) {
		t.Errorf("without a database: got %v, want %v", err, ErrNoDatabase)
	}
	makeSchema(t, path, 1)
	if _, err := OpenTokens(t.Context(), path); !errors.Is(err, ErrOlderSchema) {
		t.Errorf("an older schema: got %v, want %v", err, ErrOlderSchema)
	}
	if schema, err := Inspect(t.Context(), path, t.TempDir()); err != nil || schema.Have != 1 {
		t.Errorf("afterwards: got %+v, %v, want schema 1", schema, err)
	}
	db := openAt(t, path)
	if _, err := writesOf(db).Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenTokens(t.Context(), path); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("a newer schema: got %v, want %v", err, ErrNewerSchema)
	}
}

// A command gets its turn while a roomkey writes as fast as it can, and does
// not stop it.
func TestTokensGetTheirTurn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "room.db")
	db := openAt(t, path)
	var writing sync.WaitGroup
	done := make(chan struct{})
	for n := range 4 {
		writing.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				if err := db.CreateRoom(t.Context(), roomWith(newRoom(fmt.Sprintf("room-%d-%d", n, i))), nil); err != nil {
					t.Errorf("CreateRoom: %v", err)
					return
				}
			}
		})
	}
	for i := range 20 {
		tokens, err := OpenTokens(t.Context(), path)
		if err != nil {
			t.Errorf("OpenTokens: %v", err)
			break
		}
		if err := errors.Join(tokens.Add(t.Context(), newToken(fmt.Sprint(i), epoch)), tokens.Close()); err != nil {
			t.Errorf("Add: %v", err)
		}
	}
	close(done)
	writing.Wait()
}
