package servicetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

type joinRequest struct {
	RequestID string `json:"request_id"`
	Status    string
}

// Who waits is answered one by one, by a list, or all at once.
func TestAnswerJoinRequests(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	room := a.NewRoom(t, meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: meettest.Of(true)}})
	code := a.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	ask := func() string {
		waiting, err := a.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code})
		if err != nil {
			t.Fatal(err)
		}
		return waiting.RequestID
	}
	one, two, three, four := ask(), ask(), ask(), ask()
	const none = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	for _, tt := range []struct {
		name    string
		id      any
		approve bool
		want    string
	}{
		{"one", one, true, "request " + one + " approved"},
		{"a list of one", []string{two}, false, "answered 1, missing [], " + two + " refused"},
		{"a list", []string{none, three}, true, "answered 1, missing [" + none + "], " + three + " approved"},
		{"a list as a string", `["` + none + `"]`, true, "answered 0, missing [" + none + "]"},
		{"everybody", "*", true, "answered 1, missing [], " + four + " approved"},
		{"everybody, when nobody waits", "*", true, "answered 0, missing []"},
		{"everybody as a list", []string{"*"}, true, "answered 0, missing []"},
	} {
		arguments := args{"room_id": room.Name, "request_id": tt.id, "approve": tt.approve}
		result := a.must(meettest.Ada, "answer_join_request", arguments)
		var out struct {
			Request  *joinRequest
			Requests []joinRequest
			Answered *int
			Missing  []string
		}
		if err := json.Unmarshal(result.StructuredContent, &out); err != nil {
			t.Fatal(err)
		}
		got := ""
		if out.Request != nil {
			got = "request " + out.Request.RequestID + " " + out.Request.Status
		}
		if out.Answered != nil {
			got += fmt.Sprintf("answered %d, missing %v", *out.Answered, out.Missing)
		}
		for _, r := range out.Requests {
			got += ", " + r.RequestID + " " + r.Status
		}
		if got != tt.want || out.Answered != nil && out.Requests == nil {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}

	for name, id := range map[string]any{
		"a number": 5, "a list of numbers": []int{5}, "an object": args{}, "a list with a wrong id": []string{four, "x"},
		"too many": slices.Repeat([]string{four}, 1001), "an empty text": "", "an empty list": []string{},
		"a star among others": []string{four, "*"},
	} {
		arguments := args{"room_id": room.Name, "request_id": id, "approve": true}
		got := a.call(meettest.Ada, "answer_join_request", arguments).err
		if got.Code != meet.CodeInvalid || got.Field != "request_id" {
			t.Errorf("%s: %+v; want it to be invalid", name, got)
		}
	}
}
