package servicetest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// setProperty is what a moderator has set for a person, as agents see it.
type setProperty struct {
	Property string
	Value    any
	Until    time.Time
}

// The answer says what holds, and the list of participants shows what was set.
func TestUpdateParticipant(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	s := a.newTestRoom()
	update := func(arguments args) (out struct {
		Participant struct {
			Name, Role string
			Set        []setProperty
		}
		Changed, May []string
		Message      string
	}) {
		t.Helper()
		arguments["room_id"], arguments["identity"] = s.room.ID, "Guest"
		result := a.must(meettest.Ada, "update_participant", arguments)
		if err := json.Unmarshal(result.StructuredContent, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	a.must(meettest.Ada, "mute_participant", args{"room_id": s.room.ID, "identity": s.identity, "lock": true})
	video := args{"room_id": s.room.ID, "identity": s.identity, "lock": true, "source": "screen_share"}
	a.must(meettest.Ada, "disable_participant_video", video)
	rights := args{"microphone": true, "screen_share": true, "chat": nil}
	out := update(args{"allow": rights, "for_seconds": "600", "role": ""})
	until := a.Clock.Now().Add(600 * time.Second).UTC().Truncate(time.Millisecond)
	want := []setProperty{{"microphone", true, until}, {"screen_share", true, until}}
	if !slices.Equal(out.Participant.Set, want) || !slices.Equal(out.Changed, []string{"microphone", "screen_share"}) {
		t.Errorf("got %+v; want two rights for ten minutes", out)
	}
	if !slices.Equal(out.May, []string{"camera", "chat"}) {
		t.Errorf("they may %v; want camera and chat", out.May)
	}
	for _, words := range []string{"microphone: mute_participant", "screen_share: disable_participant_video"} {
		if !strings.Contains(out.Message, words) {
			t.Errorf("message %q; want %q in it", out.Message, words)
		}
	}
	a.must(meettest.Ada, "mute_participant", args{"room_id": s.room.ID, "identity": s.identity, "lock": false})
	video["lock"] = false
	a.must(meettest.Ada, "disable_participant_video", video)
	out = update(args{"role": meet.RoleHost})
	if len(out.May) != 4 || out.Message != "" || out.Participant.Role != meet.RoleHost {
		t.Errorf("got %+v; want a host who may everything", out)
	}
	if out = update(args{"role": meet.RoleHost}); len(out.Changed) != 0 || out.Changed == nil {
		t.Errorf("the same again: changed %v; want an empty list", out.Changed)
	}
	var listed struct {
		Participants []struct{ Set []setProperty }
	}
	list := a.must(meettest.Ada, "list_participants", args{"room_id": s.room.ID})
	if err := json.Unmarshal(list.StructuredContent, &listed); err != nil {
		t.Fatal(err)
	}
	want = append([]setProperty{{"role", "host", time.Time{}}}, want...)
	if len(listed.Participants) != 1 || !slices.Equal(listed.Participants[0].Set, want) {
		t.Errorf("listed: %+v; want %+v", listed, want)
	}
}
