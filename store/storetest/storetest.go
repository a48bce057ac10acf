// Package storetest holds every implementation of [meet.Store] to the
// promises in that interface's comments. It knows no database: what it finds
// out, it finds out through the interface.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
)

// Run runs the whole suite. open gives a new, empty store for one test and
// closes it when that test ends; tests run in parallel.
func Run(t *testing.T, open func(t *testing.T) meet.Store) {
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"Rooms", roomTests},
		{"Names", nameTests},
		{"Holders", holderTests},
		{"Sweep", sweepTests},
		{"Lists", listTests},
		{"Codes", codeTests},
		{"EnsureCodes", ensureTests},
		{"ReplaceCode", replaceTests},
		{"Joins", joinTests},
		{"Uses", useTests},
		{"JoinRequests", requestTests},
		{"Events", eventTests},
		{"SomeEvents", someEventTests},
		{"Told", toldTests},
		{"Webhooks", webhookTests},
		{"SignIn", signInTests},
		{"Instances", instanceTests},
		{"Users", userTests},
		{"Tokens", tokenTests},
		{"Revocations", revocationTests},
		{"Blocks", blockTests},
		{"Locks", lockTests},
		{"LocksForAll", lockForAllTests},
		{"Overrides", overrideTests},
		{"Approvals", approvalTests},
		{"Presences", presenceTests},
		{"Sessions", sessionTests},
		{"Visits", visitTests},
		{"Transcript", transcriptTests},
		{"Forget", forgetTests},
		{"Context", contextTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					b := testStore{Store: open(t), t: t, told: &told{}}
					b.Subscribe(b.told.tell)
					test.run(t, b)
					b.wantToldInOrder()
				})
			}
		})
	}
}

type test struct {
	name string
	run  func(t *testing.T, b testStore)
}

// testStore is a store whose unexpected errors end the test.
type testStore struct {
	meet.Store
	t    *testing.T
	told *told // of the events that were committed
}

// noon is when most tests take place.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// tokenDies is when the tokens of most tests die.
var tokenDies = at(600)

// noLine leaves no event about a room that expires.
func noLine(meet.Room) *meet.Event { return nil }

var errRefused = errors.New("refused by the test")

// roomWith is a new room with its codes, on no condition.
func roomWith(room meet.Room, codes ...meet.RoomCode) meet.NewRoom {
	return meet.NewRoom{Room: room, Codes: codes}
}

// newRoom is an active room; its id follows from its name.
func newRoom(name string, change ...func(*meet.Room)) meet.Room {
	room := meet.Room{ID: "id-" + name, Name: name, CreatedBy: "ann", AdminID: "ann", State: meet.RoomActive,
		Mode: meet.Standard, Opening: 1, CreatedAt: noon, UpdatedAt: noon}
	for _, c := range change {
		c(&room)
	}
	return room
}

func id(id string) func(*meet.Room) { return func(r *meet.Room) { r.ID = id } }
func createdBy(subject string) func(*meet.Room) {
	return func(r *meet.Room) { r.CreatedBy, r.AdminID = subject, subject }
}
func public(r *meet.Room) { r.IsPublic = true }
func ended(r *meet.Room) {
	r.State, r.EndedBy, r.EndedAt = meet.RoomEnded, "ann", r.CreatedAt.Add(time.Minute)
}

func createdAt(t time.Time) func(*meet.Room) {
	return func(r *meet.Room) { r.CreatedAt, r.UpdatedAt = t, t }
}

func expiresAt(t time.Time) func(*meet.Room) { return func(r *meet.Room) { r.ExpiresAt = t } }

func newCode(code, role string, change ...func(*meet.RoomCode)) meet.RoomCode {
	c := meet.RoomCode{Code: code, Role: role, Enabled: true, CreatedAt: noon, UpdatedAt: noon}
	for _, change := range change {
		change(&c)
	}
	return c
}

func label(label string) func(*meet.RoomCode) { return func(c *meet.RoomCode) { c.Label = label } }
func disabled(c *meet.RoomCode)               { c.Enabled = false }
func entered(at time.Time) func(*meet.RoomCode) {
	return func(c *meet.RoomCode) { c.EnteredAt = at }
}

// create stores a room and gives it as it is stored.
func (b testStore) create(room meet.Room, codes ...meet.RoomCode) meet.Room {
	b.t.Helper()
	for i := range codes {
		codes[i].RoomID = room.ID
	}
	if err := b.CreateRoom(b.t.Context(), roomWith(room, codes...), nil); err != nil {
		b.t.Fatalf("CreateRoom(%s): %v", room.Name, err)
	}
	return b.room(room.ID)
}

func (b testStore) room(id string) meet.Room {
	b.t.Helper()
	room, err := b.RoomByID(b.t.Context(), id)
	if err != nil {
		b.t.Fatalf("RoomByID(%s): %v", id, err)
	}
	return room
}

func (b testStore) update(id string, change func(*meet.Room)) meet.Room {
	b.t.Helper()
	room, err := b.UpdateRoom(b.t.Context(), id, func(r *meet.Room) error { change(r); return nil }, 0, nil)
	if err != nil {
		b.t.Fatalf("UpdateRoom(%s): %v", id, err)
	}
	return room
}

// nextOpening begins another opening of a room.
func (b testStore) nextOpening(id string) meet.Room {
	b.t.Helper()
	return b.update(id, func(r *meet.Room) { r.Opening++ })
}

func (b testStore) end(id string) {
	b.t.Helper()
	b.update(id, ended)
}

func (b testStore) code(code string) meet.RoomCode {
	b.t.Helper()
	c, _, err := b.CodeAndRoom(b.t.Context(), code)
	if err != nil {
		b.t.Fatalf("CodeAndRoom(%s): %v", code, err)
	}
	return c
}

func (b testStore) codes(q meet.CodeQuery) []string {
	b.t.Helper()
	codes, err := b.Codes(b.t.Context(), q)
	if err != nil {
		b.t.Fatalf("Codes(%+v): %v", q, err)
	}
	return names(codes, func(c meet.RoomCode) string { return c.Code })
}

func (b testStore) join(join meet.Admission) {
	b.t.Helper()
	if err := b.admit(b.t.Context(), join, welcome); err != nil {
		b.t.Fatalf("AddJoin(%s): %v", join.Identity, err)
	}
}

// admit leaves no line.
func (b testStore) admit(ctx context.Context, join meet.Admission, check func(meet.JoinContext) error) error {
	_, err := b.AddAdmission(ctx, join, tokenDies, check, nil)
	return err
}

func welcome(meet.JoinContext) error { return nil }

// admitted gives those of the identities that were let in.
func (b testStore) admitted(identities ...string) []string {
	b.t.Helper()
	in := []string{}
	for _, identity := range identities {
		switch _, _, err := b.Admission(b.t.Context(), identity); {
		case err == nil:
			in = append(in, identity)
		case !errors.Is(err, meet.ErrNotFound):
			b.t.Fatalf("Join(%s): %v", identity, err)
		}
	}
	return in
}

// names gives what tells the elements of a list apart; never nil.
func names[T any](list []T, name func(T) string) []string {
	all := make([]string, len(list))
	for i, one := range list {
		all[i] = name(one)
	}
	return all
}

func wantErr(t *testing.T, doing string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", doing, err, want)
	}
}

// wantAsItIs checks that the error of a handed-in function is not wrapped.
func wantAsItIs(t *testing.T, err, want error) {
	t.Helper()
	if err != want { //nolint:errorlint // that is the point
		t.Errorf("got error %v, want %v", err, want)
	}
}

func wantSame(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// together calls do with 0 to n-1 at once and gives the errors.
func together(ctx context.Context, n int, do func(ctx context.Context, i int) error) []error {
	start := make(chan struct{})
	results := make(chan error, n)
	for i := range n {
		go func() {
			<-start
			results <- do(ctx, i)
		}()
	}
	close(start)
	errs := make([]error, n)
	for i := range errs {
		errs[i] = <-results
	}
	return errs
}

// wantAllDone calls do with 0 to n-1 at once and wants no error.
func wantAllDone(t *testing.T, doing string, n int, do func(ctx context.Context, i int) error) {
	t.Helper()
	for _, err := range together(t.Context(), n, do) {
		wantErr(t, doing, err, nil)
	}
}

// failIf reports what must not be so.
func failIf(t *testing.T, wrong bool, format string, args ...any) {
	t.Helper()
	if wrong {
		t.Errorf(format, args...)
	}
}

// onlyOne checks that one of the errors is nil and the others are want.
func onlyOne(t *testing.T, errs []error, want error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantErr(t, "loser", err, want)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d succeeded, want 1", won, len(errs))
	}
}

func numbered(prefix string, i int) string { return fmt.Sprintf("%s-%03d", prefix, i) }
