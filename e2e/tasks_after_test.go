package e2e_test

import (
	"slices"
	"time"

	"roomkey/livekit/livekittest"
)

var tasksOfHosts = []task{
	{"A room that Bob and Cem run with me", "create_room", no, func(s *script) {
		s.call("create_room", arg{"name": s.room, "admins": []string{"bob", "cem"}}, nil)
		s.same("Bob's role", s.joins("bob").Attributes()["role"], host)
		s.as("cem", "update_room", arg{"room_id": s.room, "settings": arg{"require_approval": true}}, nil)
		s.refuses("forbidden", "cem", "update_room", arg{"room_id": s.room, "admins": []string{"cem"}})
		var out struct {
			Rooms []struct{ Name, Relationship string }
		}
		s.as("bob", "list_rooms", arg{"scope": "mine", "query": s.room}, &out)
		s.same("Bob's room", out.Rooms, "[{"+s.room+" admin}]")
	}},
	{"Bob is inside as a guest: make him a host", "update_room", no, func(s *script) {
		s.given(nil)
		bob := s.joins("bob")
		s.same("his role", bob.Attributes()["role"], guest)
		s.call("update_room", arg{"room_id": s.room, "admins": []string{"bob"}}, nil)
		livekittest.Wait(s.t, "Bob to be a host", func() bool { return bob.Attributes()["role"] == host })
		s.as("bob", "list_participants", arg{"room_id": s.room}, nil)
	}},
	{"Bob is no co-host any more", "update_room", no, func(s *script) {
		s.given(arg{"admins": []string{"bob", "cem"}})
		bob := s.joins("bob")
		s.call("update_room", arg{"room_id": s.room, "admins": []string{"cem"}}, nil)
		livekittest.Wait(s.t, "Bob to be a guest", func() bool { return bob.Attributes()["role"] == guest })
		s.refuses("forbidden", "bob", "list_participants", arg{"room_id": s.room})
		s.as("cem", "list_participants", arg{"room_id": s.room}, nil)
	}},
	{"I leave the company: Bob gets the room", "update_room", no, func(s *script) {
		s.given(nil)
		s.call("update_room", arg{"room_id": s.room, "admin_id": "bob"}, nil)
		s.refuses("forbidden", s.user, "list_participants", arg{"room_id": s.room})
		s.as("bob", "end_room", arg{"room_id": s.room, "confirm_name": s.room}, nil)
	}},
}

var tasksAfter = []task{
	{"Open last week's room again, the links are to work as before", "update_room", yes, func(s *script) {
		m := s.given(nil)
		s.as(s.user, "end_room", arg{"room_id": s.room, "confirm_name": s.room}, nil)
		var out made
		s.call("update_room", arg{"room_id": s.room, "is_active": true}, &out)
		s.same("number of links", len(out.Codes), len(m.Codes))
		s.comes(m.code(guest), "Zoe")
	}},
	{"When has Zoe left?", "list_events", partly, func(s *script) {
		_, zoe, _ := s.company(nil)
		zoe.Leave()
		livekittest.Wait(s.t, "that to be on record", func() bool { return s.left("Zoe") != "" })
		var out struct{ Events []eventLine }
		s.call("list_events", arg{"room_id": s.room, "kind": "participant"}, &out)
		i := slices.IndexFunc(out.Events, func(e eventLine) bool { return e.Action == "participant.left" })
		left := out.Events[i].Details
		s.same("who", left["participant_name"], "Zoe")
		if _, err := time.ParseDuration(left["stayed"]); err != nil {
			s.t.Errorf("stayed: %v", err)
		}
	}},
	{"Who was there, and how long?", "list_sessions, get_session", partly, func(s *script) {
		m := s.given(nil)
		zoe, yann := s.comes(m.code(guest), "Zoe"), s.comes(m.code(guest), "Yann")
		zoe.PublishMicrophone()
		s.hears(yann, zoe, true)
		zoe.Leave()
		livekittest.Wait(s.t, "that to be on record", func() bool { return s.left("Zoe") != "" })
		var list struct{ Sessions []struct{ ID string } }
		s.call("list_sessions", arg{"room_id": s.room}, &list)
		var out struct {
			Session struct {
				People []struct {
					Name          string
					SecondsInside *int `json:"seconds_inside"`
				}
			}
		}
		s.call("get_session", arg{"session_id": list.Sessions[0].ID}, &out)
		people := out.Session.People
		s.same("who, and that it says how long", []any{people[0].Name, people[0].SecondsInside != nil}, "[Zoe true]")
	}},
	{"Who has not come?", "get_room_codes", partly, func(s *script) {
		s.given(arg{"create_codes": false})
		var m made
		s.as(s.user, "create_room_codes", arg{"room_id": s.room, "people": []arg{{"name": "Zoe"}, {"name": "Yann"}}}, &m)
		s.as(s.user, "create_room_codes", arg{"room_id": s.room}, nil)
		var out made
		unused := func() (labels []string) {
			for _, c := range out.Codes {
				if c.Label != "" {
					labels = append(labels, c.Label)
				}
			}
			return labels
		}
		s.as(s.user, "get_room_codes", arg{"room_id": s.room, "unused": true}, &out)
		s.same("who was invited", unused(), "[Zoe Yann]")
		s.comes(m.code("Zoe"), "Zoe")
		livekittest.Wait(s.t, "it to be on record who came", func() bool {
			s.as(s.user, "get_room_codes", arg{"room_id": s.room, "unused": true}, &out)
			return len(unused()) == 1
		})
		s.call("get_room_codes", arg{"room_id": s.room, "unused": true}, &out)
		s.same("who has not come", unused(), "[Yann]")
	}},
	{"Who has removed Zoe, and why?", "list_events", yes, func(s *script) {
		m := s.given(arg{"admins": []string{"bob"}})
		s.comes(m.code(guest), "Zoe")
		s.as("bob", "kick_participant", arg{"room_id": s.room, "identity": "Zoe", "reason": "noise"}, nil)
		var out struct{ Events []eventLine }
		s.call("list_events", arg{"room_id": s.room, "kind": "participant"}, &out)
		i := slices.IndexFunc(out.Events, func(e eventLine) bool { return e.Action == "participant.kicked" })
		s.same("who and why", []string{out.Events[i].Actor, out.Events[i].Details["reason"]}, "[bob noise]")
	}},
	{"Close all my rooms", "list_rooms, end_room, end_room", yes, func(s *script) {
		s.given(nil)
		s.room += "-2"
		s.given(nil)
		var out struct{ Rooms []struct{ ID, Name string } }
		s.call("list_rooms", arg{"scope": "mine", "active": true}, &out)
		for _, r := range out.Rooms {
			s.call("end_room", arg{"room_id": r.ID, "confirm_name": r.Name}, nil)
		}
		s.as(s.user, "list_rooms", arg{"scope": "mine", "active": true}, &out)
		s.same("rooms that are open", len(out.Rooms), 0)
	}},
}
