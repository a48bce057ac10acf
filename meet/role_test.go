package meet

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGrantsNeverExceedRoleOrSettings(t *testing.T) {
	t.Parallel()
	everything := DefaultSettings()
	tests := []struct {
		name     string
		role     Role
		settings Settings
		want     Grants
	}{
		{"the zero role", Role{}, everything, Grants{}},
		{"a viewer", Role{Subscribe: true}, everything, Grants{Subscribe: true}},
		{"a guest", Role{Publish: Sources, Subscribe: true, Chat: true}, everything, Grants{Publish: Sources,
			Subscribe: true, Data: true}},
		{"no chat", Role{Publish: Sources, Chat: true}, Settings{AllowVideo: true, AllowAudio: true,
			AllowScreenShare: true}, Grants{Publish: Sources}},
		{"no video", Role{Publish: Sources, Chat: true}, Settings{AllowAudio: true, AllowScreenShare: true},
			Grants{Publish: []Source{Microphone, ScreenShareAudio}}},
		{"no audio", Role{Publish: Sources}, Settings{AllowVideo: true, AllowScreenShare: true},
			Grants{Publish: []Source{Camera, ScreenShare}}},
		{"no screen share", Role{Publish: Sources}, Settings{AllowVideo: true, AllowAudio: true},
			Grants{Publish: []Source{Camera, Microphone}}},
		{"screen share alone", Role{Publish: Sources}, Settings{AllowScreenShare: true}, Grants{}},
		{"a role that shares no screen", Role{Publish: []Source{Camera}}, everything, Grants{Publish: []Source{Camera}}},
		{"nothing at all", Role{Publish: Sources, Subscribe: true, Chat: true}, Settings{}, Grants{Subscribe: true}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.role.Grants(tt.settings)); diff != "" {
			t.Errorf("%s: grants differ (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestRoleWithoutCode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		mode  Mode
		admin bool
		want  string
	}{
		{Standard, true, RoleHost}, {Standard, false, RoleGuest},
		{Webinar, true, RoleHost}, {Webinar, false, RoleViewer},
	}
	for _, tt := range tests {
		if got := roleWithoutCode(Room{Mode: tt.mode}, tt.admin); got != tt.want {
			t.Errorf("role in a %s room (admin: %v) = %s; want %s", tt.mode, tt.admin, got, tt.want)
		}
	}
}
