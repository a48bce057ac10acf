package meet

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"time"
)

// Service is everything that callers can do with rooms, codes, people and
// events. Its methods are safe for concurrent use. Each one authorizes,
// validates, and then changes the database and LiveKit in the order that leaves
// nothing behind when one of them fails (docs/architecture.md); each fails with
// an [*Error].
type Service struct {
	*core
	defaults    Defaults
	mediaOnJoin bool
	links       Links
	random      random
	guesses     guesses
	probe       probe
	limits      Limits
	rates       *rates
	waiters     waiters
	heldCalls   heldCalls
	examiner    examiner
	shutdown    chan struct{} // closed by StopWaiting
}

// Config is what a [Service] and an [Enforcer] are made of.
type Config struct {
	Store Store
	Media Media
	Links Links
	Log   *slog.Logger // events are logged here, one line each; nil is nowhere

	Roles    Roles    // nil is BuiltinRoles
	Defaults Defaults // of new rooms

	// MediaOnJoin makes the media room when the first person joins instead
	// of when the room is created. A room that nobody enters costs the media
	// server nothing then. That the media server is down is noticed all the
	// same, within a second.
	MediaOnJoin bool

	Limits *Limits // nil is DefaultLimits

	// KeepName is for how long only its creator may give a new room the name
	// of one that is over; 0 is not at all.
	KeepName time.Duration

	// KeepEvents is how long events are kept; 0 is DefaultKeepEvents.
	KeepEvents time.Duration

	Connections ConnectionLimits

	// HearsAll says that [Enforcer.HearSpeakers] is called for everybody inside, as
	// it is for the LiveKit inside. A person who was silent has spoken for no time
	// then; otherwise nobody can know.
	HearsAll bool

	// CountSpeaking follows rooms that keep no chat as well, but for encrypted ones, so
	// that it is heard who speaks.
	CountSpeaking bool

	// Examine checks what may keep the server from working. It ends soon after its
	// context; nil finds nothing.
	Examine func(context.Context) []Finding

	OnLimit func(limit string) // is told each time a limit stops somebody; nil is nowhere

	Now    func() time.Time // nil is time.Now
	Random io.Reader        // nil is crypto/rand
}

// Defaults are what a new room is like where its creator says nothing.
type Defaults struct {
	IsPublic        bool          `yaml:"is_public"`
	Mode            Mode          `yaml:"mode"`
	MaxParticipants int           `yaml:"max_participants"`
	ExpiresIn       time.Duration `yaml:"expires_in"` // 0 is never
	Settings        Settings      `yaml:",inline"`
}

// New makes the service for callers and the enforcer that belongs to it.
func New(c Config) (*Service, *Enforcer) {
	c.complete()
	// The database keeps milliseconds; so does everything that is answered.
	now := func() time.Time { return c.Now().UTC().Truncate(time.Millisecond) }
	shared := &core{store: c.Store, media: c.Media, roles: c.Roles, now: now, keepName: c.KeepName,
		onLimit: c.OnLimit, log: c.Log, recentRooms: recentRooms{now: now}, hearsAll: c.HearsAll}
	service := &Service{core: shared, defaults: c.Defaults, mediaOnJoin: c.MediaOnJoin, links: c.Links,
		random: random{c.Random, now}, guesses: guesses{now: now}, probe: probe{now: now, ping: c.Media.Ping},
		limits: *c.Limits, rates: newRates(*c.Limits, now, c.Store.Shared()), shutdown: make(chan struct{}),
		examiner: examiner{examine: c.Examine}}
	service.guesses.announce = service.announceGuess
	c.Store.Subscribe(service.onEvent)
	c.Store.SubscribeElsewhere(service.onEventElsewhere)
	c.Store.SubscribeCounts(service.onCountElsewhere)
	chats := newChatsToLookAt()
	c.Store.Subscribe(func(_ context.Context, e Event) { chats.onEvent(e) })
	c.Store.SubscribeElsewhere(chats.onEvent)
	enforcer := &Enforcer{core: shared, keepEvents: c.KeepEvents, chats: chats,
		countSpeaking: c.CountSpeaking, connections: newConnections(c.Connections, now),
		usersEnd: make(chan struct{}, 1)}
	c.Store.SubscribeElsewhere(enforcer.onUsersEnd)
	return service, enforcer
}

// complete fills in the defaults.
func (c *Config) complete() {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Roles == nil {
		c.Roles = BuiltinRoles()
	}
	c.Roles = c.Roles.complete()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.OnLimit == nil {
		c.OnLimit = func(string) {}
	}
	if c.Limits == nil {
		defaults := DefaultLimits()
		c.Limits = &defaults
	}
	if c.KeepEvents == 0 {
		c.KeepEvents = DefaultKeepEvents
	}
}

// DefaultKeepEvents is how long events are kept unless the configuration says
// otherwise.
const DefaultKeepEvents = 90 * 24 * time.Hour

// Roles are the roles of this server.
func (s *Service) Roles() Roles { return s.roles }

// Links says where people and clients connect.
func (s *Service) Links() Links { return s.links }

// IsActive says whether people may be in the room now.
func (s *Service) IsActive(r Room) bool { return r.Active(s.now()) }

// Links makes the addresses that are handed out.
type Links struct {
	Public  string // base URL of the join page, without a slash at its end
	LiveKit string // where LiveKit clients connect: ws:// or wss://
}

// Room is the join page of a room.
func (l Links) Room(name string) string { return l.Public + "/m/" + name }

// OnlyHere says whether the links work on this machine alone.
func (l Links) OnlyHere() bool {
	base, err := url.Parse(l.Public)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(base.Hostname())
	return base.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// Code is the join page that redeems a code.
func (l Links) Code(code string) string { return l.Public + "/join/" + code }

// maxDraws is how often names and codes are drawn: if all are taken, something else
// must be wrong.
const maxDraws = 8

// draw calls store, which draws names or codes, until they are not taken.
func draw(store func() error) (err error) {
	for range maxDraws {
		if err = store(); !errors.Is(err, ErrNameTaken) && !errors.Is(err, ErrCodeTaken) {
			break
		}
	}
	return err
}

// resolve finds the room that ref means: its id, its name or a link with either.
func (s *Service) resolve(ctx context.Context, ref string) (Room, error) {
	if kind, value, ok := linkedTo(ref); ok && kind == "room" {
		ref = value
	}
	ref = normalizeName(ref)
	switch {
	case ref == "":
		return Room{}, Invalid("room_id", "room_id must not be empty", "Give the id or the name of a room.")
	case len(ref) > MaxRoomName || !onlySlugCharacters(ref):
		return Room{}, Invalid("room_id", "room_id must be the id or the name of a room",
			"Ids and names have at most 63 lowercase letters, numbers and hyphens; list_rooms shows them.")
	}
	if looksLikeID(ref) {
		room, err := s.store.RoomByID(ctx, ref)
		if !errors.Is(err, ErrNotFound) {
			return room, s.storeError(err, "")
		}
	}
	room, err := s.store.RoomByName(ctx, ref)
	return room, s.storeError(err, "")
}

// resolveFor finds a room and authorizes an action on it.
func (s *Service) resolveFor(ctx context.Context, p Principal, action Action, ref string) (Room, error) {
	if !isKnown(p) { // before anything is looked up
		return Room{}, authorize(p, action, nil)
	}
	room, err := s.resolveLink(ctx, p, ref)
	if err != nil {
		return Room{}, err
	}
	return room, authorize(p, action, &room)
}

// resolveLink is resolve that also takes the link of a code of the room. A wrong
// code counts as guessed.
func (s *Service) resolveLink(ctx context.Context, p Principal, ref string) (Room, error) {
	kind, code, ok := linkedTo(ref)
	if !ok || kind != "code" {
		return s.resolve(ctx, ref)
	}
	if err := s.guesses.check(p.key()); err != nil {
		s.onLimit(limitGuesses)
		return Room{}, err
	}
	_, room, err := s.lookUpCode(ctx, p, code)
	return room, err
}

// resolveForChange finds a room for a call that changes it: it authorizes the
// action, gives the first of the errors that were found in the arguments, and
// counts the change.
func (s *Service) resolveForChange(
	ctx context.Context, p Principal, action Action, ref string, found ...error,
) (Room, error) {
	room, err := s.resolveFor(ctx, p, action, ref)
	if err = cmp.Or(err, cmp.Or(found...)); err != nil {
		return Room{}, err
	}
	return room, s.checkChangeRate(p)
}

// errAfterChange is for a read that failed after its change was stored.
func errAfterChange(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Code: CodeUnavailable, Message: "The change was made, but the database cannot be reached any more",
		Hint: "Look at it again in a few seconds.", Err: err}
}

// codeError is storeError for lookups by code.
func (s *Service) codeError(err error) error {
	if errors.Is(err, ErrNotFound) {
		return errCodeNotFound()
	}
	return s.storeError(err, "")
}

// Calendar is the entry for a calendar of the room that a code opens.
func (l Links) Calendar(code string) string { return l.Code(code) + "/event.ics" }
