package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
	"roomkey/tools"
)

// maxWatched bounds how many rooms the client may watch at a time.
const maxWatched = 20

// restAfterChange is how long the client is told nothing more about a room.
const restAfterChange = time.Second

// watch does what a message asks for about telling the client of events, until ctx
// is done, and says whether there is nothing else to be done with it.
func (b *bridge) watch(ctx context.Context, line []byte, message envelope) bool {
	isModern := mcp.IsModernProtocol(message.Params.Meta.ProtocolVersion())
	method, watches := mcp.MCPMethod(message.Method), b.mayWatch.Load() && !isModern && len(message.ID) > 0
	switch {
	case method == mcp.MethodSubscriptionsListen && isModern && len(b.roomsIn(message)) > 0 && len(message.ID) > 0:
		call, done := b.register(ctx, message.ID)
		b.watching.Go(func() { defer done(); b.listen(ctx, call, line, message) })
	case method == mcp.MethodResourcesSubscribe && watches:
		b.watching.Go(func() { b.subscribe(ctx, message) })
	case method == mcp.MethodResourcesUnsubscribe && watches:
		if cancel, ok := b.watched.LoadAndDelete(message.Params.URI); ok {
			(*cancel.(*context.CancelFunc))()
		}
		_ = b.write(answerTo(message, "result", map[string]any{}))
	case message.Method == "notifications/initialized" && b.mayWatch.Load() && len(b.channel) > 0:
		b.watching.Go(func() { b.tellChannel(ctx) })
		return false // the server is told, too
	default:
		return false
	}
	return true
}

// withWatches adds to the answer of initialize what this bridge does beside the
// server, if the client may read events there.
func (b *bridge) withWatches(ctx context.Context, answer []byte) []byte {
	var message, result, capabilities map[string]json.RawMessage
	if !b.offers(eventsTool) || json.Unmarshal(answer, &message) != nil ||
		json.Unmarshal(message["result"], &result) != nil || json.Unmarshal(result["capabilities"], &capabilities) != nil {
		return answer
	}
	if _, err := b.beginToFollow(ctx, nil); err != nil {
		return answer
	}
	b.mayWatch.Store(true)
	if b.offers(tools.RoomTemplateURI) {
		capabilities["resources"] = json.RawMessage(`{"subscribe":true}`)
	}
	if len(b.channel) > 0 {
		capabilities["experimental"] = json.RawMessage(`{"claude/channel":{}}`)
		var instructions string
		if json.Unmarshal(result["instructions"], &instructions) == nil {
			result["instructions"], _ = json.Marshal(instructions + "\n\n" + channelInstructions)
		}
	}
	result["capabilities"], _ = json.Marshal(capabilities)
	message["result"], _ = json.Marshal(result)
	answer, _ = json.Marshal(message) // what was JSON marshals
	return answer
}

// roomOf gives the room that a URI of a resource stands for.
func (b *bridge) roomOf(uri string) (filter map[string]any, ok bool) {
	name, ok := strings.CutPrefix(uri, strings.TrimSuffix(tools.RoomTemplateURI, "{name}"))
	return map[string]any{"room_id": name}, ok && name != "" && b.offers(eventsTool) && b.offers(tools.RoomTemplateURI)
}

// roomsIn gives the URIs of the rooms that a client listens to.
func (b *bridge) roomsIn(message envelope) (uris []string) {
	var filter mcp.SubscriptionFilter
	_ = json.Unmarshal(message.Params.Notifications, &filter) // the server refuses what is none
	for _, uri := range filter.ResourceSubscriptions {
		if _, ok := b.roomOf(uri); ok && len(uris) < maxWatched {
			uris = append(uris, uri)
		}
	}
	return uris
}

// listen answers subscriptions/listen: it tells of the rooms in it, until call is
// cancelled or ctx is done. If none of them may be watched, the server answers.
func (b *bridge) listen(ctx, call context.Context, line []byte, message envelope) {
	after := map[string]string{}
	var watched mcp.SubscriptionFilter
	for _, uri := range b.roomsIn(message) {
		filter, _ := b.roomOf(uri)
		if id, err := b.beginToFollow(call, filter); err == nil && after[uri] == "" {
			after[uri] = id
			watched.ResourceSubscriptions = append(watched.ResourceSubscriptions, uri)
		}
	}
	if len(after) == 0 {
		b.carry(call, line, message)
		return
	}
	meta := map[string]any{mcp.MetaKeySubscriptionID: message.ID}
	_ = b.notify(mcp.MethodNotificationSubscriptionsAcknowledged, map[string]any{"_meta": meta, "notifications": watched})
	var following sync.WaitGroup
	for uri, id := range after {
		following.Go(func() { b.followRoom(call, uri, id, meta) })
	}
	following.Wait()
	if call.Err() == nil || ctx.Err() != nil { // else the client does not want an answer
		_ = b.write(answerTo(message, "result", map[string]any{"_meta": meta, "resultType": mcp.ResultTypeComplete}))
	}
}

// subscribe answers resources/subscribe of the protocol versions before 2026-07-28.
func (b *bridge) subscribe(ctx context.Context, message envelope) {
	uri := message.Params.URI
	filter, isRoom := b.roomOf(uri)
	if !isRoom {
		if uri == tools.RolesURI { // which never changes
			_ = b.write(answerTo(message, "result", map[string]any{}))
			return
		}
		_ = b.write(protocolError(message, mcp.RESOURCE_NOT_FOUND, tools.NoSuchResource))
		return
	}
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	after, err := b.beginToFollow(watching, filter)
	switch {
	case err == nil && b.countWatched() >= maxWatched:
		err = meet.Invalid("uri", "As many rooms are subscribed to as may be", "Unsubscribe from another one.")
	case err == nil:
		_, already := b.watched.LoadOrStore(uri, &cancel)
		_ = b.write(answerTo(message, "result", map[string]any{}))
		if !already {
			defer b.watched.CompareAndDelete(uri, &cancel)
			b.followRoom(watching, uri, after, nil)
		}
		return
	}
	var e *meet.Error
	code := mcp.INTERNAL_ERROR
	switch {
	case !errors.As(err, &e):
		e = meet.AsError(err)
	case e.Code == meet.CodeNotFound:
		code = mcp.RESOURCE_NOT_FOUND
	case !e.Retryable():
		code = mcp.INVALID_PARAMS
	}
	_ = b.write(protocolError(message, code, ErrorLine(e)))
}

func (b *bridge) countWatched() (n int) {
	b.watched.Range(func(any, any) bool { n++; return true })
	return n
}

// followRoom tells that a room has changed each time that something has happened
// in it.
func (b *bridge) followRoom(ctx context.Context, uri, after string, meta map[string]any) {
	filter, _ := b.roomOf(uri)
	params := map[string]any{"uri": uri}
	if meta != nil {
		params["_meta"] = meta
	}
	b.follow(ctx, filter, after, func([]json.RawMessage) {
		_ = b.notify(mcp.MethodNotificationResourceUpdated, params)
		rest(ctx, restAfterChange)
	})
}

// notify tells the client something. A client that is gone need not know.
func (b *bridge) notify(method string, params map[string]any) error {
	message, err := json.Marshal(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "method": method, "params": params})
	if err != nil {
		return err
	}
	return b.write(message)
}
