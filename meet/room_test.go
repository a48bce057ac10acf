package meet

import (
	"strings"
	"testing"
	"time"
)

func TestCheckRoomName(t *testing.T) {
	t.Parallel()
	const (
		short = "room name must be at least 3 characters"
		long  = "room name must be at most 63 characters"
		chars = "room name must contain only lowercase letters, numbers, and hyphens"
	)
	tests := []struct{ name, want, message string }{
		{"team-standup", "team-standup", ""},
		{"  Team-Standup\t", "team-standup", ""},
		{"abc", "abc", ""},
		{"123", "123", ""},
		{strings.Repeat("a", 63), strings.Repeat("a", 63), ""},
		{"ab", "", short},
		{"  ab  ", "", short},
		{"ü", "", short},
		{strings.Repeat("a", 64), "", long},
		{strings.Repeat("ü", 64), "", long},
		{"-room", "", chars},
		{"room-", "", chars},
		{"room--name", "", chars},
		{"room name", "", chars},
		{"room_name", "", chars},
		{"raum-für-alle", "", chars},
		{"roo\u212a", "", chars}, // the Kelvin sign, whose lower case is k
		{"room\u200b", "", chars},
		{"room\x00", "", chars},
	}
	for _, special := range `#@_./\<>&%+=;:'"?!` {
		tests = append(tests, struct{ name, want, message string }{"room" + string(special) + "name", "", chars})
	}
	for _, tt := range tests {
		got, err := CheckRoomName(tt.name)
		if got != tt.want {
			t.Errorf("CheckRoomName(%q) = %q; want %q", tt.name, got, tt.want)
		}
		if message := messageOf(err); message != tt.message {
			t.Errorf("CheckRoomName(%q) fails with %q; want %q", tt.name, message, tt.message)
		}
	}
}

func messageOf(err error) string {
	if err == nil {
		return ""
	}
	return AsError(err).Message
}

func TestRoomActive(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		room Room
		want bool
	}{
		{"zero", Room{}, false},
		{"active", Room{State: RoomActive}, true},
		{"expires later", Room{State: RoomActive, ExpiresAt: now.Add(1)}, true},
		{"expires now, not swept yet", Room{State: RoomActive, ExpiresAt: now}, false},
		{"ended", Room{State: RoomEnded}, false},
		{"expired", Room{State: RoomExpired}, false},
	}
	for _, tt := range tests {
		if got := tt.room.Active(now); got != tt.want {
			t.Errorf("%s: Active = %v; want %v", tt.name, got, tt.want)
		}
	}
}
