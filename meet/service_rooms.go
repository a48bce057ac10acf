package meet

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// CreateRoom creates a room with p as its admin. Without a name it makes one. With
// createCodes it also makes one code per role.
//
// With MediaOnJoin it only makes sure that LiveKit answers, or did a moment ago.
// Otherwise it makes the media room first, under a new id: if LiveKit fails, the
// database was not touched, and if the name is taken, nobody has seen that media
// room.
func (s *Service) CreateRoom(
	ctx context.Context, p Principal, change RoomChange, createCodes bool,
) (Room, []RoomCode, error) {
	if err := authorize(p, ActCreateRoom, nil); err != nil {
		return Room{}, nil, err
	}
	room, named, err := s.newRoom(p, change)
	if err != nil {
		return Room{}, nil, err
	}
	if err := s.checkRoomRate(p); err != nil {
		return Room{}, nil, err
	}
	if named && !s.mediaOnJoin { // no media room for a taken name
		if err := s.checkName(ctx, room); err != nil {
			return Room{}, nil, err
		}
	}
	if err := s.checkMedia(ctx, room); err != nil {
		if named && s.mediaOnJoin { // to try again helps nobody whose name is taken
			if err := s.checkName(ctx, room); err != nil {
				return Room{}, nil, err
			}
		}
		return Room{}, nil, &Error{Code: CodeUnavailable, Message: msgMediaFailed,
			Hint: "The media server does not answer; nothing was created. Try again in a few seconds.", Err: err}
	}
	e := s.event(ctx, p, RoomCreated, room, "", differences(Room{}, room))
	if createCodes {
		e.Details["codes"] = strings.Join(s.roles.Names(), ",")
	}
	codes, err := s.storeRoom(ctx, p, &room, named, createCodes, e)
	if err != nil {
		if !s.mediaOnJoin {
			s.discardMediaRoom(ctx, room.ID)
		}
		return Room{}, nil, err
	}
	return room, codes, nil
}

// checkMedia makes the media room of a new room, or checks that LiveKit answers.
func (s *Service) checkMedia(ctx context.Context, room Room) error {
	if s.mediaOnJoin {
		return s.probe.check(ctx)
	}
	budget, cancel := withBudget(ctx)
	defer cancel()
	return s.media.EnsureRoom(budget, room)
}

// checkName refuses a new room whose name is taken or kept for somebody else.
func (s *Service) checkName(ctx context.Context, room Room) error {
	use, err := s.nameUse(ctx, room.Name, msgCreateFailed)
	if err == nil && use.Taken {
		err = errNameTaken()
	}
	return cmp.Or(err, s.checkKept(use, room.CreatedBy))
}

// checkKept refuses a name that a room of another creator had until recently: links
// to that room have the name, and must not lead to strangers.
func (s *Service) checkKept(use NameUse, creator string) error {
	if s.keepName <= 0 || use.GaveUpBy == "" || use.GaveUpBy == creator {
		return nil
	}
	e := errNameTaken()
	until := formatTime(use.GaveUpAt.Add(s.keepName))
	e.Hint = "It is kept for the creator of the room that had it, until " + until + ". " + e.Hint
	return e
}

// nameUse says who has a name, and who had it until recently. It ends the room that has
// it but whose time has come. failed is the message if the database fails,
// empty for the usual one.
func (s *Service) nameUse(ctx context.Context, name, failed string) (NameUse, error) {
	now := s.now()
	use, err := s.store.NameUse(ctx, name, now, now.Add(-s.keepName))
	if err != nil || !use.Due {
		return use, s.storeError(err, failed)
	}
	return use, s.expireHolder(ctx, name)
}

// expireHolder ends the room that has a name, if its time has come.
func (s *Service) expireHolder(ctx context.Context, name string) error {
	ctx = WithCaller(ctx, Caller{Via: ViaSweeper})
	return s.storeError(s.store.ExpireHolder(ctx, name, s.now(), s.expiredEvent(ctx)), "")
}

// MayCreateRoom gives the error with which [Service.CreateRoom] would refuse p, or
// nil. It is for callers who want to know that before.
func (s *Service) MayCreateRoom(p Principal) error { return authorize(p, ActCreateRoom, nil) }

// newRoom builds the room that a create call asks for, and says whether the
// caller named it.
func (s *Service) newRoom(p Principal, change RoomChange) (room Room, named bool, err error) {
	now := s.now()
	room = Room{
		ID: s.random.uuid(), CreatedBy: p.ID, AdminID: p.ID, State: RoomActive,
		IsPublic: s.defaults.IsPublic, Mode: s.defaults.Mode, MaxParticipants: s.defaults.MaxParticipants,
		Settings: s.defaults.Settings, Opening: 1, CreatedAt: now, UpdatedAt: now,
	}
	if room.Mode == "" {
		room.Mode = Standard
	}
	if change.Name != nil && normalizeName(*change.Name) == "" {
		change.Name = nil
	}
	if err := change.apply(&room, now); err != nil {
		return Room{}, false, err
	}
	if s.defaults.ExpiresIn > 0 && !change.givesEnd() {
		room.ExpiresAt = now.Add(s.defaults.ExpiresIn)
		if !room.Started(now) {
			room.ExpiresAt = room.StartsAt.Add(s.defaults.ExpiresIn)
		}
	}
	return room, change.Name != nil, nil
}

// storeRoom stores a new room and its codes, and gives the codes. It draws the name
// unless the room is named. Where the store refuses a named room, it looks who has
// the name, or had it until recently.
func (s *Service) storeRoom(
	ctx context.Context, p Principal, room *Room, named, createCodes bool, e *Event,
) (codes []RoomCode, err error) {
	var unusedSince time.Time
	if named && s.keepName > 0 {
		unusedSince = room.CreatedAt.Add(-s.keepName)
	}
	looked := false
	err = draw(func() error {
		if !named {
			room.Name = s.random.grouped()
		}
		if createCodes {
			keys, _ := s.codeKeys(CodeRequest{}) // which is for every role
			codes = s.drawCodes(room.ID, keys, room.CreatedAt)
		}
		e.RoomName, e.Details["name"] = room.Name, room.Name
		err := s.store.CreateRoom(ctx, NewRoom{*room, codes, s.roomLimit(p), unusedSince}, e)
		refused := errors.Is(err, ErrNameTaken) || errors.Is(err, ErrLimitReached)
		switch {
		case !named || !refused:
			return err
		case looked && errors.Is(err, ErrNameTaken):
			return errNameTaken() // somebody took it just now
		}
		looked, unusedSince = true, time.Time{}
		return cmp.Or(s.checkName(ctx, *room), err)
	})
	switch {
	case errors.Is(err, ErrLimitReached):
		return nil, s.roomLimitReached()
	case errors.Is(err, ErrNameTaken) || errors.Is(err, ErrCodeTaken):
		return nil, &Error{Code: CodeInternal, Message: msgCreateFailed, Err: err}
	}
	return codes, s.storeError(err, msgCreateFailed)
}

// discardTimeout is how much longer a call may take to undo what it has made.
const discardTimeout = 500 * time.Millisecond

// discardMediaRoom deletes the media room that this call has made. Nobody else
// knows its id. If that fails, LiveKit ends the empty room by itself.
func (s *Service) discardMediaRoom(ctx context.Context, roomID string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTimeout)
	defer cancel()
	if _, err := s.deleteMediaRoom(ctx, roomID); err != nil {
		s.log.WarnContext(ctx, "could not take back an unused media room", "room", roomID, "err", err)
	}
}

// RoomDetails is a room as the caller may see it.
type RoomDetails struct {
	Room
	Participants *int          // connected now; nil when the media server does not say
	Codes        []RoomCode    // current codes, for who manages codes only
	Requests     []JoinRequest // that wait, for who answers them only
	IsAdmin      bool          // p manages codes
	Answers      bool          // p answers join requests

	// JoinCode is the code for people without another role, for the room's admin
	// only; zero if there is none that lets them in.
	JoinCode RoomCode
}

// Room shows a room. A stranger is told only the name of a private one and whether
// it is active ([Room.IsBrief]).
func (s *Service) Room(ctx context.Context, p Principal, ref string) (RoomDetails, error) {
	room, err := s.resolveFor(ctx, p, ActViewRoom, ref)
	if err != nil {
		return RoomDetails{}, err
	}
	details := RoomDetails{Room: room, IsAdmin: Allowed(p, ActManageCodes, &room),
		Answers: Allowed(p, ActAnswer, &room)}
	if stranger, err := s.isStranger(ctx, p, room); err != nil || stranger {
		return RoomDetails{Room: room.brief(s.now())}, err
	}
	details.Room = room.forEyesOf(p)
	if details.Answers {
		if details.Requests, err = s.waitingRequests(ctx, room, MaxPage); err != nil {
			return RoomDetails{}, err
		}
	}
	if details.IsAdmin {
		details.Codes, err = s.store.Codes(ctx, CodeQuery{RoomID: room.ID, Limit: MaxPage})
		if err != nil {
			return RoomDetails{}, s.storeError(err, "")
		}
		if details.Codes, err = s.withBlocks(ctx, room, details.Codes); err != nil {
			return RoomDetails{}, err
		}
		if details.JoinCode, err = s.joinCode(ctx, room); err != nil {
			return RoomDetails{}, err
		}
	}
	if n, ok := s.counts(ctx, []string{room.ID}); ok {
		count := n[room.ID]
		details.Participants = &count
	}
	return details, nil
}

// isStranger says whether a room is private and p has nothing to do with it: it
// would not be in their list.
func (s *Service) isStranger(ctx context.Context, p Principal, room Room) (bool, error) {
	if room.IsPublic || isAdmin(p, &room) || room.CreatedBy == p.ID {
		return false, nil
	}
	joined, err := s.store.HasJoined(ctx, room, p.ID)
	return !joined, s.storeError(err, "")
}

// countTimeout is how long a list waits for the numbers of participants. It can do
// without them.
const countTimeout = 2 * time.Second

func (s *Service) counts(ctx context.Context, roomIDs []string) (map[string]int, bool) {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	counts, err := s.media.Counts(ctx, roomIDs)
	if err != nil {
		s.log.WarnContext(ctx, "could not count participants", "err", err)
		return nil, false
	}
	return counts, true
}

// The sizes of pages.
const (
	DefaultPage = 20
	MaxPage     = 100
)

// RoomFilter says which rooms to list.
type RoomFilter struct {
	Scope  Scope  // empty is own, joined and public
	Query  string // part of a name
	Active *bool
	Limit  *int // nil is DefaultPage
	Cursor string

	Bare bool // only what the rows have: not how many are connected, and no codes
}

// RoomInList is a room in a list.
type RoomInList struct {
	ListedRoom
	Participants *int     // connected now; nil when the media server does not say, or was not asked
	JoinCode     RoomCode // of a room whose page asks for a code, as [RoomDetails] has it
}

// Rooms lists rooms, newest first, and gives the cursor of the next page,
// empty after the last.
func (s *Service) Rooms(ctx context.Context, p Principal, f RoomFilter) ([]RoomInList, string, error) {
	q, limit, err := s.roomQuery(p, f)
	if err != nil {
		return nil, "", err
	}
	listed, err := s.rooms(ctx, p, q)
	if err != nil {
		return nil, "", s.storeError(err, "")
	}
	next := ""
	if len(listed) > limit {
		listed = listed[:limit]
		next = positionCursor(listOfRooms, Position{listed[limit-1].CreatedAt, listed[limit-1].ID})
	}
	rooms := make([]RoomInList, len(listed))
	ids := make([]string, len(listed))
	for i, r := range listed {
		rooms[i].ListedRoom, ids[i] = r, r.ID
		rooms[i].Room = r.forEyesOf(p)
	}
	if len(ids) == 0 || f.Bare {
		return rooms, next, nil
	}
	if n, ok := s.counts(ctx, ids); ok {
		for i := range rooms {
			count := n[ids[i]]
			rooms[i].Participants = &count
		}
	}
	return rooms, next, s.addJoinCodes(ctx, p, rooms)
}

// RoomsUpTo is [Service.Rooms] over several pages: it reads pages until it has most
// rooms or all.
func (s *Service) RoomsUpTo(
	ctx context.Context, p Principal, f RoomFilter, most int,
) (rooms []RoomInList, next string, err error) {
	for {
		size := min(MaxPage, most-len(rooms))
		f.Limit = &size
		more, next, err := s.Rooms(ctx, p, f)
		rooms = append(rooms, more...)
		if err != nil || next == "" || len(rooms) >= most {
			return rooms, next, err
		}
		f.Cursor = next
	}
}

func (s *Service) roomQuery(p Principal, f RoomFilter) (q RoomQuery, limit int, err error) {
	q = RoomQuery{Subject: p.ID, Active: f.Active, Now: s.now()}
	action := ActListShared
	switch f.Scope {
	case "":
		q.Mine, q.Joined, q.Public = Allowed(p, ActListOwn, nil), true, true
	case ScopeMine:
		q.Mine, action = true, ActListOwn
	case ScopeJoined:
		q.Joined = true
	case ScopePublic:
		q.Public = true
	case ScopeAll:
		q.All, action = true, ActListAll
	case ScopeVisible:
		q.All = Allowed(p, ActListAll, nil)
		q.Mine, q.Joined, q.Public = Allowed(p, ActListOwn, nil), true, true
	default:
		return q, 0, Invalid("scope", "scope must be mine, joined, public or all",
			"Leave it out for own, joined and public rooms.")
	}
	if err := authorize(p, action, nil); err != nil {
		return q, 0, err
	}
	if limit, err = pageLimit(f.Limit); err != nil {
		return q, 0, err
	}
	if q.Part, err = checkText("query", strings.ToLower(f.Query), MaxRoomName); err != nil {
		return q, 0, err
	}
	if q.After, err = parsePositionCursor(listOfRooms, f.Cursor); err != nil {
		return q, 0, err
	}
	q.Limit = limit + 1
	return q, limit, nil
}

func pageLimit(limit *int) (int, error) {
	switch {
	case limit == nil:
		return DefaultPage, nil
	case *limit < 1 || *limit > MaxPage:
		return 0, Invalid("limit", "limit must be between 1 and "+strconv.Itoa(MaxPage),
			"Leave it out for 20; use cursor for more.")
	}
	return *limit, nil
}
