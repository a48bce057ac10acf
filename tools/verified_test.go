package tools

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// told is how somebody looks where people are listed: what they claim, whether
// that is proven, and the label of the code they came by.
func told(v any) string {
	m, _ := v.(map[string]any)
	return fmt.Sprint(m["user_id"], " ", m["verified"], " ", m["label"])
}

// allTold gives how everybody in a list looks, sorted.
func allTold(list any) (looks []string) {
	people, _ := list.([]any)
	for _, person := range people {
		looks = append(looks, told(person))
	}
	slices.Sort(looks)
	return looks
}

// A stranger who types bob is shown as typed, and can be told from bob in every
// list: of who is inside, of who waits, of who is blocked, and of what happened.
func TestWhoIsProven(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	room := a.NewRoom(t, meet.RoomChange{})
	role := meet.RoleGuest
	codes, err := a.CreateCodes(t.Context(), meettest.Ada, room.ID, meet.CodeRequest{Role: &role, Label: "press"})
	if err != nil {
		t.Fatal(err)
	}
	code := codes[0].Code
	exchange := func() meet.JoinResult {
		t.Helper()
		admission, err := a.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code, Name: "Bob", UserID: "bob"})
		if err != nil {
			t.Fatal(err)
		}
		return admission
	}
	join := func(p meet.Principal, call meet.JoinCall) meet.JoinResult {
		t.Helper()
		admission, err := a.Join(t.Context(), p, call)
		if err != nil {
			t.Fatal(err)
		}
		return admission
	}
	byName := meet.JoinCall{RoomID: &room.ID}
	onBehalf := meet.JoinCall{RoomID: &room.ID, UserID: "bob", Name: "Bob"}
	byCode := meet.JoinCall{Code: &code}
	bob, typed := a.EnterWith(t, join(meettest.Bob, byName)), a.EnterWith(t, exchange())
	for _, admission := range []meet.JoinResult{join(meettest.Bob, byCode), join(meettest.Gus, onBehalf), join(meettest.Ada, onBehalf)} {
		a.EnterWith(t, admission)
	}
	const proven, provenByCode, claimedByCode, claimed = "bob true <nil>", "bob true press", "bob false press", "bob false <nil>"

	roster := a.must(meettest.Ada, "list_participants", map[string]any{"room_id": room.ID})
	if got, want := allTold(roster.get("participants")), []string{claimed, claimed, claimedByCode, proven, provenByCode}; !slices.Equal(got, want) {
		t.Errorf("participants: got %q, want %q", got, want)
	}

	a.must(meettest.Ada, "update_room", map[string]any{"room_id": room.ID, "settings": map[string]any{"require_approval": true}})
	exchange()
	join(meettest.Bob, byName)
	join(meettest.Gus, onBehalf)
	for _, tool := range []string{"list_participants", "get_room"} {
		waiting := a.must(meettest.Ada, tool, map[string]any{"room_id": room.ID})
		if got, want := allTold(waiting.get("join_requests")), []string{claimed, claimedByCode, proven}; !slices.Equal(got, want) {
			t.Errorf("join_requests of %s: got %q, want %q", tool, got, want)
		}
	}

	for _, person := range []*livekittest.Person{bob, typed} {
		a.must(meettest.Ada, "kick_participant", map[string]any{"room_id": room.ID, "identity": person.Identity(), "block": true})
	}
	roster = a.must(meettest.Ada, "list_participants", map[string]any{"room_id": room.ID})
	if got, want := allTold(roster.get("blocks")), []string{claimedByCode, proven}; !slices.Equal(got, want) {
		t.Errorf("blocks: got %q, want %q", got, want)
	}

	events, _ := a.must(meettest.Ada, "list_events", map[string]any{"room_id": room.ID, "limit": 100}).get("events").([]any)
	seen := map[string][]string{}
	for _, e := range events {
		event, _ := e.(map[string]any)
		action, _ := event["action"].(string)
		kind, _, _ := strings.Cut(action, ".")
		if kind != "participant" && kind != "request" {
			if event["verified"] != nil {
				t.Errorf("%s has verified: %v", action, event)
			}
			continue
		}
		seen[action] = append(seen[action], told(event))
	}
	for action, want := range map[string][]string{
		"participant.admitted": {claimed, claimed, claimedByCode, proven, provenByCode},
		"participant.kicked":   {claimedByCode, proven},
		"request.created":      {claimed, claimedByCode, proven},
	} {
		slices.Sort(seen[action])
		if !slices.Equal(seen[action], want) {
			t.Errorf("events %s: got %q, want %q", action, seen[action], want)
		}
	}
}
