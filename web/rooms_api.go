package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"roomkey/meet"
)

// The Rooms API: rooms and moderation for clients that speak JSON in
// camelCase. It shows what meet.Service does and decides nothing.

const (
	createHint = `Send a JSON object like {"name": "team-standup", "isPublic": true}; {} makes a room with a name of its own.`
	joinHint   = `Send a JSON object like {"roomName": "team-standup"}, or with roomId or code.`
)

// apiCreate opens a room whose admin is the bearer of the token.
func (s *Server) apiCreate(w http.ResponseWriter, r *http.Request) {
	var body createRequest
	if e := readObject(r, &body, false, createHint); e != nil {
		s.refuse(w, r, e)
		return
	}
	change, e := body.change()
	if e != nil {
		s.refuse(w, r, e)
		return
	}
	room, _, err := s.Service.CreateRoom(r.Context(), meet.PrincipalFrom(r.Context()), change, false)
	if err != nil {
		s.refuse(w, r, meet.AsError(err))
		return
	}
	answer(w, http.StatusOK, s.createdRoom(room))
}

// apiJoin gives a token for a room's media, or tells that somebody has to let
// the bearer in first.
func (s *Server) apiJoin(w http.ResponseWriter, r *http.Request) {
	var body joinRequest
	if e := readObject(r, &body, false, joinHint); e != nil {
		s.refuse(w, r, e)
		return
	}
	call, e := body.call()
	if e != nil {
		s.refuse(w, r, e)
		return
	}
	call.Wait, call.StillMay = preferredWait(r), s.stillBearer(r)
	a, err := s.Service.Join(r.Context(), meet.PrincipalFrom(r.Context()), call)
	switch {
	case err != nil:
		e := meet.AsError(err)
		challenge(w, e) // their token may have been revoked while they waited
		s.refuse(w, r, body.named(call, e))
	case a.Waiting:
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
		answer(w, http.StatusAccepted, waitingRoom{"waiting", a.RequestID})
	default:
		answer(w, http.StatusOK, s.joinedRoom(a))
	}
}

// longestList is how many rooms a list has that was not given a limit.
const longestList = 1000

// apiList lists the rooms that the bearer may see, the newest first. Where
// there are more, a Link header (RFC 8288) says how to go on.
func (s *Server) apiList(w http.ResponseWriter, r *http.Request) {
	query, e := readQuery(r)
	if e != nil {
		s.refuse(w, r, e)
		return
	}
	limit, e := optionalNumber(query, "limit")
	if e != nil {
		s.refuse(w, r, e)
		return
	}
	filter := meet.RoomFilter{Scope: meet.ScopeVisible, Limit: limit, Cursor: query.Get("cursor"), Uncounted: true}
	list := s.Service.Rooms
	if limit == nil {
		list = s.allRooms
	}
	rooms, next, err := list(r.Context(), meet.PrincipalFrom(r.Context()), filter)
	if err != nil {
		s.refuse(w, r, meet.AsError(err))
		return
	}
	if next != "" {
		again := url.Values{"cursor": {next}}
		if limit != nil {
			again.Set("limit", strconv.Itoa(*limit))
		}
		w.Header().Set("Link", "<"+r.URL.Path+"?"+again.Encode()+`>; rel="next"`)
	}
	answer(w, http.StatusOK, s.listedRooms(rooms))
}

func (s *Server) allRooms(ctx context.Context, p meet.Principal, f meet.RoomFilter) ([]meet.RoomInList, string, error) {
	return s.Service.RoomsUpTo(ctx, p, f, longestList)
}

func (s *Server) apiKick(w http.ResponseWriter, r *http.Request) {
	_, err := s.Service.Kick(r.Context(), meet.PrincipalFrom(r.Context()), r.PathValue("roomId"), meet.KickCall{Identity: r.PathValue("identity")})
	s.moderated(w, r, err)
}

func (s *Server) apiMute(w http.ResponseWriter, r *http.Request) {
	_, err := s.Service.Mute(r.Context(), meet.PrincipalFrom(r.Context()), r.PathValue("roomId"), meet.MuteCall{Identity: r.PathValue("identity")})
	s.moderated(w, r, err)
}

func (s *Server) apiVideoOff(w http.ResponseWriter, r *http.Request) {
	_, err := s.Service.DisableVideo(r.Context(), meet.PrincipalFrom(r.Context()), r.PathValue("roomId"), meet.MuteCall{Identity: r.PathValue("identity")})
	s.moderated(w, r, err)
}

// moderated answers what a moderator has asked for.
func (s *Server) moderated(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		s.refuse(w, r, meet.AsError(err))
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "success"})
}
