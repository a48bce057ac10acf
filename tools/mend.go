package tools

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
)

// needsMending says whether params could hold what mend changes. Nearly all
// calls of tools have nothing of the kind: their arguments are decode's.
func needsMending(method mcp.MCPMethod, params json.RawMessage) bool {
	return method == mcp.MethodPromptsGet || method == mcp.MethodCompletionComplete || bytes.IndexByte(params, '[') >= 0
}

// mend rewrites a message: an empty array becomes an empty object where the
// protocol has an object, and texts that count as left out are left out. What
// cannot be corrected is a fault.
func (in *incoming) mend(method mcp.MCPMethod) {
	in.body = eachMember(in.body, func(name string, value json.RawMessage) json.RawMessage {
		switch {
		case strings.EqualFold(name, "id") && in.masked:
			return json.RawMessage(maskedID)
		case strings.EqualFold(name, "params"):
			return in.mendParams(method, emptyObject(value))
		}
		return value
	})
}

func (in *incoming) mendParams(method mcp.MCPMethod, params json.RawMessage) json.RawMessage {
	return eachMember(params, func(name string, value json.RawMessage) json.RawMessage {
		switch name = strings.ToLower(name); {
		case name == "_meta":
			return eachMember(emptyObject(value), func(key string, value json.RawMessage) json.RawMessage {
				if key == mcp.MetaKeyClientCapabilities {
					return emptyObjects(value, capabilitiesDepth)
				}
				return value
			})
		case name == "capabilities" && method == mcp.MethodInitialize:
			return emptyObjects(value, capabilitiesDepth)
		case name == "notifications" && method == mcp.MethodSubscriptionsListen:
			return emptyObject(value)
		case name == "arguments" && method == mcp.MethodPromptsGet:
			return in.texts(value, "arguments", "")
		case name == "context" && method == mcp.MethodCompletionComplete:
			return eachMember(emptyObject(value), func(key string, value json.RawMessage) json.RawMessage {
				if strings.EqualFold(key, "arguments") {
					return in.texts(value, "context.arguments", "context.arguments.")
				}
				return value
			})
		case name == "argument" && method == mcp.MethodCompletionComplete:
			return in.texts(value, "argument", "argument.")
		}
		return value
	})
}

// texts corrects an object whose members must be texts. A fault calls the
// object what, and its members by their path.
func (in *incoming) texts(value json.RawMessage, what, path string) json.RawMessage {
	var given any
	if json.Unmarshal(value, &given) != nil || given == nil {
		return value
	}
	object, ok := asObject(given)
	if !ok {
		in.fault = &fault{mcp.INVALID_PARAMS, what + " must be an object, not " + describe(given) + "."}
		return value
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
		in.fault = &fault{mcp.INVALID_PARAMS, strings.Join(wrong[:min(len(wrong), maxWrong)], " ")}
	}
	return mustMarshal(object)
}

// maxWrong is how many wrong members a fault names.
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

// eachMember changes the members of an object one by one. It keeps their order,
// and members that are there twice, so that the next reader sees what it would
// have seen before. It returns anything else than an object as it is.
func eachMember(text json.RawMessage, change func(name string, value json.RawMessage) json.RawMessage) json.RawMessage {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return text
	}
	changed := []byte{'{'}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return text
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return text
		}
		if len(changed) > 1 {
			changed = append(changed, ',')
		}
		changed = append(append(changed, mustMarshal(name)...), ':')
		changed = append(changed, change(name.(string), value)...)
	}
	return append(changed, '}')
}
