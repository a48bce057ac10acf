package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
	"roomkey/tools"
)

var errOutcomeUnknown = errors.New("the outcome is unknown")

// deliver sends a message and hands on what comes back. Where the roomkey has
// ended, the message goes to the next one, if it was not sent yet or only reads.
// A change that was sent may have been made, so it is not sent again.
func (b *bridge) deliver(ctx context.Context, line []byte, message envelope, reply func([]byte) error) error {
	answered := false
	once := func(answer []byte) error {
		var e envelope
		answered = answered || json.Unmarshal(answer, &e) == nil && e.Method == "" && len(e.ID) > 0
		return reply(answer)
	}
	var gone *Client
	var since time.Time // the first loss
	for {
		c, err := b.servers.next(ctx, gone)
		if err != nil {
			return err
		}
		agent, _ := b.agent.Load().(string)
		err = c.post(ctx, line, agent, once)
		var lost lostError
		switch {
		case err == nil, answered, ctx.Err() != nil, !errors.As(err, &lost):
			return err
		case lost.sent && !repeatable(message):
			return &meet.Error{Code: meet.CodeUnavailable,
				Message: "Roomkey ended during this call, and it is not known whether the change was made",
				Hint:    "Look at what is there now, with list_rooms, get_room or list_events, before you repeat it.",
				Err:     errOutcomeUnknown}
		case lost.sent && errors.Is(err, context.DeadlineExceeded): // it hangs, and so would the next
			return err
		}
		if gone == nil {
			since = time.Now()
		} else if time.Since(since) > nextWithin {
			return b.servers.noneNow(err)
		}
		gone = c
	}
}

func repeatable(message envelope) bool {
	return message.Method != string(mcp.MethodToolsCall) || tools.ReadOnly(message.Params.Name)
}
