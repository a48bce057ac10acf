package servicetest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// One call makes a code for each person. Who has come is known once they are
// inside, not when they have a token.
func TestOneCodeForEachPerson(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	request := meet.CodeRequest{Change: meet.CodeChange{MaxUses: Of(1)}, People: []meet.Invitee{
		{Name: " Ann Lee ", Email: "ann@example.com"}, {Name: "Ben"}, {Name: "Cem", Email: " cem@example.com "},
	}}
	made, err := s.CreateCodes(t.Context(), Ada, room.ID, request)
	if err != nil || made.Created != 3 {
		t.Fatalf("made %+v, %v; want three", made, err)
	}
	type person struct{ Label, Email, Role string }
	var got []person
	for _, c := range made.Codes {
		got = append(got, person{c.Label, c.Email, c.Role})
		if c.MaxUses != 1 || !c.Enabled {
			t.Errorf("%s: %+v; want one use", c.Label, c)
		}
	}
	want := []person{{"Ann Lee", "ann@example.com", "guest"}, {"Ben", "", "guest"}, {"Cem", "cem@example.com", "guest"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("codes differ (-want +got):\n%s", diff)
	}

	unused := func(want bool) []string {
		t.Helper()
		codes, _, err := s.Codes(t.Context(), Ada, room.ID, meet.CodeFilter{Unused: &want})
		wantCode(t, "codes", err, "")
		labels := []string{}
		for _, c := range codes {
			labels = append(labels, c.Label)
		}
		return labels
	}
	if _, err := redeem(t, s, made.Codes[0].Code); err != nil { // and never connects
		t.Fatal(err)
	}
	person2 := s.EnterByCode(t, made.Codes[1], "Benjamin")
	livekittest.Wait(t, "Ben to be on record", func() bool {
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
		return len(unused(false)) == 1
	})
	if diff := cmp.Diff([]string{"Ann Lee", "Cem"}, unused(true)); diff != "" || !person2.Connected() {
		t.Errorf("who has not come differs (-want +got):\n%s", diff)
	}

	request.People[1].Email = "ben@example.com"
	again, err := s.CreateCodes(t.Context(), Ada, room.ID, request)
	if err != nil || again.Created != 0 || again.Changed != 1 || again.Unchanged != 2 ||
		again.Codes[1].Code != made.Codes[1].Code || again.Codes[1].Email != "ben@example.com" {
		t.Errorf("with another address: %+v, %v; want one changed", again, err)
	}
	events, _, err := s.Events(t.Context(), Ada, meet.EventFilter{RoomID: &room.ID, Kind: "code"})
	wantCode(t, "events", err, "")
	for _, e := range events {
		for _, text := range e.Details {
			if strings.Contains(text, "@") {
				t.Errorf("an address is in the audit trail: %+v", e)
			}
		}
	}
}

func TestPeopleAreChecked(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	for what, c := range map[string]struct {
		request meet.CodeRequest
		field   string
	}{
		"nobody":        {meet.CodeRequest{People: []meet.Invitee{}}, "people"},
		"too many":      {meet.CodeRequest{People: make([]meet.Invitee, meet.MaxInvitees+1)}, "people"},
		"a name twice":  {meet.CodeRequest{People: []meet.Invitee{{Name: "Ann"}, {Name: "ann "}}}, "people[1].name"},
		"no name":       {meet.CodeRequest{People: []meet.Invitee{{Name: "Ann"}, {Name: " "}}}, "people[1].name"},
		"a long name":   {meet.CodeRequest{People: []meet.Invitee{{Name: strings.Repeat("a", 65)}}}, "people[0].name"},
		"a label, too":  {meet.CodeRequest{Label: "x", People: []meet.Invitee{{Name: "Ann"}}}, "label"},
		"no such role":  {meet.CodeRequest{Role: Of("king"), People: []meet.Invitee{{Name: "Ann"}}}, "role"},
		"no address":    {meet.CodeRequest{People: []meet.Invitee{{Name: "Ann", Email: "ann"}}}, "people[0].email"},
		"with a name":   {meet.CodeRequest{People: []meet.Invitee{{Name: "Ann", Email: "Ann <a@b.c>"}}}, "people[0].email"},
		"a second line": {meet.CodeRequest{People: []meet.Invitee{{Name: "Ann", Email: "a@b.c\r\nX: y"}}}, "people[0].email"},
	} {
		_, err := s.CreateCodes(t.Context(), Ada, room.ID, c.request)
		if e := meet.AsError(err); err == nil || e.Code != meet.CodeInvalid || e.Field != c.field {
			t.Errorf("%s: %v; want invalid %s", what, err, c.field)
		}
	}
	if codes, _, err := s.Codes(t.Context(), Ada, room.ID, meet.CodeFilter{}); err != nil || len(codes) != 0 {
		t.Errorf("after refusals: %+v, %v; want no codes", codes, err)
	}
}
