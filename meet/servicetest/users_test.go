package servicetest

import (
	"slices"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// A disabled user is removed from every room, by what another process wrote into the
// database, and their join tokens do not count any more; nobody else is disturbed.
func TestDisabledUsersAreRemoved(t *testing.T) {
	t.Parallel()
	s := meettest.New(t)
	room, other := s.NewRoom(t, meet.RoomChange{}), s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	enter := func(p meet.Principal, call meet.JoinCall) (meet.JoinResult, *livekittest.Person) {
		result, err := s.Join(t.Context(), p, call)
		if err != nil {
			t.Fatal(err)
		}
		return result, livekittest.Join(t, s.URL, result.Token)
	}
	_, here := enter(meettest.Bob, meet.JoinCall{RoomID: &room.ID})
	inOther, there := enter(meettest.Bob, meet.JoinCall{RoomID: &other.ID})
	_, byCode := enter(meettest.Bob, meet.JoinCall{Code: &code.Code, Name: "Bob"})
	_, ada := enter(meettest.Ada, meet.JoinCall{RoomID: &room.ID})
	livekittest.Wait(t, "them to be on record", func() bool {
		if err := s.Reconcile(t.Context()); err != nil { // as the webhooks would have told
			t.Fatal(err)
		}
		open, err := s.Store.OpenPresences(t.Context(), "")
		return err == nil && len(open) == 4
	})
	account := meet.Account{Subject: meettest.Bob.ID, Name: "Bob", Role: meet.User, RoleSet: true,
		Source: meet.LocalSource, CreatedAt: s.Clock.Now()}
	if err := s.Store.AddUser(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveDisabled(t.Context()); err != nil || !here.Connected() {
		t.Fatalf("before he is disabled: %v, connected %v", err, here.Connected())
	}
	_, err := s.Store.UpdateUser(t.Context(), account.Subject, func(a *meet.Account) error {
		a.Disable(s.Clock.Now())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveDisabled(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, person := range map[string]*livekittest.Person{
		"in one room": here, "in another": there, "by a code": byCode,
	} {
		livekittest.Wait(t, "his end "+name, func() bool { return !person.Connected() })
	}
	if !ada.Connected() {
		t.Error("somebody else was removed")
	}
	if err := s.BeforeConnect(t.Context(), inOther.Token); !meet.IsCode(err, meet.CodeForbidden) {
		t.Errorf("his join token afterwards: %v; want forbidden", err)
	}
	if left, err := s.Store.EndingUsers(t.Context(), 10); err != nil || len(left) > 0 {
		t.Errorf("users that still end: %v, %v; want none", left, err)
	}
}

// The passcode proves a local user, and wrong ones count like wrong codes. It tells
// nobody which users there are.
func TestSignIn(t *testing.T) {
	t.Parallel()
	s := meettest.New(t)
	passcode := meet.NewPasscode()
	hash, err := meet.HashPasscode(passcode)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []meet.Account{
		{Subject: "ada", Name: "Ada", Role: meet.Superadmin, RoleSet: true, Source: meet.LocalSource, PasscodeHash: hash},
		{Subject: "none", Role: meet.User, RoleSet: true, Source: meet.LocalSource},
		{Subject: "elsewhere", Role: meet.User, Source: "https://id.example.com", PasscodeHash: hash},
		{Subject: "out", Role: meet.User, RoleSet: true, Source: meet.LocalSource, PasscodeHash: hash,
			DisabledAt: s.Clock.Now()},
	} {
		a.CreatedAt = s.Clock.Now()
		if err := s.Store.AddUser(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	from := func(address string) meet.Principal { return meet.Principal{Role: meet.Anonymous, Address: address} }
	want := meet.Principal{ID: "ada", Name: "Ada", Role: meet.Superadmin}
	for _, typed := range []string{passcode, " " + passcode[:4] + passcode[5:] + " "} {
		if got, err := s.SignIn(t.Context(), from("192.0.2.1"), " ADA ", typed); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	var messages []string
	for i, c := range [][2]string{{"ada", meet.NewPasscode()}, {"ada", ""}, {"nobody", passcode}, {"none", ""},
		{"none", passcode}, {"elsewhere", passcode}, {"out", passcode}, {"", ""}, {"ada|\x00", passcode}} {
		_, err := s.SignIn(t.Context(), from("192.0.2."+string(rune('2'+i%2))), c[0], c[1])
		e := meet.AsError(err)
		if e.Code != meet.CodeUnauthenticated {
			t.Errorf("%q: got %+v; want unauthenticated", c, e)
		}
		messages = append(messages, e.Message+e.Hint)
	}
	if slices.Sort(messages); len(slices.Compact(messages)) != 1 {
		t.Errorf("the refusals differ: %q", messages)
	}
	for range 20 {
		_, err = s.SignIn(t.Context(), from("192.0.2.9"), "ada", "wrong")
	}
	if e := meet.AsError(err); e.Code != meet.CodeRateLimited || e.RetryAfter <= 0 {
		t.Errorf("after many wrong passcodes: %+v; want rate_limited", e)
	}
	if _, err := s.SignIn(t.Context(), from("192.0.2.9"), "ada", passcode); !meet.IsCode(err, meet.CodeRateLimited) {
		t.Errorf("the right one after that: %v; want rate_limited", err)
	}
	if _, err := s.SignIn(t.Context(), from("192.0.2.1"), "ada", passcode); err != nil {
		t.Errorf("from another address: %v", err)
	}
}

// Nobody whom one issuer names is the user of another or a local one, and what the
// operator has set of somebody stays.
func TestSignInForeign(t *testing.T) {
	t.Parallel()
	s := meettest.New(t)
	const one, two = "https://one.example.com", "https://two.example.com"
	seen := map[string]string{}
	for _, c := range [][2]string{
		{one, "ada"}, {two, "ada"}, {one, "https://two.example.com|ada"}, {one + "|ada", "x"}, {one, "ada|x"},
		{one, "|"}, {one + "|", "x"}, {one, "|x"}, {one, string(make([]byte, 500))}, {two, string(make([]byte, 500))},
	} {
		p, err := s.SignInForeign(t.Context(), c[0], c[1], "Ada\u202e", meet.User)
		if err != nil || p.Name != "Ada" || p.Role != meet.User || len([]rune(p.ID)) > meet.MaxUserID {
			t.Fatalf("%.60q: got %+v, %v", c, p, err)
		}
		if _, err := meet.CheckLocalName(p.ID); err == nil {
			t.Errorf("%q could be a local user", p.ID)
		}
		if before, taken := seen[p.ID]; taken {
			t.Errorf("%.60q has the subject of %.60q", c, before)
		}
		seen[p.ID] = c[0] + " " + c[1]
	}
	subject := meet.ForeignSubject(one, "ada")
	change := func(change func(*meet.Account)) {
		_, err := s.Store.UpdateUser(t.Context(), subject, func(a *meet.Account) error { change(a); return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	granted := s.Clock.Now()
	if p, err := s.SignInForeign(t.Context(), one, "ada", "Ada", meet.Guest); err != nil || p.Role != meet.Guest {
		t.Errorf("with another role of the issuer's: %+v, %v; want that role", p, err)
	}
	seenAt := func() time.Time {
		t.Helper()
		if _, err := s.SignInForeign(t.Context(), one, "ada", "", meet.Guest); err != nil {
			t.Fatal(err)
		}
		account, err := s.Store.User(t.Context(), subject)
		if err != nil || account.Name != "Ada" {
			t.Errorf("without a name: %+v, %v; want the one of before", account, err)
		}
		return account.LastSeenAt
	}
	before := seenAt()
	s.Clock.Advance(time.Minute)
	if at := seenAt(); !at.Equal(before) {
		t.Error("a minute later something was written, want nothing")
	}
	s.Clock.Advance(5 * time.Minute)
	if at := seenAt(); !at.Equal(s.Clock.Now().Truncate(time.Millisecond)) {
		t.Errorf("after 6 minutes they were seen at %v, want %v", at, s.Clock.Now())
	}
	change(func(a *meet.Account) { a.Role, a.RoleSet = meet.Superadmin, true })
	if p, err := s.SignInForeign(t.Context(), one, "ada", "Ada", meet.Guest); err != nil || p.Role != meet.Superadmin {
		t.Errorf("with a role of the operator's: %+v, %v; want that role", p, err)
	}
	if p, err := s.UserOf(t.Context(), subject, granted); err != nil || p.Role != meet.Superadmin {
		t.Errorf("UserOf: %+v, %v", p, err)
	}
	s.Clock.Advance(time.Second)
	change(func(a *meet.Account) { a.Disable(s.Clock.Now()) })
	if _, err := s.SignInForeign(t.Context(), one, "ada", "Ada", meet.User); !meet.IsCode(err, meet.CodeUnauthenticated) {
		t.Errorf("disabled: %v; want unauthenticated", err)
	}
	change(func(a *meet.Account) { a.Enable(s.Clock.Now(), "") })
	if _, err := s.UserOf(t.Context(), subject, granted); !meet.IsCode(err, meet.CodeUnauthenticated) {
		t.Errorf("a grant from before: %v; want unauthenticated", err)
	}
	_, unknown := s.UserOf(t.Context(), "nobody", granted)
	_, nobody := s.SignInForeign(t.Context(), one, "", "", meet.User)
	_, king := s.SignInForeign(t.Context(), one, "eve", "", "king")
	for _, err := range []error{unknown, nobody, king} {
		if !meet.IsCode(err, meet.CodeUnauthenticated) {
			t.Errorf("got %v; want unauthenticated", err)
		}
	}
}
