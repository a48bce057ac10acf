package tools

import (
	"encoding/json"
	"slices"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// Who waits is answered one by one, by a list, or all at once.
func TestAnswerJoinRequests(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	room := a.NewRoom(t, meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: of(true)}})
	code := a.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	ask := func() string {
		waiting, err := a.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code})
		if err != nil {
			t.Fatal(err)
		}
		return waiting.RequestID
	}
	one, two, three, four := ask(), ask(), ask(), ask()
	type answered struct {
		Request  *struct{ Status string }
		Requests *[]struct {
			RequestID string `json:"request_id"`
			Status    string
		}
		Answered *int
		Missing  []string
	}
	answer := func(id any, approve bool) (got answered) {
		t.Helper()
		result := a.must(meettest.Ada, "answer_join_request", map[string]any{"room_id": room.Name, "request_id": id, "approve": approve})
		if err := json.Unmarshal(result.StructuredContent, &got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := func(name string, got answered, missing []string, status string, ids ...string) {
		t.Helper()
		if got.Request != nil || got.Requests == nil || got.Answered == nil || *got.Answered != len(ids) || !slices.Equal(got.Missing, missing) {
			t.Errorf("%s: %+v; want %d answered, and %v missing", name, got, len(ids), missing)
			return
		}
		var seen []string
		for _, r := range *got.Requests {
			if seen = append(seen, r.RequestID); r.Status != status {
				t.Errorf("%s: %s is %s; want %s", name, r.RequestID, r.Status, status)
			}
		}
		slices.Sort(seen)
		slices.Sort(ids)
		if !slices.Equal(seen, ids) {
			t.Errorf("%s: %v; want %v", name, seen, ids)
		}
	}
	if got := answer(one, true); got.Request == nil || got.Request.Status != "approved" || got.Requests != nil || got.Answered != nil {
		t.Errorf("one: %+v; want the request alone", got)
	}
	want("a list of one", answer([]string{two}, false), nil, "refused", two)
	none := "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	want("a list", answer([]string{none, three}, true), []string{none}, "approved", three)
	want("a list as a string", answer(`["`+none+`"]`, true), []string{none}, "")
	want("everybody", answer("*", true), nil, "approved", four)
	want("everybody, when nobody waits", answer("*", true), nil, "")
	want("everybody as a list", answer([]string{"*"}, true), nil, "")

	for name, id := range map[string]any{"a number": 5, "a list of numbers": []int{5}, "an object": map[string]any{}, "a list with a wrong id": []string{four, "x"},
		"too many": slices.Repeat([]string{four}, maxListed+1), "an empty text": "", "an empty list": []string{}, "a star among others": []string{four, "*"}} {
		got := a.call(meettest.Ada, "answer_join_request", map[string]any{"room_id": room.Name, "request_id": id, "approve": true})
		if !got.IsError || got.err.Code != meet.CodeInvalid || got.err.Field != "request_id" {
			t.Errorf("%s: %+v; want it to be invalid", name, got.err)
		}
	}
}
