package tools

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
)

// message is a JSON-RPC message, as far as it has to be understood before
// mcp-go gets it. A field that was not sent is nil.
type message struct {
	JSONRPC json.RawMessage `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  json.RawMessage `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   json.RawMessage `json:"error"`
}

// fault is the reason to refuse a message.
type fault struct {
	code int
	text string
}

// Faults of a message as a whole.
var (
	badJSON    = &fault{mcp.PARSE_ERROR, "The request is not valid JSON."}
	badDepth   = &fault{mcp.INVALID_REQUEST, "The request is nested too deeply."}
	badBatch   = &fault{mcp.INVALID_REQUEST, "Batches are not taken here: send each message by itself."}
	badMessage = &fault{mcp.INVALID_REQUEST, "A message must be a JSON object."}
	badVersion = &fault{mcp.INVALID_REQUEST, `jsonrpc must be "2.0".`}
	badMethod  = &fault{mcp.INVALID_REQUEST, "method must be a string."}
	badID      = &fault{mcp.INVALID_REQUEST, "id must be a string or a number. Only a notification has none."}
	badParams  = &fault{mcp.INVALID_PARAMS, "params must be an object."}
)

// incoming is a message and what to do with it: it is refused if there is a
// fault, gets an empty answer if it is silent, and goes to mcp-go otherwise.
type incoming struct {
	body   []byte
	id     json.RawMessage // null where it cannot be known
	fault  *fault
	silent bool // nobody waits for an answer

	// masked says that mcp-go gets maskedID in place of the id, because it would
	// not give the id back as it is.
	masked bool
}

// readMessage reads a message and corrects what clients get wrong if it is clear
// what they mean. Notifications, and answers that nobody asked for, are silent:
// nothing here uses them. So notifications/cancelled goes no further either:
// without sessions mcp-go would let any client cancel a call of another client
// that has the same id. A client that gives up closes its connection.
func readMessage(body []byte) incoming {
	var m message
	if f := parse(body, &m); f != nil {
		return incoming{id: null, fault: f}
	}
	in := incoming{body: body, id: null}
	var method string
	hasMethod := len(m.Method) > 0 && m.Method[0] == '"' && json.Unmarshal(m.Method, &method) == nil
	isNotification := m.ID == nil || isNull(m.ID) && strings.HasPrefix(method, "notifications/")
	isAnswer := m.Method == nil && (m.Result != nil || m.Error != nil)
	switch {
	case hasMethod && (isNotification || method == "notifications/cancelled"), isAnswer:
		in.silent = true
		return in
	case m.ID != nil && !isID(m.ID):
		in.fault = badID
		return in
	}
	if m.ID != nil {
		in.id = m.ID
	}
	switch {
	case string(m.JSONRPC) != `"2.0"`:
		in.fault = badVersion
	case !hasMethod:
		in.fault = badMethod
	case len(m.Params) > 0 && m.Params[0] != '{' && !isNull(m.Params) && !isEmptyArray(m.Params):
		in.fault = badParams
	default:
		in.masked = !givenBack(m.ID)
		if in.masked || needsMending(mcp.MCPMethod(method), m.Params) {
			in.mend(mcp.MCPMethod(method))
		}
	}
	return in
}

var null = json.RawMessage("null")

// parse reads the JSON object of a message. It never says of JSON that it is
// not JSON.
func parse(body []byte, m *message) *fault {
	err := json.Unmarshal(body, m)
	var mismatch *json.UnmarshalTypeError
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

// isID says whether a value may be an id: a string or a number.
func isID(value json.RawMessage) bool {
	return value[0] == '"' || value[0] == '-' || value[0] >= '0' && value[0] <= '9'
}

// givenBack says whether mcp-go, which makes a float64 of a number, gives an id
// back as it came.
func givenBack(id json.RawMessage) bool {
	const exact = 15 // digits
	return id[0] == '"' || len(id) <= exact && len(bytes.Trim(id, "0123456789")) == 0
}

// maskedID stands in mcp-go's messages for an id that it would change.
const maskedID = `"roomkey-id"`

// unmask puts the client's id into a message of mcp-go's, where it stands
// before everything else that a client or a stranger has written.
func unmask(text []byte, id json.RawMessage) []byte {
	return bytes.Replace(text, []byte(`"id":`+maskedID), append([]byte(`"id":`), id...), 1)
}

// response is the answer to a message with a fault.
func (in incoming) response() []byte {
	return append(mustMarshal(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": in.id,
		"error": map[string]any{"code": in.fault.code, "message": in.fault.text}}), '\n')
}
