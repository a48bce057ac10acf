// Package users keeps the users on record from the command line, beside the roomkey
// that may be running.
package users

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/database"
	"roomkey/cmd/roomkey/internal/output"
	"roomkey/meet"
	"roomkey/store"
)

// Add puts a user on record with a new passcode, of which only the hash is kept.
// display may be empty; role is superadmin, user or guest.
func Add(ctx context.Context, cfg config.Config, name, display, role string) (
	account meet.Account, passcode string, err error,
) {
	name, err = meet.CheckLocalName(name)
	if err == nil && auth.Reserved(name) {
		err = meet.Invalid("name", "the name "+name+" is reserved", "In records it means somebody else.")
	}
	if err == nil && !meet.PrincipalRole(role).Valid() {
		err = badRole("--role")
	}
	if err != nil {
		return account, "", err
	}
	passcode, hash, err := newPasscode()
	if err != nil {
		return account, "", err
	}
	account = meet.Account{Subject: name, Name: meet.CleanText(cmp.Or(display, name), meet.MaxDisplayName),
		Role: meet.PrincipalRole(role), RoleSet: true, Source: meet.LocalSource, PasscodeHash: hash, CreatedAt: now()}
	err = with(ctx, cfg, true, func(users *store.Users) error {
		return users.Add(ctx, account, meet.UserChange(auth.OwnerID, meet.Account{}, account, account.CreatedAt))
	})
	if errors.Is(err, meet.ErrUserExists) {
		err = &meet.Error{Code: meet.CodeConflict, Message: "There is a user " + name + " already",
			Hint: "roomkey user role, disable and enable change one; disable and then enable make a new passcode."}
	}
	return account, passcode, err
}

// List gives the users on record. Where there is no database there are none.
func List(ctx context.Context, cfg config.Config) (accounts []meet.Account, err error) {
	err = with(ctx, cfg, false, func(users *store.Users) (err error) {
		accounts, err = users.List(ctx)
		return err
	})
	if errors.Is(err, store.ErrNoDatabase) {
		err = nil
	}
	return accounts, err
}

// SetRole gives a user another role: superadmin, user or guest.
func SetRole(ctx context.Context, cfg config.Config, subject, role string) (meet.Account, error) {
	return update(ctx, cfg, subject, func(a *meet.Account) error {
		a.Role, a.RoleSet = meet.PrincipalRole(role), true
		if !a.Role.Valid() {
			return badRole("the role")
		}
		return nil
	})
}

func badRole(what string) error {
	return meet.Invalid("role", what+" must be superadmin, user or guest", "")
}

// Disable keeps a user out, and ends what they have. before is since when they had
// been disabled; zero if they were not.
func Disable(ctx context.Context, cfg config.Config, subject string) (a meet.Account, before time.Time, err error) {
	a, err = update(ctx, cfg, subject, func(a *meet.Account) error {
		before = a.DisabledAt
		a.Disable(now())
		return nil
	})
	return a, before, err
}

// Enable lets a disabled user in again. Of the users that Add has made it gives a new
// passcode.
func Enable(ctx context.Context, cfg config.Config, subject string) (a meet.Account, passcode string, err error) {
	a, err = update(ctx, cfg, subject, func(a *meet.Account) (err error) {
		if a.DisabledAt.IsZero() {
			return &meet.Error{Code: meet.CodeConflict, Message: output.Text(a.Subject) + " is not disabled"}
		}
		var hash string
		if a.Source == meet.LocalSource {
			if passcode, hash, err = newPasscode(); err != nil {
				return err
			}
		}
		a.Enable(now(), hash)
		return nil
	})
	return a, passcode, err
}

func newPasscode() (passcode, hash string, err error) {
	passcode = meet.NewPasscode()
	hash, err = meet.HashPasscode(passcode)
	return passcode, hash, err
}

// update changes a user, with the event that tells of it.
func update(ctx context.Context, cfg config.Config, subject string, change func(*meet.Account) error) (
	after meet.Account, err error,
) {
	if !meet.IsForeignSubject(subject) {
		subject = strings.ToLower(subject)
	}
	err = with(ctx, cfg, false, func(users *store.Users) error {
		_, err := users.Update(ctx, subject, func(a *meet.Account) (*meet.Event, error) {
			before := *a
			err := change(a)
			after = *a
			return meet.UserChange(auth.OwnerID, before, after, now()), err
		})
		return err
	})
	switch {
	case errors.Is(err, meet.ErrNotFound):
		err = &meet.Error{Code: meet.CodeNotFound, Message: "There is no user " + output.Text(subject),
			Hint: "roomkey user list shows them."}
	case errors.Is(err, store.ErrNoDatabase):
		err = database.Missing(cfg, err)
	}
	return after, err
}

// with does something with the users on record. store.ErrNoDatabase where there is no
// database and create is false.
func with(ctx context.Context, cfg config.Config, create bool, do func(*store.Users) error) error {
	users, err := database.Beside(ctx, cfg, create, database.OpenUsers)
	if errors.Is(err, store.ErrNoDatabase) {
		return err
	}
	if err != nil {
		return database.Explain(cfg, err)
	}
	err = errors.Join(do(users), users.Close())
	if errors.As(err, new(*meet.Error)) || errors.Is(err, meet.ErrNotFound) || errors.Is(err, meet.ErrUserExists) {
		return err
	}
	return database.Explain(cfg, err)
}

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
