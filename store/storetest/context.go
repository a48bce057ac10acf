package storetest

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"roomkey/meet"
)

var contextTests = []test{
	{"EveryMethodIsCalled", func(t *testing.T, b testStore) {
		// These wait for nothing.
		called := map[string]bool{"Subscribe": true, "SubscribeElsewhere": true, "SubscribeCounts": true, "Shared": true}
		for _, call := range b.calls() {
			name, _, _ := strings.Cut(call.name, " ")
			called[strings.TrimSuffix(name, ",")] = true
		}
		for method := range reflect.TypeFor[meet.Store]().Methods() {
			failIf(t, !called[method.Name], "calls has no %s", method.Name)
		}
	}},
	{"EveryMethodThatTakesAnEventIsAStep", func(t *testing.T, b testStore) {
		steps := map[string]bool{}
		for _, change := range b.changes() {
			name, _, _ := strings.Cut(change.name, " ")
			steps[strings.TrimSuffix(name, ",")] = true
		}
		for method := range reflect.TypeFor[meet.Store]().Methods() {
			for parameter := range method.Type.Ins() {
				failIf(t, parameter == reflect.TypeFor[*meet.Event]() && !steps[method.Name], "steps has no %s", method.Name)
			}
		}
	}},
	{"NobodyWaitsNothingHappens", func(t *testing.T, b testStore) {
		b.prepare()
		b.create(newRoom("over", ended))
		room, code := b.room("id-room"), b.code("aaa")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, call := range b.calls() {
			wantErr(t, call.name, call.do(ctx), context.Canceled)
		}
		wantSame(t, "room", b.room(room.ID), room)
		wantSame(t, "code", b.code("aaa"), code)
		wantSame(t, "uncleared", b.uncleared(10), []string{"id-over"})
		wantSame(t, "lines", b.targets(), []string{})
		wantSame(t, "blocks", b.blocks(room.ID), []meet.Block{newBlock("blocked")})
		wantSame(t, "presences", b.onRecord("s"), []string{})
		wantSame(t, "requests", b.left("asked", "new"), []string{"asked"})
		_, err := b.RoomByName(t.Context(), "new")
		wantErr(t, "RoomByName", err, meet.ErrNotFound)
	}},
	{"ACallAfterACancelledOneWorks", func(t *testing.T, b testStore) {
		b.prepare()
		for _, call := range b.calls() {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_ = call.do(ctx)
			wantErr(t, call.name, call.do(t.Context()), nil)
		}
	}},
}

type call struct {
	name string
	do   func(ctx context.Context) error
}

// calls is every method, with arguments that succeed in this order in a store that
// prepare has filled.
func (b testStore) calls() []call {
	var calls []call
	for _, change := range b.changes() {
		calls = append(calls, call{change.name, func(ctx context.Context) error {
			return change.do(ctx, about(meet.RoomUpdated, change.name), nothing)
		}})
	}
	rooms := func(q meet.RoomQuery) func(context.Context) error {
		return func(ctx context.Context) error { return errOf(b.Rooms(ctx, q)) }
	}
	events := func(q meet.EventQuery) func(context.Context) error {
		return func(ctx context.Context) error { return errOf(b.Events(ctx, q)) }
	}
	return append(calls, []call{
		{"Ping", b.Ping},
		{"Due", func(ctx context.Context) error { return errOf(b.Due(ctx, meet.DueQuery{Now: noon})) }},
		{"RoomByID", func(ctx context.Context) error { return errOf(b.RoomByID(ctx, "id-room")) }},
		{"RoomByName", func(ctx context.Context) error { return errOf(b.RoomByName(ctx, "room")) }},
		{"HasJoined", func(ctx context.Context) error { return errOf(b.HasJoined(ctx, b.room("id-room"), "ann")) }},
		{"ExpireHolder", func(ctx context.Context) error { return b.ExpireHolder(ctx, "room", noon, noLine) }},
		{"NameUse", func(ctx context.Context) error { return errOf(b.NameUse(ctx, "room", noon, noon)) }},
		{"Rooms", rooms(meet.RoomQuery{All: true, Now: noon, Limit: 10})},
		{"Rooms in no scope", rooms(meet.RoomQuery{Limit: 10})},
		{"ForgetNames", func(ctx context.Context) error { return b.ForgetNames(ctx, at(1e6), 10) }},
		{"UnclearedRooms", func(ctx context.Context) error { return errOf(b.UnclearedRooms(ctx, 10)) }},
		{"SetCleared", func(ctx context.Context) error { return errOf(b.SetCleared(ctx, "id-over", true)) }},
		{"Codes", func(ctx context.Context) error {
			return errOf(b.Codes(ctx, meet.CodeQuery{RoomID: "id-room", Limit: 10}))
		}},
		{"CurrentCode", func(ctx context.Context) error { return errOf(b.CurrentCode(ctx, "id-room", "guest", "")) }},
		{"CodeAndRoom", func(ctx context.Context) error { return errOf2(b.CodeAndRoom(ctx, "aaa")) }},
		{"PendingUses", func(ctx context.Context) error { return errOf(b.PendingUses(ctx, noon, 10)) }},
		{"EndPending", func(ctx context.Context) error { return b.EndPending(ctx, "pending", noon) }},
		{"KeepUse", func(ctx context.Context) error { return b.KeepUse(ctx, "pending") }},
		{"Admission", func(ctx context.Context) error { return errOf2(b.Admission(ctx, "inside")) }},
		{"LockedIn", func(ctx context.Context) error { return errOf(b.LockedIn(ctx, "id-room", mic)) }},
		{"Blocks", func(ctx context.Context) error { return errOf(b.Blocks(ctx, "id-room")) }},
		{"JoinRequest", func(ctx context.Context) error { return errOf(b.JoinRequest(ctx, "new")) }},
		{"JoinRequestBySubject", func(ctx context.Context) error {
			return errOf(b.JoinRequestBySubject(ctx, "id-room", "eve", "e", "guest"))
		}},
		{"JoinRequests", func(ctx context.Context) error {
			return errOf(b.JoinRequests(ctx, meet.RequestQuery{RoomID: "id-room", State: meet.RequestWaiting, Limit: 10}))
		}},
		{"ForgetJoinRequests", func(ctx context.Context) error { return b.ForgetJoinRequests(ctx, at(1e6), 10) }},
		{"DropJoinRequests", func(ctx context.Context) error { return b.DropJoinRequests(ctx, []string{"none"}) }},
		{"HasPresence", func(ctx context.Context) error { return errOf(b.HasPresence(ctx, "s")) }},
		{"WasInside", func(ctx context.Context) error { return errOf(b.WasInside(ctx, "ann_1", noon)) }},
		{"Sessions", func(ctx context.Context) error {
			return errOf(b.Sessions(ctx, meet.SessionQuery{RoomID: "id-room", Limit: 10}))
		}},
		{"Session", func(ctx context.Context) error {
			return errOf(b.Session(ctx, meet.Presence{SID: "s"}.SessionID()))
		}},
		{"Stays", func(ctx context.Context) error { return errOf(b.Stays(ctx, meet.StayQuery{SessionID: "x", Limit: 10})) }},
		{"AddSpeaking", func(ctx context.Context) error {
			return errOf(b.AddSpeaking(ctx, map[string]time.Duration{"s": time.Second}))
		}},
		{"NoteSeen", func(ctx context.Context) error { return b.NoteSeen(ctx, noon, time.Time{}) }},
		{"LastSeen", func(ctx context.Context) error { return errOf(b.LastSeen(ctx)) }},
		{"OpenPresences", func(ctx context.Context) error { return errOf(b.OpenPresences(ctx, "")) }},
		{"AddTranscript", func(ctx context.Context) error {
			return b.AddTranscript(ctx, []meet.TranscriptEntry{said("a", 1)})
		}},
		{"Transcript", func(ctx context.Context) error {
			return errOf(b.Transcript(ctx, meet.TranscriptQuery{RoomID: "id-room", Limit: 10}))
		}},
		{"TranscriptSizes", func(ctx context.Context) error { return errOf(b.TranscriptSizes(ctx, "id-room", noon)) }},
		{"SetOutcome", func(ctx context.Context) error { return b.SetOutcome(ctx, 1, meet.OutcomeIncomplete) }},
		{"Events", events(meet.EventQuery{Limit: 10})},
		{"Events of a room", events(meet.EventQuery{RoomID: "id-room", Limit: 10})},
		{"Forget", func(ctx context.Context) error { return b.Forget(ctx, at(1e6), at(1e6), 10) }},
		{"ConfigureWebhooks", func(ctx context.Context) error {
			return b.ConfigureWebhooks(ctx, []meet.WebhookEndpoint{newEndpoint("one")}, noon)
		}},
		{"WebhookEndpoints", func(ctx context.Context) error { return errOf(b.WebhookEndpoints(ctx)) }},
		{"WebhookDeliveries", func(ctx context.Context) error {
			return errOf(b.WebhookDeliveries(ctx, meet.DeliveryQuery{EndpointID: "one", Limit: 10}))
		}},
		{"TakeWebhookEvents", func(ctx context.Context) error { return errOf(b.TakeWebhookEvents(ctx, noon, 10)) }},
		{"DueWebhooks", func(ctx context.Context) error { return errOf(b.DueWebhooks(ctx, "one", noon, 10)) }},
		{"FinishWebhook", func(ctx context.Context) error {
			return b.FinishWebhook(ctx, meet.WebhookAttempt{EndpointID: "one", EventID: 1, State: meet.WebhookDelivered})
		}},
		{"RegisterClient", func(ctx context.Context) error {
			return b.RegisterClient(ctx, newClient("one"), meet.ClientLimits{Most: 1, MostOfAddress: 10})
		}},
		{"OAuthClient", func(ctx context.Context) error { return errOf(b.OAuthClient(ctx, "one")) }},
		{"AddSignInGrant", func(ctx context.Context) error { return b.AddSignInGrant(ctx, newGrant("g", "one"), noon) }},
		{"UpdateSignInGrant", func(ctx context.Context) error {
			return b.UpdateSignInGrant(ctx, "g", noon, noon, func(*meet.SignInGrant) (*meet.SignInToken, error) {
				return newSignInToken("t"), nil
			})
		}},
		{"SignInGrant", func(ctx context.Context) error { return errOf(b.SignInGrant(ctx, "g")) }},
		{"SignInGrantOf", func(ctx context.Context) error { return errOf(b.SignInGrantOf(ctx, "t")) }},
		{"LockRoom", func(ctx context.Context) error {
			unlock, err := b.LockRoom(ctx, "id-room")
			if err == nil {
				unlock()
			}
			return err
		}},
		{"AddUser", func(ctx context.Context) error { return b.AddUser(ctx, newUser("new")) }},
		{"User", func(ctx context.Context) error { return errOf(b.User(ctx, "new")) }},
		{"UpdateUser", func(ctx context.Context) error {
			return errOf(b.UpdateUser(ctx, "new", func(*meet.Account) error { return nil }))
		}},
		{"EndingUsers", func(ctx context.Context) error { return errOf(b.EndingUsers(ctx, 10)) }},
		{"Users", func(ctx context.Context) error { return errOf(b.Users(ctx, "", 10)) }},
		{"TokenRecords", func(ctx context.Context) error { return errOf(b.TokenRecords(ctx, noon, nil, 10)) }},
		{"AnnounceCounts", func(ctx context.Context) error {
			return b.AnnounceCounts(ctx, []meet.Count{{Limit: "guesses", Key: "key", N: 1}})
		}},
	}...)
}
