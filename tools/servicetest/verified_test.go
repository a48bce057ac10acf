package servicetest

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
	made, err := a.CreateCodes(t.Context(), meettest.Ada, room.ID, meet.CodeRequest{Role: &role, Label: "press"})
	if err != nil {
		t.Fatal(err)
	}
	code := made.Codes[0].Code
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
	a.EnterWith(t, join(meettest.Bob, byCode))
	a.EnterWith(t, join(meettest.Gus, onBehalf))
	a.EnterWith(t, join(meettest.Ada, onBehalf))
	const proven, provenByCode = "bob true <nil>", "bob true press"
	const claimed, claimedByCode = "bob false <nil>", "bob false press"
	want := func(what string, list any, want ...string) {
		t.Helper()
		if got := allTold(list); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}

	roster := a.must(meettest.Ada, "list_participants", args{"room_id": room.ID})
	want("participants", roster.get("participants"), claimed, claimed, claimedByCode, proven, provenByCode)

	a.must(meettest.Ada, "update_room", args{"room_id": room.ID, "settings": args{"require_approval": true}})
	exchange()
	join(meettest.Bob, byName)
	join(meettest.Gus, onBehalf)
	for _, tool := range []string{"list_participants", "get_room"} {
		waiting := a.must(meettest.Ada, tool, args{"room_id": room.ID})
		want("join_requests of "+tool, waiting.get("join_requests"), claimed, claimedByCode, proven)
	}

	for _, person := range []*livekittest.Person{bob, typed} {
		a.must(meettest.Ada, "kick_participant", args{"room_id": room.ID, "identity": person.Identity(), "block": true})
	}
	roster = a.must(meettest.Ada, "list_participants", args{"room_id": room.ID})
	want("blocks", roster.get("blocks"), claimedByCode, proven)

	events := a.must(meettest.Ada, "list_events", args{"room_id": room.ID, "limit": 100}).list("events")
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
