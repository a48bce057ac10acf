package tools

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
)

// HTTPHandler serves MCP over streamable HTTP, stateless, one answer to one
// POST. Before it, somebody must have refused other methods, bounded the body,
// checked the host and put the principal into the context.
func (s *Server) HTTPHandler() http.Handler { return http.HandlerFunc(s.serveHTTP) }

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the body could not be read", http.StatusBadRequest)
		return
	}
	req := readRequest(body)
	req.modern = mcp.IsModernProtocol(req.meta.ProtocolVersion()) ||
		mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion))
	switch {
	case req.silent:
		w.WriteHeader(http.StatusAccepted)
		return
	case req.fault != nil:
	case !isJSON(r.Header):
		http.Error(w, "Invalid content type: must be 'application/json'", http.StatusBadRequest)
		return
	case req.modern:
		req.fault = checkModern(req, r.Header)
	case isVersionUnknown(req, r.Header):
		http.Error(w, "Unsupported protocol version: "+r.Header.Get(mcp.HeaderProtocolVersion), http.StatusBadRequest)
		return
	}
	switch {
	case req.fault != nil:
		write(w, req, response{Error: req.fault})
	case req.method == mcp.MethodToolsCall:
		answer := s.callTool(r.Context(), req)
		if answer.missing != "" && s.challenge != nil {
			w.Header().Set("WWW-Authenticate", s.challenge(meet.PrincipalFrom(r.Context()), answer.missing))
			answer.status = http.StatusForbidden
		}
		write(w, req, answer)
	case req.method == mcp.MethodSubscriptionsListen && req.modern:
		s.listen(w, r, req)
	default:
		write(w, req, s.delegate(r.Context(), req))
	}
}

// response is the answer to a request: a result or an error.
type response struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  any             `json:"result,omitempty"`
	Error   *rpcError       `json:"error,omitempty"`

	text   []byte                    // the whole answer, where it is written already
	before []mcp.JSONRPCNotification // what is told before it

	missing meet.TokenScope // that the access token lacks
	status  int             // of HTTP; 0 follows from the rest
}

// write answers a request. Where something is told before the answer, both are
// a stream of events.
func write(w http.ResponseWriter, req request, answer response) {
	answer.JSONRPC, answer.ID = mcp.JSONRPC_VERSION, req.id
	text := answer.text
	if text == nil {
		text = mustMarshal(answer)
	}
	if len(answer.before) > 0 {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Connection", "keep-alive")
		for _, notification := range answer.before {
			fmt.Fprintf(w, "event: message\ndata: %s\n\n", mustMarshal(notification))
		}
		fmt.Fprintf(w, "event: message\ndata: %s\n\n", text)
		return
	}
	text = append(text, '\n')
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(statusOf(req, answer))
	_, _ = w.Write(text) // a client that is gone needs no answer
}

// statusOf is the status of an answer. Version 2026-07-28 has one for each code
// of an error; clients of the versions before do not read the answer to their
// request where it is not 200.
func statusOf(req request, answer response) int {
	switch {
	case answer.status != 0:
		return answer.status
	case answer.Error == nil, !req.modern && !isNull(req.id), answer.Error.Code == mcp.INTERNAL_ERROR:
		return http.StatusOK
	case answer.Error.Code == mcp.METHOD_NOT_FOUND:
		return http.StatusNotFound
	}
	return http.StatusBadRequest
}
