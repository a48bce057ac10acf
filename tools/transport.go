package tools

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// HTTPHandler serves MCP over streamable HTTP, stateless, one JSON answer to
// one POST. It expects a front that has refused other methods, bounded the
// body and put the principal into the context.
func (s *Server) HTTPHandler() http.Handler {
	transport := server.NewStreamableHTTPServer(s.mcp,
		// The default session manager keeps some 10 kB per initialize for good.
		server.WithStateLess(true),
		server.WithDisableStreaming(true),
		// Our front checks Host against more than loopback.
		server.WithDisableLocalhostProtection(true),
		server.WithStreamableHTTPProtocolVersions(ProtocolVersions...),
		server.WithStreamableHTTPLogger(s.log),
	)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "the body could not be read", http.StatusBadRequest)
			return
		}
		if isCancellation(body) {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.Header.Del(mcp.HeaderLastEventID) // streams are not resumable; some clients send it all the same
		r.Header.Del(mcp.HeaderSessionID)   // there are no sessions to steer
		transport.ServeHTTP(scrubbingWriter{w}, r)
	})
}

// isCancellation spots notifications/cancelled. Without sessions mcp-go would
// let any client cancel another one's call that has the same id, so such
// notifications go no further; a client that gives up closes its connection.
func isCancellation(body []byte) bool {
	// An escape in the body could hide the word, so then it is parsed too.
	if !bytes.Contains(body, []byte("cancelled")) && !bytes.ContainsRune(body, '\\') {
		return false
	}
	var message struct {
		Method string `json:"method"`
	}
	return json.Unmarshal(body, &message) == nil && message.Method == "notifications/cancelled"
}

// Errors of the protocol itself come from mcp-go with texts of Go's JSON
// decoder in them. They are replaced by these.
var protocolErrors = map[int]string{
	mcp.PARSE_ERROR:     "The request is not valid JSON.",
	mcp.INVALID_REQUEST: "The request does not have the shape that its method takes.",
	mcp.INTERNAL_ERROR:  "Internal error.",
}

// scrub replaces the text of a JSON-RPC error that may hold a Go error.
func scrub(message []byte) []byte {
	if !bytes.Contains(message, []byte(`"error":{"code":-`)) {
		return message
	}
	var response struct {
		JSONRPC string `json:"jsonrpc"`
		ID      any    `json:"id"`
		Error   *struct {
			Code    int             `json:"code"`
			Message string          `json:"message"`
			Data    json.RawMessage `json:"data,omitempty"`
		} `json:"error"`
	}
	if json.Unmarshal(message, &response) != nil || response.Error == nil {
		return message
	}
	text, ok := protocolErrors[response.Error.Code]
	if !ok {
		return message
	}
	response.Error.Message, response.Error.Data = text, nil
	return append(mustMarshal(response), '\n')
}

type scrubbingWriter struct{ http.ResponseWriter }

func (w scrubbingWriter) Write(p []byte) (int, error) {
	if _, err := w.ResponseWriter.Write(scrub(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
