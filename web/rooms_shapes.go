package web

import (
	"slices"
	"strings"
	"time"

	"roomkey/meet"
)

// createRequest is the body of POST /api/room/create.
type createRequest struct {
	Name            *string      `json:"name"`
	IsPublic        *bool        `json:"isPublic"`
	Mode            *meet.Mode   `json:"mode"`
	MaxParticipants *float64     `json:"maxParticipants"`
	Settings        settingsPart `json:"settings"`
}

// settingsPart is settings of which some may be left out: a [meet.SettingsChange]
// with names in camelCase.
type settingsPart struct {
	AllowChat        *bool `json:"allowChat"`
	AllowVideo       *bool `json:"allowVideo"`
	AllowAudio       *bool `json:"allowAudio"`
	AllowScreenShare *bool `json:"allowScreenShare"`
	RequireApproval  *bool `json:"requireApproval"`
	RequireCode      *bool `json:"requireCode"`
	RequireSignIn    *bool `json:"requireSignIn"`
	KeepChat         *bool `json:"keepChat"`
	E2EE             *bool `json:"e2ee"`
}

func (b createRequest) change() (meet.RoomChange, error) {
	most, err := wholeNumber("max_participants", b.MaxParticipants)
	return meet.RoomChange{
		Name: b.Name, IsPublic: b.IsPublic, Mode: b.Mode, MaxParticipants: most,
		Settings: meet.SettingsChange(b.Settings),
	}, err
}

// joinRequest is the body of POST /api/room/join. One of the first three fields
// says which room is meant.
type joinRequest struct {
	RoomName *string `json:"roomName"`
	RoomID   *string `json:"roomId"`
	Code     *string `json:"code"`

	Name      string `json:"name"`      // display name
	UserID    string `json:"userId"`    // on whose behalf
	RequestID string `json:"requestId"` // continues a join request
}

// call gives the call of the service. Some clients send all three fields and
// leave those empty that they do not mean.
func (b joinRequest) call() (meet.JoinCall, error) {
	call := meet.JoinCall{Name: b.Name, UserID: b.UserID, RequestID: b.RequestID}
	given := slices.DeleteFunc([]*string{b.RoomName, b.RoomID, b.Code}, func(f *string) bool { return f == nil })
	if len(given) > 1 {
		given = slices.DeleteFunc(given, func(f *string) bool { return *f == "" })
	}
	switch {
	case len(given) != 1:
		return call, meet.Invalid("", "exactly one of roomName, roomId and code must be given", joinHint)
	case given[0] == b.Code:
		call.Code = b.Code
	default:
		call.RoomID = given[0]
	}
	return call, nil
}

// renameField makes an error about room_id one about room_name, if the caller
// named the room in that field.
func (b joinRequest) renameField(call meet.JoinCall, e *meet.Error) error {
	if e.Field != "room_id" || call.RoomID == nil || call.RoomID != b.RoomName {
		return e
	}
	renamed := *e
	renamed.Field, renamed.Message = "room_name", strings.ReplaceAll(e.Message, "room_id", "room_name")
	return &renamed
}

// roomsWaiting asks the caller to repeat the call: with requestId while a host has
// to approve, without before the room starts.
type roomsWaiting struct {
	Status    string    `json:"status"` // always waiting
	RequestID string    `json:"requestId,omitempty"`
	StartsAt  time.Time `json:"startsAt,omitzero"`
}

// settingsView is [meet.Settings] with names in camelCase.
type settingsView struct {
	AllowChat        bool `json:"allowChat"`
	AllowVideo       bool `json:"allowVideo"`
	AllowAudio       bool `json:"allowAudio"`
	AllowScreenShare bool `json:"allowScreenShare"`
	RequireApproval  bool `json:"requireApproval"`
	RequireCode      bool `json:"requireCode"`
	RequireSignIn    bool `json:"requireSignIn"`
	KeepChat         bool `json:"keepChat"`
	E2EE             bool `json:"e2ee"`
}

// roomView is a room in all answers of the Rooms API. Each answer has the fields
// that its clients know: those marked are absent in the others.
type roomView struct {
	ID              string            `json:"id"`
	Name            string            `json:"name"`
	Title           string            `json:"title,omitempty"` // where the room has one
	Token           string            `json:"token,omitempty"` // join: the join token
	CreatedBy       string            `json:"createdBy"`
	AdminID         string            `json:"adminId,omitempty"` // join
	IsActive        bool              `json:"isActive"`
	IsPublic        *bool             `json:"isPublic,omitempty"` // create, join
	MaxParticipants int               `json:"maxParticipants"`
	StartsAt        time.Time         `json:"startsAt,omitzero"`  // where the room has a start
	ExpiresAt       time.Time         `json:"expiresAt,omitzero"` // where the room expires
	Settings        settingsView      `json:"settings"`
	LiveKitHost     string            `json:"livekitHost,omitempty"` // create, join
	Mode            meet.Mode         `json:"mode"`
	Relationship    meet.Relationship `json:"relationship,omitempty"` // list
}

// viewRoom gives the fields that all answers have.
func (s *Server) viewRoom(r meet.Room) roomView {
	return roomView{
		ID: r.ID, Name: r.Name, Title: r.Title, CreatedBy: r.CreatedBy, IsActive: s.Service.IsActive(r),
		MaxParticipants: r.MaxParticipants, StartsAt: r.StartsAt, ExpiresAt: r.ExpiresAt, Mode: r.Mode,
		Settings: settingsView(r.Settings),
	}
}
