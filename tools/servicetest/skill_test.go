package servicetest

import (
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/tools/toolstest"
)

// The calls of the skill do what it says, one after the other as they stand
// there, with real people where it says IDENTITY.
func TestSkillWorks(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	_, _, calls := toolstest.ReadSkill(t, "../../skills/roomkey/SKILL.md")
	inside, blocked := "", ""
	fill := map[string]func() string{
		"REQUEST_ID": func() string {
			a.must(meettest.Ada, "update_room", args{"room_id": "standup", "settings": args{"require_approval": true}})
			code := guestCode(a)
			waiting, err := a.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code, Name: "Eve"})
			if err != nil || !waiting.Waiting {
				t.Fatalf("Exchange: %+v, %v; want somebody waiting", waiting, err)
			}
			return waiting.RequestID
		},
		"IDENTITY": func() string {
			join := a.must(meettest.Ada, "join_room", args{"room_id": "standup", "user_id": "bob", "name": "Bob"})
			inside = livekittest.Join(t, a.URL, join.get("token").(string)).Identity()
			return inside
		},
		"BLOCKED": func() string { return blocked },
		"CODE":    func() string { return guestCode(a) },
		"SESSION_ID": func() string {
			return a.must(meettest.Ada, "list_sessions", args{"room_id": "standup"}).get("sessions", 0, "id").(string)
		},
	}
	for _, call := range calls {
		for name, value := range call.Arguments {
			if text, ok := value.(string); ok && fill[text] != nil {
				call.Arguments[name] = fill[text]()
			}
		}
		if _, waits := call.Arguments["wait_seconds"]; waits {
			call.Arguments["wait_seconds"] = 1 // nothing comes
		}
		got := a.must(meettest.Ada, call.Tool, call.Arguments)
		switch {
		case call.Tool == "kick_participant" && call.Arguments["block"] == true:
			blocked = inside
			fallthrough
		case call.Tool == "kick_participant" && call.Arguments["block"] == nil:
			if removed, _ := got.get("removed").([]any); len(removed) != 1 {
				t.Errorf("%v removes %v", call, removed)
			}
		case call.Tool == "join_room" && got.get("status") != "joined":
			t.Errorf("%v gives the status %v", call, got.get("status"))
		case call.Tool == "end_room":
			code := guestCode(a)
			if _, err := a.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code}); err == nil {
				t.Error("a code of the room works after its end")
			}
		}
	}
	code := guestCode(a)
	if _, err := a.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code}); err != nil {
		t.Errorf("a code of the room that was opened again: %v", err)
	}
}

// guestCode is the code of the room standup for guests.
func guestCode(a *agent) string {
	a.t.Helper()
	listed := a.must(meettest.Ada, "get_room_codes", args{"room_id": "standup", "role": "guest", "enabled": true})
	return listed.get("codes", 0, "code").(string)
}
