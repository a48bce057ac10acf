package livekit

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/livekit/protocol/auth"

	"roomkey/meet"
)

// The attributes that a token carries and a client cannot change. They come
// back with the list of participants.
const (
	attrUserID = "user_id"
	attrRole   = "role"
	attrAdmin  = "admin" // "true" or absent
)

// attrHand is an attribute that tokens do not carry: since when a hand is raised.
const attrHand = "hand"

// setAttributes sets those attributes of a token that follow from a profile.
func setAttributes(attributes map[string]string, profile meet.Profile) {
	attributes[attrRole] = profile.Role
	if delete(attributes, attrAdmin); profile.Admin {
		attributes[attrAdmin] = "true"
	}
}

// Token implements [meet.Media].
func (s *Server) Token(admission meet.Admission, profile meet.Profile, expires time.Time) (string, error) {
	left := expires.Sub(s.now())
	if left <= 0 {
		// LiveKit would make 6 hours of it.
		return "", errors.New("livekit: a join token has to expire later than now")
	}
	if admission.RoomID == "" || admission.Identity == "" {
		// Without a room it would open every one.
		return "", errors.New("livekit: a join token needs a room and an identity")
	}
	attributes := map[string]string{attrUserID: admission.UserID}
	setAttributes(attributes, profile)
	token, err := auth.NewAccessToken(s.key, s.secret).
		SetIdentity(admission.Identity).
		SetName(profile.Name).
		SetAttributes(attributes).
		SetVideoGrant(videoGrant(admission.RoomID, profile.Grants)).
		SetValidFor(left).
		ToJWT()
	if err != nil {
		return "", fmt.Errorf("livekit: sign join token: %w", err)
	}
	return s.shift(token, s.skew())
}

// videoGrant writes every grant out: LiveKit takes an absent publish or
// subscribe field for a yes, and an empty list of sources for all of them.
func videoGrant(roomID string, grants meet.Grants) *auth.VideoGrant {
	v := &auth.VideoGrant{RoomJoin: true, Room: roomID}
	for _, source := range grants.Publish {
		if slices.Contains(meet.Sources, source) { // LiveKit reads any other name as a track without a source
			v.CanPublishSources = append(v.CanPublishSources, string(source))
		}
	}
	v.SetCanPublish(len(v.CanPublishSources) > 0)
	v.SetCanSubscribe(grants.Subscribe)
	v.SetCanPublishData(grants.Data)
	v.SetCanUpdateOwnMetadata(false)
	v.SetCanSubscribeMetrics(false)
	v.SetCanManageAgentSession(false)
	return v
}

type joinClaims struct {
	jwt.RegisteredClaims
	Video struct {
		Room     string `json:"room"`
		RoomJoin bool   `json:"roomJoin"`
	} `json:"video"`
}

func (s *Server) secretOf(key string) ([]byte, error) {
	if key == s.key {
		return []byte(s.secret), nil
	}
	if s.otherKey != nil {
		if secret := s.otherKey(key); secret != "" {
			return []byte(secret), nil
		}
	}
	return nil, errors.New("livekit: the token is of an unknown API key")
}

var joinTokenParser = jwt.NewParser(
	jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithoutClaimsValidation())

// ReadToken implements [meet.Media]. The protocol's own verifier refuses tokens
// whose time is over.
func (s *Server) ReadToken(token string) (roomID, identity string, ok bool) {
	var claims joinClaims
	_, err := joinTokenParser.ParseWithClaims(token, &claims,
		func(*jwt.Token) (any, error) { return s.secretOf(claims.Issuer) })
	if err != nil || !claims.Video.RoomJoin || claims.Video.Room == "" || claims.Subject == "" {
		return "", "", false
	}
	return claims.Video.Room, claims.Subject, true
}
