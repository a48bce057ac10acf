package servicetest

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
	ofPage := []string{"data", "last", "limit"}
	ofCode := []string{"code", "created_at", "enabled", "role", "room_id", "updated_at"}

	made := a.must(meettest.Ada, "hms-create-room-codes", args{"room_id": room.Name})
	codes := made.list("data")
	if diff := cmp.Diff(ofPage, keys(made.get())); diff != "" || len(codes) != 3 {
		t.Errorf("%d codes, want one per role; fields (-want +got):\n%s", len(codes), diff)
	}
	for _, code := range codes {
		if diff := cmp.Diff(ofCode, keys(code)); diff != "" {
			t.Errorf("fields of a code (-want +got):\n%s", diff)
		}
	}
	for name, again := range map[string]answer{
		"made again": a.must(meettest.Ada, "hms-create-room-codes", args{"room_id": room.ID}),
		"read":       a.must(meettest.Ada, "hms-get-room-codes", args{"room_id": room.ID}),
	} {
		code := func(v any) string { return v.(map[string]any)["code"].(string) }
		byCode := cmpopts.SortSlices(func(a, b any) bool { return code(a) < code(b) })
		if diff := cmp.Diff(made.get(), again.get(), byCode); diff != "" {
			t.Errorf("%s, they differ (-made +got):\n%s", name, diff)
		}
	}

	a.Clock.Advance(meet.TokenLifetime)
	want := codes[0].(map[string]any)
	change := args{"code": want["code"], "body": args{"enabled": false}}
	off := a.must(meettest.Ada, "hms-update-room-code", change).get().(map[string]any)
	if off["updated_at"] == want["updated_at"] {
		t.Errorf("updated_at is still %s", off["updated_at"])
	}
	want["enabled"], want["updated_at"] = false, off["updated_at"]
	if diff := cmp.Diff(want, off); diff != "" {
		t.Errorf("a disabled code (-want +got):\n%s", diff)
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
		request := meet.CodeRequest{Role: meettest.Of(meet.RoleGuest), Label: "no " + strconv.Itoa(i)}
		made, err := a.CreateCodes(t.Context(), meettest.Ada, room.ID, request)
		if err != nil {
			t.Fatal(err)
		}
		want[made.Codes[0].Code] = true
	}
	got := a.must(meettest.Ada, "hms-get-room-codes", args{"room_id": room.ID})
	for _, code := range got.list("data") {
		delete(want, code.(map[string]any)["code"].(string))
	}
	if len(want) != 0 || got.get("last") != "" || got.get("limit").(float64) < n {
		t.Errorf("%d of %d codes are missing; limit %v, last %q", len(want), n, got.get("limit"), got.get("last"))
	}
}

func TestHMSArguments(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	got := a.call(meettest.Ada, "hms-get-room-codes", nil).err
	if got.Code != meet.CodeInvalid || got.Field != "room_id" {
		t.Errorf("no room: %+v; want invalid in room_id", got)
	}
	const code = "wpi-srjb-wer"
	for name, c := range map[string]struct {
		arguments args
		field     string
	}{
		"no body":            {args{"code": code}, "body"},
		"body is a text":     {args{"code": code, "body": "enabled"}, "body"},
		"empty in a text":    {args{"code": code, "body": "{}"}, "body.enabled"},
		"empty body":         {args{"code": code, "body": args{}}, "body.enabled"},
		"more in the body":   {args{"code": code, "body": args{"enabled": true, "role": "host"}}, "body.role"},
		"enabled outside it": {args{"code": code, "body": args{"enabled": true}, "enabled": true}, "enabled"},
		"no code":            {args{"code": "none", "body": args{"enabled": true}}, "code"},
	} {
		got := a.call(meettest.Ada, "hms-update-room-code", c.arguments).err
		if got.Code != meet.CodeInvalid || got.Field != c.field {
			t.Errorf("%s: %+v; want invalid in %s", name, got, c.field)
		}
	}
}
