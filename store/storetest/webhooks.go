package storetest

import (
	"testing"
	"time"

	"roomkey/meet"
)

// newEndpoint is one of the configuration; its URL follows from its id.
func newEndpoint(id string, kinds ...meet.EventKind) meet.WebhookEndpoint {
	return meet.WebhookEndpoint{ID: id, URL: "https://example.com/" + id, Secret: "whsec_" + id, Kinds: kinds,
		Configured: true, CreatedAt: noon}
}

func (b testStore) configure(endpoints ...meet.WebhookEndpoint) {
	b.t.Helper()
	wantErr(b.t, "ConfigureWebhooks", b.ConfigureWebhooks(b.t.Context(), endpoints, noon), nil)
}

func (b testStore) endpoints() []meet.WebhookEndpoint {
	b.t.Helper()
	endpoints, err := b.WebhookEndpoints(b.t.Context())
	wantErr(b.t, "WebhookEndpoints", err, nil)
	return endpoints
}

// happens writes an event about each target, in the room "id-" and its first letter.
func (b testStore) happens(targets ...string) {
	b.t.Helper()
	for _, target := range targets {
		e := about(meet.Kicked, target)
		e.RoomID = "id-" + target[:1]
		b.write(e)
	}
}

func (b testStore) take(now time.Time) {
	b.t.Helper()
	for more := true; more; {
		var err error
		more, err = b.TakeWebhookEvents(b.t.Context(), now, 2)
		wantErr(b.t, "TakeWebhookEvents", err, nil)
	}
}

func (b testStore) dueWebhooks(endpoint string, now time.Time, limit int) []meet.WebhookDelivery {
	b.t.Helper()
	due, err := b.DueWebhooks(b.t.Context(), endpoint, now, limit)
	wantErr(b.t, "DueWebhooks", err, nil)
	return due
}

// turns gives what the deliveries that are due are about.
func (b testStore) turns(endpoint string, now time.Time) []string {
	b.t.Helper()
	return names(b.dueWebhooks(endpoint, now, 10), func(d meet.WebhookDelivery) string { return d.Event.Target })
}

// finish records an attempt at whatever is due first.
func (b testStore) finish(endpoint string, now time.Time, state meet.WebhookState, next time.Time) {
	b.t.Helper()
	d := b.dueWebhooks(endpoint, now, 1)[0]
	wantErr(b.t, "FinishWebhook", b.FinishWebhook(b.t.Context(), meet.WebhookAttempt{EndpointID: endpoint,
		EventID: d.EventID, RoomID: d.RoomID, At: now, State: state, NextAt: next, Status: 200}), nil)
}

var webhookTests = []test{
	{"TheConfigurationIsTheList", func(t *testing.T, b testStore) {
		one, two := newEndpoint("one"), newEndpoint("two", "room", "code")
		b.configure(one, two)
		wantSame(t, "endpoints", b.endpoints(), []meet.WebhookEndpoint{one, two})
		two.Secret, two.Kinds = "whsec_new", []meet.EventKind{"code"}
		again := two
		again.ID = "another id"
		b.configure(newEndpoint("three"), again)
		wantSame(t, "endpoints", b.endpoints(), []meet.WebhookEndpoint{newEndpoint("three"), two})
		b.configure()
		wantSame(t, "endpoints", len(b.endpoints()), 0)
	}},
	{"AnEndpointIsToldWhatHappensFromThenOn", func(t *testing.T, b testStore) {
		b.happens("before")
		b.configure(newEndpoint("one"))
		b.take(noon)
		wantSame(t, "turns", b.turns("one", noon), []string{})
		b.happens("a1", "b1")
		b.take(at(1))
		wantSame(t, "turns", b.turns("one", at(1)), []string{"a1", "b1"})
		d := b.dueWebhooks("one", at(1), 1)[0]
		want := meet.WebhookDelivery{EndpointID: "one", EventID: d.Event.ID, RoomID: "id-a", TakenAt: at(1), Event: d.Event}
		wantSame(t, "delivery", d, want)
		e := newEndpoint("one")
		e.Rooms, e.Since, e.NextAt = 2, at(1), at(1)
		wantSame(t, "endpoint", b.endpoints(), []meet.WebhookEndpoint{e})
	}},
	{"OnlyTheKindsThatWereAskedFor", func(t *testing.T, b testStore) {
		b.configure(newEndpoint("rooms", "room"), newEndpoint("people", "code", "participant"))
		b.write(about(meet.RoomUpdated, "room"), about(meet.Kicked, "person"), about(meet.CodeUpdated, "code"))
		b.take(noon)
		wantSame(t, "rooms", b.turns("rooms", noon), []string{"room"})
		wantSame(t, "people", b.turns("people", noon), []string{"person"})
		b.finish("people", noon, meet.WebhookDelivered, time.Time{})
		wantSame(t, "people", b.turns("people", noon), []string{"code"})
	}},
	{"DeliveriesAreListedInPages", func(t *testing.T, b testStore) {
		b.configure(newEndpoint("one"), newEndpoint("two"))
		b.happens("a1", "b1", "a2")
		b.take(noon)
		b.finish("one", noon, meet.WebhookDelivered, time.Time{})
		list := func(q meet.DeliveryQuery) []meet.DeliveryRecord {
			found, err := b.WebhookDeliveries(t.Context(), q)
			wantErr(t, "WebhookDeliveries", err, nil)
			return found
		}
		states := func(d meet.DeliveryRecord) string { return d.RoomID + " " + string(d.State) }
		all := list(meet.DeliveryQuery{EndpointID: "one", Limit: 10})
		wantSame(t, "all", names(all, states), []string{"id-a pending", "id-b pending", "id-a delivered"})
		wantSame(t, "whose turn it is", all[1].NextAt, noon)
		wantSame(t, "delivered", all[2], meet.DeliveryRecord{
			WebhookDelivery: meet.WebhookDelivery{EndpointID: "one", EventID: all[2].EventID, RoomID: "id-a", TakenAt: noon,
				Attempts: 1, Event: meet.Event{Action: meet.Kicked, RoomName: all[2].Event.RoomName}},
			State: meet.WebhookDelivered, Status: 200, DoneAt: noon})
		first := list(meet.DeliveryQuery{EndpointID: "one", Limit: 1})
		wantSame(t, "one page", names(first, states), []string{"id-a pending"})
		next := meet.DeliveryQuery{EndpointID: "one", Before: all[0].EventID, Limit: 10}
		wantSame(t, "the next", names(list(next), states), []string{"id-b pending", "id-a delivered"})
		next.State = meet.WebhookPending
		wantSame(t, "those that wait", names(list(next), states), []string{"id-b pending"})
		wantSame(t, "of another endpoint", len(list(meet.DeliveryQuery{EndpointID: "two", Limit: 10})), 3)
	}},
	{"ARoomIsToldInOrder", func(t *testing.T, b testStore) {
		b.configure(newEndpoint("one"), newEndpoint("two"))
		b.happens("a1", "b1", "a2", "a3")
		b.take(noon)
		b.finish("one", noon, meet.WebhookPending, at(60))
		wantSame(t, "while a1 waits", b.turns("one", noon), []string{"b1"})
		wantSame(t, "the other endpoint", b.turns("two", noon), []string{"a1", "b1"})
		wantSame(t, "a minute later", b.turns("one", at(60)), []string{"b1", "a1"})
		wantSame(t, "attempts", b.dueWebhooks("one", at(60), 2)[1].Attempts, 1)
		b.finish("one", at(60), meet.WebhookDelivered, time.Time{})
		b.finish("one", at(60), meet.WebhookDelivered, time.Time{})
		wantSame(t, "after a1", b.turns("one", at(60)), []string{"a2"})
		b.finish("one", at(60), meet.WebhookFailed, time.Time{})
		wantSame(t, "after a2", b.turns("one", at(60)), []string{"a3"})
		b.finish("one", at(60), meet.WebhookDelivered, time.Time{})
		wantSame(t, "at the end", b.turns("one", at(60)), []string{})
		wantSame(t, "endpoint", b.endpoints()[0], newEndpoint("one"))
		b.happens("a4")
		b.take(at(61))
		wantSame(t, "what is new", b.turns("one", at(61)), []string{"a4"})
	}},
	{"WhatIsDoneIsDone", func(t *testing.T, b testStore) {
		b.configure(newEndpoint("one"))
		b.happens("a1", "a2")
		b.take(noon)
		first := b.dueWebhooks("one", noon, 1)[0]
		for _, state := range []meet.WebhookState{meet.WebhookDelivered, meet.WebhookFailed, meet.WebhookPending} {
			a := meet.WebhookAttempt{EndpointID: "one", EventID: first.EventID, RoomID: "id-a", At: noon, State: state,
				NextAt: at(60)}
			wantErr(t, "FinishWebhook", b.FinishWebhook(t.Context(), a), nil)
		}
		wantSame(t, "turns", b.turns("one", noon), []string{"a2"})
	}},
	{"ADeletedEventHasItsTurnWithoutIt", func(t *testing.T, b testStore) {
		b.configure(newEndpoint("one"))
		b.happens("a1")
		b.take(noon)
		b.forget(at(1e6), noon, 100)
		due := b.dueWebhooks("one", noon, 10)
		failIf(t, len(due) != 1 || due[0].EventID == 0 || due[0].Event.ID != 0, "got %+v, want it without the event", due)
	}},
	{"WhatIsOldOrRemovedIsForgotten", func(t *testing.T, b testStore) {
		b.configure(newEndpoint("one"), newEndpoint("two"))
		b.happens("a1", "a2", "b1")
		b.take(noon)
		b.finish("one", noon, meet.WebhookDelivered, time.Time{})
		old := meet.DueQuery{Now: noon, Since: at(1)}
		due, err := b.Due(t.Context(), old)
		failIf(t, err != nil || !due.Old, "something old is due: got %v, %v", due, err)
		b.forget(at(1), noon, 100)
		wantSame(t, "turns", len(b.dueWebhooks("one", noon, 10)), 2)
		b.configure(newEndpoint("two"))
		b.happens("a3")
		b.take(noon)
		wantSame(t, "turns of the removed one", len(b.endpoints()), 1)
		due, err = b.Due(t.Context(), meet.DueQuery{Now: noon})
		failIf(t, err != nil || !due.Old, "removed endpoints are due: got %v, %v", due, err)
		b.forget(time.Time{}, noon, 100)
		due, err = b.Due(t.Context(), meet.DueQuery{Now: noon})
		failIf(t, err != nil || due.Old, "nothing is left to forget: got %v, %v", due, err)
		wantSame(t, "of the removed one", len(b.dueWebhooks("one", noon, 10)), 0)
		wantSame(t, "of the other one", len(b.dueWebhooks("two", noon, 10)), 2)
	}},
}
