package tools

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"roomkey/meet"
)

// roomView is a room as agents see it.
type roomView struct {
	ID              string        `json:"id"`
	Name            string        `json:"name"`
	Title           string        `json:"title,omitempty"`
	CreatedBy       string        `json:"created_by"`
	AdminID         string        `json:"admin_id"`
	Admins          []string      `json:"admins,omitempty"` // co-admins; told to admins alone
	IsActive        bool          `json:"is_active"`
	IsPublic        bool          `json:"is_public"`
	Mode            meet.Mode     `json:"mode"`
	MaxParticipants int           `json:"max_participants"`
	Settings        meet.Settings `json:"settings"`
	StartsAt        time.Time     `json:"starts_at,omitzero"`
	ExpiresAt       time.Time     `json:"expires_at,omitzero"`
	CreatedAt       time.Time     `json:"created_at"`
	JoinURL         string        `json:"join_url"`
	LiveKitURL      string        `json:"livekit_url"`
}

// briefRoomView is all that a stranger sees of a private room.
type briefRoomView struct {
	Name     string `json:"name"`
	IsActive bool   `json:"is_active"`
}

// roomOrBrief is written as a roomView, or as a briefRoomView where the caller may
// know no more.
type roomOrBrief struct {
	roomView
	brief bool
}

// MarshalJSON implements [json.Marshaler].
func (v roomOrBrief) MarshalJSON() ([]byte, error) {
	if v.brief {
		return json.Marshal(briefRoomView{v.Name, v.IsActive})
	}
	return json.Marshal(v.roomView)
}

func viewRoomOrBrief(s *meet.Service, r meet.Room) roomOrBrief {
	return roomOrBrief{viewRoom(s, r), r.IsBrief()}
}

func viewRoom(s *meet.Service, r meet.Room) roomView {
	return roomView{
		ID: r.ID, Name: r.Name, Title: r.Title, CreatedBy: r.CreatedBy, AdminID: r.AdminID, Admins: r.Admins,
		IsActive: s.IsActive(r), IsPublic: r.IsPublic, Mode: r.Mode, MaxParticipants: r.MaxParticipants,
		Settings: r.Settings, StartsAt: r.StartsAt, ExpiresAt: r.ExpiresAt, CreatedAt: r.CreatedAt,
		JoinURL: s.Links().Room(r.Name), LiveKitURL: s.Links().LiveKit,
	}
}

// codeView is a room code as agents see it.
type codeView struct {
	Code       string    `json:"code"`
	RoomID     string    `json:"room_id"`
	Role       string    `json:"role"`
	Label      string    `json:"label,omitempty"`
	Email      string    `json:"email,omitempty"`
	Enabled    bool      `json:"enabled"`
	Uses       int       `json:"uses"`
	MaxUses    int       `json:"max_uses"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
	EnteredAt  time.Time `json:"entered_at,omitzero"` // when somebody who came by it was inside first
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
	JoinURL    string    `json:"join_url"`

	// Blocked: somebody who came by the code is blocked. It lets in only people
	// with an access token.
	Blocked bool `json:"blocked,omitempty"`
}

func viewCode(s *meet.Service, c meet.RoomCode) codeView {
	return codeView{
		Code: c.Code, RoomID: c.RoomID, Role: c.Role, Label: c.Label, Email: c.Email, Enabled: c.Enabled,
		Uses: c.Uses, MaxUses: c.MaxUses, ExpiresAt: c.ExpiresAt, LastUsedAt: c.LastUsedAt, EnteredAt: c.EnteredAt,
		CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, JoinURL: s.Links().Code(c.Code), Blocked: c.Blocked,
	}
}

func viewCodes(s *meet.Service, codes []meet.RoomCode) []codeView {
	return viewAll(codes, func(c meet.RoomCode) codeView { return viewCode(s, c) })
}

// participantView is somebody in the room as agents see them.
type participantView struct {
	Identity string      `json:"identity"`
	Name     string      `json:"name"`
	UserID   string      `json:"user_id,omitempty"`
	Verified bool        `json:"verified"`
	Label    string      `json:"label,omitempty"` // of the code they came by
	Role     string      `json:"role,omitempty"`
	JoinedAt time.Time   `json:"joined_at"`
	Tracks   []trackView `json:"tracks"`

	IsAdmin bool          `json:"is_admin,omitempty"`
	Locked  []meet.Source `json:"locked,omitempty"`
	Set     []setView     `json:"set,omitempty"`

	HandRaisedAt time.Time `json:"hand_raised_at,omitzero"`
}

// setView is something that a moderator has set for a person.
type setView struct {
	Property meet.Property `json:"property"`
	Value    any           `json:"value"` // of a right: whether they have it
	Until    time.Time     `json:"until,omitzero"`
}

func viewSet(overrides meet.Overrides) (set []setView) {
	for _, property := range meet.Properties {
		override, ok := overrides[property]
		if !ok {
			continue
		}
		view := setView{property, override.Value, override.Until}
		if slices.Contains(meet.Rights, property) {
			view.Value = override.Value == "true"
		}
		set = append(set, view)
	}
	return set
}

type trackView struct {
	Source meet.Source `json:"source"`
	Muted  bool        `json:"muted"`
}

func viewParticipants(people []meet.Person) []participantView {
	return viewAll(people, viewParticipant)
}

func viewParticipant(p meet.Person) participantView {
	return participantView{
		Identity: p.Identity, Name: p.Name, UserID: p.UserID, Verified: p.Verified, Label: p.Label, Role: p.Role,
		JoinedAt: p.JoinedAt, IsAdmin: p.Admin, Locked: p.Locked, Set: viewSet(p.Set), HandRaisedAt: p.HandRaisedAt,
		Tracks: viewAll(p.Tracks, func(t meet.Track) trackView { return trackView{t.Source, t.Muted} }),
	}
}

// requestView is somebody who wants to be let in, as agents see them.
type requestView struct {
	RequestID string            `json:"request_id"`
	Name      string            `json:"name"`
	UserID    string            `json:"user_id,omitempty"`
	Verified  bool              `json:"verified"`
	Label     string            `json:"label,omitempty"`
	Role      string            `json:"role"`
	Status    meet.RequestState `json:"status"`
	CreatedAt time.Time         `json:"created_at"`
}

func viewRequest(r meet.JoinRequest) requestView {
	return requestView{
		RequestID: r.ID, Name: r.Name, UserID: r.UserID, Verified: r.Verified(), Label: r.Label, Role: r.Role,
		Status: r.State, CreatedAt: r.CreatedAt,
	}
}

func viewRequests(requests []meet.JoinRequest) []requestView { return viewAll(requests, viewRequest) }

// blockView is somebody who is kept out, as agents see them.
type blockView struct {
	Identity  string    `json:"identity"`
	Name      string    `json:"name"`
	UserID    string    `json:"user_id,omitempty"`
	Verified  bool      `json:"verified"`
	Label     string    `json:"label,omitempty"`
	Code      string    `json:"code,omitempty"` // the first group of the code they came by
	Reason    string    `json:"reason,omitempty"`
	BlockedBy string    `json:"blocked_by"`
	CreatedAt time.Time `json:"created_at"`
}

func viewBlocks(blocks []meet.Block) []blockView { return viewAll(blocks, viewBlock) }

func viewBlock(b meet.Block) blockView {
	return blockView{
		Identity: b.Identity, Name: b.Name, UserID: cmp.Or(b.Subject, b.UserID), Verified: b.Verified,
		Label: b.Label, Code: meet.FirstGroup(b.Code), Reason: b.Reason, BlockedBy: b.BlockedBy, CreatedAt: b.CreatedAt,
	}
}

// eventView is a line of the audit trail, as agents see it.
type eventView struct {
	ID        string            `json:"id"`
	Time      time.Time         `json:"time"`
	Actor     string            `json:"actor"`
	Via       meet.Via          `json:"via,omitempty"`
	Client    string            `json:"client,omitempty"`
	Kind      meet.EventKind    `json:"kind"`
	Action    meet.EventAction  `json:"action"`
	RoomID    string            `json:"room_id"`
	RoomName  string            `json:"room_name"`
	Target    string            `json:"target,omitempty"`
	UserID    string            `json:"user_id,omitempty"`
	Verified  *bool             `json:"verified,omitempty"` // of events about a person
	Label     string            `json:"label,omitempty"`
	Outcome   meet.Outcome      `json:"outcome"`
	Details   map[string]string `json:"details,omitempty"`
	RequestID string            `json:"request_id,omitempty"`
}

func viewEvents(events []meet.Event) []eventView { return viewAll(events, viewEvent) }

func viewEvent(e meet.Event) eventView {
	v := eventView{
		ID: strconv.FormatInt(e.ID, 10), Time: e.At, Actor: e.Actor, Via: e.Caller.Via, Client: e.Caller.Client,
		Kind: e.Action.Kind(), Action: e.Action, RoomID: e.RoomID, RoomName: e.RoomName, Target: e.Target,
		Outcome: e.Outcome, Details: e.Details, RequestID: e.RequestID,
	}
	if who, rest, ok := e.About(); ok { // fields tell who, as in lists of people
		v.Verified, v.UserID, v.Label, v.Details = &who.Verified, who.UserID, who.Label, rest
	}
	return v
}

// viewAll gives the view of each item. It never gives nil, because lists are []
// and never null.
func viewAll[T, V any](items []T, view func(T) V) []V {
	views := make([]V, len(items))
	for i, item := range items {
		views[i] = view(item)
	}
	return views
}

// durationOf turns optional seconds into an optional duration.
func durationOf(seconds *int) *time.Duration {
	if seconds == nil {
		return nil
	}
	d := time.Duration(*seconds) * time.Second
	return &d
}

// valueOrZero gives what an optional argument holds, or the zero value.
func valueOrZero[T any](optional *T) (v T) {
	if optional != nil {
		v = *optional
	}
	return v
}
