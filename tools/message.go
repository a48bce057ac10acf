package tools

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/mark3labs/mcp-go/mcp"
)

// message is a JSON-RPC message as it was sent. A field that was not sent is nil.
type message struct {
	JSONRPC json.RawMessage `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  json.RawMessage `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   json.RawMessage `json:"error"`
}

// rpcError is the error of a JSON-RPC answer.
type rpcError = mcp.JSONRPCErrorDetails

// Errors of a message as a whole.
var (
	badJSON    = &rpcError{Code: mcp.PARSE_ERROR, Message: "The request is not valid JSON."}
	badDepth   = &rpcError{Code: mcp.INVALID_REQUEST, Message: "The request is nested too deeply."}
	badBatch   = &rpcError{Code: mcp.INVALID_REQUEST, Message: "Batches are not taken here: send each message by itself."}
	badMessage = &rpcError{Code: mcp.INVALID_REQUEST, Message: "A message must be a JSON object."}
	badVersion = &rpcError{Code: mcp.INVALID_REQUEST, Message: `jsonrpc must be "2.0".`}
	badMethod  = &rpcError{Code: mcp.INVALID_REQUEST, Message: "method must be a string."}
	badParams  = &rpcError{Code: mcp.INVALID_PARAMS, Message: "params must be an object."}
	badShape   = &rpcError{
		Code: mcp.INVALID_REQUEST, Message: "The request does not have the shape that its method takes.",
	}
	badCursor = &rpcError{
		Code: mcp.INVALID_PARAMS, Message: "cursor is not one that this list gave: it has one page. Leave cursor out.",
	}
	badID = &rpcError{
		Code: mcp.INVALID_REQUEST, Message: "id must be a string or a number. Only a notification has none.",
	}
)

// request is a message that was read, and what to do with it: it is refused if
// there is a fault, gets an empty answer if it is silent, and is answered
// otherwise.
type request struct {
	id     json.RawMessage // as it was sent; null where it cannot be known
	method mcp.MCPMethod
	sent   json.RawMessage // the params as they were sent
	params params
	fault  *rpcError
	silent bool // nobody waits for an answer

	meta    mcp.Meta // empty where it is missing or bad
	badMeta bool     // it is not what _meta has to be
	modern  bool     // of protocol version 2026-07-28 or a later one
}

// params are what methods take. A member that was not sent is nil; one that no
// method takes is not read.
type params struct {
	Meta            json.RawMessage `json:"_meta,omitempty"`
	Name            json.RawMessage `json:"name,omitempty"`
	URI             json.RawMessage `json:"uri,omitempty"`
	Arguments       json.RawMessage `json:"arguments,omitempty"`
	Cursor          json.RawMessage `json:"cursor,omitempty"`
	Ref             json.RawMessage `json:"ref,omitempty"`
	Argument        json.RawMessage `json:"argument,omitempty"`
	Context         json.RawMessage `json:"context,omitempty"`
	ProtocolVersion json.RawMessage `json:"protocolVersion,omitempty"`
	Capabilities    json.RawMessage `json:"capabilities,omitempty"`
	ClientInfo      json.RawMessage `json:"clientInfo,omitempty"`
	Notifications   json.RawMessage `json:"notifications,omitempty"`
}

// readRequest reads a message and corrects what clients get wrong if it is clear
// what they mean. Notifications, and answers that nobody asked for, are silent:
// nothing here uses them. So notifications/cancelled goes no further either:
// without sessions mcp-go would let any client cancel a call of another client
// that has the same id. A client that gives up closes its connection.
func readRequest(body []byte) request {
	var m message
	if fault := parse(body, &m); fault != nil {
		return request{id: null, fault: fault}
	}
	var method string
	hasMethod := len(m.Method) > 0 && m.Method[0] == '"' && jsonv1.Unmarshal(m.Method, &method) == nil
	isNotification := m.ID == nil || isNull(m.ID) && strings.HasPrefix(method, "notifications/")
	isAnswer := m.Method == nil && (m.Result != nil || m.Error != nil) || m.Result != nil && !isNull(m.Result)
	switch {
	case hasMethod && (isNotification || method == "notifications/cancelled"), isAnswer:
		return request{silent: true}
	case m.ID != nil && !isID(m.ID):
		return request{id: null, fault: badID}
	}
	req := request{id: m.ID, method: mcp.MCPMethod(method), sent: emptyObject(m.Params)}
	if m.ID == nil {
		req.id = null
	}
	switch {
	case string(m.JSONRPC) != `"2.0"`:
		req.fault = badVersion
	case !hasMethod:
		req.fault = badMethod
	case len(req.sent) > 0 && jsonv1.Unmarshal(req.sent, &req.params) != nil:
		req.fault = badParams
	default:
		req.fault = req.mend()
		req.badMeta = req.params.Meta != nil && req.meta.UnmarshalJSON(req.params.Meta) != nil
	}
	return req
}

var null = json.RawMessage("null")

// parse reads the JSON object of a message. It never says of JSON that it is
// not JSON. jsonv1 reads what encoding/json reads (FuzzMessage), in half the time.
func parse(body []byte, m *message) *rpcError {
	err := jsonv1.Unmarshal(body, m)
	var mismatch *jsonv1.UnmarshalTypeError
	switch body = bytes.TrimSpace(body); {
	case err == nil && isNull(body):
		return badMessage
	case err == nil:
		return nil
	case errors.As(err, &mismatch) && body[0] == '[':
		return badBatch
	case errors.As(err, &mismatch):
		return badMessage
	case strings.Contains(err.Error(), "exceeded max depth"):
		return badDepth
	}
	return badJSON
}

func isNull(value json.RawMessage) bool { return string(value) == "null" }

// isEmptyArray spots how PHP writes an empty object.
func isEmptyArray(value json.RawMessage) bool {
	return len(value) > 1 && value[0] == '[' && len(bytes.TrimSpace(value[1:len(value)-1])) == 0
}

// isID says whether a value may be an id: a string or a number. It comes back as it
// was sent, so it must be UTF-8, which encoding/json does not ask for.
func isID(value json.RawMessage) bool {
	return utf8.Valid(value) && (value[0] == '"' || value[0] == '-' || value[0] >= '0' && value[0] <= '9')
}
