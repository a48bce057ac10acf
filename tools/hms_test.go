package tools

import (
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roomkey/meet"
	"roomkey/meet/hms"
	"roomkey/meet/meettest"
)

// The toolset hms answers in 100ms's shapes, and nothing beside.
func TestHMSTools(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	room := a.NewRoom(t, meet.RoomChange{})
	keys := func(v any) []string { return slices.Sorted(maps.Keys(v.(map[string]any))) }
	ofPage, ofCode := []string{"data", "last", "limit"}, []string{"code", "created_at", "enabled", "role", "room_id", "updated_at"}

	made := a.must(meettest.Ada, "hms-create-room-codes", map[string]any{"room_id": room.Name})
	codes := made.get("data").([]any)
	if diff := cmp.Diff(ofPage, keys(made.get())); diff != "" || len(codes) != 3 {
		t.Errorf("%d codes, want one per role; fields (-want +got):\n%s", len(codes), diff)
	}
	for _, code := range codes {
		if diff := cmp.Diff(ofCode, keys(code)); diff != "" {
			t.Errorf("fields of a code (-want +got):\n%s", diff)
		}
	}
	for name, again := range map[string]answer{
		"made again": a.must(meettest.Ada, "hms-create-room-codes", map[string]any{"room_id": room.ID}),
		"read":       a.must(meettest.Ada, "hms-get-room-codes", map[string]any{"room_id": room.ID}),
	} {
		byCode := cmpopts.SortSlices(func(a, b any) bool { return a.(map[string]any)["code"].(string) < b.(map[string]any)["code"].(string) })
		if diff := cmp.Diff(made.get(), again.get(), byCode); diff != "" {
			t.Errorf("%s, they differ (-made +got):\n%s", name, diff)
		}
	}

	a.Clock.Advance(meet.TokenLifetime)
	code := codes[0].(map[string]any)
	off := a.must(meettest.Ada, "hms-update-room-code", map[string]any{"code": code["code"], "body": map[string]any{"enabled": false}}).get().(map[string]any)
	if off["enabled"] != false || off["code"] != code["code"] || off["updated_at"] == code["updated_at"] || off["created_at"] != code["created_at"] {
		t.Errorf("disabled: %v; before: %v", off, code)
	}
	if diff := cmp.Diff(ofCode, keys(off)); diff != "" {
		t.Errorf("fields of a changed code (-want +got):\n%s", diff)
	}
}

// However many codes a room has, hms-get-room-codes gives all of them: it has
// no argument to ask for more.
func TestHMSGivesAllCodes(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	room := a.NewRoom(t, meet.RoomChange{})
	const n = hms.MaxLimit + 5
	want := map[string]bool{}
	for i := range n {
		codes, err := a.CreateCodes(t.Context(), meettest.Ada, room.ID, meet.CodeRequest{Role: meettest.Of(meet.RoleGuest), Label: "no " + strconv.Itoa(i)})
		if err != nil {
			t.Fatal(err)
		}
		want[codes[0].Code] = true
	}
	got := a.must(meettest.Ada, "hms-get-room-codes", map[string]any{"room_id": room.ID})
	for _, code := range got.get("data").([]any) {
		delete(want, code.(map[string]any)["code"].(string))
	}
	if len(want) != 0 || got.get("last") != "" || got.get("limit").(float64) < n {
		t.Errorf("%d of %d codes are missing; limit %v, last %q", len(want), n, got.get("limit"), got.get("last"))
	}
}

func TestHMSArguments(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	for name, c := range map[string]struct {
		tool      string
		arguments map[string]any
		field     string
	}{
		"no room":            {"hms-get-room-codes", nil, "room_id"},
		"no body":            {"hms-update-room-code", map[string]any{"code": "wpi-srjb-wer"}, "body"},
		"body is a text":     {"hms-update-room-code", map[string]any{"code": "wpi-srjb-wer", "body": "enabled"}, "body"},
		"empty in a text":    {"hms-update-room-code", map[string]any{"code": "wpi-srjb-wer", "body": "{}"}, "body.enabled"},
		"empty body":         {"hms-update-room-code", map[string]any{"code": "wpi-srjb-wer", "body": map[string]any{}}, "body.enabled"},
		"more in the body":   {"hms-update-room-code", map[string]any{"code": "wpi-srjb-wer", "body": map[string]any{"enabled": true, "role": "host"}}, "body.role"},
		"enabled outside it": {"hms-update-room-code", map[string]any{"code": "wpi-srjb-wer", "body": map[string]any{"enabled": true}, "enabled": true}, "enabled"},
		"no code":            {"hms-update-room-code", map[string]any{"code": "none", "body": map[string]any{"enabled": true}}, "code"},
	} {
		if got := a.call(meettest.Ada, c.tool, c.arguments); got.err.Code != meet.CodeInvalid || got.err.Field != c.field {
			t.Errorf("%s: %+v; want invalid in %s", name, got.err, c.field)
		}
	}
}
