package tools

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// recorded are the events of a room, newest first, as an agent reads them.
func (a *agent) recorded(room string) []eventView {
	a.t.Helper()
	var out listEventsOutput
	if err := json.Unmarshal(a.must(meettest.Ada, "list_events", map[string]any{"room_id": room, "limit": 100}).StructuredContent, &out); err != nil {
		a.t.Fatal(err)
	}
	return out.Events
}

// Every tool that changes something leaves exactly one event with the right
// fields; those that only read leave none, and so does the same call again
// where it changes nothing more.
func TestEveryChangeLeavesOneEvent(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	actions := map[string]struct {
		action  meet.EventAction
		target  func(scene, answer) string
		details func(scene, answer) map[string]string
	}{
		"create_room": {meet.RoomCreated, nil, func(_ scene, got answer) map[string]string {
			return map[string]string{"name": got.get("room", "name").(string), "mode": "standard",
				"settings.allow_chat": "true", "settings.allow_video": "true", "settings.allow_audio": "true",
				"settings.allow_screen_share": "true"}
		}},
		"join_room": {meet.Admitted, func(_ scene, got answer) string { return got.get("identity").(string) }, func(scene, answer) map[string]string {
			return map[string]string{"participant_name": "Ada", "role": "host"}
		}},
		"update_room": {meet.RoomUpdated, nil, func(_ scene, got answer) map[string]string {
			return map[string]string{"is_public": "true", "expires_at": got.get("room", "expires_at").(string)[:19] + "Z"}
		}},
		"end_room":          {meet.RoomWasEnded, nil, func(s scene, _ answer) map[string]string { return map[string]string{"removed": s.identity} }},
		"create_room_codes": {meet.CodesCreated, nil, func(scene, answer) map[string]string { return map[string]string{"roles": "host,guest,viewer"} }},
		"update_room_code": {meet.CodeUpdated, func(s scene, _ answer) string { return meet.FirstGroup(s.code.Code) }, func(s scene, got answer) map[string]string {
			return map[string]string{"role": "guest", "removed": s.identity, "expires_at": got.get("code", "expires_at").(string)[:19] + "Z"}
		}},
		"rotate_room_code": {meet.CodeRotated, func(s scene, _ answer) string { return meet.FirstGroup(s.code.Code) }, func(_ scene, got answer) map[string]string {
			return map[string]string{"role": "guest", "successor": meet.FirstGroup(got.get("code", "code").(string))}
		}},
		"kick_participant": {meet.Kicked, func(s scene, _ answer) string { return s.identity }, func(scene, answer) map[string]string {
			return map[string]string{"participant_name": "Guest", "role": "guest"}
		}},
		"mute_participant": {meet.Locked, func(s scene, _ answer) string { return s.identity }, func(s scene, _ answer) map[string]string {
			return map[string]string{"source": "microphone", "identities": s.identity}
		}},
		"disable_participant_video": {meet.Locked, func(s scene, _ answer) string { return s.identity }, func(s scene, _ answer) map[string]string {
			return map[string]string{"source": "camera", "identities": s.identity}
		}},
		"hms-create-room-codes": {meet.CodesCreated, nil, func(scene, answer) map[string]string { return map[string]string{"roles": "host,guest,viewer"} }},
		"hms-update-room-code": {meet.CodeUpdated, func(s scene, _ answer) string { return meet.FirstGroup(s.code.Code) }, func(scene, answer) map[string]string {
			return map[string]string{"role": "guest", "enabled": "false"}
		}},
		"answer_join_request": {meet.Approved, func(s scene, _ answer) string { return s.request[:6] }, func(scene, answer) map[string]string {
			return map[string]string{"participant_name": "Eve", "role": "guest"}
		}},
	}
	for _, tool := range Catalogue() {
		s := a.scene()
		arguments := s.sensible(tool.Name)
		if tool.Name == "mute_participant" || tool.Name == "disable_participant_video" {
			arguments["lock"] = true
		}
		before := a.recorded(s.room.ID)
		got := a.must(meettest.Ada, tool.Name, arguments)
		room := s.room.ID
		if tool.Name == "create_room" {
			room, before = got.get("room", "id").(string), nil
		}
		events := a.recorded(room)
		fresh := events[:len(events)-len(before)]
		want, changes := actions[tool.Name]
		if changes == tool.Hints.ReadOnly {
			t.Fatalf("%s: read only is %v, and this test expects an event: %v", tool.Name, tool.Hints.ReadOnly, changes)
		}
		if !changes {
			if len(fresh) != 0 {
				t.Errorf("%s reads and leaves %+v", tool.Name, fresh)
			}
			continue
		}
		if len(fresh) != 1 {
			t.Errorf("%s leaves %d events: %+v; want one", tool.Name, len(fresh), fresh)
			continue
		}
		target := ""
		if want.target != nil {
			target = want.target(s, got)
		}
		name := s.room.Name
		if tool.Name == "create_room" {
			name = got.get("room", "name").(string)
		}
		e := fresh[0]
		who := eventView{} // of events about a person: Ada herself, or the guest, who has proven nothing
		switch {
		case tool.Name == "join_room":
			who.UserID, who.Verified = "ada", meettest.Of(true)
		case want.action.Kind() == "participant" || want.action.Kind() == "request":
			who.Verified = meettest.Of(false)
		}
		if diff := cmp.Diff(eventView{ID: e.ID, Time: a.Clock.Now().UTC().Truncate(1e6), Actor: "ada", Via: meet.ViaMCP, Client: "test",
			Kind: want.action.Kind(), Action: want.action, RoomID: room, RoomName: name, Target: target,
			UserID: who.UserID, Verified: who.Verified, Outcome: meet.OutcomeOK,
			Details: want.details(s, got), RequestID: "request-1"}, e); diff != "" {
			t.Errorf("%s: the event differs (-want +got):\n%s", tool.Name, diff)
		}
		for _, secret := range []string{s.code.Code, s.request} {
			if text := string(mustMarshal(e)); strings.Contains(text, secret) {
				t.Errorf("%s: the event holds %s: %s", tool.Name, secret, text)
			}
		}
		if tool.Hints.Idempotent && tool.Name != "kick_participant" { // nobody is there a second time
			a.must(meettest.Ada, tool.Name, arguments)
			if again := a.recorded(room); len(again) != len(events) {
				t.Errorf("%s again leaves %+v", tool.Name, again[:len(again)-len(events)])
			}
		}
	}
}

// A list of events can be read page by page, narrowed to a kind, and over all
// rooms of an admin; nobody sees those of others.
func TestListEvents(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	alpha, beta := a.NewRoom(t, meet.RoomChange{}), a.NewRoom(t, meet.RoomChange{})
	a.NewCode(t, alpha, meet.RoleGuest, meet.CodeChange{})
	a.NewCode(t, beta, meet.RoleGuest, meet.CodeChange{})
	var pages []meet.EventAction
	cursor := ""
	for range 4 {
		arguments := map[string]any{"limit": 1}
		if cursor != "" {
			arguments["cursor"] = cursor
		}
		var page listEventsOutput
		if err := json.Unmarshal(a.must(meettest.Ada, "list_events", arguments).StructuredContent, &page); err != nil || len(page.Events) != 1 {
			t.Fatalf("a page: %+v, %v", page, err)
		}
		pages, cursor = append(pages, page.Events[0].Action), page.NextCursor
	}
	if diff := cmp.Diff([]meet.EventAction{meet.CodesCreated, meet.CodesCreated, meet.RoomCreated, meet.RoomCreated}, pages); diff != "" || cursor != "" {
		t.Errorf("pages differ, next %q (-want +got):\n%s", cursor, diff)
	}
	for _, c := range []struct {
		p         meet.Principal
		arguments map[string]any
		want      int
	}{
		{meettest.Ada, map[string]any{"room_id": alpha.Name}, 2},
		{meettest.Ada, map[string]any{"kind": "code"}, 2},
		{meettest.Ada, map[string]any{"room_id": beta.ID, "kind": "participant"}, 0},
		{meettest.Root, map[string]any{"limit": 3}, 3},
		{meettest.Bob, map[string]any{}, 0},
	} {
		if got := a.must(c.p, "list_events", c.arguments).get("events").([]any); len(got) != c.want {
			t.Errorf("list_events(%v) as %s: %d events; want %d", c.arguments, c.p.ID, len(got), c.want)
		}
	}
	if got := a.call(meettest.Ada, "list_events", map[string]any{"cursor": "!"}); got.err.Code != meet.CodeInvalid || got.err.Field != "cursor" {
		t.Errorf("a bad cursor: %+v; want invalid", got.err)
	}
}
