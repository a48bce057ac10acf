package servicetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// A room that ends while somebody asks takes no request any more.
func TestAskingWhileTheRoomEnds(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{ExpiresIn: Of(time.Minute)})
	var once sync.Once
	late, _ := meet.New(meet.Config{Store: endingStore{s.Store, func() {
		once.Do(func() {
			_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
			wantCode(t, "end", err, "")
		})
	}}, Media: s.Media, Now: s.Clock.Now})
	_, err := late.Join(t.Context(), Anon, meet.JoinCall{Code: &code.Code})
	wantCode(t, "ask", err, meet.CodeGone)
}

// endingStore does something before a join request is stored.
type endingStore struct {
	meet.Store
	before func()
}

func (s endingStore) AddJoinRequest(ctx context.Context, r meet.JoinRequest, seenAfter time.Time,
	check func(meet.Room, meet.RequestCount) error, e *meet.Event) error {
	s.before()
	return s.Store.AddJoinRequest(ctx, r, seenAfter, check, e)
}

func TestRequestsEnd(t *testing.T) {
	t.Parallel()
	over := map[string]func(t *testing.T, s *System, room meet.Room){
		"10 minutes without a sign of life": func(_ *testing.T, s *System, _ meet.Room) { s.Clock.Advance(10 * time.Minute) },
		"the room was ended and opened again": func(t *testing.T, s *System, room meet.Room) {
			_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
			wantCode(t, "end", err, "")
			s.Clock.Advance(-50 * time.Millisecond) // of another machine
			_, err = s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{}, true)
			wantCode(t, "reopen", err, "")
		},
		"the room expired and was opened again before anybody noticed": func(t *testing.T, s *System, room meet.Room) {
			_, err := s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{ExpiresIn: Of(time.Minute)}, false)
			wantCode(t, "set a lifetime", err, "")
			s.Clock.Advance(2 * time.Minute)
			_, err = s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{}, true)
			wantCode(t, "reopen", err, "")
		},
	}
	for what, happens := range over {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := New(t)
			room, code := roomWithApproval(t, s, meet.RoomChange{})
			waiting, approved := askToJoin(t, s, code, ""), askToJoin(t, s, code, "")
			answer(t, s, room, approved.RequestID, true)
			happens(t, s, room)
			_, err := s.AnswerJoinRequest(t.Context(), Ada, room.ID, waiting.RequestID, true)
			wantCode(t, "answer", err, meet.CodeNotFound)
			if got := waitingNow(t, s, room); len(got) != 0 {
				t.Errorf("waiting: %v; want nobody", got)
			}
			_, err = s.Join(t.Context(), Anon, meet.JoinCall{Code: &code.Code, RequestID: waiting.RequestID})
			wantCode(t, "going on, as an agent", err, meet.CodeNotFound)
			if a := askToJoin(t, s, code, waiting.RequestID); !a.Waiting || a.RequestID == waiting.RequestID {
				t.Errorf("going on, as a person: %+v; want a new request", a)
			}
			a := askToJoin(t, s, code, approved.RequestID)
			if stays := what == "10 minutes without a sign of life"; a.Waiting == stays {
				t.Errorf("approved before: waiting %t; want %t", a.Waiting, !stays)
			}
			s.Clock.Advance(meet.RequestLifetime)
			wantCode(t, "sweep", s.Sweep(t.Context()), "")
			if r, err := s.Store.JoinRequest(t.Context(), waiting.RequestID); err == nil {
				t.Errorf("still stored after the sweep: %+v", r)
			}
		})
	}
}

// A request that is asked about again lives on.
func TestSignsOfLife(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	a := askToJoin(t, s, code, "")
	for range 3 {
		s.Clock.Advance(9 * time.Minute)
		askToJoin(t, s, code, a.RequestID)
		wantCode(t, "sweep", s.Sweep(t.Context()), "")
	}
	if got := waitingNow(t, s, room); len(got) != 1 || got[0] != a.RequestID {
		t.Errorf("waiting: %v; want the one who called all the time", got)
	}
}
