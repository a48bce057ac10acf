package livekit

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"roomkey/meet"
)

// Participants lists who is connected now, the longest first.
func (s *Server) Participants(ctx context.Context, roomID string) ([]meet.Participant, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	present, err := s.listParticipants(ctx, roomID)
	if err != nil {
		return nil, err
	}
	people := make([]meet.Participant, 0, len(present))
	for _, p := range present {
		if isVisible(p) {
			people = append(people, participant(p))
		}
	}
	slices.SortFunc(people, func(a, b meet.Participant) int {
		return cmp.Or(a.JoinedAt.Compare(b.JoinedAt), strings.Compare(a.Identity, b.Identity))
	})
	return people, nil
}

// listParticipants gives all participants who are connected to the media room, also
// hidden ones; none if the room does not exist.
func (s *Server) listParticipants(ctx context.Context, roomID string) ([]*livekit.ParticipantInfo, error) {
	for {
		listed, err := s.listed(ctx, roomID)
		if err != nil || s.singleNode {
			return listed, err
		}
		again, err := s.checkLiveness(ctx, roomID, listed)
		if err != nil {
			return nil, callError("look who is connected", err)
		}
		if !again {
			return s.liveness.connectedOf(roomID, listed), nil
		}
	}
}

// listed gives the participants whom LiveKit lists, none if the room does not exist:
// some servers say that with an empty list, others with not_found, and those that
// ask the room's node get no response.
func (s *Server) listed(ctx context.Context, roomID string) ([]*livekit.ParticipantInfo, error) {
	resp, err := ask(ctx, s, twice, func(ctx context.Context) (*livekit.ListParticipantsResponse, error) {
		return s.rooms.ListParticipants(ctx, &livekit.ListParticipantsRequest{Room: roomID})
	})
	if err != nil && !isNotFound(err) && !isNoResponse(err) {
		return nil, callError("list participants", err)
	}
	return resp.GetParticipants(), nil
}

// isVisible is false for a participant who is still connecting or has left, and for
// recorders and other hidden ones.
func isVisible(p *livekit.ParticipantInfo) bool {
	state := p.GetState()
	return (state == livekit.ParticipantInfo_JOINED || state == livekit.ParticipantInfo_ACTIVE) && !isHidden(p)
}

func participant(p *livekit.ParticipantInfo) meet.Participant {
	attributes := p.GetAttributes()
	out := meet.Participant{
		Identity: p.GetIdentity(),
		SID:      p.GetSid(),
		Profile: meet.Profile{Name: p.GetName(), Role: attributes[attrRole], Admin: attributes[attrAdmin] == "true",
			Grants: grantsFrom(p.GetPermission())},
		UserID:   attributes[attrUserID],
		JoinedAt: joinedAt(p),
		Active:   p.GetState() == livekit.ParticipantInfo_ACTIVE,
		Tracks:   make([]meet.Track, 0, len(p.GetTracks())),
	}
	out.HandRaisedAt, _ = time.Parse(time.RFC3339Nano, attributes[attrHand]) // zero if it is down
	for _, t := range p.GetTracks() {
		out.Tracks = append(out.Tracks, track(t))
	}
	// LiveKit gives them in any order, a different one each time.
	slices.SortFunc(out.Tracks, func(a, b meet.Track) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func track(t *livekit.TrackInfo) meet.Track {
	return meet.Track{ID: t.GetSid(), Source: source(t.GetSource()), Audio: isAudio(t), Muted: t.GetMuted()}
}

// isAudio looks at what comes, which the server knows. LiveKit does not compare that
// with the type that a client has announced.
func isAudio(t *livekit.TrackInfo) bool {
	if kind, _, known := strings.Cut(t.GetMimeType(), "/"); known {
		return strings.EqualFold(kind, "audio")
	}
	return t.GetType() == livekit.TrackType_AUDIO
}

// joinedAt has milliseconds where the server gives them.
func joinedAt(p *livekit.ParticipantInfo) time.Time {
	if ms := p.GetJoinedAtMs(); ms != 0 {
		return time.UnixMilli(ms).UTC()
	}
	return time.Unix(p.GetJoinedAt(), 0).UTC()
}

func source(s livekit.TrackSource) meet.Source {
	for source, theirs := range trackSources {
		if theirs == s {
			return source
		}
	}
	return meet.UnknownSource
}

// SetProfile implements [meet.Media]. LiveKit tells the participant what they may
// do now.
func (s *Server) SetProfile(ctx context.Context, roomID, identity string, profile meet.Profile) error {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	attributes := map[string]string{}
	setAttributes(attributes, profile)
	if !profile.Admin {
		attributes[attrAdmin] = "" // which LiveKit deletes
	}
	_, err := ask(ctx, s, twice, func(ctx context.Context) (*livekit.ParticipantInfo, error) {
		return s.rooms.UpdateParticipant(ctx, &livekit.UpdateParticipantRequest{
			Room:       roomID,
			Identity:   identity,
			Name:       profile.Name,
			Permission: permission(profile.Grants),
			Attributes: attributes,
		})
	})
	return s.participantError(ctx, "update participant", roomID, identity, err)
}

// SetHand implements [meet.Media]. A participant has it in their attributes, which
// none of them can change.
func (s *Server) SetHand(ctx context.Context, roomID, identity string, raisedAt time.Time) error {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	hand := ""
	if !raisedAt.IsZero() {
		hand = raisedAt.UTC().Format(time.RFC3339Nano)
	}
	_, err := ask(ctx, s, twice, func(ctx context.Context) (*livekit.ParticipantInfo, error) {
		return s.rooms.UpdateParticipant(ctx, &livekit.UpdateParticipantRequest{
			Room: roomID, Identity: identity, Attributes: map[string]string{attrHand: hand},
		})
	})
	return s.participantError(ctx, "set a hand", roomID, identity, err)
}

// Remove disconnects a participant. It does not revoke their token.
func (s *Server) Remove(ctx context.Context, roomID, identity string) error {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	_, err := ask(ctx, s, twice, func(ctx context.Context) (*livekit.RemoveParticipantResponse, error) {
		return s.rooms.RemoveParticipant(ctx, &livekit.RoomParticipantIdentity{Room: roomID, Identity: identity})
	})
	return s.participantError(ctx, "remove participant", roomID, identity, err)
}

// participantError is the error of a call about a participant; nil if err is nil.
func (s *Server) participantError(ctx context.Context, doing, roomID, identity string, err error) error {
	switch {
	case err == nil:
		return nil
	case !s.meansGone(ctx, roomID, identity, err):
		return callError(doing, err)
	}
	return &meet.Error{
		Code:    meet.CodeNotFound,
		Message: "Participant not found",
		Field:   "identity",
		Hint:    "list_participants gives the identity of everyone who is in the room now.",
		Err:     err,
	}
}

// MuteTrack stops a published track at the server. It reports false if the
// track or its participant is gone by now.
func (s *Server) MuteTrack(ctx context.Context, roomID, identity, trackID string) (bool, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	// For a participant who has left, LiveKit would wait for an answer and say
	// unavailable in the end.
	if s.isGone(ctx, roomID, identity) {
		return false, nil
	}
	resp, err := ask(ctx, s, twice, func(ctx context.Context) (*livekit.MuteRoomTrackResponse, error) {
		return s.rooms.MutePublishedTrack(ctx, &livekit.MuteRoomTrackRequest{
			Room:     roomID,
			Identity: identity,
			TrackSid: trackID,
			Muted:    true,
		})
	})
	switch {
	case err == nil:
		return resp.GetTrack() != nil, nil // without a track if there is none
	case s.meansGone(ctx, roomID, identity, err):
		return false, nil
	}
	return false, callError("mute track", err)
}

// meansGone says whether the error of a call about a participant means that nobody
// in the room has the identity.
func (s *Server) meansGone(ctx context.Context, roomID, identity string, err error) bool {
	return isNotFound(err) || isNoResponse(err) && !s.singleNode || s.isGone(ctx, roomID, identity)
}

// isGone says whether LiveKit answers that nobody in the room has the identity.
func (s *Server) isGone(ctx context.Context, roomID, identity string) bool {
	_, err := s.rooms.GetParticipant(ctx, &livekit.RoomParticipantIdentity{Room: roomID, Identity: identity})
	return isNotFound(err)
}
