package meet

import (
	"fmt"
	"time"
)

// Limits bound what one caller, one code or one user may cost. 0 is no limit.
// Superadmins are free of all that are about users: they are the operator.
type Limits struct {
	RoomsPerUser   int `yaml:"rooms_per_user"`   // that one user has created and that are active
	RoomsPerMinute int `yaml:"rooms_per_minute"` // that one user creates, opens again or gives another name
	CodesPerRoom   int `yaml:"codes_per_room"`   // current ones
	BlocksPerRoom  int `yaml:"blocks_per_room"`
	WaitsPerUser   int `yaml:"waits_per_user"` // calls of one user that wait for events at a time

	// In ten minutes; all of them may come at once.
	JoinsPerAddress int `yaml:"joins_per_address"` // by callers without an access token
	JoinsPerCode    int `yaml:"joins_per_code"`    // of a room without a code: of the room
	JoinsPerUser    int `yaml:"joins_per_user"`    // by the bearers of one user's access tokens
	ChangesPerUser  int `yaml:"changes_per_user"`  // to codes, people and settings
	MessagesPerRoom int `yaml:"messages_per_room"` // that agents write to people

	// Join requests that wait.
	RequestsPerAddress int `yaml:"requests_per_address"` // in one room, with those refused, of one address or one user
	RequestsPerCode    int `yaml:"requests_per_code"`
	RequestsPerRoom    int `yaml:"requests_per_room"`
}

// DefaultLimits are generous for people, also for a class that arrives at once
// from one address, and for agents.
func DefaultLimits() Limits {
	return Limits{
		RoomsPerUser: 200, RoomsPerMinute: 60, CodesPerRoom: 1000, BlocksPerRoom: 1000, WaitsPerUser: 20,
		JoinsPerAddress: 1000, JoinsPerCode: 3000, JoinsPerUser: 5000, ChangesPerUser: 3000,
		MessagesPerRoom:    300,
		RequestsPerAddress: 400, RequestsPerCode: 600, RequestsPerRoom: 1500,
	}
}

// limitGuesses names the limit of the guard in the metrics.
const limitGuesses = "guesses"

// checkRate counts a call by p, under key, against a rate, or refuses it.
// Superadmins are free of every rate.
func (s *Service) checkRate(p Principal, r *rate, key, message string) error {
	if p.usedRole() == Superadmin {
		return nil
	}
	wait := r.take(key)
	if wait == 0 {
		return nil
	}
	s.onLimit(r.name)
	wait = max(wait.Truncate(time.Second)+time.Second, time.Second)
	return &Error{Code: CodeRateLimited, Message: message, RetryAfter: wait,
		Hint: fmt.Sprintf("Wait %d seconds and try again.", wait/time.Second)}
}

// checkRoomRate counts a room that p opens, or a name that it takes.
func (s *Service) checkRoomRate(p Principal) error {
	return s.checkRate(p, &s.rates.rooms, p.ID, "Too many rooms were created by you within a minute")
}

// checkChangeRate counts a change that p makes to a room, its codes or its people:
// each leaves a line in the audit trail.
func (s *Service) checkChangeRate(p Principal) error {
	return s.checkRate(p, &s.rates.changes, p.ID, "Too many changes were made by you within ten minutes")
}

// checkMessageRate counts a message that p writes to the people in a room.
func (s *Service) checkMessageRate(p Principal, room Room) error {
	return s.checkRate(p, &s.rates.messages, room.ID, "Too many messages were sent to this room within ten minutes")
}

// checkJoinRate counts a join, which leaves something in the database even if nobody
// connects. People who wait for a host are counted when they join.
func (s *Service) checkJoinRate(p Principal, admission Admission) error {
	r, message := &s.rates.joinsOfUser, "Too many joins were made with your access tokens within ten minutes"
	if p.Role == Anonymous {
		r, message = &s.rates.joinsOfAddress, "Too many people have joined from your address within ten minutes"
	}
	if err := s.checkRate(p, r, p.key(), message); err != nil {
		return err
	}
	way, message := admission.Code, "Too many people have joined with this code within ten minutes"
	if way == "" {
		way, message = admission.RoomID, "Too many people have joined this room without a code within ten minutes"
	}
	return s.checkRate(p, &s.rates.joinsOfCode, way, message)
}

// checkWaitingLimits refuses one more join request beside those there are.
func (s *Service) checkWaitingLimits(n RequestCount) error {
	l := s.limits
	switch {
	case l.RequestsPerAddress > 0 && n.Caller >= l.RequestsPerAddress:
		s.onLimit("requests_per_address")
		return &Error{Code: CodeRateLimited, Message: "Too many join requests", RetryAfter: signOfLife,
			Hint: "People who have a request_id go on with it; others try again when the host has answered some."}
	case l.RequestsPerCode > 0 && n.Code >= l.RequestsPerCode:
		return s.limitReached("requests_per_code", "Too many people are waiting with this code to be let into this room",
			"Try again when its host has answered some of them, or ask the host for another code.")
	case l.RequestsPerRoom > 0 && n.Waiting >= l.RequestsPerRoom:
		return s.limitReached("requests_per_room", "Too many people are waiting to be let into this room",
			"Try again when its host has let some of them in.")
	}
	return nil
}

// limitReached refuses more than a limit allows. Waiting does not help.
func (s *Service) limitReached(limit, message, hint string) error {
	s.onLimit(limit)
	return &Error{Code: CodeConflict, Message: message, Hint: hint}
}

// roomLimit is how many active rooms p may have; 0 is any number.
func (s *Service) roomLimit(p Principal) int {
	if p.usedRole() == Superadmin {
		return 0
	}
	return s.limits.RoomsPerUser
}

// roomLimitReached refuses another active room.
func (s *Service) roomLimitReached() error {
	return s.limitReached("rooms_per_user",
		fmt.Sprintf("You have %d active rooms, which is as many as one user may have", s.limits.RoomsPerUser),
		"End some that are not needed any more (end_room; list_rooms with scope mine shows them), "+
			"or create rooms with expires_in_seconds.")
}
