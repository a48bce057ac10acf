package bridge

import (
	"encoding/json"
	"slices"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/tools"
)

// offeredBy are the names of the tools, prompts and resource templates of a
// selection. No two of them have the same name.
func offeredBy(selection tools.Selection) map[string]bool {
	offered := map[string]bool{}
	for _, t := range selection.Select() {
		offered[t.Name] = true
	}
	for _, p := range selection.Prompts() {
		offered[p.Name] = true
	}
	for _, template := range selection.ResourceTemplates() {
		offered[template] = true
	}
	return offered
}

func (b *bridge) offers(name string) bool { return b.offered == nil || b.offered[name] }

// refusal is the error where a message asks for something that is not offered;
// text is empty if it is offered.
func (b *bridge) refusal(message envelope) (code int, text string) {
	p := message.Params
	switch mcp.MCPMethod(message.Method) {
	case mcp.MethodToolsCall:
		if !b.offers(p.Name) {
			return mcp.INVALID_PARAMS, tools.NoSuchTool
		}
	case mcp.MethodPromptsGet:
		if !b.offers(p.Name) {
			return mcp.INVALID_PARAMS, tools.NoSuchPrompt
		}
	case mcp.MethodResourcesRead:
		switch {
		case !tools.IsRoomURI(p.URI) || b.offers(tools.RoomTemplateURI):
		case mcp.IsModernProtocol(p.Meta.ProtocolVersion()):
			return mcp.INVALID_PARAMS, tools.NoSuchResource
		default:
			return mcp.RESOURCE_NOT_FOUND, tools.NoSuchResource
		}
	case mcp.MethodCompletionComplete:
		if p.Ref.URI == "" && !b.offers(p.Ref.Name) {
			return mcp.INVALID_PARAMS, tools.NoSuchPrompt
		}
		if p.Ref.URI != "" && !b.offers(p.Ref.URI) {
			return mcp.INVALID_PARAMS, tools.NoSuchResource
		}
	}
	return 0, ""
}

// listing is the field of an answer that lists things, and the field of their
// names.
type listing struct{ items, key string }

var lists = map[mcp.MCPMethod]listing{
	mcp.MethodToolsList:              {"tools", "name"},
	mcp.MethodPromptsList:            {"prompts", "name"},
	mcp.MethodResourcesTemplatesList: {"resourceTemplates", "uriTemplate"},
}

// onlyOffered removes what is not offered from the answer to a list.
func (b *bridge) onlyOffered(answer []byte, l listing) []byte {
	var message map[string]json.RawMessage
	var result map[string]json.RawMessage
	var listed []json.RawMessage
	if json.Unmarshal(answer, &message) != nil || json.Unmarshal(message["result"], &result) != nil ||
		json.Unmarshal(result[l.items], &listed) != nil {
		return answer
	}
	listed = slices.DeleteFunc(listed, func(item json.RawMessage) bool {
		var fields map[string]any
		_ = json.Unmarshal(item, &fields) // what has no name is not offered
		name, _ := fields[l.key].(string)
		return !b.offers(name)
	})
	result[l.items], _ = json.Marshal(listed)
	message["result"], _ = json.Marshal(result)
	answer, _ = json.Marshal(message) // what was JSON marshals
	return answer
}
