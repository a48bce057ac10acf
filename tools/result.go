package tools

import (
	"encoding/json"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
)

// errorText is an error as the one text block that a model sees.
func errorText(r meet.ErrorReport) string {
	text := string(r.Code) + ": " + r.Message + "."
	if r.Hint != "" {
		text += " " + strings.TrimSuffix(r.Hint, ".") + "."
	}
	if r.Code == meet.CodeInternal {
		text += " Request id: " + r.RequestID + "."
	}
	return text
}

// ErrorKey is where the _meta of a tool's result holds the [meet.ErrorReport]
// of a failure.
const ErrorKey = "roomkey/error"

// Result is the result of a tool that failed: mcp.CallToolResult, as far as it
// is needed for that. One that succeeds is written by [Server.success].
type Result struct {
	Meta       map[string]any    `json:"_meta"`
	Content    []mcp.TextContent `json:"content"`
	IsError    bool              `json:"isError"`
	ResultType mcp.ResultType    `json:"resultType,omitempty"`
}

// ErrorResult is a failure as the result of a tool. It has no structured
// content, because there are clients that hold that against the tool's output
// schema also where isError is set, and never show the text then.
func ErrorResult(e *meet.Error, requestID string) *Result {
	report := e.Report(requestID)
	return &Result{
		Meta:    map[string]any{ErrorKey: report},
		Content: []mcp.TextContent{mcp.NewTextContent(errorText(report))},
		IsError: true,
	}
}

// success writes the answer to a call that succeeded. It gives the output of the
// tool twice, because some clients show the model only the one and some only the
// other. The output is JSON already, and encoding/json would read it once more.
func (s *Server) success(req request, output json.RawMessage) []byte {
	answer := make([]byte, 0, 512+len(req.id)+5*len(output)/2)
	answer = append(append(answer, `{"jsonrpc":"2.0","id":`...), req.id...)
	answer = append(answer, `,"result":{"content":[{"type":"text","text":`...)
	answer, _ = jsontext.AppendQuote(answer, output) // fails on what is no UTF-8 alone
	answer = append(append(answer, `}],"structuredContent":`...), output...)
	if req.modern { // which requires both
		answer = append(append(answer, `,"resultType":"complete","_meta":{"`+mcp.MetaKeyServerInfo+`":`...), s.info...)
		answer = append(answer, '}')
	}
	return append(answer, `}}`...)
}
