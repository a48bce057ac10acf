// Package hms shows the room codes of [meet.Service] as the Room Codes API of 100ms
// does: the same names, shapes and defaults. REST and MCP both use it, so that a
// client of 100ms finds the same on both. It only translates: who may do what is
// decided by the service.
//
// https://www.100ms.live/docs/server-side/v2/api-reference/room-codes
package hms

import (
	"context"
	"fmt"
	"strings"
	"time"

	"roomkey/meet"
)

// RoomCode is a room code as 100ms writes one.
type RoomCode struct {
	Code      string    `json:"code" doc:"The room code"`
	RoomID    string    `json:"room_id" doc:"Id of the room"`
	Role      string    `json:"role" doc:"The role it lets in as"`
	Enabled   bool      `json:"enabled" doc:"false: it lets nobody in"`
	CreatedAt time.Time `json:"created_at" doc:"When it was made"`
	UpdatedAt time.Time `json:"updated_at" doc:"When it was changed last"`
}

// RoomCodes is a list of room codes, or a page of one.
type RoomCodes struct {
	Limit int        `json:"limit" doc:"The most codes that this page can hold"`
	Data  []RoomCode `json:"data" doc:"The room codes"`
	Last  string     `json:"last" doc:"Where the next page starts; empty on the last one"`
}

// The sizes of a page.
const (
	MinLimit     = 10
	MaxLimit     = 100
	DefaultLimit = 20
)

// Filter says which codes of a room to give.
type Filter struct {
	Role    *string
	Enabled *bool
	Limit   *int   // MinLimit to MaxLimit; nil is DefaultLimit
	Start   string // Last of the page before; empty is the beginning
}

// Create makes the codes that a room lacks, one for every role, and gives them all.
func Create(ctx context.Context, s *meet.Service, p meet.Principal, room string) (RoomCodes, error) {
	codes, err := s.CreateCodes(ctx, p, room, meet.CodeRequest{})
	return whole(codes.Codes), translate(err)
}

// CreateForRole gives the room's code for a role, and makes it if there is none.
func CreateForRole(ctx context.Context, s *meet.Service, p meet.Principal, room, role string) (RoomCode, error) {
	codes, err := s.CreateCodes(ctx, p, room, meet.CodeRequest{Role: &role})
	if err != nil {
		return RoomCode{}, translate(err)
	}
	return view(codes.Codes[0]), nil
}

// Page gives a page of the room's codes.
func Page(ctx context.Context, s *meet.Service, p meet.Principal, room string, f Filter) (RoomCodes, error) {
	limit := DefaultLimit
	if f.Limit != nil {
		limit = *f.Limit
	}
	if limit < MinLimit || limit > MaxLimit {
		return RoomCodes{}, meet.Invalid("limit", fmt.Sprintf("limit must be between %d and %d", MinLimit, MaxLimit),
			fmt.Sprintf("Leave it out for %d; use start for more.", DefaultLimit))
	}
	codes, last, err := s.Codes(ctx, p, room, meet.CodeFilter{
		Role: f.Role, Enabled: f.Enabled, Limit: &limit, Cursor: f.Start,
	})
	if err != nil {
		return RoomCodes{}, translate(err)
	}
	return RoomCodes{Limit: limit, Data: views(codes), Last: last}, nil
}

// All gives all of the room's codes at once.
func All(ctx context.Context, s *meet.Service, p meet.Principal, room string) (RoomCodes, error) {
	var (
		all    []meet.RoomCode
		limit  = MaxLimit
		cursor string
	)
	for {
		codes, next, err := s.Codes(ctx, p, room, meet.CodeFilter{Limit: &limit, Cursor: cursor})
		if err != nil {
			return RoomCodes{}, translate(err)
		}
		all = append(all, codes...)
		if next == "" {
			return whole(all), nil
		}
		cursor = next
	}
}

// Update enables or disables a code. People who are inside stay.
func Update(ctx context.Context, s *meet.Service, p meet.Principal, code string, enabled bool) (RoomCode, error) {
	updated, err := s.UpdateCode(ctx, p, code, meet.CodeChange{Enabled: &enabled}, false)
	if err != nil {
		return RoomCode{}, translate(err)
	}
	return view(updated.RoomCode), nil
}

// translate changes an error where 100ms words it in another way. It names no tools,
// because the caller may not have them.
func translate(err error) error {
	if err == nil {
		return nil
	}
	e := *meet.AsError(err)
	switch {
	case e.Code == meet.CodeInvalid && e.Field == "role":
		e.Code, e.Message = meet.CodeNotFound, "Role not found"
	case e.Code == meet.CodeNotFound && e.Field == "room_id":
		e.Hint = "Give the id or the name of a room that you administer."
	case (e.Code == meet.CodeNotFound || e.Code == meet.CodeGone) && e.Field == "code":
		e.Hint = "The list of the room's codes has those that there are."
	case e.Field == "cursor":
		e.Field, e.Message = "start", strings.Replace(e.Message, "cursor", "start", 1)
		e.Hint = "Pass last of the page before unchanged, or leave it out."
	}
	return &e
}

// whole is a list that is complete on one page.
func whole(codes []meet.RoomCode) RoomCodes {
	return RoomCodes{Limit: max(DefaultLimit, len(codes)), Data: views(codes)}
}

func view(c meet.RoomCode) RoomCode {
	return RoomCode{
		Code: c.Code, RoomID: c.RoomID, Role: c.Role, Enabled: c.Enabled, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
}

// views never gives nil, because lists are [] and never null.
func views(codes []meet.RoomCode) []RoomCode {
	views := make([]RoomCode, len(codes))
	for i, c := range codes {
		views[i] = view(c)
	}
	return views
}
