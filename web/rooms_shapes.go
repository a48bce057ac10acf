package web

import (
	"slices"
	"strings"
	"time"

	"roomkey/meet"
)

// What the Rooms API takes and gives. Each answer has the fields that its
// clients know, and no others.

type createRequest struct {
	Name            *string      `json:"name"`
	IsPublic        *bool        `json:"isPublic"`
	Mode            *meet.Mode   `json:"mode"`
	MaxParticipants *float64     `json:"maxParticipants"`
	Settings        settingsPart `json:"settings"`
}

// settingsPart is settings of which some may be left out.
type settingsPart struct {
	AllowChat  *bool `json:"allowChat"`
	AllowVideo *bool `json:"allowVideo"`
	AllowAudio *bool `json:"allowAudio"`
	E2EE       *bool `json:"e2ee"`

	RequireApproval *bool `json:"requireApproval"`
}

func (b createRequest) change() (meet.RoomChange, *meet.Error) {
	most, e := wholeNumber("max_participants", b.MaxParticipants)
	return meet.RoomChange{
		Name: b.Name, IsPublic: b.IsPublic, Mode: b.Mode, MaxParticipants: most,
		AllowChat: b.Settings.AllowChat, AllowVideo: b.Settings.AllowVideo, AllowAudio: b.Settings.AllowAudio,
		E2EE: b.Settings.E2EE, RequireApproval: b.Settings.RequireApproval,
	}, e
}

// joinRequest asks for one of three: the room by name, by id, or by a code.
type joinRequest struct {
	RoomName *string `json:"roomName"`
	RoomID   *string `json:"roomId"`
	Code     *string `json:"code"`

	Name      string `json:"name"`      // display name
	UserID    string `json:"userId"`    // on whose behalf
	RequestID string `json:"requestId"` // of a join request, to go on with it
}

// call is what the service is asked. Some clients send all three, those empty
// that they do not mean.
func (b joinRequest) call() (meet.JoinCall, *meet.Error) {
	call := meet.JoinCall{Name: b.Name, UserID: b.UserID, RequestID: b.RequestID}
	given := slices.DeleteFunc([]*string{b.RoomName, b.RoomID, b.Code}, func(door *string) bool { return door == nil })
	if len(given) > 1 {
		given = slices.DeleteFunc(given, func(door *string) bool { return *door == "" })
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

// named gives an error about the room by the name of the field it came in.
func (b joinRequest) named(call meet.JoinCall, e *meet.Error) *meet.Error {
	if e.Field != "room_id" || call.RoomID == nil || call.RoomID != b.RoomName {
		return e
	}
	named := *e
	named.Field, named.Message = "room_name", strings.ReplaceAll(e.Message, "room_id", "room_name")
	return &named
}

// settingsShape is settings in the order in which clients know them.
type settingsShape struct {
	AllowChat       bool `json:"allowChat"`
	AllowVideo      bool `json:"allowVideo"`
	AllowAudio      bool `json:"allowAudio"`
	RequireApproval bool `json:"requireApproval"`
	E2EE            bool `json:"e2ee"`
}

func shapeSettings(s meet.Settings) settingsShape {
	return settingsShape{AllowChat: s.AllowChat, AllowVideo: s.AllowVideo, AllowAudio: s.AllowAudio, RequireApproval: s.RequireApproval, E2EE: s.E2EE}
}

// waitingRoom tells somebody to go on with the same call and the requestId.
type waitingRoom struct {
	Status    string `json:"status"` // always waiting
	RequestID string `json:"requestId"`
}

type createdRoom struct {
	ID              string        `json:"id"`
	Name            string        `json:"name"`
	CreatedBy       string        `json:"createdBy"`
	IsActive        bool          `json:"isActive"`
	IsPublic        bool          `json:"isPublic"`
	MaxParticipants int           `json:"maxParticipants"`
	ExpiresAt       time.Time     `json:"expiresAt,omitzero"`
	Settings        settingsShape `json:"settings"`
	LiveKitHost     string        `json:"livekitHost"`
	Mode            meet.Mode     `json:"mode"`
}

func (s *Server) createdRoom(r meet.Room) createdRoom {
	return createdRoom{ID: r.ID, Name: r.Name, CreatedBy: r.CreatedBy, IsActive: s.Service.IsActive(r), IsPublic: r.IsPublic,
		MaxParticipants: r.MaxParticipants, ExpiresAt: r.ExpiresAt, Settings: shapeSettings(r.Settings),
		LiveKitHost: s.Service.Links().LiveKit, Mode: r.Mode}
}

type joinedRoom struct {
	ID              string        `json:"id"`
	Name            string        `json:"name"`
	Token           string        `json:"token"` // for LiveKit
	CreatedBy       string        `json:"createdBy"`
	AdminID         string        `json:"adminId"`
	IsActive        bool          `json:"isActive"`
	IsPublic        bool          `json:"isPublic"`
	MaxParticipants int           `json:"maxParticipants"`
	ExpiresAt       time.Time     `json:"expiresAt,omitzero"`
	Settings        settingsShape `json:"settings"`
	LiveKitHost     string        `json:"livekitHost"`
	Mode            meet.Mode     `json:"mode"`
}

func (s *Server) joinedRoom(a meet.JoinResult) joinedRoom {
	r := a.Room
	return joinedRoom{ID: r.ID, Name: r.Name, Token: a.Token, CreatedBy: r.CreatedBy, AdminID: r.AdminID, IsActive: s.Service.IsActive(r), IsPublic: r.IsPublic,
		MaxParticipants: r.MaxParticipants, ExpiresAt: r.ExpiresAt, Settings: shapeSettings(r.Settings), LiveKitHost: a.LiveKitURL, Mode: r.Mode}
}

type listedRoom struct {
	ID              string            `json:"id"`
	Name            string            `json:"name"`
	CreatedBy       string            `json:"createdBy"`
	IsActive        bool              `json:"isActive"`
	MaxParticipants int               `json:"maxParticipants"`
	ExpiresAt       time.Time         `json:"expiresAt,omitzero"`
	Settings        settingsShape     `json:"settings"`
	Mode            meet.Mode         `json:"mode"`
	Relationship    meet.Relationship `json:"relationship"`
}

// listedRooms never gives nil, because lists are [] and never null.
func (s *Server) listedRooms(rooms []meet.RoomInList) []listedRoom {
	listed := make([]listedRoom, len(rooms))
	for i, r := range rooms {
		listed[i] = listedRoom{ID: r.ID, Name: r.Name, CreatedBy: r.CreatedBy, IsActive: s.Service.IsActive(r.Room), MaxParticipants: r.MaxParticipants,
			ExpiresAt: r.ExpiresAt, Settings: shapeSettings(r.Settings), Mode: r.Mode, Relationship: r.Relationship}
	}
	return listed
}
