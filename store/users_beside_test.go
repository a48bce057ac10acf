package store

import (
	"errors"
	"path/filepath"
	"testing"

	"roomkey/meet"
	"roomkey/store/postgrestest"
)

// What a command changes of users beside a roomkey that runs is in the audit trail with
// the change, and that one learns of it.
func TestUsersBesideARunningStore(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "room.db")
		db := openAt(t, path)
		users, err := OpenUsers(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		testUsersBeside(t, db, users)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		url := postgrestest.URL(t)
		db := openURL(t, url)
		heard := hears(db)
		users, err := OpenUsersURL(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		before := heard.about("")
		testUsersBeside(t, db, users)
		eventually(t, func() bool { return heard.about("") >= before+4 })
	})
}

func testUsersBeside(t *testing.T, db *DB, users *Users) {
	t.Helper()
	t.Cleanup(func() { _ = users.Close() })
	ada := meet.Account{Subject: "ada", Role: meet.User, RoleSet: true, Source: meet.LocalSource, CreatedAt: epoch}
	added := meet.UserChange("owner", meet.Account{}, ada, epoch)
	if err := users.Add(t.Context(), ada, added); err != nil {
		t.Fatal(err)
	}
	if err := users.Add(t.Context(), ada, added); !errors.Is(err, meet.ErrUserExists) {
		t.Errorf("added twice: %v", err)
	}
	failed := errors.New("changed my mind")
	for _, change := range []func(*meet.Account) error{
		func(a *meet.Account) error { a.Role = meet.Superadmin; return nil },
		func(*meet.Account) error { return nil },
		func(a *meet.Account) error { a.Role = meet.Guest; return failed },
		func(a *meet.Account) error { a.Disable(epoch); return nil },
		func(a *meet.Account) error { a.Disable(epoch); return nil }, // again
		func(a *meet.Account) error { a.Enable(epoch, ""); return nil },
	} {
		_, err := users.Update(t.Context(), "ada", func(a *meet.Account) (*meet.Event, error) {
			before := *a
			err := change(a)
			return meet.UserChange("owner", before, *a, epoch), err
		})
		if err != nil && !errors.Is(err, failed) {
			t.Fatal(err)
		}
	}
	events, err := db.Events(t.Context(), meet.EventQuery{Kind: "user", Limit: 10, OldestFirst: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []meet.EventAction{meet.UserAdded, meet.UserUpdated, meet.UserDisabled, meet.UserEnabled}
	for i, e := range events {
		if i >= len(want) || e.Action != want[i] || e.Target != "ada" || e.Actor != "owner" || e.Caller.Via != meet.ViaCLI ||
			e.Outcome != meet.OutcomeOK || !e.At.Equal(epoch) {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	if len(events) != len(want) || events[1].Details["role"] != "superadmin" || events[0].Details["role"] != "user" {
		t.Errorf("the audit trail: %+v; want %v", events, want)
	}
	if got, err := db.Events(t.Context(), meet.EventQuery{Admin: "ada", Limit: 10}); err != nil || len(got) != 0 {
		t.Errorf("a user who is no superadmin reads %+v, %v; want nothing", got, err)
	}
}
