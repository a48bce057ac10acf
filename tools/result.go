package tools

import (
	"encoding/json"
	"strings"

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

// Result is what a tool answers: mcp.CallToolResult, as far as tools need it.
// That one encodes a result three times.
type Result struct {
	Meta              map[string]any    `json:"_meta,omitempty"`
	Content           []mcp.TextContent `json:"content"`
	StructuredContent json.RawMessage   `json:"structuredContent,omitempty"`
	IsError           bool              `json:"isError,omitempty"`
	ResultType        mcp.ResultType    `json:"resultType,omitempty"`
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

// successResult gives the answer twice, because some clients show the model
// only the one and some only the other.
func successResult(out any) (*Result, error) {
	text, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	return &Result{
		Meta: map[string]any{}, Content: []mcp.TextContent{mcp.NewTextContent(string(text))}, StructuredContent: text,
	}, nil
}
