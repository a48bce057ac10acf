package livekit

import (
	"slices"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"

	"roomkey/meet"
)

// trackSources are LiveKit's names for what a role can publish.
var trackSources = map[meet.Source]livekit.TrackSource{
	meet.Camera:           livekit.TrackSource_CAMERA,
	meet.Microphone:       livekit.TrackSource_MICROPHONE,
	meet.ScreenShare:      livekit.TrackSource_SCREEN_SHARE,
	meet.ScreenShareAudio: livekit.TrackSource_SCREEN_SHARE_AUDIO,
}

// ApplyProfile puts a profile in the place of the one that the claims of a join
// token hold. The claims stay as they are; it gives changed ones.
func ApplyProfile(claims *auth.ClaimGrants, profile meet.Profile) *auth.ClaimGrants {
	claims = claims.Clone()
	claims.Name = profile.Name
	if claims.Attributes == nil {
		claims.Attributes = map[string]string{}
	}
	setAttributes(claims.Attributes, profile)
	claims.Video.UpdateFromPermission(permission(profile.Grants))
	return claims
}

// permission is what grants mean for somebody who is inside. It is the same as in
// a token with these grants: everything not named is refused.
func permission(grants meet.Grants) *livekit.ParticipantPermission {
	p := &livekit.ParticipantPermission{CanSubscribe: grants.Subscribe, CanPublishData: grants.Data}
	for _, source := range grants.Publish {
		if s, ok := trackSources[source]; ok {
			p.CanPublishSources = append(p.CanPublishSources, s)
		}
	}
	p.CanPublish = len(p.CanPublishSources) > 0
	return p
}

// grantsFrom reads a permission of LiveKit's, in which no list of sources means
// all of them.
func grantsFrom(p *livekit.ParticipantPermission) meet.Grants {
	g := meet.Grants{Subscribe: p.GetCanSubscribe(), Data: p.GetCanPublishData()}
	if !p.GetCanPublish() {
		return g
	}
	if len(p.GetCanPublishSources()) == 0 {
		g.Publish = slices.Clone(meet.Sources)
	}
	for _, s := range p.GetCanPublishSources() {
		if known := source(s); known != meet.UnknownSource {
			g.Publish = append(g.Publish, known)
		}
	}
	return g
}
