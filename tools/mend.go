package tools

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
)

// mend corrects params: an empty array becomes an empty object where the
// protocol has an object, and texts that count as left out are left out. It
// gives an error for what cannot be corrected. The arguments of tools are
// decode's.
func (r *request) mend() *rpcError {
	p := &r.params
	p.Meta = mendMeta(p.Meta)
	var fault *rpcError
	switch r.method {
	case mcp.MethodInitialize:
		p.Capabilities = emptyObjects(p.Capabilities, capabilitiesDepth)
	case mcp.MethodToolsList, mcp.MethodPromptsList, mcp.MethodResourcesList, mcp.MethodResourcesTemplatesList:
		if len(p.Cursor) > 0 && !isNull(p.Cursor) && string(p.Cursor) != `""` {
			fault = badCursor
		}
	case mcp.MethodSubscriptionsListen:
		p.Notifications = emptyObject(p.Notifications)
	case mcp.MethodPromptsGet:
		p.Arguments, fault = texts(p.Arguments, "arguments", "")
	case mcp.MethodCompletionComplete:
		p.Context = eachMember(emptyObject(p.Context), func(name string, value json.RawMessage) json.RawMessage {
			if strings.EqualFold(name, "arguments") {
				value, fault = texts(value, "context.arguments", "context.arguments.")
			}
			return value
		})
		if fault == nil {
			p.Argument, fault = texts(p.Argument, "argument", "argument.")
		}
	}
	return fault
}

func mendMeta(meta json.RawMessage) json.RawMessage {
	if bytes.IndexByte(meta, '[') < 0 { // nearly always
		return meta
	}
	return eachMember(emptyObject(meta), func(name string, value json.RawMessage) json.RawMessage {
		if name == mcp.MetaKeyClientCapabilities {
			return emptyObjects(value, capabilitiesDepth)
		}
		return value
	})
}

// texts corrects an object whose members must be texts. An error calls the
// object what, and its members by their path.
func texts(value json.RawMessage, what, path string) (json.RawMessage, *rpcError) {
	var given any
	if json.Unmarshal(value, &given) != nil || given == nil {
		return value, nil
	}
	object, ok := asObject(given)
	if !ok {
		text := what + " must be an object, not " + describe(given) + "."
		return value, &rpcError{Code: mcp.INVALID_PARAMS, Message: text}
	}
	var wrong []string
	for name, value := range object {
		if _, ok := value.(string); value == nil {
			delete(object, name)
		} else if !ok {
			wrong = append(wrong, path+meet.CleanText(name, maxName)+" must be a string, not "+describe(value)+".")
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		text := strings.Join(wrong[:min(len(wrong), maxWrong)], " ")
		return value, &rpcError{Code: mcp.INVALID_PARAMS, Message: text}
	}
	return mustMarshal(object), nil
}

// maxWrong is how many wrong members an error names.
const maxWrong = 4

// emptyObject gives {} for [], and everything else as it is.
func emptyObject(value json.RawMessage) json.RawMessage {
	if isEmptyArray(value) {
		return json.RawMessage("{}")
	}
	return value
}

// emptyObjects does the same for the value and the members inside it, to this
// depth.
func emptyObjects(value json.RawMessage, depth int) json.RawMessage {
	value = emptyObject(value)
	if depth == 0 {
		return value
	}
	return eachMember(value, func(_ string, value json.RawMessage) json.RawMessage { return emptyObjects(value, depth-1) })
}

// capabilitiesDepth is how deep the objects in a client's capabilities go, and
// some more for later versions of the protocol.
const capabilitiesDepth = 4

// eachMember changes the members of an object one by one. It returns anything
// else than an object as it is.
func eachMember(
	object json.RawMessage, change func(name string, value json.RawMessage) json.RawMessage,
) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil || members == nil {
		return object
	}
	for name, value := range members {
		members[name] = change(name, value)
	}
	return mustMarshal(members)
}
