package tools

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
)

// writeWithin is how long a client may take to take a message of a stream.
const writeWithin = 10 * time.Second

// listen answers subscriptions/listen. Where rooms are subscribed to, it tells which
// of them are watched, and then each time that something has happened in one of
// them: to who may read the room's events, because others must not learn who comes
// and goes. The stream ends with the program or the access token.
func (s *Server) listen(w http.ResponseWriter, r *http.Request, req request) {
	ctx := r.Context()
	rooms := s.roomsIn(req.params.Notifications)
	if len(rooms) == 0 {
		write(w, req, s.delegate(ctx, req))
		return
	}
	watch, err := s.service.WatchRooms(ctx, meet.PrincipalFrom(ctx), rooms, meet.TokenCheckFrom(ctx))
	if err != nil {
		e := meet.AsError(err)
		s.logFailure(ctx, "method", string(req.method), e)
		write(w, req, response{Error: refusalOf(e, "", meet.RequestIDFrom(ctx))})
		return
	}
	defer watch.Close()
	req.params.Notifications = json.RawMessage("{}") // what is left of it ends at once
	if len(watch.Rooms()) == 0 {
		write(w, req, s.delegate(ctx, req))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	out := messageStream{w, http.NewResponseController(w)}
	if s.tellChanges(ctx, out, req.id, watch) == nil {
		_ = out.send(endOf(req, s.delegate(ctx, req))) // a client that is gone needs no answer
	}
}

// endOf is the answer to a request whose notifications were sent already.
func endOf(req request, answer response) any {
	answer.JSONRPC, answer.ID = mcp.JSONRPC_VERSION, req.id
	return answer
}

// roomsIn gives the rooms in a filter of notifications.
func (s *Server) roomsIn(notifications json.RawMessage) (rooms []string) {
	var filter mcp.SubscriptionFilter
	if !s.hasRooms || json.Unmarshal(notifications, &filter) != nil {
		return nil // mcp-go answers
	}
	for _, uri := range filter.ResourceSubscriptions {
		if name, ok := strings.CutPrefix(uri, roomsURI); ok {
			rooms = append(rooms, name)
		}
	}
	return rooms
}

// tellChanges acknowledges a subscription to rooms and tells of changes until the
// watch ends. Its error says that the client is gone.
func (s *Server) tellChanges(ctx context.Context, out messageStream, id json.RawMessage, watch *meet.Watch) error {
	meta := map[string]any{mcp.MetaKeySubscriptionID: id}
	var watched mcp.SubscriptionFilter
	for _, room := range watch.Rooms() {
		watched.ResourceSubscriptions = append(watched.ResourceSubscriptions, roomsURI+room)
	}
	err := out.notify(mcp.MethodNotificationSubscriptionsAcknowledged,
		map[string]any{"_meta": meta, "notifications": watched})
	for err == nil {
		changed, ended := watch.Next(ctx)
		if ended != nil {
			return ctx.Err()
		}
		if len(changed) == 0 {
			err = out.keepAlive()
		}
		for _, room := range changed {
			if err == nil {
				err = out.notify(mcp.MethodNotificationResourceUpdated, map[string]any{"_meta": meta, "uri": roomsURI + room})
			}
		}
	}
	return err
}

// messageStream is an answer of several messages: a stream of server-sent events.
type messageStream struct {
	io.Writer
	control *http.ResponseController
}

func (out messageStream) notify(method string, params map[string]any) error {
	return out.send(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "method": method, "params": params})
}

func (out messageStream) send(message any) error {
	return out.write("event: message\ndata: " + string(mustMarshal(message)) + "\n\n")
}

// keepAlive shows proxies that the stream is in use.
func (out messageStream) keepAlive() error { return out.write(": nothing new\n\n") }

func (out messageStream) write(text string) error {
	_ = out.control.SetWriteDeadline(time.Now().Add(writeWithin)) // it cannot be set in a test's recorder
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	return out.control.Flush()
}
