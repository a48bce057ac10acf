package storetest

import (
	"fmt"
	"testing"

	"roomkey/meet"
)

// newUser is a local user who was added at noon.
func newUser(subject string, change ...func(*meet.Account)) meet.Account {
	a := meet.Account{Subject: subject, Name: subject, Role: meet.User, RoleSet: true, Source: meet.LocalSource,
		PasscodeHash: "hash", CreatedAt: noon}
	for _, c := range change {
		c(&a)
	}
	return a
}

func (b testStore) addUser(a meet.Account) {
	b.t.Helper()
	wantErr(b.t, "AddUser", b.AddUser(b.t.Context(), a), nil)
}

func (b testStore) changeUser(subject string, change func(*meet.Account)) meet.Account {
	b.t.Helper()
	a, err := b.UpdateUser(b.t.Context(), subject, func(a *meet.Account) error { change(a); return nil })
	wantErr(b.t, "UpdateUser", err, nil)
	return a
}

func (b testStore) ending(limit int) []string {
	b.t.Helper()
	subjects, err := b.EndingUsers(b.t.Context(), limit)
	wantErr(b.t, "EndingUsers", err, nil)
	return append([]string{}, subjects...)
}

// unseen is a user of an issuer, seen at a time.
func unseen(seconds int) func(*meet.Account) {
	return func(a *meet.Account) {
		a.Source, a.RoleSet, a.PasscodeHash, a.LastSeenAt = "https://id.example.com", false, "", at(seconds)
	}
}

var userTests = []test{
	{"AUserIsKeptAsItWasAdded", func(t *testing.T, b testStore) {
		_, err := b.User(t.Context(), "ann")
		wantErr(t, "User before", err, meet.ErrNotFound)
		ann, foreign := newUser("ann"), newUser("https://id.example.com|7", unseen(5))
		b.addUser(ann)
		b.addUser(foreign)
		wantErr(t, "AddUser again", b.AddUser(t.Context(), newUser("ann", unseen(9))), meet.ErrUserExists)
		for _, want := range []meet.Account{ann, foreign} {
			got, err := b.User(t.Context(), want.Subject)
			wantErr(t, "User", err, nil)
			wantSame(t, "user", got, want)
		}
	}},
	{"UpdateUserStoresAllOrNothing", func(t *testing.T, b testStore) {
		b.addUser(newUser("ann"))
		b.addUser(newUser("bob"))
		want := newUser("ann")
		want.Name, want.Role, want.RoleSet, want.PasscodeHash = "Ann", meet.Guest, false, ""
		want.LastSeenAt, want.DisabledAt, want.TokensFrom, want.Ending = at(1), at(2), at(3), true
		wantSame(t, "answer", b.changeUser("ann", func(a *meet.Account) { *a = want }), want)
		_, err := b.UpdateUser(t.Context(), "ann", func(a *meet.Account) error { a.Name = "Eve"; return errRefused })
		wantErr(t, "UpdateUser that refuses", err, errRefused)
		got, err := b.User(t.Context(), "ann")
		wantErr(t, "User", err, nil)
		wantSame(t, "user", got, want)
		_, err = b.UpdateUser(t.Context(), "eve", func(*meet.Account) error { return nil })
		wantErr(t, "UpdateUser of nobody", err, meet.ErrNotFound)
		got, err = b.User(t.Context(), "bob")
		wantErr(t, "User", err, nil)
		wantSame(t, "another user", got, newUser("bob"))
	}},
	{"UsersAreListedInPages", func(t *testing.T, b testStore) {
		for _, subject := range []string{"eve", "Zoe", "https://id.example.com|7", "ann", "bob"} {
			b.addUser(newUser(subject))
		}
		page := func(after string, limit int) []string {
			users, err := b.Users(t.Context(), after, limit)
			wantErr(t, "Users", err, nil)
			return names(users, func(a meet.Account) string { return a.Subject })
		}
		wantSame(t, "all", page("", 10), []string{"Zoe", "ann", "bob", "eve", "https://id.example.com|7"})
		wantSame(t, "one page", page("Zoe", 2), []string{"ann", "bob"})
		wantSame(t, "behind somebody who is gone", page("c", 1), []string{"eve"})
		wantSame(t, "the end", page("https://id.example.com|7", 10), []string{})
		users, err := b.Users(t.Context(), "", 1)
		wantErr(t, "Users", err, nil)
		wantSame(t, "a user", users, []meet.Account{newUser("Zoe")})
	}},
	{"EndingUsersAreThoseWhoEnd", func(t *testing.T, b testStore) {
		wantSame(t, "before", b.ending(10), []string{})
		for _, subject := range []string{"ann", "bob", "eve"} {
			b.addUser(newUser(subject))
		}
		b.changeUser("eve", func(a *meet.Account) { a.Disable(at(1)) })
		b.changeUser("ann", func(a *meet.Account) { a.Disable(at(2)) })
		wantSame(t, "disabled", b.ending(10), []string{"ann", "eve"})
		wantSame(t, "one of them", b.ending(1), []string{"ann"})
		b.changeUser("ann", func(a *meet.Account) { a.Ending = false })
		wantSame(t, "afterwards", b.ending(10), []string{"eve"})
	}},
	{"AdmissionsEndWithTheirUser", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		brought, other := byCode("brought", ""), byCode("other", "aaa")
		brought.Vouched, brought.UserID, other.Subject = true, "bob", "bob"
		for _, join := range []meet.Admission{byCode("one", "aaa"), byCode("two", ""), brought, other} {
			b.join(join)
		}
		all := []string{"one", "two", "brought", "other"}
		b.addUser(newUser("ann"))
		wantSame(t, "while she may come in", b.revoked(all...), []string{})
		b.changeUser("ann", func(a *meet.Account) { a.Disable(at(5)) })
		wantSame(t, "disabled", b.revoked(all...), []string{"one 5s", "two 5s"})
		b.changeUser("ann", func(a *meet.Account) { a.Enable(at(9), "hash") })
		wantSame(t, "enabled again", b.revoked(all...), []string{"one 9s", "two 9s"})
		later := byCode("later", "")
		later.CreatedAt = at(9)
		b.join(later)
		wantSame(t, "admitted since then", b.revoked("later"), []string{})
	}},
	{"ForgetDropsUsersOfIssuersWhoAreNotSeen", func(t *testing.T, b testStore) {
		for i, a := range []meet.Account{
			newUser("https://id.example.com|old", unseen(1)), newUser("https://id.example.com|new", unseen(100)),
			newUser("local", func(a *meet.Account) { a.LastSeenAt = at(1) }), newUser("never"),
			newUser("https://id.example.com|disabled", unseen(1), func(a *meet.Account) { a.Disable(at(1)) }),
			newUser("https://id.example.com|set", unseen(1), func(a *meet.Account) { a.RoleSet = true }),
		} {
			b.addUser(a)
			due, err := b.Due(t.Context(), meet.DueQuery{Since: at(50)})
			wantErr(t, "Due", err, nil)
			wantSame(t, fmt.Sprintf("due after %d", i), due, meet.Due{Old: true})
		}
		wantErr(t, "Forget", b.Forget(t.Context(), at(50), at(50), 10), nil)
		_, err := b.User(t.Context(), "https://id.example.com|old")
		wantErr(t, "one who was not seen", err, meet.ErrNotFound)
		for _, left := range []string{"https://id.example.com|new", "local", "never", "https://id.example.com|disabled",
			"https://id.example.com|set"} {
			_, err := b.User(t.Context(), left)
			wantErr(t, left, err, nil)
		}
		due, err := b.Due(t.Context(), meet.DueQuery{Since: at(50)})
		wantErr(t, "Due", err, nil)
		wantSame(t, "due afterwards", due, meet.Due{})
	}},
}
