package tools

import (
	"fmt"
	"strings"
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// scene is a room of Ada's with a real participant inside, its code, and
// somebody who waits to be let in.
type scene struct {
	room     meet.Room
	code     meet.RoomCode
	identity string
	person   *livekittest.Person
	request  string
}

func (a *agent) scene() scene {
	a.t.Helper()
	room := a.NewRoom(a.t, meet.RoomChange{})
	code := a.NewCode(a.t, room, meet.RoleGuest, meet.CodeChange{})
	admission, err := a.Exchange(a.t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, Name: "Guest"})
	if err != nil {
		a.t.Fatal(err)
	}
	person := livekittest.Join(a.t, a.URL, admission.Token)
	if room, err = a.UpdateRoom(a.t.Context(), meettest.Ada, room.ID, meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: meettest.Of(true)}}, false); err != nil {
		a.t.Fatal(err)
	}
	waiting, err := a.Exchange(a.t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, Name: "Eve"})
	if err != nil || !waiting.Waiting {
		a.t.Fatalf("Exchange: %+v, %v; want somebody waiting", waiting, err)
	}
	return scene{room: room, code: code, identity: person.Identity(), person: person, request: waiting.RequestID}
}

// sensible gives arguments with which the tool succeeds for whoever may call it.
func (s scene) sensible(tool string) map[string]any {
	room := s.room.ID
	return map[string]map[string]any{
		"create_room":               {},
		"join_room":                 {"room_id": room},
		"list_rooms":                {},
		"get_room":                  {"room_id": room},
		"update_room":               {"room_id": room, "is_public": true, "expires_in_seconds": 3600},
		"end_room":                  {"room_id": room, "confirm_name": s.room.Name},
		"create_room_codes":         {"room_id": room},
		"get_room_codes":            {"room_id": room},
		"update_room_code":          {"code": s.code.Code, "enabled": true, "expires_in_seconds": 3600, "remove_participants": true},
		"rotate_room_code":          {"code": s.code.Code},
		"list_participants":         {"room_id": room},
		"kick_participant":          {"room_id": room, "identity": s.identity},
		"mute_participant":          {"room_id": room, "identity": s.identity},
		"disable_participant_video": {"room_id": room, "identity": s.identity},
		"answer_join_request":       {"room_id": room, "request_id": s.request, "approve": true},
		"list_events":               {"room_id": room},
		"hms-create-room-codes":     {"room_id": room},
		"hms-get-room-codes":        {"room_id": room},
		"hms-update-room-code":      {"code": s.code.Code, "body": map[string]any{"enabled": false}},
	}[tool]
}

// Every tool for every kind of principal on an own and on somebody else's
// room: what really comes back, as a golden file.
func TestAccessSweep(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	columns := []struct {
		name string
		p    meet.Principal
	}{
		{"superadmin", meettest.Root}, {"room admin", meettest.Ada}, {"other user", meettest.Bob},
		{"guest", meettest.Gus}, {"no token", meettest.Anon}, {"zero", meettest.Zero},
	}
	var table strings.Builder
	table.WriteString("| tool |")
	for _, c := range columns {
		table.WriteString(" " + c.name + " |")
	}
	table.WriteString("\n| --- |" + strings.Repeat(" --- |", len(columns)) + "\n")
	s := a.scene()
	for _, tool := range Catalogue() {
		fmt.Fprintf(&table, "| %s |", tool.Name)
		for _, c := range columns {
			got := a.call(c.p, tool.Name, s.sensible(tool.Name))
			outcome := "ok"
			if got.IsError {
				outcome = string(got.err.Code)
			}
			fmt.Fprintf(&table, " %s |", outcome)
			if !got.IsError && !tool.Hints.ReadOnly {
				s = a.scene() // that call has used it up
			}
		}
		table.WriteString("\n")
	}
	golden(t, "access.md", []byte(table.String()))
}

// An unknown room is not found for everybody who may ask, and tells nobody
// else whether it exists.
func TestUnknownRoom(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	for _, tool := range Catalogue() {
		arguments := scene{room: meet.Room{ID: "no-such-room", Name: "no-such-room"}, identity: "x", request: strings.Repeat("x", 26)}.sensible(tool.Name)
		if arguments["room_id"] == nil {
			continue
		}
		for _, p := range []meet.Principal{meettest.Root, meettest.Ada, meettest.Gus} {
			if got := a.call(p, tool.Name, arguments); got.err.Code != meet.CodeNotFound || got.err.Message != "Room not found" {
				t.Errorf("%s as %s: %+v; want not_found: Room not found", tool.Name, p.ID, got.err)
			}
		}
		if got := a.call(meettest.Zero, tool.Name, arguments); got.err.Code != meet.CodeUnauthenticated {
			t.Errorf("%s as nobody: %+v; want unauthenticated", tool.Name, got.err)
		}
	}
}
