package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"roomkey/meet"
)

// The Rooms API: rooms and moderation in camelCase JSON. It only translates what
// meet.Service does.

// apiCreate creates a room. Its admin is the bearer of the access token.
func (s *Server) apiCreate(w http.ResponseWriter, r *http.Request) error {
	const hint = `Send a JSON object like {"name": "team-standup", "isPublic": true}; ` +
		`{} makes a room with a name of its own.`
	var body createRequest
	if err := readObject(r, &body, false, hint); err != nil {
		return err
	}
	change, err := body.change()
	if err != nil {
		return err
	}
	room, _, err := s.Service.CreateRoom(r.Context(), meet.PrincipalFrom(r.Context()), change, false)
	if err != nil {
		return err
	}
	view := s.viewRoom(room)
	view.IsPublic, view.LiveKitHost = &room.IsPublic, s.Service.Links().LiveKit
	writeJSON(w, http.StatusOK, view)
	return nil
}

const joinHint = `Send a JSON object like {"roomName": "team-standup"}, or with roomId or code.`

// apiJoin gives a join token for a room, or says that an admin has to approve
// first, or when the room starts.
func (s *Server) apiJoin(w http.ResponseWriter, r *http.Request) error {
	var body joinRequest
	if err := readObject(r, &body, false, joinHint); err != nil {
		return err
	}
	call, err := body.call()
	if err != nil {
		return err
	}
	call.Wait, call.StillMay = preferredWait(r), s.checkTokenAgain(r)
	result, err := s.Service.Join(r.Context(), meet.PrincipalFrom(r.Context()), call)
	if err != nil {
		return body.renameField(call, meet.AsError(err))
	}
	if result.Waiting {
		pause := cmp.Or(result.RetryAfter, retryAfter) + time.Second - 1 // rounded up
		w.Header().Set("Retry-After", strconv.Itoa(int(pause/time.Second)))
		writeJSON(w, http.StatusAccepted, roomsWaiting{
			Status: "waiting", RequestID: result.RequestID, StartsAt: result.StartsAt})
		return nil
	}
	view := s.viewRoom(result.Room)
	view.Token, view.AdminID = result.Token, result.Room.AdminID
	view.IsPublic, view.LiveKitHost = &result.Room.IsPublic, result.LiveKitURL
	writeJSON(w, http.StatusOK, view)
	return nil
}

// longestList is the length of a list without a limit.
const longestList = 1000

// apiList lists the rooms that the bearer may see, the newest first. If there
// are more, a Link header (RFC 8288) leads to the next page.
func (s *Server) apiList(w http.ResponseWriter, r *http.Request) error {
	query, err := readQuery(r)
	if err != nil {
		return err
	}
	limit, err := optionalNumber(query, "limit")
	if err != nil {
		return err
	}
	var (
		filter = meet.RoomFilter{Scope: meet.ScopeVisible, Limit: limit, Cursor: query.Get("cursor"), Bare: true}
		again  = url.Values{}
		rooms  []meet.RoomInList
		next   string
	)
	if limit == nil {
		rooms, next, err = s.Service.RoomsUpTo(r.Context(), meet.PrincipalFrom(r.Context()), filter, longestList)
	} else {
		again.Set("limit", strconv.Itoa(*limit))
		rooms, next, err = s.Service.Rooms(r.Context(), meet.PrincipalFrom(r.Context()), filter)
	}
	if err != nil {
		return err
	}
	if next != "" {
		again.Set("cursor", next)
		w.Header().Set("Link", "<"+r.URL.Path+"?"+again.Encode()+`>; rel="next"`)
	}
	views := make([]roomView, len(rooms)) // never nil: a list is [] and not null
	for i, room := range rooms {
		views[i] = s.viewRoom(room.Room)
		views[i].Relationship = room.Relationship
	}
	writeJSON(w, http.StatusOK, views)
	return nil
}

func (s *Server) apiKick(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Service.Kick(r.Context(), meet.PrincipalFrom(r.Context()), r.PathValue("roomId"),
		meet.KickCall{Identity: r.PathValue("identity")})
	return writeResult(w, success, err)
}

func (s *Server) apiMute(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Service.Mute(r.Context(), meet.PrincipalFrom(r.Context()), r.PathValue("roomId"),
		meet.MuteCall{Identity: r.PathValue("identity")})
	return writeResult(w, success, err)
}

func (s *Server) apiVideoOff(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Service.DisableVideo(r.Context(), meet.PrincipalFrom(r.Context()), r.PathValue("roomId"),
		meet.MuteCall{Identity: r.PathValue("identity")})
	return writeResult(w, success, err)
}

// success is the answer to a moderator.
var success = map[string]string{"status": "success"}
