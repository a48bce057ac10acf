package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
)

// A bridge tells its client of events by itself. It learns of them by calls of
// list_events that are held open: each has an access token of its own and goes to
// the roomkey that has the data folder by then, and none misses an event.

const (
	eventsTool  = "list_events"
	holdSeconds = 50                    // how long such a call is held open
	fromNow     = "9223372036854775807" // an id that no event has: what comes next

	restAfterNothing = 100 * time.Millisecond // a roomkey that stops answers at once
	restAfterFailure = time.Second
)

// page is the answer of list_events.
type page struct {
	Events []json.RawMessage `json:"events"`
	After  string            `json:"after"`
}

// listEvents calls the tool.
func (b *bridge) listEvents(ctx context.Context, arguments map[string]any) (page, error) {
	var message envelope
	message.Method, message.Params.Name = string(mcp.MethodToolsCall), eventsTool
	line, err := toolCall(eventsTool, arguments)
	if err != nil {
		return page{}, err
	}
	var answer []byte
	if err := b.deliver(ctx, line, message, func(a []byte) error { answer = bytes.Clone(a); return nil }); err != nil {
		return page{}, err
	}
	content, err := toolContent(answer, "the address of this server")
	if err != nil {
		return page{}, err
	}
	var p page
	return p, json.Unmarshal(content, &p)
}

// beginToFollow gives the id of the newest event, or says why the events of a
// filter may not be read.
func (b *bridge) beginToFollow(ctx context.Context, filter map[string]any) (after string, err error) {
	p, err := b.listEvents(ctx, merged(filter, map[string]any{"after": fromNow, "limit": 1}))
	return p.After, err
}

// follow tells of the events after an id as they come, until ctx is done or they
// may not be read any more.
func (b *bridge) follow(ctx context.Context, filter map[string]any, after string, tell func([]json.RawMessage)) {
	for ctx.Err() == nil {
		next := map[string]any{"after": after, "wait_seconds": holdSeconds, "limit": 100}
		p, err := b.listEvents(ctx, merged(filter, next))
		var e *meet.Error
		switch {
		case err == nil && len(p.Events) > 0:
			after = p.After
			tell(p.Events)
		case err == nil:
			after = p.After
			rest(ctx, restAfterNothing)
		case errors.As(err, &e) && !e.Retryable() && e.Code != meet.CodeInternal:
			return
		default:
			rest(ctx, restAfterFailure)
		}
	}
}

func merged(one, other map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, one)
	maps.Copy(all, other)
	return all
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
