package servicetest

import (
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// testRoom is a room of Ada's with a real participant inside, its code, and
// somebody who waits to be let in.
type testRoom struct {
	room     meet.Room
	code     meet.RoomCode
	identity string
	person   *livekittest.Person
	request  string
	session  string
}

func (a *agent) newTestRoom() testRoom {
	a.t.Helper()
	room := a.NewRoom(a.t, meet.RoomChange{})
	code := a.NewCode(a.t, room, meet.RoleGuest, meet.CodeChange{})
	admission, err := a.Exchange(a.t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, Name: "Guest"})
	if err != nil {
		a.t.Fatal(err)
	}
	person := livekittest.Join(a.t, a.URL, admission.Token)
	a.must(meettest.Ada, "update_room", args{
		"room_id": room.ID, "settings": args{"require_approval": true},
	})
	waiting, err := a.Exchange(a.t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, Name: "Eve"})
	if err != nil || !waiting.Waiting {
		a.t.Fatalf("Exchange: %+v, %v; want somebody waiting", waiting, err)
	}
	s := testRoom{room: room, code: code, identity: person.Identity(), person: person, request: waiting.RequestID}
	a.tellOfComing(s)
	s.session = a.must(meettest.Ada, "list_sessions", args{"room_id": room.ID}).get("sessions", 0, "id").(string)
	return s
}

// sensible gives arguments with which the tool succeeds for everybody who may
// call it.
func (s testRoom) sensible(tool string) map[string]any {
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
		"update_room_code":          {"code": s.code.Code, "expires_in_seconds": 3600, "remove_participants": true},
		"rotate_room_code":          {"code": s.code.Code},
		"list_participants":         {"room_id": room},
		"update_participant":        {"room_id": room, "identity": s.identity, "name": "Gast", "for_seconds": 600},
		"kick_participant":          {"room_id": room, "identity": s.identity},
		"mute_participant":          {"room_id": room, "identity": s.identity},
		"disable_participant_video": {"room_id": room, "identity": s.identity},
		"answer_join_request":       {"room_id": room, "request_id": s.request, "approve": true},
		"list_events":               {"room_id": room},
		"list_sessions":             {"room_id": room},
		"get_session":               {"session_id": s.session},
		"get_transcript":            {"room_id": room},
		"send_message":              {"room_id": room, "text": "Five minutes left"},
		"hms-create-room-codes":     {"room_id": room},
		"hms-get-room-codes":        {"room_id": room},
		"hms-update-room-code":      {"code": s.code.Code, "body": args{"enabled": false}},
	}[tool]
}
