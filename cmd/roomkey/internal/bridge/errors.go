package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
	"roomkey/tools"
)

// refusalIn reads the error that the server gives before MCP is reached; nil is
// none. JSON-RPC errors are answers, not refusals.
func refusalIn(status int, body []byte) *meet.Error {
	if status < 400 {
		return nil
	}
	var answer struct {
		JSONRPC string           `json:"jsonrpc"`
		Error   meet.ErrorReport `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); answer.JSONRPC != "" {
		return nil
	} else if err != nil || answer.Error.Code == "" {
		return &meet.Error{Code: meet.CodeUnavailable, Message: fmt.Sprintf("The server answered with status %d", status),
			Hint: "Is it a roomkey?"}
	}
	return reportedError(answer.Error)
}

func reportedError(r meet.ErrorReport) *meet.Error {
	e := &meet.Error{Code: r.Code, Message: r.Message, Field: r.Field, Hint: r.Hint,
		RetryAfter: time.Duration(r.RetryAfter) * time.Second}
	if r.Code == meet.CodeInternal {
		e.Message += " (request " + r.RequestID + ")"
	}
	return e
}

// deliveryError is the answer where the roomkey refused a message before MCP or
// could not be reached: the error of a tool where a model waits for one, else an
// error of the protocol.
func deliveryError(message envelope, err error) []byte {
	var e *meet.Error
	if !errors.As(err, &e) {
		e = meet.AsError(err)
	}
	if message.Method != string(mcp.MethodToolsCall) {
		return protocolError(message, mcp.INTERNAL_ERROR, ErrorLine(e))
	}
	result := tools.ErrorResult(e, "stdio")
	if errors.Is(err, errOutcomeUnknown) {
		report := e.Report("stdio")
		report.Retryable = false
		result.Meta[tools.ErrorKey] = report
	}
	if mcp.IsModernProtocol(message.Params.Meta.ProtocolVersion()) {
		result.ResultType = mcp.ResultTypeComplete // which that version requires
	}
	return answerTo(message, "result", result)
}

func protocolError(message envelope, code int, text string) []byte {
	return answerTo(message, "error", map[string]any{"code": code, "message": text})
}

func answerTo(message envelope, key string, value any) []byte {
	answer := map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": message.ID, key: value}
	b, _ := json.Marshal(answer) // plain values marshal
	return b
}

// ErrorLine is an error in one line, for a person at a terminal and for a
// model.
func ErrorLine(e *meet.Error) string {
	line := string(e.Code) + ": " + e.Message
	if e.Hint != "" {
		line += ". " + e.Hint
	}
	return line
}
