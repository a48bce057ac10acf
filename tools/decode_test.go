package tools

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
)

func decodeJSON(t *testing.T, text string, in any) error {
	t.Helper()
	var arguments map[string]any
	if err := json.Unmarshal([]byte(text), &arguments); err != nil {
		t.Fatal(err)
	}
	return decode("create_room", arguments, in)
}

func TestDecode(t *testing.T) {
	t.Parallel()
	var got createRoomInput
	err := decodeJSON(t, `{"name":"x","is_public":false,"mode":"webinar","max_participants":5.0,"settings":{"e2ee":true},"create_codes":null}`, &got)
	if err != nil {
		t.Fatal(err)
	}
	want := createRoomInput{Name: of("x"), IsPublic: of(false), Mode: of("webinar"), MaxParticipants: of(5), Settings: &settingsInput{E2EE: of(true)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("arguments differ (-want +got):\n%s", diff)
	}
}

func of[T any](v T) *T { return &v }

// Each message has to tell a model what to change.
func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ arguments, field, message string }{
		{`{"nam":"x"}`, "nam", `there is no argument "nam"`},
		{`{"settings":{"allow_music":true}}`, "settings.allow_music", `there is no argument "settings.allow_music"`},
		{`{"name":5}`, "name", "name must be a string, not a number"},
		{`{"name":["x"]}`, "name", "name must be a string, not an array"},
		{`{"is_public":"true"}`, "is_public", "is_public must be a boolean, not a string"},
		{`{"is_public":1}`, "is_public", "is_public must be a boolean, not a number"},
		{`{"max_participants":"5"}`, "max_participants", "max_participants must be an integer, not a string"},
		{`{"max_participants":1.5}`, "max_participants", "max_participants must be an integer, not a fraction"},
		{`{"max_participants":-1}`, "max_participants", "max_participants must be between 0 and 100000"},
		{`{"max_participants":1e300}`, "max_participants", "max_participants must be an integer, not a number"},
		{`{"expires_in_seconds":315360001}`, "expires_in_seconds", "expires_in_seconds must be between 0 and 315360000"},
		{`{"mode":"party"}`, "mode", "mode must be one of: standard, webinar"},
		{`{"settings":[]}`, "settings", "settings must be an object, not an array"},
		{`{"settings":{"e2ee":{}}}`, "settings.e2ee", "settings.e2ee must be a boolean, not an object"},
	}
	for _, tt := range tests {
		var in createRoomInput
		err := meet.AsError(decodeJSON(t, tt.arguments, &in))
		if err.Code != meet.CodeInvalid || err.Field != tt.field || err.Message != tt.message || err.Hint == "" {
			t.Errorf("%s: %+v; want invalid %s: %s, with a hint", tt.arguments, err, tt.field, tt.message)
		}
	}
	var in roomInput
	if err := meet.AsError(decode("get_room", nil, &in)); err.Message != "room_id is required" {
		t.Errorf("no arguments: %+v; want room_id to be asked for", err)
	}
}

// Whatever the arguments are, decoding ends with a value or with an error that
// blames an argument, and never with text of the decoder's.
func FuzzArguments(f *testing.F) {
	f.Add(`{"name":"x","settings":{"e2ee":true}}`)
	f.Add(`{"max_participants":1e999,"mode":null}`)
	f.Add(`{"\u0000":[{}]}`)
	for _, tool := range Catalogue() {
		f.Add(string(tool.InputSchema))
	}
	f.Fuzz(func(t *testing.T, text string) {
		var arguments map[string]any
		if json.Unmarshal([]byte(text), &arguments) != nil {
			return
		}
		for _, in := range []any{new(createRoomInput), new(updateRoomCodeInput), new(joinRoomInput), new(muteParticipantInput)} {
			err := decode("a_tool", arguments, in)
			if err == nil {
				continue
			}
			e := meet.AsError(err)
			if e.Code != meet.CodeInvalid || e.Field == "" && !strings.Contains(e.Message, `""`) || e.Message == "" || len(e.Message) > 500 {
				t.Errorf("%q: %+v", text, e)
			}
		}
	})
}
