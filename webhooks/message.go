package webhooks

import (
	"crypto/rand"
	"encoding/json"
	"strconv"
	"time"

	"roomkey/meet"
)

// Message is what is sent: its id stays the same however often it is sent.
type Message struct {
	ID   string
	Body []byte // JSON: type, timestamp and data
}

type body struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

// event has the names of list_events.
type event struct {
	ID        string            `json:"id"`
	Actor     string            `json:"actor"`
	Via       meet.Via          `json:"via,omitempty"`
	Client    string            `json:"client,omitempty"`
	Kind      meet.EventKind    `json:"kind"`
	RoomID    string            `json:"room_id"`
	RoomName  string            `json:"room_name"`
	Target    string            `json:"target,omitempty"`
	UserID    string            `json:"user_id,omitempty"`
	Verified  *bool             `json:"verified,omitempty"` // of events about a person
	Label     string            `json:"label,omitempty"`
	Outcome   meet.Outcome      `json:"outcome"`
	Details   map[string]string `json:"details,omitempty"`
	RequestID string            `json:"request_id,omitempty"`
}

// MessageOf makes the message about an event.
func MessageOf(e meet.Event) Message {
	data := event{
		ID: strconv.FormatInt(e.ID, 10), Actor: e.Actor, Via: e.Caller.Via, Client: e.Caller.Client,
		Kind: e.Action.Kind(), RoomID: e.RoomID, RoomName: e.RoomName, Target: e.Target, Outcome: e.Outcome,
		Details: e.Details, RequestID: e.RequestID,
	}
	if who, rest, ok := e.About(); ok {
		data.Verified, data.UserID, data.Label, data.Details = &who.Verified, who.UserID, who.Label, rest
	}
	return message(data.ID, string(e.Action), e.At, data)
}

// TestMessage makes a message that is about no event, with an id of its own.
func TestMessage(endpointID string, now time.Time) Message {
	return message("test_"+rand.Text(), "webhook.test", now, map[string]string{"endpoint_id": endpointID})
}

func message(id, kind string, at time.Time, data any) Message {
	text, _ := json.Marshal(body{Type: kind, Timestamp: at.UTC(), Data: data}) // texts can always be written
	return Message{ID: id, Body: text}
}
