package servicetest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	. "roomkey/meet/meettest"
)

func TestCreateCodesIsIdempotent(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	request := meet.CodeRequest{Change: meet.CodeChange{MaxUses: Of(3)}}
	first, err := s.CreateCodes(t.Context(), Ada, room.Name, request)
	wantCode(t, "create", err, "")
	s.Clock.Advance(time.Minute)
	second, err := s.CreateCodes(t.Context(), Ada, room.Name, request)
	wantCode(t, "create again", err, "")
	if diff := cmp.Diff(first.Codes, second.Codes); diff != "" || first.Created != 3 || second.Unchanged != 3 {
		t.Errorf("the second call changed something (-first +second):\n%s", diff)
	}
	made, err := s.CreateCodes(t.Context(), Ada, room.Name, meet.CodeRequest{Role: Of("guest"), Label: " press "})
	wantCode(t, "create with a label", err, "")
	labelled := made.Codes
	if len(labelled) != 1 || labelled[0].Label != "press" || labelled[0].Code == first.Codes[1].Code {
		t.Errorf("labelled = %+v; want one more code for guests", labelled)
	}
	all, _, err := s.Codes(t.Context(), Ada, room.ID, meet.CodeFilter{})
	if err != nil || len(all) != 4 {
		t.Errorf("there are %d codes, %v; want 4", len(all), err)
	}
	if page, next, err := s.Codes(t.Context(), Ada, room.ID, meet.CodeFilter{Limit: Of(4)}); err != nil ||
		len(page) != 4 || next != "" {
		t.Errorf("a page for all: %d codes, next %q, %v; want all, and no more", len(page), next, err)
	}
	for what, req := range map[string]meet.CodeRequest{
		"unknown role": {Role: Of("king")}, "empty role": {Role: Of("")},
		"long label": {Label: strings.Repeat("l", 65)}, "bidi label": {Label: "\u202e"},
		"negative uses":   {Change: meet.CodeChange{MaxUses: Of(-1)}},
		"negative expiry": {Change: meet.CodeChange{ExpiresIn: Of(-time.Second)}},
	} {
		_, err := s.CreateCodes(t.Context(), Ada, room.Name, req)
		wantCode(t, what, err, meet.CodeInvalid)
	}
}

// Limits count for codes that exist, too. The answer says what became of which,
// and the trail of each code that has others now.
func TestCreateCodesGivesExistingOnesTheLimits(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	guest := s.NewCode(t, room, "guest", meet.CodeChange{MaxUses: Of(3)})
	s.EnterByCode(t, guest, "Ann")
	got, err := s.CreateCodes(t.Context(), Ada, room.ID, meet.CodeRequest{Change: meet.CodeChange{MaxUses: Of(3)}})
	if err != nil || got.Created != 2 || got.Changed != 0 || got.Unchanged != 1 {
		t.Errorf("the limit it has = %+v, %v; want two made and one unchanged", got, err)
	}
	s.Clock.Advance(time.Minute)
	got, err = s.CreateCodes(t.Context(), Ada, room.ID, meet.CodeRequest{
		Role: Of("guest"), Change: meet.CodeChange{MaxUses: Of(9), ExpiresIn: Of(time.Hour)},
	})
	if err != nil || got.Created != 0 || got.Changed != 1 || got.Unchanged != 0 {
		t.Fatalf("other limits = %+v, %v; want one changed", got, err)
	}
	stored, _, err := s.Store.CodeAndRoom(t.Context(), guest.Code)
	want := guest
	now := s.Clock.Now().UTC().Truncate(time.Millisecond)
	want.MaxUses, want.ExpiresAt, want.UpdatedAt = 9, now.Add(time.Hour), now
	want.Uses, want.LastUsedAt = stored.Uses, stored.LastUsedAt
	if diff := cmp.Diff([]meet.RoomCode{want, want}, append(got.Codes, stored)); err != nil || diff != "" {
		t.Errorf("answered and stored (%v) differ (-want +got):\n%s", err, diff)
	}
	events, _, err := s.Events(t.Context(), Ada, meet.EventFilter{RoomID: &room.ID, Kind: "code", Limit: Of(1)})
	if err != nil || len(events) != 1 || events[0].Action != meet.CodeUpdated ||
		events[0].Target != meet.FirstGroup(guest.Code) || events[0].Details["max_uses"] != "9" {
		t.Errorf("the newest event about codes is %+v, %v; want the change", events, err)
	}

	destructive := meet.CodeRequest{Change: meet.CodeChange{MaxUses: Of(1)}}
	_, err = s.CreateCodes(meet.WithoutDestruction(t.Context()), Ada, room.ID, destructive)
	wantCode(t, "use a code up where that is not allowed", err, meet.CodeForbidden)
	if now, _, err := s.Store.CodeAndRoom(t.Context(), guest.Code); err != nil || now.MaxUses != 9 {
		t.Errorf("after the refusal the code is %+v, %v", now, err)
	}
}

func TestUpdateCode(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, "guest", meet.CodeChange{})
	s.Clock.Advance(time.Second)
	updated, err := s.UpdateCode(t.Context(), Ada, strings.ToUpper(code.Code), meet.CodeChange{Enabled: Of(false),
		MaxUses: Of(5), ExpiresIn: Of(time.Hour)}, false)
	want := code
	want.Enabled, want.MaxUses, want.UpdatedAt = false, 5, code.UpdatedAt.Add(time.Second)
	want.ExpiresAt = want.UpdatedAt.Add(time.Hour)
	wantUpdated := meet.UpdatedCode{RoomCode: want, Changed: []string{"enabled", "expires_at", "max_uses"},
		Removed: []string{}}
	if diff := cmp.Diff(wantUpdated, updated); err != nil || diff != "" {
		t.Errorf("updated (%v) differs (-want +got):\n%s", err, diff)
	}
	again, err := s.UpdateCode(t.Context(), Ada, code.Code, meet.CodeChange{Enabled: Of(false), MaxUses: Of(5)}, false)
	if diff := cmp.Diff([]string{}, again.Changed); err != nil || diff != "" {
		t.Errorf("the second time (%v) something changed (-want +got):\n%s", err, diff)
	}
	got, err := s.UpdateCode(t.Context(), Ada, code.Code, meet.CodeChange{Enabled: Of(true),
		ExpiresIn: Of(time.Duration(0))}, false)
	if err != nil || !got.Enabled || !got.ExpiresAt.IsZero() || got.MaxUses != 5 {
		t.Errorf("enabled again = %+v, %v; want no expiry and the limit kept", got, err)
	}
	_, err = s.UpdateCode(t.Context(), Ada, "aaa-aaaa-aaa", meet.CodeChange{}, false)
	wantCode(t, "unknown code", err, meet.CodeNotFound)
	_, err = s.UpdateCode(t.Context(), Ada, "nonsense", meet.CodeChange{}, false)
	wantCode(t, "malformed code", err, meet.CodeInvalid)
}

func TestRotateCode(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	old := s.NewCode(t, room, "guest", meet.CodeChange{MaxUses: Of(3)})
	person := s.EnterByCode(t, old, "Ann")
	rotated, _, err := s.RotateCode(t.Context(), Ada, old.Code, false)
	if err != nil || rotated.Code == old.Code || rotated.Role != "guest" || rotated.MaxUses != 3 || rotated.Uses != 0 ||
		!rotated.Enabled {
		t.Errorf("rotated = %+v, %v", rotated, err)
	}
	if !person.Connected() {
		t.Error("rotating put somebody out")
	}
	for what, try := range map[string]func() error{
		"join":   func() error { _, err := s.Join(t.Context(), Bob, meet.JoinCall{Code: &old.Code}); return err },
		"rotate": func() error { _, _, err := s.RotateCode(t.Context(), Ada, old.Code, false); return err },
		"re-open": func() error {
			_, err := s.UpdateCode(t.Context(), Ada, old.Code, meet.CodeChange{Enabled: Of(true)}, false)
			return err
		},
	} {
		wantCode(t, what+" with the old code", try(), meet.CodeGone)
	}
	codes, _, err := s.Codes(t.Context(), Ada, room.ID, meet.CodeFilter{})
	if err != nil || len(codes) != 1 || codes[0].Code != rotated.Code {
		t.Errorf("codes = %+v, %v; want the new one alone", codes, err)
	}
	if again := s.NewCode(t, room, "guest", meet.CodeChange{}); again.Code != rotated.Code {
		t.Errorf("creating again gives %s; want the rotated %s", again.Code, rotated.Code)
	}
}

// "Stop it, remove them, make a new link" leads to a link that works, in whatever
// order and with however few calls.
func TestRotateADisabledCode(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	old := s.NewCode(t, room, "guest", meet.CodeChange{})
	_, eve := enterByCode(t, s, old.Code, "")
	_, err := s.UpdateCode(t.Context(), Ada, old.Code, meet.CodeChange{Enabled: Of(false)}, false)
	wantCode(t, "disable", err, "")
	rotated, removed, err := s.RotateCode(t.Context(), Ada, old.Code, true)
	if err != nil || !rotated.Enabled || !slices.Equal(removed, []string{eve.Identity()}) {
		t.Errorf("rotated = %+v, removed %v, %v; want an enabled code and Eve removed", rotated, removed, err)
	}
	eve.WaitDisconnected()
	_, carol := enterByCode(t, s, rotated.Code, "")
	if !carol.Connected() {
		t.Error("the new code lets nobody in")
	}
	if _, trail := allEvents(t, s, room); !strings.Contains(trail, `"removed":"`+eve.Identity()) {
		t.Errorf("the trail does not say who was removed:\n%s", trail)
	}
}

// A code whose successor would open nothing is not replaced.
func TestRotateAnExpiredCode(t *testing.T) {
	t.Parallel()
	s := New(t)
	old := s.NewCode(t, s.NewRoom(t, meet.RoomChange{}), "guest", meet.CodeChange{ExpiresIn: Of(time.Minute)})
	s.Clock.Advance(2 * time.Minute)
	_, _, err := s.RotateCode(t.Context(), Ada, old.Code, false)
	wantCode(t, "rotate", err, meet.CodeConflict)
	_, err = s.UpdateCode(t.Context(), Ada, old.Code, meet.CodeChange{ExpiresIn: Of(time.Hour)}, false)
	wantCode(t, "give it more time", err, "")
	rotated, _, err := s.RotateCode(t.Context(), Ada, old.Code, false)
	wantCode(t, "rotate again", err, "")
	if _, err := s.Join(t.Context(), Bob, meet.JoinCall{Code: &rotated.Code}); err != nil {
		t.Errorf("join by the new code: %v", err)
	}
}

// Who manages the codes learns which one took the place of an old one, and nobody else.
func TestTheSuccessorIsNamed(t *testing.T) {
	t.Parallel()
	s := New(t)
	old := s.NewCode(t, s.NewRoom(t, meet.RoomChange{}), "guest", meet.CodeChange{})
	second, _, err := s.RotateCode(t.Context(), Ada, old.Code, false)
	wantCode(t, "rotate", err, "")
	third, _, err := s.RotateCode(t.Context(), Ada, second.Code, false)
	wantCode(t, "rotate again", err, "")
	for what, try := range map[string]func(p meet.Principal) error{
		"join": func(p meet.Principal) error {
			_, err := s.Join(t.Context(), p, meet.JoinCall{Code: &old.Code})
			return err
		},
		"rotate": func(p meet.Principal) error { _, _, err := s.RotateCode(t.Context(), p, old.Code, true); return err },
		"enable": func(p meet.Principal) error {
			_, err := s.UpdateCode(t.Context(), p, old.Code, meet.CodeChange{Enabled: Of(true)}, false)
			return err
		},
	} {
		for _, p := range []meet.Principal{Ada, Bob} {
			var e *meet.Error
			if err := try(p); !errors.As(err, &e) || strings.Contains(e.Hint, third.Code) != (p.ID == Ada.ID) ||
				p.ID == Ada.ID && e.Code != meet.CodeGone {
				t.Errorf("%s by %s: %+v", what, p.ID, e)
			}
		}
	}
}

// A role that leaves the configuration takes its codes with it: they stay off, and
// are still found by it. A role that never was is told from one without codes.
func TestCodesOfARoleThatIsNoMore(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{})
	later, _ := meet.New(meet.Config{Store: s.Store, Media: s.Media, Now: s.Clock.Now,
		Roles: meet.BuiltinRoles()[:2]}) // without viewer
	_, err := later.Join(t.Context(), Bob, meet.JoinCall{Code: &code.Code})
	wantCode(t, "join", err, meet.CodeGone)
	if _, err := later.CreateCodes(t.Context(), Ada, room.ID, meet.CodeRequest{}); err != nil {
		t.Fatal(err)
	}
	_, err = later.UpdateCode(t.Context(), Ada, code.Code, meet.CodeChange{Enabled: Of(true)}, false)
	wantCode(t, "enable", err, meet.CodeForbidden)
	changed, err := later.UpdateCode(t.Context(), Ada, code.Code, meet.CodeChange{Enabled: Of(false),
		MaxUses: Of(3)}, false)
	if err != nil || changed.Enabled || changed.MaxUses != 3 {
		t.Errorf("limit: %+v, %v", changed, err)
	}
	if codes, _, err := later.Codes(t.Context(), Ada, room.ID, meet.CodeFilter{Role: Of(meet.RoleViewer)}); err != nil ||
		len(codes) != 1 || codes[0].Enabled {
		t.Errorf("codes of viewer: %+v, %v; want the disabled one", codes, err)
	}
	_, _, err = later.Codes(t.Context(), Ada, room.ID, meet.CodeFilter{Role: Of("boss")})
	wantCode(t, "codes of no role", err, meet.CodeInvalid)
	if codes, _, err := s.Codes(t.Context(), Ada, s.NewRoom(t, meet.RoomChange{}).ID,
		meet.CodeFilter{Role: Of(meet.RoleHost)}); err != nil || len(codes) != 0 {
		t.Errorf("codes of host in a room without any: %+v, %v; want none", codes, err)
	}
}
