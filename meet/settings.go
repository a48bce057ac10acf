package meet

import (
	"fmt"
	"reflect"
)

// Settings bound what roles may do in one room. The tags are the names of the
// settings for tools, in the configuration and in the database.
type Settings struct {
	AllowChat        bool `json:"allow_chat" yaml:"allow_chat"`                 // text chat (LiveKit data messages)
	AllowVideo       bool `json:"allow_video" yaml:"allow_video"`               // camera and screen share
	AllowAudio       bool `json:"allow_audio" yaml:"allow_audio"`               // microphone and screen share sound
	AllowScreenShare bool `json:"allow_screen_share" yaml:"allow_screen_share"` // screen share and its sound

	// RequireApproval makes everybody wait to be let in but admins and those
	// whose role skips it.
	RequireApproval bool `json:"require_approval" yaml:"require_approval"`

	// RequireCode keeps out everybody who comes by the room's name or id and not by
	// a code, but for admins, and those whom a host has approved.
	RequireCode bool `json:"require_code" yaml:"require_code"`

	// RequireSignIn keeps out everybody who has not proved who they are, also those with a
	// code: by an access token of their own, or by signing in on the join page.
	RequireSignIn bool `json:"require_sign_in" yaml:"require_sign_in"`

	// KeepChat keeps what is written in the chat for the room's admins. People are
	// told. It does nothing where E2EE is on.
	KeepChat bool `json:"keep_chat" yaml:"keep_chat"`

	E2EE bool `json:"e2ee" yaml:"e2ee"` // participants' clients encrypt end to end; the key never comes here
}

// DefaultSettings hold where nothing else was said: not by the configuration or
// the creator of a room, nor in a row that is older than the setting.
func DefaultSettings() Settings {
	return Settings{AllowChat: true, AllowVideo: true, AllowAudio: true, AllowScreenShare: true}
}

// SettingsChange names the settings that are to be different; nil leaves one as
// it is. Its fields are those of [Settings]; agents read the doc tags.
type SettingsChange struct {
	AllowChat        *bool `json:"allow_chat" doc:"Text chat"`
	AllowVideo       *bool `json:"allow_video" doc:"Cameras and shared screens"`
	AllowAudio       *bool `json:"allow_audio" doc:"Microphones and screen sound"`
	AllowScreenShare *bool `json:"allow_screen_share" doc:"Shared screens"`
	RequireApproval  *bool `json:"require_approval" doc:"All wait to be let in, but admins and some roles"`
	RequireCode      *bool `json:"require_code" doc:"Only admins, codes and approvals get in"`
	RequireSignIn    *bool `json:"require_sign_in" doc:"Only who signed in gets in"`
	KeepChat         *bool `json:"keep_chat" doc:"Keep chat for get_transcript; people are told"`
	E2EE             *bool `json:"e2ee" doc:"End-to-end encryption"`
}

// apply writes the change into s.
func (c SettingsChange) apply(s *Settings) {
	change, settings := reflect.ValueOf(c), reflect.ValueOf(s).Elem()
	for i := range change.NumField() {
		if value := change.Field(i); !value.IsNil() {
			settings.FieldByName(change.Type().Field(i).Name).Set(value.Elem())
		}
	}
}

// noteDifferences adds the settings that are not as before to the details of an
// event, with their new values.
func (s Settings) noteDifferences(before Settings, details map[string]string) {
	was, is := reflect.ValueOf(before), reflect.ValueOf(s)
	for i := range is.NumField() {
		if value := is.Field(i).Interface(); value != was.Field(i).Interface() {
			details["settings."+is.Type().Field(i).Tag.Get("json")] = fmt.Sprint(value)
		}
	}
}

// allow says whether the settings leave a source to the roles that have it.
func (s Settings) allow(source Source) bool {
	switch source {
	case Camera:
		return s.AllowVideo
	case Microphone:
		return s.AllowAudio
	case ScreenShare:
		return s.AllowVideo && s.AllowScreenShare
	case ScreenShareAudio:
		return s.AllowAudio && s.AllowScreenShare
	}
	return false
}
