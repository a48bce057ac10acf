package e2e_test

import (
	"strings"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
)

// This file is what somebody can do who has LiveKit's key.

// mint signs a token past roomkey, with all rights.
func (s *scene) mint(identity string, attributes map[string]string) pass {
	s.t.Helper()
	token, err := auth.NewAccessToken(s.key, s.secret).SetIdentity(identity).SetAttributes(attributes).
		SetVideoGrant(&auth.VideoGrant{RoomJoin: true, Room: s.room.ID}).SetValidFor(time.Hour).ToJWT()
	if err != nil {
		s.t.Fatal(err)
	}
	url := s.url
	if s.mode == foreign {
		url = s.livekit.URL()
	}
	return pass{Token: token, LiveKitURL: "ws" + strings.TrimPrefix(url, "http"), Identity: identity}
}

// mediaRoom gives LiveKit's room, nil if there is none.
func (s *scene) mediaRoom() *livekit.Room {
	s.t.Helper()
	resp, err := s.rooms.ListRooms(s.t.Context(), &livekit.ListRoomsRequest{Names: []string{s.room.ID}})
	if err != nil {
		s.t.Fatalf("ListRooms: %v", err)
	}
	if len(resp.Rooms) == 0 {
		return nil
	}
	return resp.Rooms[0]
}

// deleteMediaRoom takes LiveKit's room away behind roomkey's back.
func (s *scene) deleteMediaRoom() {
	s.t.Helper()
	if _, err := s.rooms.DeleteRoom(s.t.Context(), &livekit.DeleteRoomRequest{Room: s.room.ID}); err != nil {
		s.t.Fatalf("DeleteRoom: %v", err)
	}
}

// permission is what LiveKit tells somebody that they may do.
type permission = livekit.ParticipantPermission
