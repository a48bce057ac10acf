package tools

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

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
	err := decodeJSON(t, `{"name":"x","is_public":false,"mode":"webinar","max_participants":5.0,
		"settings":{"e2ee":true},"create_codes":null}`, &got)
	if err != nil {
		t.Fatal(err)
	}
	want := createRoomInput{
		Name: of("x"), IsPublic: of(false), Mode: of("webinar"), MaxParticipants: of(5),
		Settings: &meet.SettingsChange{E2EE: of(true)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("arguments differ (-want +got):\n%s", diff)
	}
}

// What clients write in another type than they mean, and what counts as left
// out.
func TestDecodeWhatIsMeant(t *testing.T) {
	t.Parallel()
	off := &meet.SettingsChange{AllowChat: of(false)}
	ten := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	for arguments, want := range map[string]createRoomInput{
		`{"settings":"{\"allow_chat\": false}"}`:         {Settings: off},
		`{"settings":" {\"allow_chat\": \"False\"} \n"}`: {Settings: off},
		`{"settings":{"allow_chat":"false"}}`:            {Settings: off},
		`{"settings":[]}`:                                {Settings: &meet.SettingsChange{}},
		`{"settings":"[]"}`:                              {Settings: &meet.SettingsChange{}},
		`{"settings":"{}"}`:                              {Settings: &meet.SettingsChange{}},
		`{"max_participants":"5"}`:                       {MaxParticipants: of(5)},
		`{"max_participants":"5.0"}`:                     {MaxParticipants: of(5)},
		`{"max_participants":5e0}`:                       {MaxParticipants: of(5)},
		`{"admins":["bob","cem"]}`:                       {Admins: &[]string{"bob", "cem"}},
		`{"admins":"[\"bob\"]"}`:                         {Admins: &[]string{"bob"}},
		`{"admins":[]}`:                                  {Admins: &[]string{}},
		`{"admins":"[]"}`:                                {Admins: &[]string{}},
		`{"admins":null}`:                                {},
		`{"is_public":"true"}`:                           {IsPublic: of(true)},
		`{"is_public":"True"}`:                           {IsPublic: of(true)},
		`{"is_public":"FALSE"}`:                          {IsPublic: of(false)},
		`{"name":"","mode":"","starts_at":""}`:           {},
		`{"starts_at":" 2026-11-30T10:00:00.5Z"}`:        {StartsAt: of(ten.Add(time.Second / 2))},
		`{"starts_at":"2026-11-30T10:00Z"}`:              {StartsAt: &ten},
		`{"name":null,"mode":null,"settings":null,"max_participants":null,"is_public":null}`: {},
	} {
		var got createRoomInput
		if err := decodeJSON(t, arguments, &got); err != nil {
			t.Errorf("%s: %v; want it to be understood", arguments, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", arguments, diff)
		}
	}
}

// A time has a date and a zone; an empty one is left out.
func TestDecodeTimes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 15, 4, 5, 0, time.UTC)
	for text, want := range map[string]*time.Time{
		`"2026-01-31T15:04:05Z"`: &at, `"2026-01-31T16:04:05+01:00"`: &at, `" 2026-01-31T15:04:05.000Z\n"`: &at,
		`""`: nil, `null`: nil,
	} {
		var in listEventsInput
		if err := decodeJSON(t, `{"since":`+text+`}`, &in); err != nil {
			t.Errorf("%s: %v; want it to be understood", text, err)
		} else if diff := cmp.Diff(want, in.Since); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	const want = "since must be a date and time with a zone, like 2026-01-31T15:04:05Z"
	for _, text := range []string{
		`"2026-01-31"`, `"2026-01-31T15:04:05"`, `"2026-01-31 15:04:05Z"`, `"yesterday"`, `"2026-02-30T15:04:05Z"`,
		`1769871845`, `{}`, `true`,
	} {
		var in listEventsInput
		if err := meet.AsError(decodeJSON(t, `{"since":`+text+`}`, &in)); err.Field != "since" ||
			!strings.HasPrefix(err.Message, want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}

// Every argument that a tool does not take is named in one error, with what it
// does take, also inside objects.
func TestUnknownArguments(t *testing.T) {
	t.Parallel()
	var settings []string
	for _, field := range fieldsOf(reflect.TypeFor[meet.SettingsChange]()) {
		settings = append(settings, field.name)
	}
	takes := "create_room takes: name, title, is_public, mode, max_participants, starts_at, expires_at, " +
		"expires_in_seconds, settings {" +
		strings.Join(settings, ", ") + "}, admins, create_codes."
	const one, several = "there is no argument ", "there are no arguments "
	const approval = `require_approval belongs inside settings: {"settings": {"require_approval": …}}. `
	for arguments, want := range map[string][3]string{ // field, message, beginning of the hint
		`{"colour":1,"name":5,"size":2}`:       {"colour", several + `"colour" and "size"`},
		`{"c":1,"settings":{"d":1},"a":1}`:     {"a", several + `"a", "c" and "settings.d"`},
		`{"settings":"{\"c\":1,\"d\":2}"}`:     {"settings.c", several + `"settings.c" and "settings.d"`},
		`{"settings.e2ee":true}`:               {"settings.e2ee", one + `"settings.e2ee"`},
		`{"requireApproval":true,"E2EE":true}`: {"E2EE", several + `"E2EE" and "requireApproval"`},
		`{"settings":{"allow_music":true}}`:    {"settings.allow_music", one + `"settings.allow_music"`},
		`{"require_approval":true}`:            {"require_approval", one + `"require_approval"`, approval},
	} {
		var in createRoomInput
		err := meet.AsError(decodeJSON(t, arguments, &in))
		want[2] += takes
		if got := [3]string{err.Field, err.Message, err.Hint}; err.Code != meet.CodeInvalid || got != want {
			t.Errorf("%s: %s\n got %q\nwant %q", arguments, err.Code, got, want)
		}
	}
	many := map[string]any{}
	for i := range 1000 {
		many[strings.Repeat("x", 30)+strconv.Itoa(i)] = i
	}
	var in createRoomInput
	err := meet.AsError(decode("create_room", many, &in))
	if !strings.HasSuffix(err.Message, " and 993 more") || len(err.Message) > 400 {
		t.Errorf("a thousand unknown arguments: %s", err.Message)
	}
}

func of[T any](v T) *T { return &v }

// Each message has to tell a model what to change.
func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		field, message string // the message without the field's name
		values         []string
	}{
		{"name", "must be a string, not a number", []string{"5"}},
		{"name", "must be a string, not an array", []string{`["x"]`}},
		{"is_public", "must be a boolean, not a string", []string{`"yes"`, `"1"`, `""`, `" true"`}},
		{"is_public", "must be a boolean, not a number", []string{"1"}},
		{"max_participants", "must be an integer, not a string", []string{
			`""`, `"five"`, `"5 "`, `"\"5\""`, `"0x5"`, `"1.5"`, `"1e3"`, `"05"`, `"+5"`, `"5."`,
			`"9223372036854775808"`, `"1e999"`,
		}},
		{"max_participants", "must be between 0 and 100000", []string{`"-1"`, "-1", "100001"}},
		{"max_participants", "must be an integer, not a fraction", []string{"1.5"}},
		{"max_participants", "must be an integer, not a number", []string{"1e300"}},
		{"expires_in_seconds", "must be between 0 and 315360000", []string{"315360001"}},
		{"mode", "must be one of: standard, webinar", []string{`"party"`, `" "`}},
		{"settings", "must be an object, not an array", []string{"[{}]"}},
		{"name", "must be a string, not an empty array", []string{"[]"}},
		{"admins[0]", "must be a string, not a number", []string{"[5]"}},
		{"admins[1]", "must be a string, not null", []string{`["bob",null]`}},
		{"admins", "must be an array of at most 1000 strings, not a string", []string{`"bob"`, `""`}},
		{"admins", "must be an array of at most 1000 strings, not a number", []string{"5"}},
		{"admins", "must be an array of at most 1000 strings, not an object", []string{`{"bob":true}`}},
		{"settings", "must be an object, not a string", []string{`""`, `"e2ee"`, `"null"`, `"true"`, `"\"{}\""`}},
		{"settings.e2ee", "must be a boolean, not a number", []string{`"{\"e2ee\":1}"`}},
		{"settings.e2ee", "must be a boolean, not an object", []string{`{"e2ee":{}}`}},
	} {
		for _, value := range tt.values {
			argument, _, _ := strings.Cut(tt.field, ".")
			argument, _, _ = strings.Cut(argument, "[")
			var in createRoomInput
			err := meet.AsError(decodeJSON(t, `{"`+argument+`":`+value+`}`, &in))
			message := tt.field + " " + tt.message
			if err.Code != meet.CodeInvalid || err.Field != tt.field || err.Message != message || err.Hint == "" {
				t.Errorf("%s %s: %+v; want invalid: %s, with a hint", argument, value, err, message)
			}
		}
	}
	var in roomInput
	if err := meet.AsError(decode("get_room", nil, &in)); err.Message != "room_id is required" {
		t.Errorf("no arguments: %+v; want room_id to be asked for", err)
	}
	var events listEventsInput
	err := meet.AsError(decode("list_events", map[string]any{"kind": "rooms"}, &events))
	if want := `Its description is "request: join requests".`; err.Hint != want {
		t.Errorf("a hint: %s, want the sentence %s", err.Hint, want)
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
		for _, in := range []any{new(createRoomInput), new(updateRoomCodeInput), new(joinRoomInput), new(muteInput)} {
			err := decode("a_tool", arguments, in)
			if err == nil {
				continue
			}
			e := meet.AsError(err)
			isNameless := e.Field == "" && !strings.Contains(e.Message, `""`)
			if e.Code != meet.CodeInvalid || isNameless || e.Message == "" || len(e.Message) > 500 {
				t.Errorf("%q: %+v", text, e)
			}
		}
	})
}

// A list of objects is decoded as strictly as everything else, and errors say which
// item is wrong.
func TestDecodeLists(t *testing.T) {
	t.Parallel()
	want := []invitee{{Name: "Ann", Email: of("ann@example.com")}, {Name: "Ben"}}
	for _, people := range []string{
		`[{"name":"Ann","email":"ann@example.com"},{"name":"Ben","email":null}]`,
		`"[{\"name\":\"Ann\",\"email\":\"ann@example.com\"},{\"name\":\"Ben\",\"email\":\"\"}]"`,
	} {
		var got createRoomCodesInput
		err := decodeJSON(t, `{"room_id":"r","people":`+people+`}`, &got)
		if err != nil || got.People == nil {
			t.Errorf("%s: %v; want it to be understood", people, err)
		} else if diff := cmp.Diff(want, *got.People); diff != "" {
			t.Errorf("%s (-want +got):\n%s", people, diff)
		}
	}
	for people, field := range map[string]string{
		`{"name":"Ann"}`: "people", `7`: "people", `"Ann, Ben"`: "people", `["Ann"]`: "people[0]",
		`[{"name":"Ann"},{}]`: "people[1].name", `[{"name":7}]`: "people[0].name", `[null]`: "people[0]",
		`[{"name":"Ann"},{"name":"Ben","phone":"1"}]`: "people[1].phone",
	} {
		var got createRoomCodesInput
		err := decodeJSON(t, `{"room_id":"r","people":`+people+`}`, &got)
		if e := meet.AsError(err); err == nil || e.Code != meet.CodeInvalid || e.Field != field {
			t.Errorf("%s: %v; want invalid %s", people, err, field)
		}
	}
}
