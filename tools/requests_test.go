package tools

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
)

// attempt is a request as it is sent.
type attempt struct {
	header http.Header
	body   string
}

// maker makes requests of both eras: good, odd and malformed ones.
type maker struct {
	*rand.Rand
	room string // the name of one
}

func pick[T any](m maker, of ...T) T { return of[m.IntN(len(of))] }

// mostly gives the usual value, and now and then another.
func mostly[T any](m maker, usual T, others ...T) T {
	if m.IntN(8) > 0 {
		return usual
	}
	return pick(m, others...)
}

// oddValues may stand where another value was meant.
var oddValues = []any{
	nil, 7, 1.5, "", "x", true, []any{}, args{}, []any{1}, args{"a": []any{}}, json.RawMessage("1e999"),
}

var askedMethods = []mcp.MCPMethod{
	mcp.MethodInitialize, mcp.MethodPing, mcp.MethodToolsCall, mcp.MethodToolsCall, mcp.MethodToolsCall,
	mcp.MethodToolsList,
	mcp.MethodPromptsList, mcp.MethodPromptsGet, mcp.MethodResourcesList, mcp.MethodResourcesRead,
	mcp.MethodResourcesTemplatesList, mcp.MethodResourcesSubscribe, mcp.MethodResourcesUnsubscribe,
	mcp.MethodCompletionComplete, mcp.MethodServerDiscover, mcp.MethodSubscriptionsListen, mcp.MethodSetLogLevel,
	mcp.MethodTasksGet, mcp.MethodTasksList, "notifications/initialized", "notifications/cancelled", "no/such", "",
}

// params are good parameters for a method, or such as only its handler refuses.
func (m maker) params(method mcp.MCPMethod) args {
	prompt := pick(m, "moderate_room", "audit_access", "host_a_meeting", "no_such_prompt")
	uri := pick(m, RolesURI, "roomkey://rooms/"+m.room, "roomkey://rooms/nowhere", "roomkey://", "file:///etc/passwd", "")
	switch method {
	case mcp.MethodInitialize:
		return args{"protocolVersion": pick(m, ProtocolVersions...), "capabilities": args{"roots": args{}},
			"clientInfo": args{"name": "c", "version": "1"}}
	case mcp.MethodToolsCall:
		tool := pick(m, "get_room_codes", "list_rooms", "get_room", "list_events", "rotate_room_code", "no_such_tool")
		return args{"name": tool, "arguments": pick(m, args{"room_id": m.room}, args{}, args{"room_id": "nowhere"},
			args{"limit": 1e30, "room_id": m.room}, args{"unknown": args{}})}
	case mcp.MethodPromptsGet:
		return args{"name": prompt, "arguments": pick(m, args{"room": m.room}, args{}, args{"room": "nowhere"},
			args{"room": 5}, args{"room": nil})}
	case mcp.MethodResourcesRead, mcp.MethodResourcesSubscribe, mcp.MethodResourcesUnsubscribe:
		return args{"uri": uri}
	case mcp.MethodCompletionComplete:
		return args{
			"ref": pick(m, args{"type": "ref/prompt", "name": prompt}, args{"type": "ref/resource", "uri": uri},
				args{"type": "ref/resource", "uri": RoomTemplateURI}, args{"type": "ref/door"}),
			"argument": args{"name": pick(m, "room", "role", "identity", "name"), "value": pick(m, "", "g", "zz")},
			"context":  pick(m, args{}, args{"arguments": args{"room": m.room}}, args{"arguments": args{"room": 7}}),
		}
	case mcp.MethodSubscriptionsListen:
		return args{"notifications": pick(m, args{}, args{"toolsListChanged": true},
			args{"resourceSubscriptions": []any{RolesURI}}, args{"toolsListChanged": 7})}
	case mcp.MethodToolsList, mcp.MethodPromptsList, mcp.MethodResourcesList, mcp.MethodResourcesTemplatesList:
		return pick(m, args{}, args{"cursor": ""}, args{"cursor": "bm9uc2Vuc2U="}, args{"cursor": "%"})
	}
	return args{}
}

// meta is what version 2026-07-28 has in _meta.
func (m maker) meta(version string) args {
	capabilities := append(slices.Clone(oddValues), args{"roots": []any{}}, args{"sampling": 7},
		args{"elicitation": args{"form": []any{}}}, args{"roots": args{"listChanged": 1}})
	return args{
		mcp.MetaKeyProtocolVersion:    mostly[any](m, version, "2027-01-01", "2025-06-18", 7, nil, "x"),
		mcp.MetaKeyClientInfo:         mostly[any](m, args{"name": "c", "version": "1"}, oddValues...),
		mcp.MetaKeyClientCapabilities: mostly[any](m, args{}, capabilities...),
		"progressToken":               mostly[any](m, 1, oddValues...),
	}
}

// next is a request in which most is as it should be.
func (m maker) next() attempt {
	method := pick(m, askedMethods...)
	params := m.params(method)
	header := http.Header{"Content-Type": {mostly(m, "application/json", "application/json; charset=utf-8",
		"APPLICATION/JSON", "text/plain", "", "application/json; x", "application/jsonx")}}
	set := func(name, value string) {
		if value != "-" {
			header.Set(name, value)
		}
	}
	version := pick(m, "2026-07-28", "2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "-")
	if version == "2026-07-28" || m.IntN(10) == 0 {
		params["_meta"] = m.meta(version)
		set(mcp.HeaderMethod, mostly(m, string(method), "-", "ping", strings.ToUpper(string(method))))
		name, _ := params["name"].(string)
		if uri, ok := params["uri"].(string); ok {
			name = uri
		}
		encoded := "=?base64?" + base64.StdEncoding.EncodeToString([]byte(name)) + "?="
		set(mcp.HeaderName, mostly(m, name, "-", "x", encoded, "=?base64?!?="))
	}
	others := []string{"-", "2026-07-28", "2027-01-01", "1999-01-01", "2024-11-05", "x", ""}
	set(mcp.HeaderProtocolVersion, mostly(m, version, others...))
	if m.IntN(10) == 0 {
		set(mcp.HeaderSessionID, "of-somebody-else")
		set(mcp.HeaderLastEventID, "7")
	}
	return attempt{header, m.damage(m.message(method, params))}
}

func (m maker) message(method mcp.MCPMethod, params args) any {
	number := func(text string) json.RawMessage { return json.RawMessage(text) }
	message := args{
		"jsonrpc": mostly[any](m, "2.0", "1.0", 2.0, nil),
		"id": mostly[any](m, 1, "a", "", "a<b", 1.5, -7, number("9007199254740993"), number("1e3"), number("1e999"),
			nil, args{}, true),
		"method": mostly[any](m, method, method+"x", 7, nil),
		"params": params,
	}
	switch m.IntN(20) {
	case 0:
		message[pick(m, "result", "error")] = pick(m, oddValues...)
	case 1:
		return m.spoil(message)
	case 2, 3, 4, 5, 6, 7:
		message["params"] = m.spoil(params)
	}
	return message
}

// spoil changes something somewhere inside a value.
func (m maker) spoil(value any) any {
	object, ok := value.(args)
	if !ok || len(object) == 0 || m.IntN(4) == 0 {
		return pick(m, oddValues...)
	}
	object = maps.Clone(object)
	key := slices.Sorted(maps.Keys(object))[m.IntN(len(object))]
	switch m.IntN(6) {
	case 0:
		delete(object, key)
	case 1:
		object[strings.ToUpper(key)] = object[key]
		delete(object, key)
	case 2:
		object["extra"] = pick(m, oddValues...)
	default:
		object[key] = m.spoil(object[key])
	}
	return object
}

// damage writes a message, seldom as it should be written.
func (m maker) damage(message any) string {
	body := string(mustMarshal(message))
	switch m.IntN(60) {
	case 0:
		return body[:m.IntN(len(body)+1)]
	case 1:
		at := m.IntN(len(body))
		return body[:at] + string(rune(m.IntN(128))) + body[at+1:]
	case 2:
		return "[" + body + "]"
	case 3:
		return " \n" + body + "\n"
	case 4:
		key := `"` + pick(m, "id", "method", "params", "name", "_meta", "jsonrpc", "arguments") + `":`
		return strings.Replace(body, key, key+string(mustMarshal(pick(m, oddValues...)))+","+key, 1)
	}
	return body
}
