package meet

import (
	"context"
	"time"
)

// WebhookEndpoint is where events are told, to a program elsewhere.
type WebhookEndpoint struct {
	ID         string
	URL        string // may hold a secret of its own
	Secret     string // signs what is sent there
	Kinds      []EventKind
	Configured bool // by the configuration, not by a command
	CreatedAt  time.Time

	Rooms  int       // of which events are pending
	Since  time.Time // since when the oldest of their turns is pending; zero if none is
	NextAt time.Time // when the next attempt is due; zero if nothing is pending
}

// WebhookDelivery is one event for one endpoint.
type WebhookDelivery struct {
	EndpointID string
	EventID    int64
	RoomID     string
	TakenAt    time.Time // when it was found, or replayed
	Attempts   int       // that were made since then
	Event      Event     // zero if the event was deleted
}

// DeliveryRecord is a delivery and how it went so far.
type DeliveryRecord struct {
	WebhookDelivery // with an Event of which Action and RoomName are known
	State           WebhookState
	Status          int    // the HTTP status of the last attempt; 0 without an answer
	Problem         string // why the last attempt failed
	DoneAt          time.Time
	NextAt          time.Time // zero while it is not its turn
}

// DeliveryQuery says which deliveries to list.
type DeliveryQuery struct {
	EndpointID string
	State      WebhookState // empty is every one
	Before     int64        // only events with a smaller id; 0 is no bound
	Limit      int
}

// WebhookState says what became of a delivery.
type WebhookState string

// The states of a delivery.
const (
	WebhookPending   WebhookState = "pending"
	WebhookDelivered WebhookState = "delivered"
	WebhookFailed    WebhookState = "failed" // was given up
)

// WebhookStates are all states, for messages.
var WebhookStates = []WebhookState{WebhookPending, WebhookDelivered, WebhookFailed}

// WebhookAttempt is how an attempt to deliver went.
type WebhookAttempt struct {
	EndpointID string
	EventID    int64
	RoomID     string
	At         time.Time
	State      WebhookState // pending: it is made again at NextAt
	NextAt     time.Time
	Status     int    // the HTTP status; 0 without an answer
	Problem    string // why it failed; empty if it did not
}

// WebhookStore keeps which events are told to which endpoint. The events of one room
// are told to an endpoint one after the other, in the order of their ids: the next one
// has its turn when the one before is delivered or given up.
type WebhookStore interface {
	// ConfigureWebhooks makes these the endpoints of the configuration. Those that are
	// new, or were removed meanwhile, are told what happens from then on. Others of the
	// configuration are removed; those of commands stay.
	ConfigureWebhooks(ctx context.Context, endpoints []WebhookEndpoint, now time.Time) error

	// WebhookEndpoints lists the endpoints, oldest first.
	WebhookEndpoints(ctx context.Context) ([]WebhookEndpoint, error)

	// WebhookDeliveries lists deliveries, newest events first.
	WebhookDeliveries(ctx context.Context, q DeliveryQuery) ([]DeliveryRecord, error)

	// TakeWebhookEvents makes deliveries of at most limit events for each endpoint that
	// were not looked at for it yet. It says whether there are more.
	TakeWebhookEvents(ctx context.Context, now time.Time, limit int) (more bool, err error)

	// DueWebhooks lists at most limit deliveries to an endpoint whose turn it is and
	// whose next attempt is due, at most one of each room.
	DueWebhooks(ctx context.Context, endpointID string, now time.Time, limit int) ([]WebhookDelivery, error)

	// FinishWebhook records an attempt. It changes nothing if the delivery is not
	// pending any more, or was replaced by another turn of its room.
	FinishWebhook(ctx context.Context, a WebhookAttempt) error
}
