package meet

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"
)

// maxPasscode bounds what is hashed of what somebody has typed.
const maxPasscode = 64

// SignIn proves a local user by their passcode, and gives who they are. Wrong
// passcodes count against the address of the caller like wrong codes. It tells
// nobody which users there are.
func (s *Service) SignIn(ctx context.Context, caller Principal, user, passcode string) (Principal, error) {
	if err := s.guesses.check(caller.key()); err != nil {
		s.onLimit(limitGuesses)
		return Principal{}, tooManyPasscodes(err)
	}
	name, _ := CheckLocalName(user) // a bad one is nobody's
	account, err := s.store.User(ctx, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Principal{}, s.storeError(err, "")
	}
	isRight := CheckPasscode(account.PasscodeHash, passcode[:min(len(passcode), maxPasscode)])
	if !isRight || !account.DisabledAt.IsZero() || account.Source != LocalSource {
		if limited := s.guesses.countWrong(ctx, caller.key()); limited != nil {
			s.onLimit(limitGuesses)
			return Principal{}, tooManyPasscodes(limited)
		}
		return Principal{}, &Error{Code: CodeUnauthenticated, Message: "User or passcode is wrong",
			Hint: "The operator makes both with roomkey user add."}
	}
	account, err = s.store.UpdateUser(ctx, name, func(a *Account) error {
		a.LastSeenAt = s.now()
		return nil
	})
	return account.Principal(), s.storeError(err, "")
}

// tooManyPasscodes words a refusal of the guesses for somebody who signs in.
func tooManyPasscodes(err error) error {
	e := *AsError(err)
	e.Message = "Too many wrong passcodes or codes"
	e.Hint = strings.Replace(e.Hint, "check the code with the person who gave it out", "check user and passcode", 1)
	return &e
}

// seenAnew is how old the last sign of life of a user may be until it is noted anew.
const seenAnew = 5 * time.Minute

// SignInForeign puts somebody on record whom another issuer has proved, and gives who
// they are here. What the operator has set of them stays: a role, or that they are
// disabled. A name stays where the issuer gives none. Nothing is written where all of it
// is on record already.
func (s *Service) SignInForeign(
	ctx context.Context, issuer, sub, name string, role PrincipalRole,
) (Principal, error) {
	subject, now := ForeignSubject(issuer, sub), s.now()
	if sub == "" || !role.Valid() {
		return Principal{}, errUserRefused()
	}
	name = CleanText(name, MaxDisplayName)
	note := func(a *Account) error {
		if a.Source != issuer {
			return errUserRefused()
		}
		if !a.RoleSet {
			a.Role = role
		}
		a.Name, a.LastSeenAt = cmp.Or(name, a.Name), now
		return nil
	}
	account, err := s.store.User(ctx, subject)
	if noted := account; err == nil && (note(&noted) != nil || noted.Name != account.Name ||
		noted.Role != account.Role || now.Sub(account.LastSeenAt) > seenAnew) {
		account, err = s.store.UpdateUser(ctx, subject, note)
	}
	if errors.Is(err, ErrNotFound) {
		account = Account{Subject: subject, Name: name, Role: role, Source: issuer, CreatedAt: now, LastSeenAt: now}
		if err = s.store.AddUser(ctx, account); errors.Is(err, ErrUserExists) { // by another call at the same time
			account, err = s.store.UpdateUser(ctx, subject, note)
		}
	}
	switch {
	case err != nil:
		return Principal{}, s.storeError(err, "")
	case !account.DisabledAt.IsZero():
		return Principal{}, errUserRefused()
	}
	return account.Principal(), nil
}

// UserOf gives who a user is now, for a grant that was made at some time: what was
// granted before the user was disabled does not count.
func (s *Service) UserOf(ctx context.Context, subject string, granted time.Time) (Principal, error) {
	account, err := s.store.User(ctx, subject)
	switch {
	case errors.Is(err, ErrNotFound):
		return Principal{}, errUserRefused()
	case err != nil:
		return Principal{}, s.storeError(err, "")
	case !account.DisabledAt.IsZero() || granted.Before(account.TokensFrom):
		return Principal{}, errUserRefused()
	}
	return account.Principal(), nil
}

func errUserRefused() *Error {
	return &Error{Code: CodeUnauthenticated, Message: "This user may not come in",
		Hint: "Ask the operator; roomkey user list shows the users."}
}

// How often [Enforcer.WatchDisabled] looks: where another process that disables a user
// cannot tell, and where it does.
const (
	lookAtUsersEvery = 500 * time.Millisecond
	lookAtUsersAgain = 10 * time.Second
)

// WatchDisabled removes users who are disabled from the rooms in which they are, until
// ctx ends or that fails. One instance of all is to do it at a time.
func (e *Enforcer) WatchDisabled(ctx context.Context) error {
	interval := lookAtUsersEvery
	if e.store.Shared() {
		interval = lookAtUsersAgain
	}
	look := time.NewTicker(interval)
	defer look.Stop()
	for {
		if err := e.RemoveDisabled(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.usersEnd:
		case <-look.C:
		}
	}
}

// onUsersEnd is called for every event of another instance. The zero Event may mean that
// a user was disabled.
func (e *Enforcer) onUsersEnd(event Event) {
	if event.Action != "" {
		return
	}
	select {
	case e.usersEnd <- struct{}{}:
	default:
	}
}

// RemoveDisabled removes the people inside who are users that were disabled, on
// any instance. Their admissions are over already. Call it from one goroutine.
func (e *Enforcer) RemoveDisabled(ctx context.Context) error {
	subjects, err := e.store.EndingUsers(ctx, sweepBatch)
	if err != nil || len(subjects) == 0 {
		return e.storeError(err, "")
	}
	open, err := e.store.OpenPresences(ctx, "")
	if err != nil {
		return e.storeError(err, "")
	}
	ctx = WithCaller(ctx, Caller{Via: ViaSweeper})
	inside := map[string]map[string][]string{} // subject, room, identities
	for _, p := range open {
		if inside[p.Subject] == nil {
			inside[p.Subject] = map[string][]string{}
		}
		inside[p.Subject][p.RoomID] = append(inside[p.Subject][p.RoomID], p.Identity)
	}
	var errs []error
	for _, subject := range subjects {
		errs = append(errs, e.removeUser(ctx, subject, inside[subject]))
	}
	return errors.Join(errs...)
}

// removeUser removes a disabled user from rooms, and notes that it is done.
func (e *Enforcer) removeUser(ctx context.Context, subject string, rooms map[string][]string) error {
	for roomID, identities := range rooms {
		people, err := e.media.Participants(ctx, roomID)
		if err != nil && !isNotFound(err) {
			return errMediaUnavailable(err)
		}
		for _, person := range withIdentities(people, identities) {
			if err := e.enforce(ctx, roomID, "", person); err != nil {
				return err
			}
		}
	}
	_, err := e.store.UpdateUser(ctx, subject, func(a *Account) error {
		a.Ending = false
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return e.storeError(err, "")
}
