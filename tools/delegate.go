package tools

import (
	"context"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"roomkey/meet"
)

// delegate has mcp-go answer a request. Its texts of errors are replaced where
// they hold Go errors. subscriptions/listen ends at once, because there are no
// rooms in it ([Server.listen]); what it tells first is told before the answer.
func (s *Server) delegate(ctx context.Context, req request) response {
	session := server.NewInProcessSession("", nil)
	session.Initialize()
	ctx = server.WithSupportedProtocolVersions(s.mcp.WithContext(ctx, session), ProtocolVersions)
	var refused *rpcError
	ctx = context.WithValue(ctx, refusedKey{}, &refused)

	// The id is not the client's: mcp-go makes a float64 of a number.
	message := mcp.JSONRPCRequest{JSONRPC: mcp.JSONRPC_VERSION, ID: mcp.NewRequestId(0), Params: req.params}
	message.Method = string(req.method)
	var answer response
	switch theirs := s.mcp.HandleMessage(ctx, mustMarshal(message)).(type) {
	case mcp.JSONRPCResponse:
		answer.Result = s.listedFor(meet.PrincipalFrom(ctx), theirs.Result)
	case mcp.JSONRPCError:
		answer.Error = &theirs.Error
		answer.Error.Message = errorMessage(req.method, theirs.Error)
	}
	if refused != nil {
		answer.Error = refused
	}
	switch result := answer.Result.(type) {
	case mcp.SubscriptionsListenResult:
		result.Meta.SetSubscriptionID(req.id)
	case mcp.DiscoverResult: // the versions before have other subscriptions, which need a stream of their own
		result.Capabilities.Resources.Subscribe = s.hasRooms
	}
	for len(session.ClientNotifications()) > 0 {
		notification := <-session.ClientNotifications()
		notification.Params.Meta[mcp.MetaKeySubscriptionID] = req.id
		answer.before = append(answer.before, notification)
	}
	return answer
}

// NoSuchTool is the answer to a call of a tool that is not offered.
const NoSuchTool = "There is no such tool here, or it is switched off (read_only, disable_destructive, toolsets): " +
	"tools/list shows those there are."

// The same for prompts and resources.
const (
	NoSuchPrompt = "There is no such prompt here, or it needs a tool that is switched off (read_only, " +
		"disable_destructive, toolsets): prompts/list shows those there are."
	NoSuchResource = "There is no such resource here, or it shows what a tool shows that is switched off (toolsets): " +
		"resources/list and resources/templates/list show those there are."
)

// badParameters is the answer to parameters of which no more is known.
const badParameters = "The parameters are not those that the method takes."

// errorMessage is the text of an error that mcp-go has found. What a client must
// know of _meta and headers, checkModern has said before.
func errorMessage(method mcp.MCPMethod, e rpcError) string {
	switch {
	case e.Code == mcp.METHOD_NOT_FOUND:
		return e.Message
	case e.Code == mcp.INVALID_REQUEST:
		return badShape.Message
	case method == mcp.MethodPromptsGet && e.Code == mcp.INVALID_PARAMS:
		return NoSuchPrompt
	case method == mcp.MethodResourcesRead && e.Code != mcp.INTERNAL_ERROR:
		return NoSuchResource
	case e.Code == mcp.INVALID_PARAMS:
		return badParameters
	}
	return "Internal error."
}
