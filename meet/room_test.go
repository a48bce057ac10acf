package meet

import (
	"maps"
	"reflect"
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

// Each setting is changed by its own field, is noted under its own name, and no
// change of it is without one.
func TestSettingsChange(t *testing.T) {
	t.Parallel()
	change := reflect.TypeFor[SettingsChange]()
	settings := reflect.TypeFor[Settings]()
	if change.NumField() != settings.NumField() {
		t.Errorf("a change has %d settings of %d", change.NumField(), settings.NumField())
	}
	for i := range settings.NumField() {
		field := settings.Field(i)
		name, on := field.Tag.Get("json"), true
		var c SettingsChange
		target, ok := change.FieldByName(field.Name)
		if !ok || target.Tag.Get("json") != name || field.Tag.Get("yaml") != name || target.Tag.Get("doc") == "" {
			t.Fatalf("%s: got %+v, want the same name everywhere, and a description", name, target)
		}
		reflect.ValueOf(&c).Elem().FieldByIndex(target.Index).Set(reflect.ValueOf(&on))
		var was, is Room
		if err := (RoomChange{Settings: c}).apply(&is, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if want := map[string]string{"settings." + name: "true"}; !maps.Equal(differences(was, is), want) {
			t.Errorf("changed by %s: got %v, want %v", name, differences(was, is), want)
		}
		if !reflect.ValueOf(is.Settings).Field(i).Bool() {
			t.Errorf("%s: got %+v, want it alone to be on", name, is.Settings)
		}
	}
}

func TestRightsDiffer(t *testing.T) {
	t.Parallel()
	on := Room{Mode: Standard, Settings: DefaultSettings()}
	for name, c := range map[string]struct {
		change func(*Room)
		want   bool
	}{
		"nothing":      {func(*Room) {}, false},
		"name":         {func(r *Room) { r.Name = "other" }, false},
		"mode":         {func(r *Room) { r.Mode = Webinar }, true},
		"chat":         {func(r *Room) { r.Settings.AllowChat = false }, true},
		"video":        {func(r *Room) { r.Settings.AllowVideo = false }, true},
		"audio":        {func(r *Room) { r.Settings.AllowAudio = false }, true},
		"screen share": {func(r *Room) { r.Settings.AllowScreenShare = false }, true},
		"code":         {func(r *Room) { r.Settings.RequireCode = true }, false},
		"sign-in":      {func(r *Room) { r.Settings.RequireSignIn = true }, false},
		"kept chat":    {func(r *Room) { r.Settings.KeepChat = true }, false},
		"approval":     {func(r *Room) { r.Settings.RequireApproval = true }, false},
		"e2ee":         {func(r *Room) { r.Settings.E2EE = true }, false},
	} {
		is := on
		c.change(&is)
		if got := rightsDiffer(on, is); got != c.want {
			t.Errorf("another %s: got %t, want %t", name, got, c.want)
		}
	}
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
