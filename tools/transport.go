package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// HTTPHandler serves MCP over streamable HTTP, stateless, one JSON answer to
// one POST. Before it, somebody must have refused other methods, bounded the
// body and put the principal into the context.
func (s *Server) HTTPHandler() http.Handler {
	transport := server.NewStreamableHTTPServer(s.mcp,
		// The default session manager keeps some 10 kB per initialize for good.
		server.WithStateLess(true),
		server.WithDisableStreaming(true),
		server.WithStreamableHTTPProtocolVersions(ProtocolVersions...),
		server.WithStreamableHTTPLogger(s.log),
	)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "the body could not be read", http.StatusBadRequest)
			return
		}
		in := readMessage(body)
		switch {
		case in.silent:
			w.WriteHeader(http.StatusAccepted)
			return
		case in.fault != nil:
			in.refuse(w, r)
			return
		}
		r.Header.Del(mcp.HeaderLastEventID) // streams are not resumable; some clients send it all the same
		r.Header.Del(mcp.HeaderSessionID)   // there are no sessions to steer
		out := &messageWriter{ResponseWriter: w, in: in}
		// Handle leaves the check of Host to our front, which knows more of it.
		transport.Handle(out, &server.HTTPRequest{Method: r.Method, URL: r.URL, Header: r.Header, Body: in.body,
			Context: context.WithValue(r.Context(), placeKey{}, &out.place)})
		out.finish()
	})
}

// refuse answers a message that has a fault.
func (in incoming) refuse(w http.ResponseWriter, r *http.Request) {
	status := http.StatusOK
	if isNull(in.id) || mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion)) {
		status = http.StatusBadRequest // before 2026-07-28, clients do not read the answer to their request then
	}
	answer := in.response()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	w.WriteHeader(status)
	_, _ = w.Write(answer) // a client that is gone needs no answer
}

// placeKey is where a handler finds the [place] of its answer.
type placeKey struct{}

// place takes what a handler hands to [messageWriter] directly, not through
// mcp-go.
type place struct {
	rendered []byte   // the content of a result, as JSON
	refusal  *refusal // the error that replaces mcp-go's, which has another code
}

// placeholder is how mcp-go writes a tool result without content. Nothing else
// in a message looks like that: in a string the quotes would be escaped.
var placeholder = []byte(`"content":[]`)

// render puts the content of a result into the place of the answer, if there is
// one, and says whether there is. mcp-go would encode again, three times, what
// is encoded already: half the cost of a call that reads a few rows.
func render(ctx context.Context, structured []byte) bool {
	at, _ := ctx.Value(placeKey{}).(*place)
	if at != nil {
		at.rendered = structured
	}
	return at != nil
}

// quoteJSON writes a JSON text as a JSON string. The text comes from
// json.Marshal, which has escaped everything else that a string must not hold.
func quoteJSON(text []byte) []byte {
	quoted := make([]byte, 0, len(text)+len(text)/4+2)
	quoted = append(quoted, '"')
	for len(text) > 0 {
		n := bytes.IndexAny(text, `"\`)
		if n < 0 {
			break
		}
		quoted = append(append(quoted, text[:n]...), '\\', text[n])
		text = text[n+1:]
	}
	return append(append(quoted, text...), '"')
}

// messageWriter writes mcp-go's messages, with three changes: it puts in what
// [place] holds, replaces mcp-go's error texts, and sets the length of a
// message that is no stream.
type messageWriter struct {
	http.ResponseWriter
	in     incoming // what is answered
	status int
	wrote  bool
	place
}

// WriteHeader waits for the body, because its length is in the header.
func (w *messageWriter) WriteHeader(status int) { w.status = status }

func (w *messageWriter) Write(p []byte) (int, error) {
	parts := [][]byte{scrub(p)}
	if w.refusal != nil {
		parts[0], w.status = w.refusal.message(p), w.refusal.status
	}
	if w.in.masked {
		parts[0] = unmask(parts[0], w.in.id)
	}
	if w.rendered != nil {
		before, after, ok := bytes.Cut(parts[0], placeholder)
		if !ok {
			panic("tools: mcp-go writes results another way: see render")
		}
		parts = [][]byte{
			before, []byte(`"content":[{"type":"text","text":`), quoteJSON(w.rendered),
			[]byte(`}],"structuredContent":`), w.rendered, after,
		}
		w.rendered = nil
	}
	if !w.wrote && w.Header().Get("Content-Type") == "application/json" {
		length := 0
		for _, part := range parts {
			length += len(part)
		}
		w.Header().Set("Content-Length", strconv.Itoa(length))
	}
	w.finish()
	for _, part := range parts {
		if _, err := w.ResponseWriter.Write(part); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Flush lets streamed messages through.
func (w *messageWriter) Flush() {
	w.finish()
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// CanStream tells mcp-go that Flush reaches the client.
func (w *messageWriter) CanStream() bool { return true }

// finish writes the header if that has not been done.
func (w *messageWriter) finish() {
	if !w.wrote && w.status != 0 {
		w.ResponseWriter.WriteHeader(w.status)
	}
	w.wrote = true
}

// protocolErrors replace mcp-go's texts of errors of the protocol itself, which
// contain Go errors.
var protocolErrors = map[int]string{
	mcp.INVALID_REQUEST: "The request does not have the shape that its method takes.",
	mcp.INTERNAL_ERROR:  "Internal error.",
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

// unknownThings are how mcp-go's texts begin that say that there is no such
// thing, and the texts that replace them.
var unknownThings = []struct{ begins, text string }{
	{"tool '", NoSuchTool}, {"prompt '", NoSuchPrompt}, {"handler not found for resource URI '", NoSuchResource},
}

// foreignText recognizes mcp-go's texts about invalid parameters that must not
// be shown. The others tell a client what it has to send.
func foreignText(text string) bool {
	return slices.ContainsFunc([]string{"not found", "illegal base64", "json:", "cannot unmarshal", "invalid character"},
		func(part string) bool { return strings.Contains(text, part) })
}

// scrub replaces the text of a JSON-RPC error that may contain a Go error.
func scrub(message []byte) []byte {
	if !bytes.Contains(message, []byte(`"error":{"code":-`)) {
		return message
	}
	var response struct {
		JSONRPC string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   *struct {
			Code    int             `json:"code"`
			Message string          `json:"message"`
			Data    json.RawMessage `json:"data,omitempty"`
		} `json:"error"`
	}
	if json.Unmarshal(message, &response) != nil || response.Error == nil {
		return message
	}
	if response.Error.Code == mcp.PARSE_ERROR { // readMessage has let through only what is JSON
		response.Error.Code = mcp.INVALID_REQUEST
	}
	text, ok := protocolErrors[response.Error.Code]
	for _, unknown := range unknownThings {
		if !ok && strings.HasPrefix(response.Error.Message, unknown.begins) {
			text, ok = unknown.text, true
		}
	}
	switch {
	case ok:
	case response.Error.Code == mcp.INVALID_PARAMS && foreignText(response.Error.Message):
		text = "The parameters are not those that the method takes."
	default:
		return message
	}
	response.Error.Message, response.Error.Data = text, nil
	return append(mustMarshal(response), '\n')
}
