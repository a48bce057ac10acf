package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"roomkey/meet"
)

const host, guest, viewer = meet.RoleHost, meet.RoleGuest, meet.RoleViewer

var tasksBefore = []task{
	{"Open a meeting room, with a link for me and one for the others", "create_room", yes, func(s *script) {
		var m made
		s.call("create_room", arg{"name": s.room, "create_codes": true}, &m)
		for _, c := range m.Codes {
			s.same("link for a "+c.Role, strings.HasSuffix(c.JoinURL, "/join/"+c.Code), true)
			s.same("role of a "+c.Role, s.comes(c.Code, "Zoe").Attributes()["role"], c.Role)
		}
	}},
	{"Invite these people, each with a link that only one person can use", "create_room, create_room_codes",
		partly, func(s *script) {
			var m made
			s.call("create_room", arg{"name": s.room}, nil)
			people := []arg{{"name": "Zoe"}, {"name": "Yann", "email": "yann@example.com"}, {"name": "Xia"}}
			s.call("create_room_codes", arg{"room_id": s.room, "people": people, "max_uses": 1}, &m)
			s.same("number of links", len(m.Codes), 3)
			s.comes(m.code("Zoe"), "Zoe")
			s.comes(m.code("Yann"), "Yann")
			s.staysOut(http.StatusNotFound, m.code("Zoe"), "Mallory", "")
			var out struct{ Participants []struct{ Label string } }
			s.as(s.user, "list_participants", arg{"room_id": s.room}, &out)
			s.same("labels", out.Participants, "[{Zoe} {Yann}]")
		}},
	{"A webinar: I speak, the audience only watches", "create_room", yes, func(s *script) {
		var m made
		s.call("create_room", arg{"name": s.room, "mode": "webinar", "create_codes": true}, &m)
		speaker, watcher := s.comes(m.code(host), "Me"), s.comes(m.code(viewer), "Zoe")
		speaker.PublishMicrophone()
		watcher.WaitReceives(speaker.pass.Identity, meet.Microphone, true)
		for _, source := range meet.Sources {
			watcher.WaitMayPublish(source, false)
		}
	}},
	{"A meeting without chat and shared screens", "create_room", yes, func(s *script) {
		var m made
		settings := arg{"allow_chat": false, "allow_screen_share": false}
		s.call("create_room", arg{"name": s.room, "settings": settings, "create_codes": true}, &m)
		zoe := s.comes(m.code(guest), "Zoe")
		zoe.WaitMayPublish(meet.ScreenShare, false)
		zoe.WaitMayPublish(meet.Camera, true)
		s.same("may chat", zoe.Permissions().GetCanPublishData(), false)
	}},
	{"A meeting that nobody can listen to, not even the server", "create_room", yes, func(s *script) {
		var m made
		s.call("create_room", arg{"name": s.room, "settings": arg{"e2ee": true}, "create_codes": true}, &m)
		p, _, _ := s.asks(m.code(guest), "Zoe", "")
		s.same("encrypted", p.E2EE, true)
	}},
	{"A public room that anybody finds and enters", "create_room", yes, func(s *script) {
		s.call("create_room", arg{"name": s.room, "is_public": true}, nil)
		var out struct {
			Rooms []struct{ Name, Relationship string }
		}
		s.as("somebody-else", "list_rooms", arg{"query": s.room, "scope": "public"}, &out)
		s.same("found", out.Rooms[0].Relationship, "public")
		s.joins("somebody-else")
	}},
	{"A room for at most two people", "create_room", yes, func(s *script) {
		var m made
		s.call("create_room", arg{"name": s.room, "max_participants": 2, "create_codes": true}, &m)
		s.comes(m.code(guest), "Zoe")
		s.comes(m.code(guest), "Yann")
		s.staysOut(http.StatusConflict, m.code(guest), "Xia", "")
		s.joins(s.user) // always comes in
	}},
	{"A room that is gone in an hour", "create_room", yes, func(s *script) {
		var m struct {
			Room struct {
				ExpiresAt time.Time `json:"expires_at"`
				CreatedAt time.Time `json:"created_at"`
			}
		}
		s.call("create_room", arg{"name": s.room, "expires_in_seconds": 3600}, &m)
		s.same("its life", m.Room.ExpiresAt.Sub(m.Room.CreatedAt), time.Hour)
	}},
	{"A link for the press: three people, until tomorrow", "create_room_codes", yes, func(s *script) {
		s.given(nil)
		var m made
		s.call("create_room_codes", arg{"room_id": s.room, "role": "viewer", "label": "press", "max_uses": 3,
			"expires_in_seconds": 86400}, &m)
		for i := range 3 {
			s.comes(m.code("press"), fmt.Sprint("Reporter ", i))
		}
		s.staysOut(http.StatusNotFound, m.code("press"), "Reporter 3", "")
	}},
	{"What was the link to my room again?", "list_rooms, get_room", yes, func(s *script) {
		want := s.given(nil)
		var found struct{ Rooms []struct{ ID, Name string } }
		s.call("list_rooms", arg{"scope": "mine"}, &found)
		var got made
		s.call("get_room", arg{"room_id": found.Rooms[0].ID}, &got)
		s.same("code", got.code(guest), want.code(guest))
		s.comes(got.code(guest), "Zoe")
	}},
	{"Rename the room", "update_room", yes, func(s *script) {
		m := s.given(nil)
		s.call("update_room", arg{"room_id": s.room, "name": s.room + "-new"}, nil)
		s.room += "-new"
		s.comes(m.code(guest), "Zoe") // codes lead there as before
		s.waitNames("Zoe")
	}},
}

var tasksAtTheDoor = []task{
	{"Nobody comes in unless I say so: let Zoe in, not Mallory",
		"create_room, list_participants, answer_join_request, answer_join_request", yes,
		func(s *script) {
			var m made
			approval := arg{"require_approval": true}
			s.call("create_room", arg{"name": s.room, "settings": approval, "create_codes": true}, &m)
			ids := map[string]string{}
			for _, name := range []string{"Zoe", "Mallory"} {
				ids[name] = s.waits(m.code(guest), name)
			}
			var out struct {
				JoinRequests []struct {
					RequestID string `json:"request_id"`
					Name      string
				} `json:"join_requests"`
			}
			s.call("list_participants", arg{"room_id": s.room}, &out)
			for _, r := range out.JoinRequests {
				s.call("answer_join_request", arg{"room_id": s.room, "request_id": r.RequestID, "approve": r.Name == "Zoe"}, nil)
			}
			s.isLetIn(m.code(guest), "Zoe", ids["Zoe"])
			s.staysOut(http.StatusForbidden, m.code(guest), "Mallory", ids["Mallory"])
			s.waitNames("Zoe")
		}},
	{"Let in everybody who waits", "answer_join_request", partly, func(s *script) {
		m := s.given(arg{"settings": arg{"require_approval": true}})
		zoe, yann := s.waits(m.code(guest), "Zoe"), s.waits(m.code(guest), "Yann")
		s.call("answer_join_request", arg{"room_id": s.room, "request_id": "*", "approve": true}, nil)
		s.isLetIn(m.code(guest), "Zoe", zoe)
		s.isLetIn(m.code(guest), "Yann", yann)
		s.waitNames("Yann", "Zoe")
	}},
	{"Lock the door: who comes now has to ask", "update_room", yes, func(s *script) {
		m := s.given(nil)
		zoe := s.comes(m.code(guest), "Zoe")
		s.call("update_room", arg{"room_id": s.room, "settings": arg{"require_approval": true}}, nil)
		s.waits(m.code(guest), "Mallory")
		s.same("Zoe is inside", zoe.Connected(), true)
	}},
	{"Only people with a code, also none of the colleagues who know the name", "create_room", no, func(s *script) {
		var m made
		s.call("create_room", arg{"name": s.room, "settings": arg{"require_code": true}, "create_codes": true}, &m)
		s.refuses("forbidden", "colleague", "join_room", arg{"room_id": s.room})
		s.comes(m.code(guest), "Zoe")
	}},
	{"Switch the guests' link off, the hosts' goes on", "update_room_code", yes, func(s *script) {
		m := s.given(nil)
		s.call("update_room_code", arg{"code": m.code(guest), "enabled": false}, nil)
		s.staysOut(http.StatusNotFound, m.code(guest), "Mallory", "")
		s.comes(m.code(host), "Zoe")
	}},
	{"Strangers have our link: throw them out, and give me a new one", "rotate_room_code", partly, func(s *script) {
		m := s.given(nil)
		mallory, me := s.comes(m.code(guest), "Mallory"), s.comes(m.code(host), "Me")
		var out struct{ Code codeLine }
		s.call("rotate_room_code", arg{"code": m.code(guest), "remove_participants": true}, &out)
		mallory.WaitDisconnected()
		s.staysOut(http.StatusNotFound, m.code(guest), "Mallory", "")
		s.comes(out.Code.Code, "Zoe")
		s.same("I am inside", me.Connected(), true)
	}},
	{"One more person may come by the link", "update_room_code", yes, func(s *script) {
		s.given(nil)
		var m made
		s.as(s.user, "create_room_codes", arg{"room_id": s.room, "role": "guest", "label": "one", "max_uses": 1}, &m)
		s.comes(m.code("one"), "Zoe")
		s.staysOut(http.StatusNotFound, m.code("one"), "Yann", "")
		s.call("update_room_code", arg{"code": m.code("one"), "max_uses": 2}, nil)
		s.comes(m.code("one"), "Yann")
	}},
	{"Bring our user Zoe in", "join_room", yes, func(s *script) {
		s.given(arg{"settings": arg{"require_approval": true}})
		var p pass
		s.call("join_room", arg{"room_id": s.room, "user_id": "zoe-17", "name": "Zoe"}, &p)
		s.system.keepSecret(p.Token)
		s.enters(p)
		s.waitNames("Zoe")
	}},
}
