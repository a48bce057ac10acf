package servicetest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// limitCounts counts which limits have stopped somebody.
type limitCounts struct {
	mu    sync.Mutex
	names map[string]int
}

func (s *limitCounts) add(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names[name]++
}

func (s *limitCounts) count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names[name]
}

// newLimited is a system with limits, and what they have stopped.
func newLimited(t *testing.T, l meet.Limits, options ...Option) (*System, *limitCounts) {
	t.Helper()
	stopped := &limitCounts{names: map[string]int{}}
	return New(t, append(options, func(c *meet.Config) {
		c.MediaOnJoin, c.Limits, c.OnLimit = true, &l,
			stopped.add
	})...), stopped
}

func createRoom(t *testing.T, s *System, p meet.Principal, change meet.RoomChange) error {
	t.Helper()
	_, _, err := s.CreateRoom(t.Context(), p, change, false)
	return err
}

func TestRoomsOfAUserAreBounded(t *testing.T) {
	t.Parallel()
	s, stopped := newLimited(t, meet.Limits{RoomsPerUser: 3})
	var made atomic.Int32
	var all sync.WaitGroup
	for i := range 12 { // at once
		all.Go(func() {
			switch err := createRoom(t, s, Ada, meet.RoomChange{Name: Of(fmt.Sprint("room-", i)), ExpiresIn: Of(time.Hour)}); {
			case err == nil:
				made.Add(1)
			case !meet.IsCode(err, meet.CodeConflict):
				t.Errorf("create: %v; want conflict", err)
			}
		})
	}
	all.Wait()
	if made.Load() != 3 || stopped.count("rooms_per_user") != 9 {
		t.Errorf("%d rooms were made and %d stopped; want 3 and 9", made.Load(), stopped.count("rooms_per_user"))
	}
	wantCode(t, "another user", createRoom(t, s, Bob, meet.RoomChange{}), "")
	for range 5 {
		wantCode(t, "superadmin", createRoom(t, s, Root, meet.RoomChange{}), "")
	}
	rooms, _, err := s.Rooms(t.Context(), Ada, meet.RoomFilter{Scope: meet.ScopeMine})
	wantCode(t, "list", err, "")
	_, _, err = s.EndRoom(t.Context(), Ada, rooms[0].ID, rooms[0].Name)
	wantCode(t, "end", err, "")
	wantCode(t, "create when one has ended", createRoom(t, s, Ada, meet.RoomChange{Name: Of("next")}), "")
	_, err = s.UpdateRoom(t.Context(), Ada, rooms[0].ID, meet.RoomChange{}, true)
	wantCode(t, "open one again", err, meet.CodeConflict)
	_, err = s.UpdateRoom(t.Context(), Ada, rooms[1].ID, meet.RoomChange{MaxParticipants: Of(5)}, true)
	wantCode(t, "change one that is active", err, "")
	s.Clock.Advance(time.Hour)
	wantCode(t, "create when the others have expired", createRoom(t, s, Ada, meet.RoomChange{}), "")
}

func TestCreationsOfAUserAreBounded(t *testing.T) {
	t.Parallel()
	s, stopped := newLimited(t, meet.Limits{RoomsPerMinute: 3})
	for range 3 {
		wantCode(t, "create", createRoom(t, s, Ada, meet.RoomChange{}), "")
	}
	err := createRoom(t, s, Ada, meet.RoomChange{})
	wantCode(t, "one too many", err, meet.CodeRateLimited)
	if wait := meet.AsError(err).RetryAfter; wait < 20*time.Second || wait > 22*time.Second ||
		stopped.count("rooms_per_minute") != 1 {
		t.Errorf("RetryAfter = %v, stopped %d; want a third of a minute, told once", wait, stopped.count("rooms_per_minute"))
	}
	wantCode(t, "another user", createRoom(t, s, Bob, meet.RoomChange{}), "")
	s.Clock.Advance(22 * time.Second)
	wantCode(t, "after waiting", createRoom(t, s, Ada, meet.RoomChange{Name: Of("one")}), "")
	_, err = s.UpdateRoom(t.Context(), Ada, "one", meet.RoomChange{Name: Of("two")},
		false) // a name more that others cannot have
	wantCode(t, "another name", err, meet.CodeRateLimited)
	_, err = s.UpdateRoom(t.Context(), Ada, "one", meet.RoomChange{Name: Of("one"), IsPublic: Of(true)}, false)
	wantCode(t, "the same name", err, "")
}

func TestCodesAndBlocksOfARoomAreBounded(t *testing.T) {
	t.Parallel()
	s, stopped := newLimited(t, meet.Limits{CodesPerRoom: 7, BlocksPerRoom: 2})
	room := s.NewRoom(t, meet.RoomChange{})
	create := func(label string, role *string) error {
		_, err := s.CreateCodes(t.Context(), Ada, room.ID, meet.CodeRequest{Label: label, Role: role})
		return err
	}
	wantCode(t, "three", create("a", nil), "")
	wantCode(t, "six", create("b", nil), "")
	wantCode(t, "nine", create("c", nil), meet.CodeConflict)
	wantCode(t, "seven", create("c", Of(meet.RoleGuest)), "")
	wantCode(t, "those there are already", create("a", nil), "")
	wantCode(t, "eight", create("d", Of(meet.RoleGuest)), meet.CodeConflict)
	if got := stopped.count("codes_per_room"); got != 2 {
		t.Errorf("stopped %d times; want 2", got)
	}

	var people []string
	for _, p := range []meet.Principal{Bob, Gus, {ID: "eve", Role: meet.User}} {
		people = append(people, s.Enter(t, p, room).Identity())
	}
	block := func(identity string) error {
		_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: identity, Block: true})
		return err
	}
	wantCode(t, "block", block(people[0]), "")
	wantCode(t, "block", block(people[1]), "")
	wantCode(t, "one block too many", block(people[2]), meet.CodeConflict)
	wantCode(t, "unblock", s.Unblock(t.Context(), Ada, room.ID, people[0]), "")
	wantCode(t, "block in its place", block(people[2]), "")
	if got := stopped.count("blocks_per_room"); got != 1 {
		t.Errorf("stopped %d times; want 1", got)
	}
}

func TestChangesOfAUserAreBounded(t *testing.T) {
	t.Parallel()
	s, stopped := newLimited(t, meet.Limits{ChangesPerUser: 1})
	room := s.NewRoom(t, meet.RoomChange{Name: Of("room")})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	for name, change := range map[string]func(p meet.Principal) error{
		"update": func(p meet.Principal) error {
			_, err := s.UpdateRoom(t.Context(), p, room.ID, meet.RoomChange{}, false)
			return err
		},
		"end": func(p meet.Principal) error { _, _, err := s.EndRoom(t.Context(), p, room.ID, "other"); return err },
		"codes": func(p meet.Principal) error {
			_, err := s.CreateCodes(t.Context(), p, room.ID, meet.CodeRequest{})
			return err
		},
		"code": func(p meet.Principal) error {
			_, err := s.UpdateCode(t.Context(), p, code.Code, meet.CodeChange{}, false)
			return err
		},
		"rotate": func(p meet.Principal) error { _, _, err := s.RotateCode(t.Context(), p, code.Code, false); return err },
		"kick": func(p meet.Principal) error {
			_, err := s.Kick(t.Context(), p, room.ID, meet.KickCall{Identity: "a_b"})
			return err
		},
		"unblock": func(p meet.Principal) error { return s.Unblock(t.Context(), p, room.ID, "a_b") },
		"mute": func(p meet.Principal) error {
			_, err := s.Mute(t.Context(), p, room.ID, meet.MuteCall{Identity: "*"})
			return err
		},
		"update somebody": func(p meet.Principal) error {
			_, err := s.UpdateParticipant(t.Context(), p, room.ID, meet.ParticipantChange{Identity: "a_b", Name: Of("A")})
			return err
		},
		"message": func(p meet.Principal) error {
			_, err := s.SendMessage(t.Context(), p, room.ID, meet.MessageCall{Text: "x"})
			return err
		},
		"answer": func(p meet.Principal) error {
			_, err := s.AnswerJoinRequest(t.Context(), p, room.ID, "aaaaaaaaaaaaaaaaaaaaaaaaaa", true)
			return err
		},
		"answer all": func(p meet.Principal) error {
			_, _, err := s.AnswerJoinRequests(t.Context(), p, room.ID, nil, true, true)
			return err
		},
	} {
		before := stopped.count("changes_per_user")
		wantCode(t, name, change(Ada), meet.CodeRateLimited)
		if stopped.count("changes_per_user") != before+1 {
			t.Errorf("%s: the limit was not told of", name)
		}
		if name != "rotate" { // which a superadmin may do, too
			if err := change(Root); meet.IsCode(err, meet.CodeRateLimited) {
				t.Errorf("%s: a superadmin is limited", name)
			}
		}
	}
}

func TestExchangesAreBounded(t *testing.T) {
	t.Parallel()
	s, stopped := newLimited(t, meet.Limits{JoinsPerAddress: 5, JoinsPerCode: 8, JoinsPerUser: 3})
	room := s.NewRoom(t, meet.RoomChange{IsPublic: Of(true)})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	other := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{})
	exchange := func(code meet.RoomCode, address string) error {
		_, err := s.Exchange(t.Context(), address, meet.JoinCall{Code: &code.Code})
		return err
	}
	for range 5 {
		wantCode(t, "exchange", exchange(code, "192.0.2.1"), "")
	}
	err := exchange(code, "192.0.2.1")
	wantCode(t, "too many from one address", err, meet.CodeRateLimited)
	if meet.AsError(err).RetryAfter < time.Second || stopped.count("joins_per_address") != 1 {
		t.Errorf("%+v, stopped %d; want seconds to wait, told once", err, stopped.count("joins_per_address"))
	}
	_, err = s.JoinFromPage(t.Context(), meet.Principal{Role: meet.Anonymous, Address: "192.0.2.1"},
		meet.JoinCall{RoomID: &room.Name})
	wantCode(t, "by the page of the public room", err, meet.CodeRateLimited)
	for range 3 {
		wantCode(t, "exchange from elsewhere", exchange(code, "192.0.2.2"), "")
	}
	wantCode(t, "too many with one code", exchange(code, "192.0.2.2"), meet.CodeRateLimited)
	wantCode(t, "another code", exchange(other, "192.0.2.3"), "")
	if stopped.count("joins_per_code") != 1 {
		t.Errorf("stopped %d times; want 1", stopped.count("joins_per_code"))
	}
	join := func(p meet.Principal) error {
		_, err := s.Join(t.Context(), p, meet.JoinCall{RoomID: &room.ID})
		return err
	}
	for range 3 {
		wantCode(t, "join", join(Bob), "")
	}
	wantCode(t, "too many with one user's tokens", join(Bob), meet.CodeRateLimited)
	wantCode(t, "another user", join(Gus), "")
	for range 4 {
		wantCode(t, "superadmin", join(Root), "")
	}
	s.Clock.Advance(10 * time.Minute)
	wantCode(t, "ten minutes later", exchange(code, "192.0.2.1"), "")
}

// A class arrives at once, from one address and with one code, and reloads.
func TestAClassArrivesAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := newLimited(t, meet.DefaultLimits())
	code := s.NewCode(t, s.NewRoom(t, meet.RoomChange{}), meet.RoleGuest, meet.CodeChange{})
	waiting := s.NewCode(t, s.NewRoom(t, meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: Of(true)}}),
		meet.RoleGuest, meet.CodeChange{})
	var all sync.WaitGroup
	for range 300 {
		all.Go(func() {
			for range 2 {
				_, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code})
				wantCode(t, "exchange", err, "")
			}
			_, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &waiting.Code})
			wantCode(t, "ask to be let in", err, "")
		})
	}
	all.Wait()
}

func TestWaitingRoomIsBounded(t *testing.T) {
	t.Parallel()
	s, stopped := newLimited(t, meet.Limits{RequestsPerAddress: 10, RequestsPerCode: 15, RequestsPerRoom: 20})
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	other := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{})
	ask := func(code meet.RoomCode, address string) error {
		_, err := s.Exchange(t.Context(), address, meet.JoinCall{Code: &code.Code})
		return err
	}
	for range 10 {
		wantCode(t, "ask", ask(code, "192.0.2.1"), "")
	}
	wantCode(t, "too often from one address", ask(code, "192.0.2.1"), meet.CodeRateLimited)
	answer(t, s, room, waitingNow(t, s, room)[0], false)
	wantCode(t, "too often, after a refusal", ask(code, "192.0.2.1"), meet.CodeRateLimited)
	for range 6 {
		wantCode(t, "ask from elsewhere", ask(code, "192.0.2.2"), "")
	}
	wantCode(t, "too many with one code", ask(code, "192.0.2.2"), meet.CodeConflict)
	for range 5 {
		wantCode(t, "with another code", ask(other, "192.0.2.3"), "")
	}
	wantCode(t, "a full waiting room", ask(other, "192.0.2.4"), meet.CodeConflict)
	for limit, want := range map[string]int{"requests_per_address": 2, "requests_per_code": 1, "requests_per_room": 1} {
		if got := stopped.count(limit); got != want {
			t.Errorf("%s has stopped %d, want %d", limit, got, want)
		}
	}
	// With a code go those who wait with it.
	rotated, _, err := s.RotateCode(t.Context(), Ada, code.Code, false)
	wantCode(t, "rotate", err, "")
	if got := waitingNow(t, s, room); len(got) != 5 {
		t.Errorf("%d wait; want those with the other code", len(got))
	}
	for range 10 {
		wantCode(t, "with the new code", ask(rotated, "192.0.2.1"), "")
	}
	s.Clock.Advance(10 * time.Minute)
	wantCode(t, "when all are forgotten", ask(rotated, "192.0.2.1"), "")
}

// Those who wait by a code that a block has closed are gone with it.
func TestABlockTakesWhoWaitTheSameWay(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	viewer := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{})
	id := askToJoin(t, s, code, "").RequestID
	answer(t, s, room, id, true)
	person := s.EnterWith(t, askToJoin(t, s, code, id))
	askToJoin(t, s, code, "")
	stays := []string{askToJoin(t, s, viewer, "").RequestID}
	byName, err := s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &room.ID})
	wantCode(t, "join", err, "")
	stays = append(stays, byName.RequestID)
	_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: person.Identity(), Block: true})
	wantCode(t, "kick", err, "")
	got := waitingNow(t, s, room)
	slices.Sort(got)
	slices.Sort(stays)
	if !slices.Equal(got, stays) {
		t.Errorf("waiting: %v; want %v", got, stays)
	}
}
